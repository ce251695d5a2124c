"""The part of a run that replays: the record of a run against its own version, another one, or a draft."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wfnb.backtest.supply import Supply, samples_of
from wfnb.engine.engine import Engine
from wfnb.engine.programs import Programs
from wfnb.errors import DefinitionError, NotFoundError, ValidationError
from wfnb.machine.divergence import first_divergence
from wfnb.machine.passages import Passage, recorded_passages
from wfnb.machine.record import Record
from wfnb.machine.replay import Replayer
from wfnb.machine.retrace import Pair, Retraced, retrace
from wfnb.machine.state import State
from wfnb.model.arguments import check_whole
from wfnb.model.values import DELETE, JsonValue, diff
from wfnb.replay import Replay, StateDifference, Stub, masked
from wfnb.security.redact import redact
from wfnb.services import definitions
from wfnb.services.masks import RunMask
from wfnb.services.recordings import record_of
from wfnb.simulate.prepare import draft
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow
from wfnb.store.redactions import Declared, declared
from wfnb.tables import Rows
from wfnb.validate.program import Program

__all__ = ["Against", "Replaying", "against", "replay_of"]

Definition = dict[str, JsonValue]


class Replaying:
    """The part of a run that replays."""

    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def replay(
        self,
        version: int | None = None,
        *,
        definition: Definition | str | os.PathLike[str] | None = None,
        fixtures: Mapping[str, JsonValue] | None = None,
        deep: bool = False,
    ) -> Replay:
        """Lead the recorded run through a version of its workflow: recorded results, no effects, nothing stored.

        Whatever the version asks of the world is answered from the record, where steps are the same one when their id, loop
        items and attempt are; time, chance, answers of waits and what people did come from the record as well. A step that the
        record does not know is answered by a fixture, an example of its action (one with ``input`` and ``output``) or a sample
        of its output schema; `Replay.stubbed` lists those.

        Parameters
        ----------
        version
            A published version; without it the run's own.
        definition
            A definition that need not be published, instead: a dict, the path of a file, or text.
        fixtures
            Answers for steps that the record does not know, as for `Workspace.simulate`.
        deep
            Replay the runs it called as well, each against its own version.

        Raises
        ------
        CommandError
            ``NOT_REPLAYABLE`` when rows of the record are missing.
        NotFoundError
            ``NO_SUCH_VERSION``.
        DefinitionError
            ``CANNOT_LINK``, ``NOT_SIMULATED`` when the definition has errors.
        ValidationError
            ``INVALID_FIXTURE``, ``INVALID_ARGUMENT``.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
        >>> double = {"id": "double", "type": "transform.assign", "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}}}
        >>> _ = ws.publish({"id": "twice", "name": "Twice", "steps": [double]})
        >>> run = ws.start("twice", {"n": 4}).wait()
        >>> run.replay()
        <Replay of run-0001 (twice v1) against v1: identical, 1 steps, SUCCEEDED>
        >>> double["config"]["assign"]["vars.n"] = {"$expr": "payload.n * 3"}
        >>> print(run.replay(definition={"id": "twice", "name": "Twice", "steps": [double]}))
        <Replay of run-0001 (twice v1) against draft: diverges, SUCCEEDED>
        other value at double (root.steps[0])
          vars.n: 8 → 12
          because: assign.vars.n: payload.n * 2 → payload.n * 3
        the ends differ:
          vars.n: 8 → 12
        """
        row = self.row
        target = against(
            self._engine.programs, row.workflow_id, version or row.workflow_version, version, definition
        )
        return replay_of(self._store, self._engine.programs, row, target, fixtures, deep=deep)


@dataclass(frozen=True, slots=True)
class Against:
    """What runs are replayed against: a program, the number that its runs would have, and how people call it."""

    program: Program
    number: int
    name: int | str


def against(programs: Programs, workflow: str, default: int, version: int | None, definition: Any) -> Against:
    """The program that runs of a workflow are to be replayed against.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` when both a version and a definition are given.
    DefinitionError, NotFoundError
        When it cannot be had.
    """
    if definition is None:
        number = default if version is None else check_whole(version, "version", least=1)
        return Against(programs.get(workflow, number), number, number)
    if version is not None:
        raise ValidationError(
            "A replay is against a version or a definition, not both.",
            code="INVALID_ARGUMENT",
            where="version",
        )
    program = draft(definitions.written(definition), programs.catalog)
    return Against(program, program.definition.version or default, "draft")


def replay_of(
    store: Store,
    programs: Programs,
    row: RunRow,
    target: Against,
    fixtures: Mapping[str, JsonValue] | None,
    *,
    deep: bool = False,
) -> Replay:
    """Replay a run; see `Replaying.replay`."""
    record = record_of(store, row, whole=True)
    own = _own(programs, row)
    replayer = Replayer(target.program, target.number, own)
    supply = Supply(fixtures, samples_of(target.program, programs.catalog))
    exact = replayer.replay(record)
    retraced = (
        _as_recorded(replayer, record, exact.state) if exact.identical else retrace(replayer, record, supply)
    )
    old = store.version(row.workflow_id, row.workflow_version)
    sides = (old.definition if old else {}, target.program.definition.to_json())
    divergence = (
        None if exact.identical else first_divergence(retraced, row.status, old=sides[0], new=sides[1])
    )
    mask = _Mask(store, row, retraced.state)
    calls = {pair.now.instance: pair.now.action for pair in retraced.pairs if pair.now}
    return Replay(
        row.run_id,
        row.workflow_id,
        row.workflow_version,
        target.name,
        None if divergence is None else masked(divergence, mask.field(calls.get(divergence.instance))),
        retraced.state.status,
        row.status,
        mask.error(retraced.state),
        Rows(mask.changes(row), columns=("place", "recorded", "now")),
        retraced.pairs,
        sides,
        Rows(mask.stubs(retraced.pairs), columns=("id", "instance", "action", "source", "output")),
        tuple(_children(store, programs, record)) if deep else (),
    )


def _own(programs: Programs, row: RunRow) -> Program | None:
    """The program that a run belongs to; it need not be there to be replayed against another one."""
    try:
        return programs.get(row.workflow_id, row.workflow_version)
    except (DefinitionError, NotFoundError):
        return None


def _as_recorded(replayer: Replayer, record: Record, state: State) -> Retraced:
    """A run that went as recorded, beside itself."""
    passages = recorded_passages(record, replayer.own_replayer)
    for passage in passages:
        passage.source = "recorded" if passage.action else None
    return Retraced(state, tuple(Pair(passage, passage) for passage in passages))


def _children(store: Store, programs: Programs, record: Record) -> Iterable[Replay]:
    for child in record.tape.children.values():
        row = store.run_by_no(child.run_no)
        if row is not None:
            target = against(programs, row.workflow_id, row.workflow_version, None, None)
            yield replay_of(store, programs, row, target, None, deep=True)


class _Mask:
    """What people are shown of a replay."""

    def __init__(self, store: Store, row: RunRow, end: State) -> None:
        self._end = end
        self._last = state_at(store, row).envelope
        self._was = RunMask(state_at(store, row, 0).envelope, self._last)
        self._is = RunMask(self._last, end.envelope)
        self._declared: Declared = declared(store.database)

    def field(self, action: str | None) -> Any:
        """A function from a field of a divergence and its value to what is shown of it."""
        hidden = self._pointers(action)

        def shown(name: str, value: JsonValue) -> JsonValue:
            if value is DELETE or value is None:
                return value
            parts = name.split(".")
            if parts[0] != "input":
                return self._value(tuple(parts), value)
            for part in reversed(parts[1:]):
                value = {part: value}
            found = redact(value, hidden)
            for part in parts[1:]:
                found = found[part] if isinstance(found, dict) else found
            return self._is.data(self._was.data(found))

        return shown

    def _pointers(self, action: str | None) -> tuple[str, ...]:
        name, _, version = (action or "").rpartition("@")
        known = self._declared.get((name, int(version) if version.isdigit() else 0))
        return known.input if known else ()

    def _value(self, path: tuple[str | int, ...], value: JsonValue) -> JsonValue:
        shown = self._was.value(path, value)
        return shown if shown is DELETE else self._is.value(path, shown)

    def error(self, state: State) -> dict[str, JsonValue] | None:
        """The error that a replay ended with."""
        found = state.envelope.get("error") if state.status == "FAILED" else None
        if not isinstance(found, dict):
            return None
        shown: dict[str, JsonValue] = self._is.data(self._was.data(found["data"]))
        return shown

    def changes(self, row: RunRow) -> Iterable[StateDifference]:
        """Places where the ends differ. A run that is not over has no end to compare."""
        if not row.over:
            return
        for path, old, new in diff(self._last, self._end.envelope):
            if path[0] != "run":
                yield StateDifference(
                    ".".join(map(str, path)), self._value(path, old), self._value(path, new)
                )

    def stubs(self, pairs: Iterable[Pair]) -> Iterable[Stub]:
        """Steps that were answered by something that stands in for the world."""
        passages: Iterable[Passage] = (pair.now for pair in pairs if pair.now is not None)
        for passage in passages:
            if passage.source not in (None, "recorded"):
                output = self._is.data(passage.output)
                yield Stub(passage.step_id, passage.instance, passage.action, passage.source or "", output)
