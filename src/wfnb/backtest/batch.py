"""Batches: the runs with numbers in a span, replayed one after the other. What all ways of backtesting have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from wfnb.backtest.plan import Plan, linked
from wfnb.backtest.supply import Supply
from wfnb.backtest.tally import Cause, Tally, category_of, cause_of
from wfnb.errors import DefinitionError, WfnbError
from wfnb.machine.divergence import first_divergence
from wfnb.machine.record import Record, Tape
from wfnb.machine.replay import Replayer
from wfnb.machine.retrace import retrace
from wfnb.model.values import JsonValue
from wfnb.services.recordings import tapes_of
from wfnb.store.port import Store
from wfnb.validate.program import Program

__all__ = ["OVER", "Bench", "Chosen", "Span", "spans"]

OVER = ("SUCCEEDED", "FAILED", "CANCELED")
"""Statuses of runs that can be replayed to their end."""


class Span(NamedTuple):
    """Numbers of runs, both ends included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which runs: numbers, when not all of the workflow's; statuses; the version they were made with; whose they are."""

    numbers: tuple[int, ...] | None = None
    statuses: tuple[str, ...] = OVER
    version: int | None = None
    tenant: str = "local"

    def takes(self, tape: Tape, numbers: Collection[int] | None) -> bool:
        """Whether a run is one of them."""
        return (
            tape.status in self.statuses
            and tape.tenant == self.tenant
            and self.version in (None, tape.version)
            and (numbers is None or tape.run_no in numbers)
        )


def spans(chosen: Chosen, newest: int, size: int) -> list[Span]:
    """The spans of numbers that hold all runs that were chosen, of about `size` runs each.

    Examples
    --------
    >>> spans(Chosen(), 2_500, 1_000)
    [Span(first=1, last=1000), Span(first=1001, last=2000), Span(first=2001, last=2500)]
    >>> spans(Chosen(numbers=(3, 9, 5000)), 9_000, 2)
    [Span(first=3, last=9), Span(first=5000, last=5000)]
    """
    if chosen.numbers is None:
        return [Span(first, min(first + size - 1, newest)) for first in range(1, newest + 1, size)]
    found: list[Span] = []
    for number in sorted(set(chosen.numbers)):
        if found and number - found[-1].first < size * 10:
            found[-1] = Span(found[-1].first, number)
        else:
            found.append(Span(number, number))
    return found


class Bench:
    """Replays runs of a store by a plan; programs are linked once.

    Parameters
    ----------
    store, plan
        The runs, and what they are replayed against.

    Raises
    ------
    DefinitionError
        ``CANNOT_LINK`` when the plan's own definition names something that it does not know.
    """

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._catalog = plan.catalog()
        program = linked(plan.definition, self._catalog)
        if program is None:
            raise DefinitionError("The definition cannot be linked.", code="CANNOT_LINK", where=plan.workflow)
        self._program: Program = program
        self._replayers: dict[int, tuple[Replayer, dict[str, JsonValue]]] = {}

    def replay(self, span: Span, chosen: Chosen) -> Tally:
        """What comes of the chosen runs in a span. A run that cannot be replayed is counted, and stops nothing."""
        numbers = None if chosen.numbers is None else frozenset(chosen.numbers)
        tally = Tally()
        for tape in tapes_of(self._store, self._plan.workflow, *span):
            if chosen.takes(tape, numbers):
                cause = self._cause(tape)
                if cause is None:
                    tally.went_the_same_way()
                else:
                    tally.add(cause)
        return tally

    def _cause(self, tape: Tape) -> Cause | None:
        """Why a run goes another way; None when it goes the same."""
        try:
            return self._replayed(tape)
        except WfnbError as error:
            return _broken(tape, error.code, error.message)
        except Exception as error:  # noqa: BLE001 - one broken record must not end the replay of all others
            return _broken(tape, type(error).__name__, "")

    def _replayed(self, tape: Tape) -> Cause | None:
        replayer, old = self._replayer(tape.version)
        record = Record(tape)
        if replayer.replay(record).identical:
            return None
        if replayer.own is None or record.edited:
            record = Record(next(self._whole(tape)))
        retraced = retrace(replayer, record, Supply(self._plan.fixtures, self._plan.samples))
        divergence = first_divergence(retraced, tape.status, old=old, new=self._plan.definition)
        if divergence is None:
            return None
        return cause_of(tape.run_id, category_of(retraced, tape.status), divergence)

    def _whole(self, tape: Tape) -> Iterator[Tape]:
        return tapes_of(self._store, tape.workflow_id, tape.run_no, tape.run_no, whole=True)

    def _replayer(self, version: int) -> tuple[Replayer, dict[str, JsonValue]]:
        """What replays the records of a version, and its definition."""
        known = self._replayers.get(version)
        if known is None:
            row = self._store.version(self._plan.workflow, version)
            definition = row.definition if row else {}
            own = linked(definition, self._catalog)
            known = self._replayers[version] = (Replayer(self._program, self._plan.number, own), definition)
        return known


def _broken(tape: Tape, code: str, message: str) -> Cause:
    # Messages of records name the run; a cause is about many.
    told = message.replace(tape.run_id, "the run")
    return Cause("not replayable", code, because=told, runs=1, examples=(tape.run_id,))
