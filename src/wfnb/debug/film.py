"""A run as a film: positions one can step through, each with its state, its changes and what stands around it.

A position lies behind every ended step (and behind the end of a run that was cancelled). Position 0 lies before the first.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from wfnb.debug.pages import Pages
from wfnb.machine.state import State, fold
from wfnb.model.paths import definition_path
from wfnb.model.values import DELETE, JsonValue, Path, Write, diff, get_path
from wfnb.security.redact import cap, redact, redactions

__all__ = ["KINDS", "Change", "Film", "Frame", "Mark", "Source", "StepMark", "public", "stretches"]

KINDS: Final = ("", "retry", "error", "wait")
"""What a mark of `Source.ends` means."""

_PAGE: Final = 128  # positions that are read at once
_PAGES: Final = 64  # pages that are kept
_STATES: Final = 256  # states that are kept; they share what did not change
_EDIT: Final = "edit"


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


class Source(Protocol):
    """The record of a run, read piece by piece."""

    def ends(self, from_seq: int) -> Iterator[tuple[int, int | None, int]]:
        """Steps that began at or after a macrostep, in order: where each began and ended, and the number of its mark in `KINDS`."""

    def steps(self, begins: Sequence[int]) -> dict[int, StepMark]:
        """Steps by the macrostep at which they began."""

    def writes(self, after: int, upto: int) -> list[tuple[int, int, tuple[Write, ...]]]:
        """Number, time and writes of macrosteps with ``after < seq <= upto``, in order."""

    def state(self, seq: int) -> State:
        """The state after a macrostep."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth a mark on the timeline of positions."""

    at: int
    kind: str


