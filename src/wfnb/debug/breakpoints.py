"""Breakpoints: where a run is to stop, or to write a line. Plain data, so that a worker elsewhere can look out for them too.

A breakpoint on a step, a type or an action looks at the step that comes *next*: the run stops before it. One on a value or an
error looks at what has just happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, cast

from wfnb.debug.conditions import holds, message
from wfnb.errors import ValidationError
from wfnb.expr import EXTENDED, compile_expression
from wfnb.model.paths import definition_path, parse_target
from wfnb.model.values import DELETE, JsonValue, Path, get_path

__all__ = ["Ahead", "Behind", "Breakpoint", "Found", "Hits", "Moment", "Target"]

Target: TypeAlias = Literal["step", "type", "action", "path", "error"]
"""What a breakpoint looks for: a step by id or path, a node type, an action, a value that changes, an error."""

Counted: TypeAlias = Literal[">=", "==", "every"]

_TARGETS: Final = ("step", "type", "action", "path", "error")
_COUNTS: Final = (">=", "==", "every")
_LONGEST: Final = 500
_MOST_HITS: Final = 1_000_000_000


class Behind(Protocol):
    """A step that has just ended, as far as breakpoints ask."""

    @property
    def error(self) -> dict[str, JsonValue] | None:
        """The error of the attempt."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """The step that comes next; `action` is the action that it calls, as ``id@version``."""

    id: str
    type: str
    instance: str
    action: str | None = None

    @property
    def path(self) -> str:
        """Definition path."""
        return definition_path(self.instance)


@dataclass(frozen=True, slots=True)
class Moment:
    """A run between two steps.

    Parameters
    ----------
    ahead, behind
        The step that comes next and the one that has just ended, if any.
    written
        Places of the envelope that the last step wrote.
    envelope, before
        What expressions read now, and before the last step, both without secrets; made only when a breakpoint asks.
    at_us
        The moment, for ``nowIso()``.
    """

    ahead: Ahead | None
    behind: Behind | None
    written: tuple[Path, ...]
    envelope: Callable[[], Mapping[str, JsonValue]]
    before: Callable[[], Mapping[str, JsonValue]]
    at_us: int = 0


@dataclass(frozen=True, slots=True)
class Hits:
    """Which of the times that a breakpoint is reached count.

    Examples
    --------
    >>> [number for number in range(1, 7) if Hits("every", 3).due(number)]
    [3, 6]
    """

    op: Counted = ">="
    count: int = 1

    def due(self, number: int) -> bool:
        """Whether the time with this number (1 is the first) counts."""
        match self.op:
            case ">=":
                return number >= self.count
            case "==":
                return number == self.count
            case "every":
                return number % self.count == 0


@dataclass(frozen=True, slots=True)
class Found:
    """A breakpoint was reached; `fault` says why its condition gave no answer: then the run goes on."""

    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """Where a run is to stop. Made by `Breakpoint.of`, which checks everything.

    Examples
    --------
    >>> Breakpoint.of("step", "price", condition="vars.total > 10").to_json()["condition"]
    'vars.total > 10'
    """

    on: Target
    what: str
    condition: str | None = None
    hits: Hits = Hits()
    log: str | None = None
    enabled: bool = True
    id: int = 0

    @classmethod
    def of(
        cls,
        on: str,
        what: str,
        *,
        condition: str | None = None,
        hits: Hits | int | str | None = None,
        log: str | None = None,
        enabled: bool = True,
        id: int = 0,  # noqa: A002 - the field's word
    ) -> Breakpoint:
        """A breakpoint that can work.

        Parameters
        ----------
        on, what
            See `Target`; `what` is the id or path of a step, a type (``control.*`` for a family), an action (``id`` or
            ``id@version``), a place such as ``vars.total``, or an error's category or code (``*`` for any error).
        condition
            JSONata over the envelope; it stops only where this is true.
        hits
            A number (from that time on), or ``">= 3"``, ``"== 3"``, ``"every 3"``.
        log
            Write this line and go on; ``{…}`` in it is JSONata.

        Raises
        ------
        ValidationError
            ``INVALID_BREAKPOINT``.
        ExpressionError
            When the condition or an expression in the line cannot be compiled.
        """
        if on not in _TARGETS:
            raise _invalid(f"A breakpoint stands on one of {', '.join(_TARGETS)}", "on")
        if not isinstance(what, str) or not 0 < len(what) <= _LONGEST:
            raise _invalid(f"A breakpoint names its {on} with 1 to {_LONGEST} characters of text", "what")
        if on == "path":
            _place(what)
        if condition is not None:
            compile_expression(condition, profile=EXTENDED, field="condition")
        if log is not None:
            message(log)
        counted = hits if isinstance(hits, Hits) else _hits(hits)
        return cls(cast("Target", on), what, condition, counted, log, bool(enabled), id)

    def found(self, moment: Moment) -> Found | None:
        """Whether a run is at this breakpoint. It never fails: see `Found`."""
        if not (self.enabled and self._here(moment)):
            return None
        if self.condition is None:
            return Found()
        true, fault = holds(self.condition, moment.envelope(), moment.at_us)
        return Found(fault) if true or fault else None

    def line(self, moment: Moment) -> str:
        """The line that a log point writes; an expression that fails says so in its place."""
        return message(self.log or "")(moment.envelope(), moment.at_us)

    def _here(self, moment: Moment) -> bool:
        match self.on:
            case "path":
                return self._changed(moment)
            case "error":
                error = moment.behind.error if moment.behind else None
                return error is not None and self.what in ("*", error.get("category"), error.get("code"))
            case _:
                return moment.ahead is not None and self._names(moment.ahead)

    def _names(self, step: Ahead) -> bool:
        match self.on:
            case "step":
                return self.what in (step.id, step.path, step.instance)
            case "type":
                family = self.what.removesuffix("*")
                return step.type.startswith(family) if family != self.what else step.type == self.what
            case _:
                return step.action is not None and self.what in (step.action, step.action.partition("@")[0])

    def _changed(self, moment: Moment) -> bool:
        place = _place(self.what)
        if not any(place[: len(path)] == path[: len(place)] for path in moment.written):
            return False
        old, new = (get_path(roots(), place, DELETE) for roots in (moment.before, moment.envelope))
        return type(old) is not type(new) or bool(old != new)

    # --- as JSON

    def to_json(self) -> dict[str, JsonValue]:
        """The form in which it is kept and sent."""
        return {
            "id": self.id,
            "on": self.on,
            "what": self.what,
            "condition": self.condition,
            "hits": {"op": self.hits.op, "count": self.hits.count},
            "log": self.log,
            "enabled": self.enabled,
        }

    @classmethod
    def from_json(cls, data: JsonValue) -> Breakpoint:
        """The inverse of `to_json`, for data from anywhere.

        Raises
        ------
        ValidationError, ExpressionError
            As `of`.
        """
        if not isinstance(data, dict) or data.keys() - _FIELDS:
            raise _invalid(
                "A breakpoint is an object with on, what, condition, hits, log and enabled", "breakpoint"
            )
        number, hits = data.get("id", 0), data.get("hits")
        if not isinstance(number, int) or isinstance(number, bool):
            raise _invalid("The id of a breakpoint is a whole number", "id")
        given = {name: data[name] for name in ("condition", "log") if data.get(name) is not None}
        if not all(isinstance(text, str) for text in given.values()):
            raise _invalid("Condition and log line of a breakpoint are text", "condition")
        if isinstance(hits, dict):
            hits = f"{hits.get('op')} {hits.get('count')}"
        enabled = data.get("enabled", True) is not False
        return cls.of(
            data.get("on", ""), data.get("what", ""), hits=hits, enabled=enabled, id=number, **given
        )


_FIELDS: Final = {"id", "on", "what", "condition", "hits", "log", "enabled"}


def _hits(given: int | str | None) -> Hits:
    if given is None:
        return Hits()
    op, _, number = (f">= {given}" if isinstance(given, int) else str(given)).strip().rpartition(" ")
    op = op.strip() or ">="
    whole = not isinstance(given, bool) and number.isascii() and number.isdigit() and len(number) < 11
    if op not in _COUNTS or not whole or not 1 <= int(number) <= _MOST_HITS:
        raise _invalid("Hits are a number from 1 on, or text such as “>= 3”, “== 3” or “every 3”", "hits")
    return Hits(cast("Counted", op), int(number))


def _place(what: str) -> Path:
    """The place of a path breakpoint; a whole root may be watched too."""
    if what in ("payload", "vars", "meta", "error"):
        return (what,)
    try:
        return tuple(
            int(part) if part.isdigit() else part
            for part in map(str, parse_target(what, default_scope="vars"))
        )
    except ValidationError:
        raise _invalid(f"“{what[:80]}” is no place of the state", "what") from None


def _invalid(text: str, where: str) -> ValidationError:
    return ValidationError(
        f"{text}.",
        code="INVALID_BREAKPOINT",
        where=where,
        hint="For example break_at('price'), break_at(type='control.*'), break_at(path='vars.total') or break_at(error='*').",
    )
