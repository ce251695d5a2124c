"""Comparisons as people hold them: two runs side by side, two versions side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wfnb.machine.compare import Execution, Kind, Pair
from wfnb.machine.version_diff import FieldChange, StepChange
from wfnb.model.values import DELETE, JsonValue
from wfnb.security.escape import escape_html, visible
from wfnb.tables import Rows, html_table

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["Comparison", "Side", "StateChange", "StepPair", "VersionComparison"]

_SHOWN = 200  # rows that a cell shows
_VALUE_CHARS = 100


@dataclass(frozen=True)
class Side:
    """One of two runs, at the point at which it was compared. The duration is in milliseconds."""

    run: str
    seq: int
    workflow: str
    version: int
    status: str
    state: str | None
    duration_ms: float | None
    error: str | None

    def __repr__(self) -> str:
        took = "" if self.duration_ms is None else f", {self.duration_ms:g} ms"
        error = f", {visible(self.error, 200)}" if self.error else ""
        return f"{self.run} at {self.seq} of {self.workflow} v{self.version}: {self.status}{took}{error}"


@dataclass(frozen=True)
class StepPair:
    """A step in both runs, or in one of them.

    Parameters
    ----------
    kind
        ``same``, ``differs``, or ``a`` or ``b``: there in that run only.
    id, instance, attempt
        Which attempt at which step; the instance path is that of `a` where there are two.
    differs
        What is not the same: ``type``, ``status``, ``branch``, ``error``, ``wrote`` (its values).
    a, b
        Its status in each run, with the branch it took or its error.
    a_ms, b_ms
        How long it took, in milliseconds.
    """

    kind: Kind
    id: str
    instance: str
    attempt: int
    differs: tuple[str, ...]
    a: str | None
    b: str | None
    a_ms: float | None
    b_ms: float | None
    path: str = ""

    @property
    def what(self) -> str:
        """What differs, as text."""
        return ", ".join(self.differs)

    @classmethod
    def of(cls, pair: Pair) -> StepPair:
        """From an alignment."""
        one = pair.either
        return cls(
            pair.kind, one.step_id, one.instance, one.attempt, pair.differs,
            _told(pair.a), _told(pair.b), _took(pair.a), _took(pair.b), one.path,
        )  # fmt: skip


@dataclass(frozen=True)
class StateChange:
    """A place where two states differ; `DELETE` stands for nothing. Secrets are masked."""

    place: str
    a: JsonValue
    b: JsonValue


@dataclass(frozen=True)
class Comparison:
    """Two runs side by side. True when they are the same.

    Parameters
    ----------
    a, b
        The runs.
    steps
        Every attempt at a step, aligned; those of `b` alone behind what they followed.
    state
        Every place where the states differ.
    """

    a: Side
    b: Side
    steps: Rows[StepPair]
    state: Rows[StateChange]
    definitions: tuple[dict[str, JsonValue], dict[str, JsonValue]] = field(repr=False, compare=False)

    @property
    def differences(self) -> Rows[StepPair]:
        """The steps that are not the same."""
        return Rows((pair for pair in self.steps if pair.kind != "same"), columns=self.steps.columns)

    @property
    def first(self) -> StepPair | None:
        """Where the paths part."""
        return next(iter(self.differences), None)

    @property
    def identical(self) -> bool:
        """Whether both took the same steps with the same values to the same end. Times do not count."""
        ends = [(side.status, side.state, side.error) for side in (self.a, self.b)]
        return not self.differences and not self.state and ends[0] == ends[1]

    def picture(self) -> Picture:
        """The pipeline with both paths: steps that only one run took, and those that did something else."""
        marks: dict[str, str] = {}
        for pair in self.steps:
            known = marks.get(pair.path)
            if pair.kind != "same":
                marks[pair.path] = pair.kind if known in (None, pair.kind) else "differs"
        status = {pair.path: _status(pair) for pair in self.steps}
        return _picture(self.definitions[1], f"{self.a.run} and {self.b.run}", status=status, marks=marks)

    def __repr__(self) -> str:
        head = f"A  {self.a!r}\nB  {self.b!r}"
        if self.identical:
            return f"{head}\nthe same"
        steps = self.differences
        shown = Rows(steps[:_SHOWN], columns=_STEP_COLUMNS)
        table = (
            f"\n{len(steps)} of {len(self.steps)} steps differ\n{shown!r}" if steps else "\nthe same steps"
        )
        return head + table + "".join(f"\n{line}" for line in _tree(self.state[:_SHOWN]))

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        head = f"<p><b>A</b> {escape_html(repr(self.a))}<br><b>B</b> {escape_html(repr(self.b))}</p>"
        if self.identical:
            return {"text/plain": repr(self), "text/html": head + "<p>the same</p>"}
        steps = self.differences[:_SHOWN]
        table = (
            html_table(_STEP_COLUMNS, [[_cell(getattr(s, n)) for n in _STEP_COLUMNS] for s in steps])
            if steps
            else ""
        )
        tree = "\n".join(_tree(self.state[:_SHOWN]))
        state = f"<pre>{escape_html(tree)}</pre>" if tree else ""
        picture = self.picture()._repr_mimebundle_()["text/html"]
        return {"text/plain": repr(self), "text/html": head + table + state + picture}


_STEP_COLUMNS = ("kind", "id", "instance", "attempt", "a", "b", "what", "a_ms", "b_ms")


@dataclass(frozen=True)
class VersionComparison:
    """Two versions of a workflow side by side. True when they are the same.

    Parameters
    ----------
    workflow, old, new
        The versions.
    steps
        Steps added, removed, moved and changed, with the fields that changed.
    outside
        What changed outside of the steps.
    """

    workflow: str
    old: int
    new: int
    steps: Rows[StepChange]
    outside: tuple[FieldChange, ...]
    definitions: tuple[dict[str, JsonValue], dict[str, JsonValue]] = field(repr=False, compare=False)

    @property
    def identical(self) -> bool:
        """Whether nothing changed."""
        return not self.steps and not self.outside

    def step(self, step_id: str) -> StepChange | None:
        """What became of a step, or None when it is the same."""
        return next((change for change in self.steps if change.step_id == step_id), None)

    def picture(self, version: int | None = None) -> Picture:
        """The new version with what was added, moved and changed; or the old one with what was removed."""
        old = version == self.old and self.old != self.new
        marks = {}
        for change in self.steps:
            path = change.old_path if old else change.new_path
            if path is not None:
                marks[path] = change.kind.partition(" ")[2].removeprefix("and ") or change.kind
        alt = f"{self.workflow} v{self.old} and v{self.new}"
        return _picture(self.definitions[0 if old else 1], alt, marks=marks)

    def __repr__(self) -> str:
        head = f"{self.workflow}: v{self.old} and v{self.new}"
        if self.identical:
            return f"{head}: the same"
        return "\n".join([head, *_fields(self.outside, ""), *self._lines()])

    def _lines(self) -> Iterator[str]:
        for change in self.steps:
            place = change.new_path or change.old_path
            from_there = f" from {change.old_path}" if "moved" in change.kind else ""
            yield visible(f"{change.kind}  {change.step_id} ({change.type}) at {place}{from_there}", 300)
            yield from _fields(change.fields, "  ")

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        text = f"<pre>{escape_html(repr(self))}</pre>"
        removed = any(change.kind == "removed" for change in self.steps)
        pictures = [self.picture(), *([self.picture(self.old)] if removed else [])]
        html = "".join(picture._repr_mimebundle_()["text/html"] for picture in pictures)
        return {"text/plain": repr(self), "text/html": text + html}


def _told(side: Execution | None) -> str | None:
    if side is None:
        return None
    return " ".join(part for part in (side.status, side.branch, side.error) if part)


def _took(side: Execution | None) -> float | None:
    return None if side is None or side.duration_us is None else side.duration_us / 1000


def _status(pair: StepPair) -> str:
    words = (pair.b or pair.a or "SUCCEEDED").split(" ")
    return words[0]


def _fields(changes: Iterable[FieldChange], indent: str) -> Iterator[str]:
    for change in changes:
        yield visible(f"{indent}{change.field}: {_cell(change.old)} → {_cell(change.new)}", 400).replace(
            "\n", " "
        )


def _tree(changes: Sequence[StateChange]) -> Iterator[str]:
    """Changes as a tree of places: what they have in common is said once."""
    before: list[str] = []
    for change in changes:
        parts = change.place.split(".")
        shared = 0
        while shared < len(parts) - 1 and shared < len(before) - 1 and parts[shared] == before[shared]:
            shared += 1
        for depth in range(shared, len(parts) - 1):
            yield "  " * depth + visible(parts[depth], 100)
        told = f"{_cell(change.a)} | {_cell(change.b)}"
        yield "  " * (len(parts) - 1) + visible(f"{parts[-1]}: {told}", 400).replace("\n", " ")
        before = parts


def _cell(value: Any) -> str:
    if value is DELETE:
        return "(nothing)"
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"


def _picture(definition: dict[str, JsonValue], alt: str, **facts: Any) -> Picture:
    from wfnb.pictures import Picture
    from wfnb.viz.overlay import Overlay
    from wfnb.viz.pictures import pipeline_figure, pipeline_svg

    overlay = Overlay(**facts)
    return Picture(alt, pipeline_svg(definition, overlay), lambda: pipeline_figure(definition, overlay))


def columns_of(kind: Any) -> tuple[str, ...]:
    """Names of the fields of a row."""
    return tuple(one.name for one in fields(kind))
