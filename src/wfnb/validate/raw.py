"""Steps as written, walked leniently: whatever is malformed is left out, and its neighbours are still seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from wfnb.model.paths import ROOT, block_path, step_path
from wfnb.model.values import JsonValue
from wfnb.validate.findings import Finding, Severity

__all__ = ["BLOCKS", "CATCH", "Loop", "RawStep", "list_of", "object_of", "text_of", "walk_raw"]

CATCH = "catch"
BLOCKS: Mapping[str, tuple[str, ...]] = {
    "control.if": ("then", "else"),
    "control.forEach": ("body",),
    "control.tryCatch": ("try", CATCH),
    "control.callWorkflow": (),
    "control.return": (),
}
"""Names of the nested blocks by control type, in reading order."""

_ANY_BLOCK = ("then", "else", "body", "try", CATCH)


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop around a step: the definition path of its body, and its item variable (empty when it has no usable one)."""

    body: str
    item_var: str


@dataclass(frozen=True, slots=True)
class RawStep:
    """A step as written; it is an object, and nothing else is certain.

    Parameters
    ----------
    path
        Definition path.
    order
        Position among all steps in reading order, outer before inner.
    raw
        The object.
    loops
        Loops around it, outermost first.
    in_catch
        Whether it stands in a catch block, at any depth.
    """

    path: str
    order: int
    raw: Mapping[str, JsonValue]
    loops: tuple[Loop, ...] = ()
    in_catch: bool = False

    @property
    def id(self) -> str | None:
        """The id, when it is text."""
        value = self.raw.get("id")
        return value if isinstance(value, str) else None

    @property
    def type(self) -> str:
        """The type; empty when it is not text."""
        return text_of(self.raw.get("type"))

    @property
    def config(self) -> dict[str, JsonValue]:
        """The configuration; empty when it is absent or not an object."""
        return object_of(self.raw.get("config"))

    def has_item(self, name: str) -> bool:
        """Whether a loop around the step keeps its item in this variable."""
        return any(loop.item_var == name for loop in self.loops)

    def error(self, code: str, message: str, hint: str | None = None, field: str | None = None) -> Finding:
        """A finding about this step that blocks publishing."""
        return self.finding("error", code, message, hint, field)

    def warning(self, code: str, message: str, hint: str | None = None, field: str | None = None) -> Finding:
        """A finding about this step that does not block publishing."""
        return self.finding("warning", code, message, hint, field)

    def finding(
        self, severity: Severity, code: str, message: str, hint: str | None, field: str | None
    ) -> Finding:
        """A finding about this step."""
        return Finding(severity, code, self.path, message, hint, self.id, field)


_Waiting: TypeAlias = tuple[str, JsonValue, tuple[Loop, ...], bool]
"""A place not walked yet: its path, what is written there, the loops around it, and whether it is in a catch block."""


def walk_raw(raw: Mapping[str, JsonValue]) -> Iterator[RawStep]:
    """Every step of a definition that is an object, in reading order; iterative, so that depth does not matter."""
    stack = _block(ROOT, raw.get("steps"), (), in_catch=False)
    order = 0
    while stack:
        path, written, loops, in_catch = stack.pop()
        if not isinstance(written, dict):
            continue
        step = RawStep(path, order, written, loops, in_catch)
        order += 1
        yield step
        for name in reversed(block_names(step)):
            place = block_path(path, name)
            around = (*loops, Loop(place, _item_var(step))) if name == "body" else loops
            stack.extend(_block(place, written.get(name), around, in_catch=in_catch or name == CATCH))


def _block(place: str, written: JsonValue, loops: tuple[Loop, ...], *, in_catch: bool) -> list[_Waiting]:
    """The steps of a block, last one first: a stack gives them back in order."""
    steps = list_of(written)
    return [(step_path(place, i), steps[i], loops, in_catch) for i in range(len(steps) - 1, -1, -1)]


def block_names(step: RawStep) -> tuple[str, ...]:
    """Names of the nested blocks of a step.

    A mistyped control block still shows its inner steps, so that their problems are reported at once.
    """
    known = BLOCKS.get(step.type)
    if known is not None:
        return known
    return _ANY_BLOCK if step.type.startswith("control.") else ()


def _item_var(step: RawStep) -> str:
    return text_of(step.raw.get("itemVar"))


def text_of(value: JsonValue) -> str:
    """The value when it is text, else empty text."""
    return value if isinstance(value, str) else ""


def object_of(value: JsonValue) -> dict[str, JsonValue]:
    """The value when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def list_of(value: JsonValue) -> list[JsonValue]:
    """The value when it is a list, else an empty one."""
    return value if isinstance(value, list) else []
