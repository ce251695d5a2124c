"""A run as a film: positions one can step through, each with its state, its changes and what stands around it.

A position lies behind every ended step (and behind the end of a run that was cancelled). Position 0 lies before the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from wfnb.machine.state import State, fold
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, Path, Write, diff, get_path
from wfnb.security.redact import cap, redact, redactions

__all__ = ["Change", "Film", "Frame", "Mark", "StepMark"]

_KEEP_EVERY = 100  # states kept in memory: a jump anywhere folds at most this many frames


@dataclass(frozen=True, slots=True)
class StepMark:
    """The step that a frame ended."""

    id: str
    type: str
    instance: str
    status: str
    attempt: int
    branch: str | None = None
    error: dict[str, JsonValue] | None = None
    handled_by: str | None = None
    duration_us: int = 0

    @property
    def path(self) -> str:
        """Definition path."""
        return definition_path(self.instance)


@dataclass(frozen=True, slots=True)
class Frame:
    """What happened between two positions: macrosteps up to `seq`, their writes, and the step they ended, if any."""

    seq: int
    at_us: int
    writes: tuple[Write, ...]
    step: StepMark | None


@dataclass(frozen=True, slots=True)
class Change:
    """One place of the state that a frame changed; `DELETE` stands for "not there"."""

    path: Path
    old: JsonValue
    new: JsonValue

    def to_json(self) -> dict[str, JsonValue]:
        """The form widgets take."""
        change: dict[str, JsonValue] = {
            "op": "delete" if self.new is DELETE else "set",
            "path": list(self.path),
        }
        if self.old is not DELETE:
            change["old"] = self.old
        if self.new is not DELETE:
            change["new"] = self.new
        return change


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth a mark on the timeline of positions."""

    at: int
    kind: str


@dataclass(slots=True)
class Film:
    """Positions of one run.

    Parameters
    ----------
    start
        The state before the first frame.
    frames
        In order. More may be added while the run goes on.
    """

    start: State
    frames: list[Frame] = field(default_factory=list)
    _kept: dict[int, State] = field(default_factory=dict)
    _hidden: tuple[int, tuple[str, ...]] = (-1, ())

    @property
    def length(self) -> int:
        """The last position."""
        return len(self.frames)

    def extend(self, frames: Iterable[Frame]) -> None:
        """Add what has happened since."""
        self.frames.extend(frames)

    def state(self, position: int) -> State:
        """The state at a position."""
        base = position - position % _KEEP_EVERY
        while base and base not in self._kept:
            base -= _KEEP_EVERY
        state = self._kept.get(base, self.start)
        for number in range(base, position):
            state = fold(state, self.frames[number].writes)
            if (number + 1) % _KEEP_EVERY == 0:
                self._kept[number + 1] = state
        return state

    def public(self, position: int) -> dict[str, JsonValue]:
        """What people see of the state at a position: redacted, and capped."""
        return _public(self.state(position), self._pointers())

    def _pointers(self) -> tuple[str, ...]:
        """What the run calls a secret at its end: it was one before."""
        if self._hidden[0] != self.length:
            self._hidden = (self.length, redactions(self.state(self.length).envelope))
        return self._hidden[1]

    def changes(self, position: int) -> list[Change]:
        """What the frame before a position changed in the envelope, redacted."""
        if position == 0:
            return []
        paths = [write.path[1:] for write in self.frames[position - 1].writes if write.path[0] == "envelope"]
        before, after = self.public(position - 1), self.public(position)
        found: dict[Path, Change] = {}
        for path in _outermost(paths):
            for place, old, new in diff(get_path(before, path, DELETE), get_path(after, path, DELETE), path):
                found[place] = Change(place, old, new)
        return list(found.values())

    def steps(self, position: int) -> list[StepMark]:
        """The steps ended up to a position, in order."""
        return [frame.step for frame in self.frames[:position] if frame.step is not None]

    def marks(self) -> list[Mark]:
        """Errors and retries, for a timeline."""
        found = []
        for number, frame in enumerate(self.frames, 1):
            if frame.step is not None and frame.step.error is not None:
                found.append(Mark(number, "retry" if frame.step.handled_by == "retry" else "error"))
        return found

    def position_of(self, seq: int) -> int:
        """The first position at or behind macrostep `seq`."""
        return next((number for number, frame in enumerate(self.frames, 1) if frame.seq >= seq), self.length)


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Paths without those that lie inside another one, each once."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=len):
        if not any(path[: len(outer)] == outer for outer in kept):
            kept.append(path)
    return kept


def _public(state: State, pointers: tuple[str, ...]) -> dict[str, JsonValue]:
    envelope = state.envelope
    roots = {key: envelope[key] for key in ("payload", "vars", "meta", "error") if key in envelope}
    shown = cap(redact(roots, (*redactions(envelope), *pointers)))
    return shown if isinstance(shown, dict) else {"payload": shown}
