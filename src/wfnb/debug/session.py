"""The debugger as a pure reducer: a session, a command, and the session after it.

A session is a function of its commands and of the films it was shown. Films only grow; what a held run does for real is done by
the facade, before the reducer sees the longer film.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from wfnb.debug import commands as c
from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.moves import Stop, back_to_breakpoint, on_to_breakpoint, on_to_step, out, over
from wfnb.debug.reel import Reel

__all__ = ["Films", "LogLine", "Place", "Session", "reduce"]

Films: TypeAlias = Callable[[str], Reel]
"""The reel of a run, by its id."""

_LOG: Final = 1_000  # lines that are kept
_MOST: Final = 1_000  # breakpoints, and watches


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in a run: behind how many steps, and how many microsteps into the next one."""

    run_id: str
    position: int = 0
    microstep: int = 0


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line that a log point wrote, or a breakpoint's fault; and where."""

    run_id: str
    position: int
    breakpoint: int
    text: str
    kind: Literal["log", "fault"] = "log"


@dataclass(frozen=True, slots=True)
class Session:
    """Where a debugger stands and what it looks out for.

    Parameters
    ----------
    at
        Where it stands.
    callers
        Where the runs stand that have called this one, outermost first, as far as it was stepped into.
    granularity
        How far a step goes.
    breakpoints, watches
        What it looks out for, and what it shows.
    log
        Lines of log points, oldest first.
    frame
        The frame of the call path that is looked at.
    stop
        Why it stands there.
    """

    at: Place
    callers: tuple[Place, ...] = ()
    granularity: c.Granularity = "step"
    breakpoints: tuple[Breakpoint, ...] = ()
    watches: tuple[str, ...] = ()
    log: tuple[LogLine, ...] = ()
    frame: int = 0
    stop: Stop = field(default_factory=lambda: Stop("moved"))
    next_id: int = 1


def reduce(  # noqa: C901, PLR0911, PLR0912 - one return per command
    session: Session, films: Films, command: c.Command
) -> Session:
    """The session after a command.

    Examples
    --------
    >>> from wfnb.debug.breakpoints import Breakpoint
    >>> begun = Session(Place("run-0001"))
    >>> [stop.id for stop in reduce(begun, lambda _: None, c.AddBreakpoint(Breakpoint.of("step", "price"))).breakpoints]
    [1]
    """
    if isinstance(command, c.Setting):
        return _set(session, command)
    reel = films(session.at.run_id)
    match command:
        case c.Step():
            return _into(session, reel, films) if session.granularity == "event" else _on(session, reel, 1)
        case c.StepBack():
            return _back_into(session, reel) if session.granularity == "event" else _back(session)
        case c.StepInto():
            return _into(session, reel, films)
        case c.StepBackInto():
            return _back_into(session, reel)
        case c.StepOver():
            return _over(session, reel)
        case c.StepOut():
            return _out(session, reel)
        case c.Continue():
            return _continued(session, reel)
        case c.ReverseContinue():
            stop, position = back_to_breakpoint(
                reel, session.breakpoints, session.at.position, session.at.microstep > 0
            )
            return _moved(session, position, stop)
        case c.RunToEnd():
            return _moved(session, reel.length, Stop("end"))
        case c.Restart():
            return _moved(session, 0, Stop("beginning"))
        case c.GoTo(position):
            return _moved(session, min(max(position, 0), reel.length))
        case c.RunTo(step):
            found = on_to_step(reel, session.at.position, step)
            return session if found is None else _moved(session, found)


def _moved(session: Session, position: int, stop: Stop | None = None, *, microstep: int = 0) -> Session:
    at = Place(session.at.run_id, position, microstep)
    return replace(session, at=at, frame=0, stop=stop or Stop("moved"))


def _at_end(session: Session, reel: Reel) -> Session | None:
    """Behind the end of a called run stands the step that called it."""
    if session.at.position < reel.length:
        return None
    if not session.callers:
        return _moved(session, reel.length, Stop("end"))
    return _returned(session)


