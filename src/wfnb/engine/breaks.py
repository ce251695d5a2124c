"""Breakpoints of a held run that goes on: its driver looks out for them at the end of every step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wfnb.debug.breakpoints import Ahead, Breakpoint, Moment
from wfnb.debug.film import public
from wfnb.debug.hold import EndedStep
from wfnb.machine.state import State
from wfnb.model.values import JsonValue, Path
from wfnb.store.records import Macrostep

__all__ = ["Breaks"]


class Breaks:
    """Some breakpoints, and how often each was reached since the run was let go on.

    Parameters
    ----------
    breakpoints
        As the hold has them. Log points are not among those that stop.
    """

    def __init__(self, breakpoints: Sequence[dict[str, JsonValue]]) -> None:
        read = map(Breakpoint.from_json, breakpoints)
        self._stops = [stop for stop in read if stop.enabled and stop.log is None]
        self._times = [0] * len(self._stops)
        self._written: list[Path] = []
        self._since: State | None = None

    def reached(
        self,
        macrosteps: Sequence[Macrostep],
        before: State,
        state: State,
        ended: EndedStep | None,
        ahead: Callable[[], Ahead | None],
    ) -> bool:
        """Whether one of them was reached with what was just committed; `ended` is the step that this has ended, if any."""
        if self._since is None:
            self._since = before
        events = (event for macrostep in macrosteps for event in macrostep.events)
        paths = (write.path for event in events for write in event.writes)
        self._written += [path[1:] for path in paths if path[0] == "envelope"]
        if ended is None:
            return False
        since, written = self._since, tuple(self._written)
        self._since, self._written = None, []
        at_us = macrosteps[-1].at_us
        moment = Moment(ahead(), ended, written, lambda: public(state), lambda: public(since), at_us)
        return sum(self._counts(number, stop, moment) for number, stop in enumerate(self._stops)) > 0

    def _counts(self, number: int, stop: Breakpoint, moment: Moment) -> bool:
        found = stop.found(moment)
        if found is None or found.fault is not None:
            return False
        self._times[number] += 1
        return stop.hits.due(self._times[number])
