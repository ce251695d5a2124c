"""Run: the state of one evaluation, and the budget that stops it.

Fuel is counted in elementary operations and is the same on every machine. CPU time of the thread is looked at only after
every few hundred units of fuel, so short expressions never read a clock; waiting for other threads costs nothing.
"""

from __future__ import annotations

from time import thread_time

from wfnb.expr.faults import Fault
from wfnb.expr.values import Value
from wfnb.limits import Limits

__all__ = ["Run"]

_LOOK_EVERY = 256


class Run:
    """One evaluation: variables, root, time of the run, and what it may still spend."""

    __slots__ = ("deadline", "fuel", "limits", "mark", "now", "root", "variables")

    def __init__(self, root: Value, variables: dict[str, Value], now: str | None, limits: Limits) -> None:
        self.root = root
        self.variables = variables
        self.now = now
        self.limits = limits
        self.fuel = limits.expression_fuel
        self.mark = self.fuel - _LOOK_EVERY
        self.deadline: float | None = None

    def spend(self, amount: int) -> None:
        """Take `amount` from the fuel; stops the evaluation when fuel or time is used up."""
        self.fuel -= amount
        if self.fuel < self.mark:
            self.look()

    def look(self) -> None:
        """Compare fuel and CPU time with their bounds.

        Raises
        ------
        Fault
            EXPRESSION_LIMIT.
        """
        if self.fuel < 0:
            raise Fault(
                "EXPRESSION_LIMIT",
                f"The expression needs more than {self.limits.expression_fuel} elementary operations.",
                hint="Do the work in an action, or over fewer items.",
            )
        time = thread_time()
        if self.deadline is None:
            self.deadline = time + self.limits.expression_time_ms / 1000
        elif time > self.deadline:
            raise Fault(
                "EXPRESSION_LIMIT",
                f"The expression ran longer than {self.limits.expression_time_ms:g} ms of CPU time.",
                hint="Do the work in an action, or over fewer items.",
            )
        self.mark = self.fuel - _LOOK_EVERY

    def check_items(self, count: int, added: int | None = None) -> None:
        """Refuse a sequence of `count` items, `added` of them new, when it is longer than allowed."""
        if count > self.limits.expression_sequence:
            raise Fault(
                "EXPRESSION_LIMIT",
                f"A sequence would be longer than the {self.limits.expression_sequence} items allowed.",
                hint="Select fewer items, or do the work in an action.",
            )
        self.spend((count if added is None else added) >> 3)

    def check_text(self, length: int, added: int | None = None) -> None:
        """Refuse a string of `length` characters, `added` of them new, when it is longer than allowed."""
        if length > self.limits.expression_string:
            raise Fault(
                "EXPRESSION_LIMIT",
                f"A string would be longer than the {self.limits.expression_string} characters allowed.",
                hint="Build long texts in an action.",
            )
        self.spend((length if added is None else added) >> 7)
