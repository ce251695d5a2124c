"""The part of a run that explains itself: why a value is what it is."""

from __future__ import annotations

from dataclasses import dataclass, field

from wfnb.engine.engine import Engine
from wfnb.machine.causes import Cause
from wfnb.machine.lineage import Tracer
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.paths import parse_pointer, parse_target
from wfnb.model.values import DELETE, JsonValue, Path
from wfnb.origin import Origin
from wfnb.rows import Step
from wfnb.services.chronicles import StoredChronicle
from wfnb.services.masks import RunMask
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow, StepRow

__all__ = ["Explaining", "place_of"]


class Explaining:
    """The part of a run that explains itself."""

    id: str
    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def why(self, pointer: str, at: int | None = None) -> Origin | None:
        """Why a value is what it is: the step that wrote it, from which expression, from which inputs, and so on back to where they came in.

        Loops are followed item by item, and calls of other workflows into the runs that they began. Nothing is evaluated or
        performed: everything is read from the record.

        Parameters
        ----------
        pointer
            ``vars.ticket.id``, ``error``, or a JSON pointer such as ``/vars/ticket/id``.
        at
            The value as it was after this macrostep; without it, as it is now.

        Returns
        -------
        Origin or None
            None when there is no such value.

        Raises
        ------
        ValidationError
            ``INVALID_ASSIGN_PATH``, ``INVALID_ARGUMENT``.
        NotFoundError
            ``NO_SUCH_STEP``.
        DefinitionError
            ``CANNOT_LINK`` when the workflow names something that is not registered here.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
        >>> double = {"id": "double", "type": "transform.assign", "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}}}
        >>> _ = ws.publish({"id": "twice", "name": "Twice", "steps": [double]})
        >>> ws.start("twice", {"n": 4}).wait().why("vars.n")
        vars.n = 8   ← step double at 2
          | assign.vars.n: payload.n * 2
          payload.n = 4   ← payload
        """
        path = place_of(check_text(pointer, "pointer"))
        row = self.row
        seq = row.seq if at is None else check_whole(at, "at")
        state_at(self._store, row, seq)
        cause = Tracer(StoredChronicle(self._store, self._engine.programs, row)).trace(path, seq)
        if cause.value is DELETE:
            return None
        return _Telling(self._store).origin(cause)


def place_of(pointer: str) -> Path:
    """The path in an envelope of what a person wrote.

    Raises
    ------
    ValidationError
        ``INVALID_ASSIGN_PATH``.

    Examples
    --------
    >>> place_of("ticket.id"), place_of("/payload/a"), place_of("error")
    (('vars', 'ticket', 'id'), ('payload', 'a'), ('error',))
    """
    if pointer in ("payload", "vars", "meta", "error"):
        return (pointer,)
    if not pointer.startswith("/"):
        return parse_target(pointer, default_scope="vars")
    parts = parse_pointer(pointer)
    return parts if parts and parts[0] in ("payload", "vars", "meta", "error") else ("payload", *parts)


@dataclass(slots=True)
class _Telling:
    """Turns causes into origins: values masked and cut, steps as rows."""

    store: Store
    runs: dict[str, tuple[RunMask, dict[str, JsonValue]]] = field(default_factory=dict)
    done: dict[int, Origin] = field(default_factory=dict)

    def origin(self, cause: Cause) -> Origin:
        made = self.done.get(id(cause))
        if made is None:
            mask, definition = self._run(cause.run_id)
            step = cause.attempt
            made = self.done[id(cause)] = Origin(
                cause.run_id,
                ".".join(map(str, cause.path)),
                mask.value(cause.path, cause.value),
                cause.source,
                cause.point[0] if cause.point else None,
                Step.of(step) if isinstance(step, StepRow) else None,
                mask.text(cause.detail),
                cause.readings,
                tuple(map(self.origin, cause.inputs)),
                definition,
            )
        return made

    def _run(self, run_id: str) -> tuple[RunMask, dict[str, JsonValue]]:
        if run_id not in self.runs:
            row = self.store.run(run_id)
            if row is None:
                raise AssertionError("a cause belongs to a run of the store")
            version = self.store.version(row.workflow_id, row.workflow_version)
            self.runs[run_id] = (RunMask.of(self.store, row), version.definition if version else {})
        return self.runs[run_id]
