"""Configuration of the node types that wait: for an event, for a moment, for a person (pipeline specification, 4.8 and 4.9)."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from wfnb.model.definition import Expr
from wfnb.model.policies import Model
from wfnb.model.values import JsonValue

__all__ = ["EventWait", "Filter", "HumanTask", "TimeWait"]

_LONGEST_MS = 366 * 24 * 3600 * 1000 * 10  # ten years: more is a unit that was mistaken
_Timeout = Annotated[int, Field(gt=0, le=_LONGEST_MS)]
_TEXT = ("contains", "starts_with", "ends_with")


class Filter(Model):
    """One condition on what arrives: ``{"path": "status", "op": "=", "value": "resolved"}``."""

    path: str = Field(min_length=1, max_length=500)
    op: Literal[
        "=", "!=", "in", "not_in", "exists", "not_exists", ">", ">=", "<", "<=",
        "contains", "starts_with", "ends_with",
    ]  # fmt: skip
    value: JsonValue = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """The value is what the operator compares with."""
        given = "value" in self.model_fields_set
        if self.op in ("exists", "not_exists"):
            wrong = "takes no value" if given else ""
        elif self.op in ("in", "not_in"):
            wrong = "" if isinstance(self.value, list) else "needs a list as its value"
        elif self.op in _TEXT:
            wrong = "" if isinstance(self.value, str) else "needs text as its value"
        else:
            wrong = "needs a single value" if not given or isinstance(self.value, dict | list) else ""
        if wrong:
            raise ValueError(f"the operator {self.op} {wrong}")
        return self


class EventWait(Model):
    """Configuration of ``event.wait``."""

    event_name: str = Field(min_length=1, max_length=200)
    correlation_key: Expr
    filters: tuple[Filter, ...] = Field(default=(), max_length=50, strict=False)
    timeout_ms: _Timeout | None = None
    assign: dict[str, JsonValue] = Field(default_factory=dict)


class TimeWait(Model):
    """Configuration of ``time.wait``: a duration, or a moment as ISO 8601 text."""

    mode: Literal["duration", "until"]
    duration_ms: Annotated[int, Field(ge=0, le=_LONGEST_MS)] | None = None
    until: Expr | str | None = None
    assign: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_its_time(self) -> Self:
        """The field that the mode needs is there, and the other is not."""
        needed, other = ("durationMs", "until") if self.mode == "duration" else ("until", "durationMs")
        values = {"durationMs": self.duration_ms, "until": self.until}
        if values[needed] is None or values[other] is not None:
            raise ValueError(f"the mode {self.mode} needs {needed}, and no {other}")
        return self


class HumanTask(Model):
    """Configuration of ``human.task``. The form is a JSON Schema, or the name of a registered schema."""

    task_type: str = Field(min_length=1, max_length=200)
    title: Expr | str
    description: Expr | str | None = None
    context_data: dict[str, JsonValue] = Field(default_factory=dict)
    form: dict[str, Any] | None = None
    form_schema_ref: str | None = None
    priority: Literal["low", "medium", "high", "urgent"] = "medium"
    assignee: Expr | str | None = None
    timeout_ms: _Timeout | None = None
    assign: dict[str, JsonValue] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.form is not None and self.form_schema_ref is not None:
            raise ValueError("a task has a form or a formSchemaRef, not both")
        return self
