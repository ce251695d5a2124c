"""A reel: a film with everything that a session asks of it besides its states."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from wfnb.debug.breakpoints import Ahead, Breakpoint, Moment
from wfnb.debug.film import Film, StepMark
from wfnb.debug.microsteps import Microstep
from wfnb.debug.pages import Pages
from wfnb.debug.places import owner_of

__all__ = ["Reel"]

_INSIDES: Final = 64  # steps whose insides are kept


class Reel:
    """One run as a session sees it.

    Parameters
    ----------
    run_id
        The run.
    film
        Its positions.
    inside
        Microsteps of the step behind a position.
    child
        The run that the step behind a position has called.
    action
        The action of a step, by its definition path.
    parallel
        Whether a loop, by its instance path, has items that are under way at once.
    next_step
        The step that comes next in a run that is not over, behind the last position.
    """

    def __init__(
        self,
        run_id: str,
        film: Film,
        *,
        inside: Callable[[int], Sequence[Microstep]] = lambda _position: (),
        child: Callable[[int], str | None] = lambda _position: None,
        action: Callable[[str], str | None] = lambda _path: None,
        parallel: Callable[[str], bool] = lambda _owner: False,
        next_step: Callable[[], Ahead | None] = lambda: None,
    ) -> None:
        self.run_id = run_id
        self.film = film
        self.child = child
        self._read_inside = inside
        self._action = action
        self._parallel = parallel
        self._next_step = next_step
        self._insides: Pages[int, Sequence[Microstep]] = Pages(_INSIDES)
        self._counted: dict[Breakpoint, list[int]] = {}
        self._upto: dict[Breakpoint, int] = {}

    @property
    def length(self) -> int:
        """The last position."""
        return self.film.length

    def behind(self, position: int) -> StepMark | None:
        """The step that ended at a position."""
        return self.film.step(position)

    def ahead(self, position: int) -> Ahead | None:
        """The step that comes next at a position: the one that ends there next."""
        if position >= self.length:
            return self._next_step()
        step = self.film.step(position + 1)
        return None if step is None else Ahead(step.id, step.type, step.instance, self._action(step.path))

    def inside(self, position: int) -> Sequence[Microstep]:
        """What happens between a position and the next one, in order."""
        if not 0 <= position < self.length:
            return ()
        return self._insides.get(position + 1, self._read_inside)

    def parallel_item(self, blocks: Iterable[str]) -> str | None:
        """The first of some blocks that is an item of a parallel loop."""
        return next((block for block in blocks if self._parallel(owner_of(block))), None)

    # --- what breakpoints ask

    def rules_out(self, position: int, stop: Breakpoint) -> bool:
        """Whether a breakpoint cannot stand at a position, told without looking at more than its mark or the step's name."""
        if stop.on == "error":
            return not self.film.failed(position)
        step = self.film.step(position + 1) if stop.on in ("step", "type") else None
        if step is None:
            return False
        if stop.on == "type":
            return not step.type.startswith(stop.what.removesuffix("*"))
        return stop.what not in (step.id, step.instance) and ("." not in stop.what or stop.what != step.path)

    def moment(self, position: int, stop: Breakpoint) -> Moment:
        """What a breakpoint may look at."""
        film = self.film
        at_us = film.frame(position).at_us if position and (stop.condition or stop.log) else 0
        return Moment(
            self.ahead(position) if stop.on in ("step", "type", "action") else None,
            film.step(position) if stop.on == "error" else None,
            film.written(position) if stop.on == "path" else (),
            lambda: film.masked(position),
            lambda: film.masked(max(position - 1, 0)),
            at_us,
        )

    def times(self, stop: Breakpoint, position: int) -> int:
        """How often a breakpoint was reached from the beginning up to a position; counted once and kept."""
        found = self._counted.setdefault(stop, [])
        for number in range(self._upto.get(stop, -1) + 1, position + 1):
            reached = None if self.rules_out(number, stop) else stop.found(self.moment(number, stop))
            if reached is not None and reached.fault is None:
                found.append(number)
        self._upto[stop] = max(position, self._upto.get(stop, -1))
        return bisect_right(found, position)
