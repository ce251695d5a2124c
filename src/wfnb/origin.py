"""Origins: why a value is what it is, as a tree that people read, and as a path through the pipeline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from wfnb.machine.causes import Reading, Source
from wfnb.model.values import DELETE, JsonValue
from wfnb.rows import Step
from wfnb.security.escape import escape_html, visible

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["Origin"]

_VALUE_CHARS = 120
_LINES = 200  # lines that a cell shows

_WORDS = {
    "expression": "",
    "literal": "written in the definition",
    "secret": "a secret",
    "action": "result of {detail}",
    "answer": "answer {detail}",
    "time": "a pause that ended",
    "item": "item {detail}",
    "index": "index of the loop",
    "error": "error of {detail}",
    "child": "result of the run {detail}",
    "payload": "payload",
    "clock": "the clock",
    "edit": "set by a person ({detail})",
    "parts": "put together",
    "start": "there before the first step",
    "step": "written by the step itself",
    "absent": "not there",
    "further": "further back: ask with an earlier at=",
}


@dataclass(frozen=True)
class Origin:
    """Why a value is what it is: the step that wrote it, from which expression, from which inputs, each of them with its own origin.

    Parameters
    ----------
    run
        Id of the run: another one where the path leads into a run that was called, or out of one.
    place, value
        The value, secrets masked; long ones are cut.
    source
        ``expression``, ``literal``, ``secret``, ``action`` (its result), ``answer`` (of an event or a person), ``time``, ``item`` and ``index``
        of a loop, ``error``, ``child`` (a run that was called), ``payload``, ``clock``, ``edit`` (by a person), ``parts`` (several writes),
        ``start``, ``step``, ``absent``, or ``further`` (not followed).
    seq
        The macrostep that wrote it; None when it was there before the first.
    step
        The attempt that wrote it.
    detail
        Action, event, loop, step or run that it came from.
    readings
        The expressions that made it: ``field`` and ``text``.
    inputs
        What these read.
    """

    run: str
    place: str
    value: JsonValue
    source: Source
    seq: int | None
    step: Step | None
    detail: str
    readings: tuple[Reading, ...]
    inputs: tuple[Origin, ...]
    definition: dict[str, JsonValue] = field(repr=False, compare=False, default_factory=dict)

    @property
    def id(self) -> str | None:
        """Id of the step that wrote it."""
        return self.step.id if self.step else None

    @property
    def path(self) -> str | None:
        """Definition path of that step."""
        return self.step.path if self.step else None

    @property
    def instance(self) -> str | None:
        """Instance path of that step, with loop indices."""
        return self.step.instance if self.step else None

    @property
    def expression(self) -> str | None:
        """Text of the expression that made it, the first when there are several."""
        return self.readings[0].text if self.readings else None

    @property
    def field(self) -> str | None:
        """Field in which that expression stands."""
        return self.readings[0].field if self.readings else None

    def walk(self) -> Iterator[Origin]:
        """Itself and all that is behind it, each once, nearest first."""
        seen: set[int] = set()
        waiting = [self]
        while waiting:
            origin = waiting.pop(0)
            if id(origin) not in seen:
                seen.add(id(origin))
                yield origin
                waiting += origin.inputs

    @property
    def sources(self) -> list[Origin]:
        """Where data came in: payload, results, answers, edits and whatever else has nothing behind it."""
        return [origin for origin in self.walk() if not origin.inputs]

    def picture(self) -> Picture:
        """The pipeline with the steps that the value went through."""
        from wfnb.pictures import Picture
        from wfnb.viz.overlay import Overlay
        from wfnb.viz.pictures import pipeline_figure, pipeline_svg

        steps = [one.step for one in self.walk() if one.step is not None and one.run == self.run]
        overlay = Overlay(
            status={step.path: "SUCCEEDED" if step.status == "SUCCEEDED" else "FAILED" for step in steps},
            counts={
                path: [step.path for step in steps].count(path) for path in {step.path for step in steps}
            },
            current=self.path,
        )
        alt = f"why {self.place} in {self.run}"
        return Picture(
            alt, pipeline_svg(self.definition, overlay), lambda: pipeline_figure(self.definition, overlay)
        )

    # --- as text

    def line(self) -> str:
        """One line: the value and what made it."""
        shown = "" if self.value is DELETE else f" = {_shown(self.value)}"
        words = _WORDS[self.source].format(detail=self.detail)
        if self.source == "payload" and self.detail:
            words = f"payload, given by {self.detail}"
        by = f"step {self.step.id} at {self.seq}" if self.step else ""
        made = " · ".join(part for part in (words, by) if part)
        return visible(f"{self.place}{shown}" + (f"   ← {made}" if made else ""), 400)

    def _lines(self) -> Iterator[tuple[int, str, bool]]:
        """Depth, text, and whether it is an expression; what was told before is not told again."""
        seen: set[int] = set()
        waiting: list[tuple[int, Origin]] = [(0, self)]
        while waiting:
            depth, origin = waiting.pop()
            again = id(origin) in seen and bool(origin.inputs)
            yield depth, origin.line() + ("   (see above)" if again else ""), False
            if again:
                continue
            seen.add(id(origin))
            for reading in origin.readings:
                yield depth, visible(f"{reading.field}: {reading.text}", 300), True
            waiting += [(depth + 1, one) for one in reversed(origin.inputs)]

    def __repr__(self) -> str:
        lines = []
        for number, (depth, text, code) in enumerate(self._lines()):
            if number == _LINES:
                lines.append("…")
                break
            lines.append("  " * depth + ("  | " if code else "") + text.replace("\n", " "))
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = []
        for number, (depth, text, code) in enumerate(self._lines()):
            if number == _LINES:
                rows.append("<div>…</div>")
                break
            shown = f"<code>{escape_html(text)}</code>" if code else escape_html(text)
            rows.append(f"<div style='padding-left:{depth * 1.5 + code * 1.5}em'>{shown}</div>")
        picture = self.picture()._repr_mimebundle_()["text/html"]
        return {"text/plain": repr(self), "text/html": "".join(rows) + picture}


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"
