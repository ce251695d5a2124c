"""What every workflow kind gives: decide, and where a state stands. Nothing else of a kind is known outside its folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeAlias

from wfnb.machine.messages import Command, Event
from wfnb.machine.state import State
from wfnb.model.values import JsonValue
from wfnb.validate.program import Program
from wfnb.validate.template import Scope, Template

__all__ = ["Evaluate", "Machine", "evaluate"]

Evaluate: TypeAlias = Callable[[Template, Scope], JsonValue]
"""The capability to evaluate expressions, given to ``decide`` explicitly."""


def evaluate(template: Template, scope: Scope) -> JsonValue:
    """Evaluate with the compiled expressions themselves: what every driver uses unless it wants to watch."""
    return template.evaluate(scope)


class Machine(Protocol):
    """One workflow kind."""

    def microsteps(
        self, program: Program, state: State, command: Command, evaluate: Evaluate
    ) -> Iterator[tuple[Event, State]]:
        """Each event of the command's macrostep with the state after it.

        Raises
        ------
        CommandError
            When the command does not fit the state at all. A command that comes late or twice gives no events.
        """

    def cursor(self, program: Program, state: State) -> str | None:
        """Instance path of the step that is under way or comes next; None when the run is over."""
