"""The budget of a simulation: steps, iterations and CPU time. Going over it ends the simulation, whatever handles errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_whole
from wfnb.validate.findings import nearest

__all__ = ["Bounds", "Budget", "OutOfBudgetError"]


class OutOfBudgetError(Exception):
    """The budget is spent. No error of a step, so that no handler of the workflow can catch it."""

    def __init__(self, error: LimitExceeded) -> None:
        super().__init__(error.message)
        self.error = error


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much a simulation may do.

    Parameters
    ----------
    steps
        Steps that are begun.
    iterations
        Items of one loop.
    time_ms
        Milliseconds of CPU time.
    """

    steps: int = LIMITS.simulation_steps
    iterations: int = LIMITS.simulation_iterations
    time_ms: int = LIMITS.simulation_time_ms

    @classmethod
    def of(cls, given: Mapping[str, int] | None) -> Bounds:
        """The usual bounds, and in place of them what was given.

        Raises
        ------
        ValidationError
            ``INVALID_ARGUMENT`` for a name or number that cannot be.

        Examples
        --------
        >>> Bounds.of({"steps": 2_000})
        Bounds(steps=2000, iterations=100, time_ms=5000)
        """
        if given is None:
            return cls()
        if not isinstance(given, Mapping):
            raise _refused("“limits” must be an object of names and numbers.", "limits")
        for name, number in given.items():
            if name not in _MOST:
                raise _refused("There is no such limit.", "limits", nearest(str(name), _MOST))
            if check_whole(number, f"limits.{name}", least=1) > _MOST[name]:
                raise _refused(f"A simulation has at most {_MOST[name]:,} {_UNITS[name]}.", f"limits.{name}")
        return cls(**given)


_MOST = {
    "steps": LIMITS.simulation_steps_most,
    "iterations": LIMITS.simulation_iterations_most,
    "time_ms": LIMITS.simulation_time_most_ms,
}
_UNITS = {"steps": "steps", "iterations": "iterations of a loop", "time_ms": "milliseconds"}


def _refused(message: str, where: str, hint: str | None = None) -> ValidationError:
    known = hint or f"The limits are {', '.join(field.name for field in fields(Bounds))}."
    return ValidationError(message, code="INVALID_ARGUMENT", where=where, hint=known)


class Budget:
    """What is left of the bounds while a simulation goes on.

    Parameters
    ----------
    bounds
        How much there is.
    cpu
        Seconds of CPU time used so far.
    """

    def __init__(self, bounds: Bounds, cpu: Callable[[], float] = time.thread_time) -> None:
        self._bounds = bounds
        self._cpu = cpu
        self._end = cpu() + bounds.time_ms / 1000
        self._steps = 0

    def step(self) -> None:
        """A step begins.

        Raises
        ------
        OutOfBudgetError
            ``SIMULATION_STEPS``.
        """
        self._steps += 1
        if self._steps > self._bounds.steps:
            raise OutOfBudgetError(
                LimitExceeded(
                    f"The simulation has taken {self._bounds.steps:,} steps and is not over.",
                    code="SIMULATION_STEPS",
                    hint=f"Give limits={{'steps': ...}}, at most {_MOST['steps']:,}, or fewer items in the fixtures.",
                )
            )

    def iteration(self, index: int, instance: str) -> None:
        """A loop goes to its item number `index`, counted from 0.

        Raises
        ------
        OutOfBudgetError
            ``SIMULATION_ITERATIONS``.
        """
        if index >= self._bounds.iterations:
            raise OutOfBudgetError(
                LimitExceeded(
                    f"A loop has more than {self._bounds.iterations:,} items.",
                    code="SIMULATION_ITERATIONS",
                    where=instance,
                    hint=f"Give limits={{'iterations': ...}}, at most {_MOST['iterations']:,}, or fewer items.",
                )
            )

    def time(self) -> None:
        """Look at the clock.

        Raises
        ------
        OutOfBudgetError
            ``SIMULATION_TIME``.
        """
        if self._cpu() > self._end:
            raise OutOfBudgetError(
                LimitExceeded(
                    f"The simulation has taken {self._bounds.time_ms:,} ms of CPU time and is not over.",
                    code="SIMULATION_TIME",
                    hint=f"Give limits={{'time_ms': ...}}, at most {_MOST['time_ms']:,}.",
                )
            )
