"""Invocations in memory, and whose their idempotency keys are."""

from __future__ import annotations

from typing import TypeAlias

from wfnb.errors import StoreError
from wfnb.store.claims import Holder, Predecessor, Verdict, judge, next_attempt, takes_over
from wfnb.store.memory_tables import Cells, Log, Table
from wfnb.store.records import Claim
from wfnb.store.rows import Call, CallEnded
from wfnb.store.text import load

__all__ = ["Calls"]

_Key: TypeAlias = tuple[str, int, str]


class Calls:
    """The table of invocations with its indices.

    Parameters
    ----------
    log
        Notes each change.
    runs
        Tells whether the run of a holder is over.
    """

    def __init__(self, log: Log, runs: Table[int]) -> None:
        self.table: Table[int] = Table("invocations", log)
        self._runs = runs
        self._by_effect: dict[tuple[int, str], int] = {}
        self._owner: dict[_Key, int] = {}
        self._predecessor: dict[_Key, int] = {}

    def of_effect(self, run_no: int, effect_id: str) -> Cells | None:
        """The invocation of an effect."""
        number = self._by_effect.get((run_no, effect_id))
        return None if number is None else self.table.rows[number]

    def check(self, run_no: int, call: Call) -> None:
        """Refuse an effect that has an invocation, unless that is the one asked for again."""
        known = self.of_effect(run_no, call.effect_id)
        if known is not None and self._judge(_key(call), run_no, call.effect_id)[0] != "mine":
            raise StoreError(
                "The store refuses a row: an effect has one invocation.",
                code="STORE_REFUSED",
                where=call.effect_id,
            )

    def claim(self, run_no: int, call: Call) -> Claim:
        """Give a call its key, or the result of the call that has it."""
        key = _key(call)
        verdict, holder = self._judge(key, run_no, call.effect_id)
        if holder is not None and verdict == "mine":
            return Claim("perform", holder.invocation_no, holder.attempt)
        if holder is not None and (verdict == "cached" or verdict == "busy"):  # noqa: PLR1714 - so that the type is narrowed
            number = self._add(run_no, call, attempt=1, shared_with=holder.invocation_no)
            return Claim(verdict, number, 1, load(holder.output))
        if holder is not None:
            self._abandon(holder)
        before = self._before(key)
        attempt = next_attempt(before)
        if before is not None and takes_over(before, run_no, call.instance):
            self._try_again(before.invocation_no, call, attempt)
            return Claim("perform", before.invocation_no, attempt)
        return Claim("perform", self._add(run_no, call, attempt=attempt), attempt)

    def claim_again(self, row: Cells) -> Claim:
        """Whose the key of an open invocation is now that shared the result of another one."""
        number: int = row["invocation_no"]
        verdict, holder = self._judge(_key_of(row), row["run_no"], row["effect_id"])
        if holder is not None and (verdict == "cached" or verdict == "busy"):  # noqa: PLR1714 - so that the type is narrowed
            if row["shared_with"] != holder.invocation_no:
                self.table.change(number, shared_with=holder.invocation_no)
            return Claim(verdict, number, row["attempt"], load(holder.output))
        if holder is not None:
            self._abandon(holder)
        attempt = next_attempt(self._before(_key_of(row)))
        self.table.change(number, shared_with=None, attempt=attempt)
        self._owner[_key_of(row)] = number
        return Claim("perform", number, attempt)

    def end(self, run_no: int, ended: CallEnded) -> None:
        """End the open invocation of an effect, if it has one."""
        row = self.of_effect(run_no, ended.effect_id)
        if row is None or row["status"] != "STARTED":
            return
        self.table.change(
            row["invocation_no"],
            status=ended.status,
            output=ended.output,
            error=ended.error,
            ended_us=ended.ended_us,
            source=ended.source,
        )
        self._disown(row)

    def cancel_open(self, run_no: int, at_us: int) -> None:
        """Give up what a run has not finished."""
        for row in list(self.table.of_run(run_no)):
            if row["status"] == "STARTED":
                self.table.change(row["invocation_no"], status="CANCELED", ended_us=at_us)
                self._disown(row)

    def _judge(self, key: _Key, run_no: int, effect_id: str) -> tuple[Verdict, Holder | None]:
        number = self._owner.get(key)
        if number is None:
            return "free", None
        row = self.table.rows[number]
        over = self._runs.rows[row["run_no"]]["completed_us"] is not None
        holder = Holder(
            number, row["run_no"], row["effect_id"], row["status"], row["attempt"], row["output"], over
        )
        return judge(holder, run_no, effect_id), holder

    def _before(self, key: _Key) -> Predecessor | None:
        number = self._predecessor.get(key)
        if number is None:
            return None
        row = self.table.rows[number]
        return Predecessor(number, row["run_no"], row["instance"], row["attempt"])

    def _add(self, run_no: int, call: Call, *, attempt: int, shared_with: int | None = None) -> int:
        number = len(self.table.rows) + 1
        cells: Cells = {
            "invocation_no": number,
            "effect_id": call.effect_id,
            "instance": call.instance,
            "action_id": call.action_id,
            "action_version": call.action_version,
            "key": call.key,
            "status": "STARTED",
            "attempt": attempt,
            "input": call.input,
            "output": None,
            "error": None,
            "shared_with": shared_with,
            "scheduled_us": call.at_us,
            "ended_us": None,
            "source": None,
        }
        self.table.add(number, run_no, cells)
        self._by_effect[run_no, call.effect_id] = number
        if shared_with is None:
            self._owner[_key(call)] = number
        return number

    def _try_again(self, number: int, call: Call, attempt: int) -> None:
        row = self.table.rows[number]
        del self._by_effect[row["run_no"], row["effect_id"]]
        self._by_effect[row["run_no"], call.effect_id] = number
        del self._predecessor[_key(call)]
        self._owner[_key(call)] = number
        self.table.change(
            number,
            effect_id=call.effect_id,
            input=call.input,
            scheduled_us=call.at_us,
            attempt=attempt,
            status="STARTED",
            output=None,
            error=None,
            ended_us=None,
            source=None,
        )

    def _abandon(self, holder: Holder) -> None:
        ended_us = self._runs.rows[holder.run_no]["completed_us"]
        self.table.change(holder.invocation_no, status="CANCELED", ended_us=ended_us)
        self._disown(self.table.rows[holder.invocation_no])

    def _disown(self, row: Cells) -> None:
        """A key whose invocation did not succeed is free for the next attempt."""
        if row["shared_with"] is None and row["status"] != "SUCCEEDED":
            key = _key_of(row)
            del self._owner[key]
            self._predecessor[key] = row["invocation_no"]


def _key(call: Call) -> _Key:
    return call.action_id, call.action_version, call.key


def _key_of(row: Cells) -> _Key:
    return row["action_id"], row["action_version"], row["key"]