class Film:
    """Positions of one run, of any length: what is not looked at is not read.

    Parameters
    ----------
    source
        Where the run is read from.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._seqs = array("q", [0])  # the macrostep behind every position
        self._begins = array("q", [-1])  # where the step behind it began; -1 when there is none
        self._kinds = bytearray(1)
        self._edits: set[int] = set()
        self._open: set[int] = set()  # steps that had not ended when they were read last, by their beginnings
        self._next = 0
        self._steps: Pages[int, list[StepMark | None]] = Pages(_PAGES)
        self._writes: Pages[int, list[Frame]] = Pages(_PAGES)
        self._states: Pages[int, State] = Pages(_STATES)
        self._hidden: tuple[int, tuple[str, ...]] = (-1, ())
        self._masked: dict[str, tuple[JsonValue, JsonValue]] = {}

    @property
    def length(self) -> int:
        """The last position."""
        return len(self._seqs) - 1

    @property
    def seq(self) -> int:
        """The macrostep behind the last position."""
        return self._seqs[-1]

    def extend(self, seq: int, *, over: bool) -> None:
        """Take in what was recorded since, up to macrostep `seq`; `over` when that is the run's last one."""
        found: list[tuple[int, int, int]] = []
        for begin, end, mark in self._source.ends(min(self._open, default=self._next)):
            self._next = max(self._next, begin + 1)
            if end is None or end > seq:
                self._open.add(begin)
            elif end > self._seqs[-1]:
                self._open.discard(begin)
                found.append((end, begin, mark))
        if self._edits:
            ends = {end for end, _, _ in found}
            found += [(edit, -1, 0) for edit in self._edits - ends if self._seqs[-1] < edit <= seq]
        found.sort()
        # The end of a run ends all of its parallel items: several steps, one position.
        ended = [
            row for row, after in zip(found, [*found[1:], (seq + 1, 0, 0)], strict=False) if row[0] < after[0]
        ]
        if over and (ended[-1][0] if ended else self._seqs[-1]) < seq:
            ended.append((seq, -1, 0))
        self._add(ended)

    def _add(self, ended: Sequence[tuple[int, int, int]]) -> None:
        """More positions: the macrostep behind each, where its step began, and its mark."""
        page = (len(self._seqs) - 1) // _PAGE
        self._steps.drop(page)
        self._writes.drop(page)
        self._seqs.extend([end for end, _, _ in ended])
        self._begins.extend([begin for _, begin, _ in ended])
        self._kinds.extend([mark for _, _, mark in ended])

    def edited(self, seqs: Sequence[int]) -> None:
        """Macrosteps at which a person changed the run; those that ended no step get positions of their own."""
        self._edits = set(seqs)

    # --- what stands where

    def seq_at(self, position: int) -> int:
        """The macrostep behind a position."""
        return self._seqs[position]

    def position_of(self, seq: int) -> int:
        """The first position at or behind macrostep `seq`."""
        return min(bisect_left(self._seqs, seq), self.length)

    def position_after(self, seq: int) -> int:
        """The first position behind macrostep `seq`, which may be one that is not there yet."""
        return max(bisect_right(self._seqs, seq), 1)

    def step(self, position: int) -> StepMark | None:
        """The step behind a position; None before the first, and behind an end that no step made."""
        if not 1 <= position <= self.length:
            return None
        page, place = divmod(position - 1, _PAGE)
        return self._steps.get(page, self._read_steps)[place]

    def _read_steps(self, page: int) -> list[StepMark | None]:
        begins = self._begins[page * _PAGE + 1 : (page + 1) * _PAGE + 1]
        found = self._source.steps([begin for begin in begins if begin >= 0])
        return [found.get(begin) for begin in begins]

    def failed(self, position: int) -> bool:
        """Whether an attempt failed at a position, as its mark tells."""
        return KINDS[self._kinds[position]] in ("retry", "error")

    def steps(self, position: int, after: int = 0) -> list[StepMark]:
        """The steps behind the positions after one up to another, in order."""
        found = (self.step(number) for number in range(after + 1, min(position, self.length) + 1))
        return [step for step in found if step is not None]

    def frame(self, position: int) -> Frame:
        """What happened between the position before and this one."""
        page, place = divmod(position - 1, _PAGE)
        return self._writes.get(page, self._read_writes)[place]

    def _read_writes(self, page: int) -> list[Frame]:
        first, last = page * _PAGE, min((page + 1) * _PAGE, self.length)
        frames: list[Frame] = []
        writes: list[Write] = []
        for seq, at_us, made in self._source.writes(self._seqs[first], self._seqs[last]):
            writes += made
            if seq == self._seqs[first + len(frames) + 1]:
                frames.append(Frame(seq, at_us, tuple(writes), self.step(first + len(frames) + 1)))
                writes = []
        return frames

    # --- states

    def state(self, position: int) -> State:
        """The state at a position."""
        return self._states.get(position, self._read_state)

    def _read_state(self, position: int) -> State:
        """The state at a position, gone on to from one a little before it: so the way back is short as well."""
        known = range(position - 1, max(position - _PAGE, 0) - 1, -1)
        near = next((number for number in known if number in self._states), position - position % _PAGE)
        state = self._states.get(near, self._recorded) if near < position else self._recorded(position)
        frames = (self.frame(number) for number in range(near + 1, position + 1))
        return fold(state, (write for frame in frames for write in frame.writes))

    def _recorded(self, position: int) -> State:
        return self._source.state(self._seqs[position])

    def public(self, position: int) -> dict[str, JsonValue]:
        """What people see of the state at a position: redacted, and capped."""
        return public(self.state(position), self.pointers())

    def masked(self, position: int) -> dict[str, JsonValue]:
        """What expressions of people read at a position: redacted."""
        return self.mask(self.state(position).envelope)

    def mask(self, envelope: dict[str, JsonValue]) -> dict[str, JsonValue]:
        """An envelope of this run, redacted. What has not changed since the last time is not looked at again."""
        pointers = (*redactions(envelope), *self.pointers())
        roots = {name: envelope[name] for name in _ROOTS if name in envelope}
        if pointers:
            shown = redact(roots, pointers)
            return shown if isinstance(shown, dict) else {}
        for name, value in roots.items():
            if name not in self._masked or self._masked[name][0] is not value:
                self._masked[name] = (value, redact(value))
        return {name: self._masked[name][1] for name in roots}

    def pointers(self) -> tuple[str, ...]:
        """What the run calls a secret at its end: it was one before."""
        if self._hidden[0] != self.length:
            self._hidden = (self.length, redactions(self.state(self.length).envelope))
        return self._hidden[1]

    def written(self, position: int) -> tuple[Path, ...]:
        """Places of the envelope that were written between the position before and this one."""
        if not 1 <= position <= self.length:
            return ()
        return tuple(write.path[1:] for write in self.frame(position).writes if write.path[0] == "envelope")

    def changes(self, position: int) -> list[Change]:
        """What the frame before a position changed in the envelope, redacted."""
        if position == 0:
            return []
        before, after = self.public(position - 1), self.public(position)
        found: dict[Path, Change] = {}
        for path in _outermost(self.written(position)):
            for place, old, new in diff(get_path(before, path, DELETE), get_path(after, path, DELETE), path):
                found[place] = Change(place, old, new)
        return list(found.values())

    # --- marks

    def marks(self, most: int | None = None) -> list[Mark]:
        """Errors, retries, ends of waits and edits, for a timeline; when there are more than `most`, the worst of every stretch."""
        count = len(self._kinds) - self._kinds.count(0)
        if most is not None and count > most:
            found = [
                mark for low, high in stretches(1, self.length, most // 2) for mark in self._worst(low, high)
            ]
        else:
            found = [
                Mark(hit.start(), KINDS[self._kinds[hit.start()]]) for hit in _MARKED.finditer(self._kinds)
            ]
        return sorted((*found, *self._edit_marks()), key=_at)

    def _edit_marks(self) -> list[Mark]:
        return [Mark(self.position_of(seq), _EDIT) for seq in sorted(self._edits) if seq <= self.seq]

    def _worst(self, low: int, high: int) -> Iterator[Mark]:
        """The first error of a stretch, or else the first of what else there is."""
        for kind in ("error", "wait", "retry"):
            place = self._kinds.find(KINDS.index(kind), low, high + 1)
            if place >= 0:
                yield Mark(place, kind)
                return

    def bins(self, first: int, last: int, count: int) -> list[dict[str, JsonValue]]:
        """Marks of the positions `first` to `last`, counted in stretches: what a slider over a long run shows."""
        edits = [mark.at for mark in self._edit_marks()]
        found: list[dict[str, JsonValue]] = []
        for low, high in stretches(max(first, 1), min(last, self.length), count):
            counts = {
                kind: self._kinds.count(number, low, high + 1) for number, kind in enumerate(KINDS) if kind
            }
            counts[_EDIT] = sum(low <= at <= high for at in edits)
            if any(counts.values()):
                found.append({"from": low, "to": high, **counts})
        return found


_MARKED: Final = re.compile(b"[^\\0]")
_ROOTS: Final = ("payload", "vars", "meta", "error")


def stretches(first: int, last: int, count: int) -> list[tuple[int, int]]:
    """Positions in at most `count` stretches of the same length, each from its first to its last.

    Examples
    --------
    >>> stretches(1, 10, 4)
    [(1, 3), (4, 6), (7, 9), (10, 10)]
    """
    size = max(1, -(-(last - first + 1) // max(1, count)))
    return [(low, min(low + size - 1, last)) for low in range(first, last + 1, size)]


def _at(mark: Mark) -> int:
    return mark.at


def _outermost(paths: Sequence[Path]) -> list[Path]:
    """Paths without those that lie inside another one, each once."""
    kept: list[Path] = []
    for path in sorted(set(paths), key=len):
        if not any(path[: len(outer)] == outer for outer in kept):
            kept.append(path)
    return kept


def public(state: State, pointers: tuple[str, ...] = ()) -> dict[str, JsonValue]:
    """What people see of a state: redacted, also where `pointers` say, and capped."""
    envelope = state.envelope
    roots = {key: envelope[key] for key in _ROOTS if key in envelope}
    shown = cap(redact(roots, (*redactions(envelope), *pointers)))
    return shown if isinstance(shown, dict) else {"payload": shown}
