"""Moves of the widget: what changes where a debugger stands, and what it looks out for."""

from __future__ import annotations

from typing import Any

from wfnb.model.json_reader import load_json
from wfnb.model.values import DELETE, JsonValue
from wfnb.ui import questions as q
from wfnb.ui.protocol import DebuggerView

__all__ = ["edit", "json_value", "move"]


def move(debugger: DebuggerView, question: q.Question) -> None:  # noqa: C901 - one line per question
    """Do what was asked for; what is no move does nothing.

    Raises
    ------
    WfnbError
        As the debugger says it.
    """
    match question:
        case q.Move("look"):
            pass
        case q.Move("resume"):
            debugger.continue_()
        case q.Move(name):
            getattr(debugger, name)()
        case q.Go(position):
            debugger.goto(min(position, debugger.frames_count()))
        case q.RunTo(step):
            debugger.run_to(step)
        case q.Out(run):
            _out(debugger, run)
        case q.Watch(expression):
            debugger.watch(expression)
        case q.Unwatch(expression):
            debugger.unwatch(expression)
        case q.ToggleBreakpoint(step):
            _toggle(debugger, step)
        case q.SetBreakpoint():
            _set(debugger, question)
        case q.RemoveBreakpoint(number):
            debugger.breakpoints.remove(number)
        case _:
            edit(debugger, question)


def edit(debugger: DebuggerView, question: q.Question) -> None:
    """Change a run that is held here."""
    match question:
        case q.Edit(place, value):
            debugger.set(place, json_value(place, value))
        case q.Skip():
            debugger.skip()
        case q.Supply(output):
            debugger.supply(output=json_value("output", output))
        case q.Jump(step):
            debugger.jump(step)


def json_value(place: str, text: str) -> JsonValue:
    """A value that was typed as JSON; nothing stands for taking the value away."""
    return load_json(text, place) if text.strip() else DELETE


def _toggle(debugger: DebuggerView, step: str) -> None:
    there = [stop for stop in debugger.breakpoints if stop.on == "step" and stop.what == step]
    for stop in there:
        debugger.breakpoints.remove(stop.id)
    if not there:
        debugger.break_at(step)


def _set(debugger: DebuggerView, draft: q.SetBreakpoint) -> None:
    """The new one first: when it cannot be, the old one stays."""
    target: Any = {draft.on: draft.what}
    stop = debugger.break_at(**target, condition=draft.condition, hits=draft.hits, log=draft.log)
    if not draft.enabled:
        debugger.breakpoints.disable(stop.id)
    if draft.breakpoint:
        debugger.breakpoints.remove(draft.breakpoint)


def _out(debugger: DebuggerView, run: str) -> None:
    """Out of called runs until the one that is meant is shown."""
    while debugger.session.callers and debugger.session.at.run_id != run:
        debugger.step_out()
