"""The part of a debugger that looks out: breakpoints, log points, watches, and expressions at the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from wfnb.debug import commands as c
from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.conditions import value_of
from wfnb.debug.film import Film
from wfnb.debug.history import Reading, history
from wfnb.debug.reel import Reel
from wfnb.debug.session import LogLine, Session
from wfnb.errors import ExpressionError, NotFoundError, ValidationError
from wfnb.expr import EXTENDED, compile_expression
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.values import JsonValue, canonical_json
from wfnb.security.escape import visible
from wfnb.tables import Rows, html_table

__all__ = ["Breakpoints", "DebuggerBreaks", "Watch", "Watches"]

_HISTORY = 1_000  # changes of a watched value that are shown unless more are asked for


@dataclass(frozen=True, slots=True)
class Watch:
    """A watched expression and what it gives; `there` is False when it gives nothing, `error` says why it cannot."""

    expression: str
    value: JsonValue = None
    there: bool = True
    error: str | None = None


class DebuggerBreaks:
    """The part of a debugger that looks out."""

    _session: Session

    @property
    def _reel(self) -> Reel:
        raise NotImplementedError

    @property
    def _film(self) -> Film:
        raise NotImplementedError

    def _do(self, command: c.Command) -> Self:
        raise NotImplementedError

    # --- where to stop

    @property
    def breakpoints(self) -> Breakpoints:
        """Breakpoints and log points, as a table that can be changed."""
        return Breakpoints(self)

    def break_at(
        self,
        step: str | None = None,
        *,
        type: str | None = None,  # noqa: A002 - the field's word
        action: str | None = None,
        path: str | None = None,
        error: str | None = None,
        condition: str | None = None,
        hits: int | str | None = None,
        log: str | None = None,
    ) -> Breakpoint:
        """Stop before a step, a type of step or an action, or behind the change of a value or an error.

        Parameters
        ----------
        step, type, action, path, error
            Exactly one of them: a step by id or path, a node type (``control.*`` for a family), an action, a place such as
            ``vars.total``, or the category or code of an error (``*`` for any).
        condition
            JSONata: stop only where it is true.
        hits
            A number (from that time on), ``"== 3"`` or ``"every 3"``: which of the times count, from the beginning of the run.
        log
            Do not stop but write this line; ``{…}`` in it is JSONata.

        Raises
        ------
        ValidationError
            ``INVALID_BREAKPOINT``.
        ExpressionError
            When the condition or an expression in the line cannot be compiled.
        """
        given = {"step": step, "type": type, "action": action, "path": path, "error": error}
        named = [(on, what) for on, what in given.items() if what is not None]
        if len(named) != 1:
            raise ValidationError(
                "A breakpoint stands on exactly one of step, type, action, path and error.",
                code="INVALID_BREAKPOINT",
                hint="For example break_at('price') or break_at(path='vars.total').",
            )
        [(on, what)] = named
        self._do(c.AddBreakpoint(Breakpoint.of(on, what, condition=condition, hits=hits, log=log)))
        return self._session.breakpoints[-1]

    @property
    def log(self) -> Rows[LogLine]:
        """What log points wrote, and conditions that gave no answer, oldest first."""
        return Rows(self._session.log, columns=("position", "text", "kind", "run_id", "breakpoint"))

    # --- what to show

    def watch(self, expression: str) -> Watch:
        """Show an expression at every position from now on; its value here.

        Raises
        ------
        ExpressionError
            When it cannot be compiled.
        """
        compile_expression(expression, profile=EXTENDED, field="watch")
        self._do(c.AddWatch(expression))
        return self._watched(expression)

    def unwatch(self, expression: str) -> Self:
        """Show an expression no longer."""
        return self._do(c.RemoveWatch(check_text(expression, "expression", longest=10_000)))

    @property
    def watches(self) -> Watches:
        """Watched expressions with their values here."""
        return Watches(self)

    def _watched(self, expression: str) -> Watch:
        try:
            there, value = self._value(expression)
        except ExpressionError as error:
            return Watch(expression, there=False, error=error.message)
        return Watch(expression, value, there)

    # --- expressions

    def eval(self, expression: str) -> JsonValue:
        """The value of a JSONata expression at the cursor; secrets are masked, and nothing is written.

        Raises
        ------
        ExpressionError
            When it cannot be compiled or evaluated, or gives nothing.
        """
        compiled = compile_expression(expression, profile=EXTENDED)
        there, value = self._value(expression)
        if not there:
            return compiled.evaluate(self._roots())  # raises, and says what is missing
        return value

    def _value(self, expression: str) -> tuple[bool, JsonValue]:
        return value_of(expression, self._roots(), self._at_us())

    def _roots(self) -> dict[str, JsonValue]:
        """What expressions read at the cursor, also inside a step."""
        at = self._session.at
        if at.microstep:
            return self._film.mask(self._reel.inside(at.position)[at.microstep - 1].envelope)
        return self._film.masked(at.position)

    def _at_us(self) -> int:
        position = self._session.at.position
        return self._film.frame(position).at_us if position else 0


class Breakpoints:
    """The breakpoints of a debugger."""

    def __init__(self, debugger: DebuggerBreaks) -> None:
        self._debugger = debugger

    @property
    def _all(self) -> tuple[Breakpoint, ...]:
        return self._debugger._session.breakpoints  # noqa: SLF001 - a part of the debugger

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __getitem__(self, number: int) -> Breakpoint:
        """The breakpoint with an id."""
        return self._known(number)

    def remove(self, number: int | Breakpoint) -> None:
        """Take a breakpoint away.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_BREAKPOINT``.
        """
        self._debugger._do(c.RemoveBreakpoint(self._known(number).id))  # noqa: SLF001 - a part of the debugger

    def enable(self, number: int | Breakpoint) -> None:
        """Turn a breakpoint on."""
        self._debugger._do(c.EnableBreakpoint(self._known(number).id, True))  # noqa: SLF001 - a part of the debugger

    def disable(self, number: int | Breakpoint) -> None:
        """Turn a breakpoint off without forgetting it."""
        self._debugger._do(c.EnableBreakpoint(self._known(number).id, False))  # noqa: SLF001 - a part of the debugger

    def clear(self) -> None:
        """Take all breakpoints away."""
        self._debugger._do(c.ClearBreakpoints())  # noqa: SLF001 - a part of the debugger

    def _known(self, number: int | Breakpoint) -> Breakpoint:
        wanted = number.id if isinstance(number, Breakpoint) else check_whole(number, "number")
        found = next((stop for stop in self._all if stop.id == wanted), None)
        if found is None:
            raise NotFoundError(f"There is no breakpoint {wanted}.", code="NO_SUCH_BREAKPOINT")
        return found

    def to_json(self) -> list[JsonValue]:
        """All of them as data."""
        return [stop.to_json() for stop in self._all]

    def __repr__(self) -> str:
        lines = ("  ".join(cell for cell in row if cell) for row in map(_cells, self._all))
        return "\n".join(lines) or "(no breakpoints)"

    def _repr_html_(self) -> str:
        return html_table(("id", "stands on", "when", "log", "state"), [_cells(stop) for stop in self._all])


def _cells(stop: Breakpoint) -> list[str]:
    count = "" if (stop.hits.op, stop.hits.count) == (">=", 1) else f"hits {stop.hits.op} {stop.hits.count}"
    when = " and ".join(text for text in (stop.condition and visible(stop.condition, 200), count) if text)
    line = f"log “{visible(stop.log, 200)}”" if stop.log else ""
    return [str(stop.id), f"{stop.on} {visible(stop.what, 200)}", when, line, "" if stop.enabled else "off"]


class Watches:
    """The watches of a debugger, with their values at the cursor."""

    def __init__(self, debugger: DebuggerBreaks) -> None:
        self._debugger = debugger

    def __iter__(self) -> Iterator[Watch]:
        return (self._debugger._watched(one) for one in self._debugger._session.watches)  # noqa: SLF001 - a part of the debugger

    def __len__(self) -> int:
        return len(self._debugger._session.watches)  # noqa: SLF001 - a part of the debugger

    def history(
        self, expression: str, *, start: int = 0, stop: int | None = None, limit: int = _HISTORY
    ) -> Rows[Reading]:
        """How a value came to be: every position at which it became another one, with the step that did it.

        Parameters
        ----------
        expression
            JSONata, watched or not.
        start, stop
            First and last position that are looked at; to the end of the record when `stop` is absent.
        limit
            At most so many rows.

        Raises
        ------
        ExpressionError
            When it cannot be compiled.
        """
        film = self._debugger._film  # noqa: SLF001 - a part of the debugger
        compiled = compile_expression(expression, profile=EXTENDED, field="watch")
        last = film.length if stop is None else min(check_whole(stop, "stop"), film.length)
        found = history(film, compiled, max(check_whole(start, "start"), 0), last)
        rows = [reading for reading, _ in zip(found, range(check_whole(limit, "limit")), strict=False)]
        return Rows(rows, columns=("position", "value", "step", "instance", "error"))

    def __repr__(self) -> str:
        return "\n".join(f"{visible(one.expression, 200)} = {_shown(one)}" for one in self) or "(no watches)"

    def _repr_html_(self) -> str:
        return html_table(
            ("expression", "value"), [[visible(one.expression, 200), _shown(one)] for one in self]
        )


def _shown(watch: Watch) -> str:
    if watch.error is not None:
        return f"⟨{visible(watch.error, 200)}⟩"
    return visible(canonical_json(watch.value), 500) if watch.there else "⟨nothing⟩"
