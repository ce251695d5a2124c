"""What a debugger is to the widget: everything it gives is JSON that is already bounded and without secrets."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.history import Reading
from wfnb.debug.session import Session
from wfnb.model.values import JsonValue, Path

__all__ = ["BreakpointsView", "DebuggerView", "WatchesView"]


class BreakpointsView(Protocol):
    """The breakpoints of a debugger."""

    def __iter__(self) -> Any:
        """All of them."""

    def remove(self, number: int | Breakpoint) -> None:
        """Take one away."""

    def disable(self, number: int | Breakpoint) -> None:
        """Turn one off."""


class WatchesView(Protocol):
    """The watches of a debugger."""

    def history(self, expression: str, *, limit: int = ...) -> Sequence[Reading]:
        """Positions at which a value became another one."""


class DebuggerView(Protocol):
    """A run that can be stepped through, as the widget sees it."""

    @property
    def session(self) -> Session:
        """Where it stands, and what it looks out for."""

    @property
    def finished(self) -> bool:
        """Whether there is no step beyond the last position."""

    @property
    def breakpoints(self) -> BreakpointsView:
        """Where it stops."""

    @property
    def watches(self) -> WatchesView:
        """What it shows."""

    @property
    def parent(self) -> str | None:
        """The run that the one that is shown is a fork of."""

    def features(self) -> Collection[str]:
        """What may be done with it beyond looking and stepping."""

    def frames_count(self) -> int:
        """The last position there is so far."""

    def step(self) -> object:
        """Go one step on."""

    def step_over(self) -> object:
        """Go behind the next step and all that is inside it."""

    def step_into(self) -> object:
        """Go to the next thing inside the step."""

    def step_out(self) -> object:
        """Go behind the block around."""

    def back(self) -> object:
        """Go one step back."""

    def continue_(self) -> object:
        """Go to the next breakpoint."""

    def reverse_continue(self) -> object:
        """Go to the breakpoint before."""

    def goto(self, position: int) -> object:
        """Go to a position."""

    def run_to(self, step_id: str) -> object:
        """Go behind the next execution of a step."""

    def run_to_end(self) -> object:
        """Go to the end, or to where the run stops."""

    def restart(self) -> object:
        """Go before the first step."""

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
        """Set a breakpoint."""

    def watch(self, expression: str) -> object:
        """Show an expression from now on."""

    def unwatch(self, expression: str) -> object:
        """Show it no longer."""

    def view(self) -> dict[str, Any]:
        """Everything that is shown of where it stands."""

    def steps_page(self, first: int, count: int) -> dict[str, Any]:
        """Steps from a position on."""

    def marks(self, first: int = ..., last: int | None = ..., bins: int = ...) -> dict[str, Any]:
        """Marks of a stretch of positions."""

    def inside(self) -> list[dict[str, Any]]:
        """What happens inside the step that comes next."""

    def logs_page(self) -> list[dict[str, Any]]:
        """Lines that the run logged up to the cursor."""

    def events_page(self) -> list[dict[str, Any]]:
        """What happened to the run as a whole up to the cursor."""

    def complete(self, text: str, at: int | None = None) -> dict[str, Any]:
        """What can follow at a place of an expression."""

    def check(self, expression: str) -> dict[str, Any]:
        """Whether an expression compiles, and what it gives at the cursor."""

    def set(self, path: str, value: JsonValue) -> object:
        """Give a value of a held run another content."""

    def skip(self) -> object:
        """Let its next step count as done."""

    def supply(self, step: str | None = None, *, output: JsonValue = None) -> object:
        """Say what its next step was given."""

    def jump(self, step: str) -> object:
        """Go on with another step."""

    def why_page(self, path: Path) -> dict[str, Any]:
        """Why a value is what it is."""

    def fork_form(self) -> dict[str, Any]:
        """What the form for a fork has to know."""

    def fork_here(
        self, edits: dict[str, JsonValue], version: int | None, reason: str, *, live: bool
    ) -> DebuggerView:
        """A debugger on a fork at the cursor."""

    def held(self) -> dict[str, Any] | None:
        """Who holds a run that somebody else drives."""

    def hold(self) -> object:
        """Have it stand still."""

    def release(self) -> object:
        """Let it go on."""

    def replay_page(self, version: int | None) -> dict[str, Any]:
        """The record beside its replay."""

    def compare_page(self, other: str) -> dict[str, Any]:
        """Another run beside this one."""

    def outline(self) -> dict[str, Any]:
        """The definition in its JSON form."""

    def overlay(self) -> dict[str, Any]:
        """What the run did up to the position, as the JSON form of `wfnb.viz.overlay.Overlay`."""

    def static_picture(self) -> str:
        """The picture for a saved notebook, as SVG."""
