"""Chronicles: recorded runs read from the tables for lineage, with the runs they called and those that called them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from wfnb.engine.programs import Programs
from wfnb.machine.state import State
from wfnb.machine.writers import Chronicle
from wfnb.store.port import Store, state_at
from wfnb.store.records import MacrostepRow, RunRow, StepRow
from wfnb.validate.program import Program

__all__ = ["StoredChronicle"]

_PAGE = 2_000  # macrosteps that are read at once
_KEPT = 64  # states and macrosteps that are kept


class StoredChronicle:
    """A run of a store.

    Parameters
    ----------
    store, programs
        The tables, and the published workflows.
    row
        The run.
    """

    def __init__(self, store: Store, programs: Programs, row: RunRow) -> None:
        self._store = store
        self._programs = programs
        self.row = row
        self._states: dict[int, State] = {}
        self._macrosteps: dict[int, MacrostepRow] = {}

    @property
    def run_id(self) -> str:
        """The run."""
        return self.row.run_id

    @property
    def last(self) -> int:
        """The last macrostep."""
        return self.row.seq

    @cached_property
    def program(self) -> Program:
        """What it ran.

        Raises
        ------
        WfnbError
            When its version names something that is not registered here.
        """
        return self._programs.get(self.row.workflow_id, self.row.workflow_version)

    def all_macrosteps(self) -> Iterator[MacrostepRow]:
        """Every macrostep in order, page by page."""
        for start in range(0, self.row.seq, _PAGE):
            yield from self._store.macrosteps(self.row.run_no, start, min(start + _PAGE, self.row.seq))

    def macrostep(self, seq: int) -> MacrostepRow:
        """One macrostep."""
        if seq not in self._macrosteps:
            _make_room(self._macrosteps)
            self._macrosteps[seq] = self._store.macrosteps(self.row.run_no, seq - 1, seq)[0]
        return self._macrosteps[seq]

    def state(self, seq: int) -> State:
        """The state after a macrostep."""
        if seq not in self._states:
            _make_room(self._states)
            self._states[seq] = state_at(self._store, self.row, seq)
        return self._states[seq]

    def ended(self, seq: int) -> StepRow | None:
        """The attempt that a macrostep ended."""
        return self._by_end.get(seq)

    def begun(self, effect_id: str) -> StepRow | None:
        """The attempt that asked for an effect."""
        return self._by_effect.get(effect_id)

    def child(self, effect_id: str) -> Chronicle | None:
        """The run that a step called."""
        return self._other(self._store.child(self.row.run_no, effect_id))

    def caller(self) -> tuple[Chronicle, str] | None:
        """The run that called this one, and the effect that did."""
        number, effect_id = self.row.parent_run_no, self.row.parent_effect
        if number is None or effect_id is None:
            return None
        other = self._other(self._store.run_by_no(number))
        return None if other is None else (other, effect_id)

    def origin(self) -> tuple[Chronicle, int] | None:
        """The run that this one was forked from, and the macrostep after which it was; None too when that run was deleted."""
        number, seq = self.row.forked_from, self.row.forked_seq
        other = None if number is None else self._other(self._store.run_by_no(number))
        return None if other is None or seq is None else (other, seq)

    def _other(self, row: RunRow | None) -> StoredChronicle | None:
        return None if row is None else StoredChronicle(self._store, self._programs, row)

    @cached_property
    def _steps(self) -> list[StepRow]:
        return self._store.steps(self.row.run_no)

    @cached_property
    def _by_end(self) -> dict[int, StepRow]:
        return {step.end_seq: step for step in self._steps if step.end_seq is not None}

    @cached_property
    def _by_effect(self) -> dict[str, StepRow]:
        return {f"{step.instance}#{step.attempt}": step for step in self._steps}


def _make_room(kept: dict[int, Any]) -> None:
    while len(kept) >= _KEPT:
        del kept[next(iter(kept))]