def _returned(session: Session) -> Session:
    """Behind the step that called this run."""
    caller = session.callers[-1]
    back = replace(session, at=caller, callers=session.callers[:-1])
    return _moved(back, caller.position + 1)


def _on(session: Session, reel: Reel, count: int) -> Session:
    return _at_end(session, reel) or _moved(session, min(session.at.position + count, reel.length))


def _back(session: Session) -> Session:
    if session.at.microstep or session.at.position:
        return _moved(session, session.at.position - (session.at.microstep == 0))
    return _called_from(session)


def _called_from(session: Session) -> Session:
    """From before the first step of a called run to where it was stepped into."""
    if not session.callers:
        return _moved(session, 0, Stop("beginning"))
    back = replace(session, at=session.callers[-1], callers=session.callers[:-1])
    return _moved(back, back.at.position, microstep=back.at.microstep)


def _into(session: Session, reel: Reel, films: Films) -> Session:
    ended = _at_end(session, reel)
    if ended is not None:
        return ended
    position, microstep = session.at.position, session.at.microstep
    inside = reel.inside(position)
    child = reel.child(position + 1)
    if (
        child is not None
        and microstep
        and inside[microstep - 1].what.kind == "event"
        and _calls(reel, session.at)
    ):
        films(child)
        return replace(
            session, at=Place(child), callers=(*session.callers, session.at), frame=0, stop=Stop("moved")
        )
    if microstep + 1 >= len(inside):
        return _moved(session, position + 1)
    return _moved(session, position, microstep=microstep + 1)


def _calls(reel: Reel, at: Place) -> bool:
    """Whether the last thing that happened was the call of another run."""
    what = reel.inside(at.position)[at.microstep - 1].what
    return what.kind == "event" and what.name == "ChildScheduled"


def _back_into(session: Session, reel: Reel) -> Session:
    position, microstep = session.at.position, session.at.microstep
    if microstep:
        return _moved(session, position, microstep=microstep - 1)
    if position == 0:
        return _called_from(session)
    return _moved(session, position - 1, microstep=max(len(reel.inside(position - 1)) - 1, 0))


def _over(session: Session, reel: Reel) -> Session:
    ended = _at_end(session, reel)
    if ended is not None:
        return ended
    stop, position = over(reel, session.at.position)
    return _moved(session, position, stop)


def _out(session: Session, reel: Reel) -> Session:
    found = out(reel, session.at.position)
    if found is not None:
        return _moved(session, found[1], found[0])
    return _returned(session) if session.callers else _moved(session, reel.length, Stop("end"))


def _continued(session: Session, reel: Reel) -> Session:
    stop, position, said = on_to_breakpoint(reel, session.breakpoints, session.at.position)
    lines = tuple(LogLine(reel.run_id, at, number, text, kind) for at, number, text, kind in said)
    return replace(_moved(session, position, stop), log=(*session.log, *lines)[-_LOG:])


def _set(session: Session, command: c.Setting) -> Session:  # noqa: PLR0911 - one return per command
    """What is looked out for, or at."""
    stops, watches = session.breakpoints, session.watches
    match command:
        case c.AddBreakpoint(stop):
            added = (*stops, replace(stop, id=session.next_id))[-_MOST:]
            return replace(session, breakpoints=added, next_id=session.next_id + 1)
        case c.RemoveBreakpoint(number):
            return replace(session, breakpoints=tuple(stop for stop in stops if stop.id != number))
        case c.EnableBreakpoint(number, enabled):
            turned = tuple(replace(stop, enabled=enabled) if stop.id == number else stop for stop in stops)
            return replace(session, breakpoints=turned)
        case c.ClearBreakpoints():
            return replace(session, breakpoints=())
        case c.AddWatch(expression):
            return (
                session
                if expression in watches
                else replace(session, watches=(*watches, expression)[-_MOST:])
            )
        case c.RemoveWatch(expression):
            return replace(session, watches=tuple(one for one in watches if one != expression))
        case c.SelectFrame(frame):
            return replace(session, frame=max(frame, 0))
        case c.SetGranularity(granularity):
            return replace(session, granularity=granularity)
