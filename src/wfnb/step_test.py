"""Tests of one step as people hold them: what it read, asked, got, wrote, and who would take its error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from wfnb.model.values import DELETE, JsonValue
from wfnb.security.escape import escape_html, visible
from wfnb.tables import Rows

if TYPE_CHECKING:
    from wfnb.pictures import Picture

__all__ = ["FieldValue", "StepCall", "StepResult", "StepTest", "StepWrite"]

_VALUE_CHARS = 200


@dataclass(frozen=True)
class FieldValue:
    """A field of the step: its expression, the value it gave or why it gave none, and the places it read."""

    field: str
    expression: str
    value: JsonValue
    error: str | None
    reads: dict[str, JsonValue]


@dataclass(frozen=True)
class StepCall:
    """What the step asked of the world: an action, another workflow or an answer. `problem` says why a run would refuse to ask it."""

    kind: str
    name: str
    input: JsonValue
    problem: str | None


@dataclass(frozen=True)
class StepResult:
    """What it got.

    `source` is ``given``, ``recorded`` (in the run of `origin`), ``pinned`` (from `origin`), ``schema`` (a sample), ``empty`` or
    ``refused``.
    """

    source: str
    origin: str
    output: JsonValue
    error: dict[str, JsonValue] | None


@dataclass(frozen=True)
class StepWrite:
    """A place that it wrote; `DELETE` stands for nothing."""

    place: str
    old: JsonValue
    new: JsonValue


@dataclass(frozen=True)
class StepTest:
    """One step, done once with nothing performed. Secrets are masked.

    Parameters
    ----------
    workflow, version, step, type, path
        The step; a draft has the version that is written in it, or 1.
    begins
        Where the envelope came from: ``run run-0001 at 5``, ``given`` or ``sample``.
    fields
        Its expressions, in the order in which they were evaluated.
    call, result
        What it asked of the world, and what it got; None when it asked nothing, or nothing answers.
    writes, envelope
        What it wrote, and the envelope that it left.
    branch
        The block that it entered.
    error, handled_by, after_retries
        Its error and who takes it: ``retry``, ``onError``, the block of a try or loop, or None: the run would fail. `after_retries` is
        who takes it when all attempts are used up (``nobody``: the run would fail).
    waits
        Why it would wait; None when it does not.
    next
        Id of the step that would come next; None when the run would be over, or wait.
    warnings
        What is left in doubt.
    """

    workflow: str
    version: int
    step: str
    type: str
    path: str
    begins: str
    fields: Rows[FieldValue]
    call: StepCall | None
    result: StepResult | None
    writes: Rows[StepWrite]
    envelope: dict[str, JsonValue]
    branch: str | None
    error: dict[str, JsonValue] | None
    handled_by: str | None
    after_retries: str | None
    waits: str | None
    next: str | None
    warnings: tuple[str, ...]
    definition: dict[str, JsonValue] = field(repr=False, compare=False)

    @property
    def ok(self) -> bool:
        """Whether it ended without an error and does not wait."""
        return self.error is None and self.waits is None

    @property
    def reads(self) -> dict[str, JsonValue]:
        """Every place that its expressions read, with what was there."""
        return {place: value for one in self.fields for place, value in one.reads.items()}

    @property
    def outcome(self) -> str:
        """``done``, ``failed`` or ``waits``."""
        return "failed" if self.error else "waits" if self.waits else "done"

    def picture(self) -> Picture:
        """The pipeline with the step and the one that would come next."""
        from wfnb.pictures import Picture
        from wfnb.viz.overlay import Overlay
        from wfnb.viz.pictures import pipeline_figure, pipeline_svg

        status = {"done": "SUCCEEDED", "failed": "FAILED", "waits": "WAITING"}[self.outcome]
        taken = frozenset({(self.path, self.branch)} if self.branch else ())
        overlay = Overlay(status={self.path: status}, taken=taken, current=self.path)
        return Picture(
            self._title(),
            pipeline_svg(self.definition, overlay),
            lambda: pipeline_figure(self.definition, overlay),
        )

    def _title(self) -> str:
        return f"{self.step} ({self.type}) of {self.workflow} v{self.version}: {self.outcome}"

    def _stages(self) -> Iterator[tuple[str, list[str]]]:
        """Stages with their lines, those left out that say nothing."""
        yield "begins with", [self.begins]
        yield "reads", [f"{place} = {_text(value)}" for place, value in self.reads.items()]
        yield "fields", [_field_line(one) for one in self.fields]
        if self.call is not None:
            problem = [f"refused: {self.call.problem}"] if self.call.problem else []
            yield "asks", [f"{self.call.kind} {self.call.name} with {_text(self.call.input)}", *problem]
        if self.result is not None:
            said = self.result.error["message"] if self.result.error else _text(self.result.output)
            origin = f", {self.result.origin}" if self.result.origin else ""
            yield "gets", [f"{said} ({self.result.source}{origin})"]
        yield "writes", [f"{one.place}: {_text(one.old)} → {_text(one.new)}" for one in self.writes]
        yield "then", list(self._ends())
        yield "warnings", list(self.warnings)

    def _ends(self) -> Iterator[str]:
        if self.error is not None:
            yield f"{self.error.get('code')}: {self.error.get('message')}"
            yield f"taken by {self.handled_by or 'nobody: the run fails'}"
        if self.after_retries is not None:
            yield f"after the last attempt taken by {self.after_retries}"
        if self.waits is not None:
            yield f"waits: {self.waits}"
        if self.branch is not None:
            yield f"enters {self.branch}"
        if self.next is not None:
            yield f"next is {self.next}"

    def __repr__(self) -> str:
        lines = [self._title()]
        for name, told in self._stages():
            for number, text in enumerate(told):
                head = name if number == 0 else ""
                lines.append(f"  {head:<12}" + visible(text.replace("\n", " "), 400))
        return "\n".join(lines)

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        rows = "".join(
            f"<tr><th style='text-align:left;vertical-align:top'>{escape_html(name)}</th>"
            f"<td style='text-align:left'>{'<br>'.join(escape_html(text, 400) for text in told)}</td></tr>"
            for name, told in self._stages()
            if told
        )
        picture = self.picture()._repr_mimebundle_()["text/html"]
        html = f"<p><b>{escape_html(self._title())}</b></p><table>{rows}</table>{picture}"
        return {"text/plain": repr(self), "text/html": html}


def _field_line(one: FieldValue) -> str:
    gave = f"failed: {one.error}" if one.error else _text(one.value)
    return f"{one.field}: {one.expression}  →  {gave}"


def _text(value: JsonValue) -> str:
    if value is DELETE:
        return "(nothing)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _VALUE_CHARS else text[: _VALUE_CHARS - 1] + "…"


def names_of(kind: Any) -> tuple[str, ...]:
    """Names of the fields of a row."""
    return tuple(one.name for one in fields(kind))
