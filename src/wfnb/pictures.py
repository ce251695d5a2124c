"""Pictures of definitions and runs: what is drawn, and how a cell shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wfnb.errors import ValidationError
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.store.records import StepRow, WaitRow
from wfnb.validate.findings import Finding
from wfnb.viz.bars import Bar
from wfnb.viz.html import img
from wfnb.viz.overlay import Overlay
from wfnb.viz.pictures import pipeline_figure, pipeline_svg, timeline_figure, timeline_svg

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Picture", "definition_picture", "overlay_json", "overlay_of", "run_picture", "timeline_picture"]


class Picture:
    """A drawing that shows itself in a cell, also in a saved notebook that nobody trusts yet.

    Parameters
    ----------
    alt
        What the picture shows, in words.
    drawing
        What is drawn, as data.
    """

    def __init__(self, alt: str, svg: str, figure: Any) -> None:
        self.alt = alt
        self.svg = svg
        self._figure = figure

    def figure(self) -> Figure:
        """The same picture as a matplotlib figure."""
        result: Figure = self._figure()
        return result

    def save(self, path: str | Path) -> Path:
        """Write the picture as SVG, or as PNG or PDF by the ending of the path.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT`` for another ending, or a path that cannot be written.
        """
        target = Path(path) if isinstance(path, str | Path) else Path()
        if target.suffix not in (".svg", ".png", ".pdf"):
            raise _not_written("A picture is written to a path that ends in .svg, .png or .pdf")
        try:
            if target.suffix == ".svg":
                target.write_text(self.svg, encoding="utf-8")
            else:
                self.figure().savefig(target, bbox_inches="tight")
        except OSError as error:
            raise _not_written(f"The picture cannot be written: {error.strerror}") from None
        except ValueError:  # a path with NUL
            raise _not_written("The picture cannot be written: the path is none") from None
        return target

    def __repr__(self) -> str:
        return f"<Picture: {visible(self.alt, 300)}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "text/html": img(self.svg, self.alt)}


def _not_written(message: str) -> ValidationError:
    return ValidationError(f"{message}.", code="INVALID_ARGUMENT", where="path")


def definition_picture(definition: dict[str, JsonValue], findings: Iterable[Finding] = ()) -> Picture:
    """A definition, with findings at their steps."""
    notes: dict[str, list[str]] = {}
    for finding in findings:
        notes.setdefault(finding.path, []).append(finding.message)
    overlay = Overlay(findings=notes)
    name = str(definition.get("name") or definition.get("id"))
    return Picture(
        f"pipeline {name}", pipeline_svg(definition, overlay), lambda: pipeline_figure(definition, overlay)
    )


def run_picture(
    definition: dict[str, JsonValue], steps: Sequence[StepRow], waits: Sequence[WaitRow], alt: str
) -> Picture:
    """A definition with the path a run took through it."""
    overlay = overlay_of(steps, waits)
    return Picture(alt, pipeline_svg(definition, overlay), lambda: pipeline_figure(definition, overlay))


def overlay_of(
    steps: Sequence[StepRow], waits: Sequence[WaitRow] = (), current: str | None = None
) -> Overlay:
    """Statuses, counts, branches and durations of steps, by definition path."""
    status: dict[str, str] = {}
    counts: dict[str, int] = {}
    durations: dict[str, float] = {}
    taken: set[tuple[str, str]] = set()
    for step in steps:
        path = definition_path(step.instance)
        status[path] = step.status
        counts[path] = counts.get(path, 0) + 1
        durations[path] = (
            durations.get(path, 0.0) + ((step.ended_us or step.started_us) - step.started_us) / 1000
        )
        if step.branch:
            taken.add((path, step.branch))
        if step.handled_by and step.handled_by.endswith(".try"):
            taken.add((definition_path(step.handled_by).removesuffix(".try"), "catch"))
    for wait in waits:
        if wait.status == "WAITING":
            status[definition_path(wait.instance)] = "WAITING"
    return Overlay(status=status, counts=counts, durations=durations, taken=frozenset(taken), current=current)


def overlay_json(overlay: Overlay) -> dict[str, JsonValue]:
    """The form widgets take; `Overlay.from_json` reads it back."""
    return {
        "status": dict(overlay.status),
        "counts": dict(overlay.counts),
        "durations": dict(overlay.durations),
        "taken": [list(pair) for pair in sorted(overlay.taken)],
        "current": overlay.current,
    }


def timeline_picture(steps: Sequence[StepRow], waits: Sequence[WaitRow], alt: str) -> Picture:
    """When each step ran, attempt by attempt, and when the run waited."""
    bars = _bars(steps, waits)
    return Picture(alt, timeline_svg(bars), lambda: timeline_figure(bars))


_EDITED = {"skip": "skipped", "supplied": "supplied"}


def _told(name: str, how: str | None) -> str:
    """The name of a step, and what a person did to it."""
    return f"{name} ({_EDITED[how]})" if how in _EDITED else name


def _bars(steps: Sequence[StepRow], waits: Sequence[WaitRow]) -> list[Bar]:
    if not steps:
        return []
    start = min(step.started_us for step in steps)

    def since(moment: int | None) -> float | None:
        return None if moment is None else (moment - start) / 1000

    rows = [
        Bar(
            _told(step.step_id, step.handled_by), step.instance, since(step.started_us) or 0.0, since(step.ended_us), step.status,
            step.attempt, step.instance.count(".steps[") - 1,
        )
        for step in steps
    ]  # fmt: skip
    names = {step.instance: step.step_id for step in steps}
    rows += [
        Bar(
            _told(names.get(wait.instance, ""), wait.source), wait.instance, since(wait.created_us) or 0.0, since(wait.resolved_us or wait.due_us), "WAITING", 1,
            wait.instance.count(".steps[") - 1,
        )
        for wait in waits
    ]  # fmt: skip
    return rows
