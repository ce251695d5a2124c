"""Replays as people hold them: a recorded run beside what another version, or the same one, makes of it now."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from wfnb.machine.divergence import Difference, Divergence, Texts, differences
from wfnb.machine.passages import Passage
from wfnb.machine.retrace import Pair
from wfnb.model.values import DELETE, JsonValue
from wfnb.security.escape import escape_html, visible
from wfnb.tables import Rows, html_table

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["Replay", "ReplayedStep", "StateDifference", "Stub"]

_SHOWN = 200  # rows that a cell shows
_VALUE_CHARS = 200


@dataclass(frozen=True)
class ReplayedStep:
    """An attempt at a step, as it was recorded and as it goes now; empty on the side that did not take it.

    `differs` says what is not the same, `answered` where its result came from now: ``recorded``, or what stood in for it.
    """

    id: str
    instance: str
    attempt: int
    recorded: str | None
    now: str | None
    differs: str | None
    answered: str | None


@dataclass(frozen=True)
class Stub:
    """A step that the record does not know: what it was answered with, and where that came from."""

    id: str
    instance: str
    action: str | None
    source: str
    output: JsonValue


@dataclass(frozen=True)
class StateDifference:
    """A place where the two runs end with other values; secrets are masked."""

    place: str
    recorded: JsonValue
    now: JsonValue


@dataclass(frozen=True)
class Replay:
    """A run replayed. Nothing was performed, nothing was stored. True when it goes the same way.

    Parameters
    ----------
    run, workflow, recorded_version
        What was replayed.
    version
        What it was replayed against: the number of a version, or ``"draft"``.
    divergence
        Where the two first part, and why; None when they do not.
    outcome, recorded_outcome
        How the replay ends, and how the run did.
    error
        The error that the replay ends with.
    diff
        Places where the two ends differ.
    """

    run: str
    workflow: str
    recorded_version: int
    version: int | str
    divergence: Divergence | None
    outcome: str
    recorded_outcome: str
    error: dict[str, JsonValue] | None
    diff: Rows[StateDifference]
    pairs: tuple[Pair, ...] = field(repr=False, compare=False)
    definitions: tuple[dict[str, JsonValue], dict[str, JsonValue]] = field(repr=False, compare=False)
    stubbed: Rows[Stub] = field(repr=False, compare=False)
    children: tuple[Replay, ...] = ()

    @property
    def identical(self) -> bool:
        """Whether the run goes the same way: the same steps, with the same inputs and values, to the same end."""
        return self.divergence is None and all(child.identical for child in self.children)

    def __bool__(self) -> bool:
        return self.identical

    @cached_property
    def steps(self) -> Rows[ReplayedStep]:
        """Every attempt at a step, recorded and now side by side, in order."""
        return Rows(map(_row, self.pairs), columns=_names(ReplayedStep))

    def picture(self) -> Picture:
        """The pipeline with the path that the replay took; what is new, changed or answered by a stand-in is marked."""
        return self.pictures()[1]

    def pictures(self) -> tuple[Picture, Picture]:
        """The recorded path on the recorded version, and the path of the replay on the one it was replayed against."""
        old = _path(pair.recorded for pair in self.pairs)
        new = _path(pair.now for pair in self.pairs)
        marks = {"old": dict[str, str](), "new": dict[str, str]()}
        for pair in self.pairs:
            if pair.now is None and pair.recorded is not None:
                marks["old"][pair.recorded.path] = "removed"
            elif pair.recorded is None and pair.now is not None:
                marks["new"][pair.now.path] = "added"
            elif pair.recorded is not None and pair.now is not None and differences(pair.recorded, pair.now):
                marks["new"][pair.now.path] = "differs"
        return (
            _picture(self.definitions[0], f"{self.run} as recorded", marks=marks["old"], **old),
            _picture(self.definitions[1], f"{self.run} against {self._against}", marks=marks["new"], **new),
        )

    @property
    def _against(self) -> str:
        return f"v{self.version}" if isinstance(self.version, int) else self.version

    def _lines(self) -> list[str]:
        head = f"<Replay of {self.run} ({self.workflow} v{self.recorded_version}) against {self._against}: "
        if self.identical:
            return [f"{head}identical, {len(self.pairs)} steps, {self.outcome}>"]
        ends = (
            self.outcome
            if self.outcome == self.recorded_outcome
            else f"{self.outcome}, was {self.recorded_outcome}"
        )
        lines = [f"{head}{'diverges' if self.divergence else 'a called run diverges'}, {ends}>"]
        if self.divergence is not None:
            lines += told(self.divergence)
        if self.error is not None:
            lines.append(f"error now: {visible(str(self.error.get('message')), 300)}")
        lines += [f"  {child!r}".replace("\n", "\n  ") for child in self.children if not child.identical]
        if self.diff:
            lines.append("the ends differ:")
            lines += [
                f"  {row.place}: {_short(row.recorded)} → {_short(row.now)}" for row in self.diff[:_SHOWN]
            ]
        lines += [
            f"stubbed: {row.id} ({row.action}) with {_short(row.output)} from {row.source}"
            for row in self.stubbed[:_SHOWN]
        ]
        return lines

    def __repr__(self) -> str:
        return "\n".join(visible(line, 600) for line in self._lines())

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        first, *more = self._lines()
        head = f"<p><b>{escape_html(first)}</b></p>"
        text = "\n".join(more)
        told_more = f"<pre>{escape_html(text)}</pre>" if more else ""
        table = html_table(_names(ReplayedStep), [_cells(row) for row in self.steps[:_SHOWN]])
        sides = "".join(
            f"<td style='vertical-align:top'>{escape_html(picture.alt)}<br>{picture._repr_mimebundle_()['text/html']}</td>"
            for picture in self.pictures()
        )
        pictures = f"<table><tbody><tr>{sides}</tr></tbody></table>"
        return {"text/plain": repr(self), "text/html": head + told_more + pictures + table}


def told(divergence: Divergence) -> list[str]:
    """A divergence in sentences."""
    place = f" at {divergence.step_id} ({divergence.instance})" if divergence.step_id else ""
    lines = [f"{divergence.kind}{place}"]
    if divergence.fields:
        lines += [
            f"  {row.field}: {_short(row.recorded)} → {_short(row.now)}" for row in divergence.fields[:20]
        ]
    for text in divergence.texts:
        mark = "because" if text.decisive else "also changed"
        lines.append(f"  {mark}: {text.field}: {_written(text.old)} → {_written(text.new)}")
    if divergence.fields and not any(text.decisive for text in divergence.texts):
        lines.append("  what feeds this is written as before: it reads other data")
    return lines


def masked(divergence: Divergence, mask: Any) -> Divergence:
    """A divergence for people; `mask` makes a field and its value what they may see."""
    rows = tuple(
        Difference(row.field, mask(row.field, row.recorded), mask(row.field, row.now))
        for row in divergence.fields
    )
    recorded, now = divergence.recorded, divergence.now
    if rows:
        sides = [{row.field: getattr(row, side) for row in rows} for side in ("recorded", "now")]
        recorded, now = ({k: v for k, v in side.items() if v is not DELETE} for side in sides)
        if len(rows) == 1:
            recorded, now = (next(iter(side.values()), None) for side in (recorded, now))
    texts = tuple(Texts(t.field, mask("", t.old), mask("", t.new), t.decisive) for t in divergence.texts)
    return replace(divergence, fields=rows, recorded=recorded, now=now, texts=texts)


def _written(text: str | None) -> str:
    return "(nothing)" if text is None else text


def _row(pair: Pair) -> ReplayedStep:
    recorded, now = pair.recorded, pair.now
    one = now or recorded
    if one is None:
        raise AssertionError("a pair has one side at least")
    if recorded is not None and now is not None:
        found = differences(recorded, now)
        differs = found[0] if found else None
    else:
        differs = "new step" if recorded is None else "missing step"
    answered = now.source if now else None
    return ReplayedStep(
        one.step_id, one.instance, one.attempt, _went(recorded), _went(now), differs, answered
    )


def _went(passage: Passage | None) -> str | None:
    if passage is None:
        return None
    code = passage.error.get("code") if passage.error else None
    return " ".join(str(part) for part in (passage.status, passage.branch, code) if part)


def _path(passages: Iterable[Passage | None]) -> dict[str, Any]:
    """What a path lays over a picture."""
    status: dict[str, str] = {}
    counts: dict[str, int] = {}
    taken: set[tuple[str, str]] = set()
    for passage in passages:
        if passage is None:
            continue
        status[passage.path] = passage.status
        counts[passage.path] = counts.get(passage.path, 0) + 1
        if passage.branch:
            taken.add((passage.path, passage.branch))
    return {"status": status, "counts": counts, "taken": frozenset(taken)}


def _picture(definition: dict[str, JsonValue], alt: str, **facts: Any) -> Picture:
    from wfnb.pictures import Picture
    from wfnb.viz.overlay import Overlay
    from wfnb.viz.pictures import pipeline_figure, pipeline_svg

    overlay = Overlay(**facts)
    return Picture(alt, pipeline_svg(definition, overlay), lambda: pipeline_figure(definition, overlay))


def _names(row: type[ReplayedStep]) -> tuple[str, ...]:
    return tuple(one.name for one in fields(row))


def _cells(row: ReplayedStep) -> Sequence[str]:
    values = (getattr(row, name) for name in _names(ReplayedStep))
    return ["" if value is None else visible(str(value), _VALUE_CHARS) for value in values]


def _short(value: Any) -> str:
    if value is DELETE:
        return "(nothing)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else f"{text[: _VALUE_CHARS - 1]}…"
