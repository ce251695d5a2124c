"""What the widget answers: the debugger is moved or asked, and what it says is put into the words of the front end."""

from __future__ import annotations

from typing import Any, Final

from wfnb.ui import questions as q
from wfnb.ui.moving import json_value, move
from wfnb.ui.protocol import DebuggerView
from wfnb.ui.values import (
    completions_json,
    history_json,
    inside_json,
    lines_json,
    marks_json,
    steps_json,
    value_json,
)

__all__ = ["Answers"]

_HISTORY: Final = 200
_LOGGED: Final = 5_000  # positions of a run whose own log is shown
_ALWAYS: Final = frozenset(
    {
        "into",
        "out",
        "continue",
        "reverse",
        "breakpoints",
        "watches",
        "history",
        "evaluate",
        "complete",
        "frames",
        "inside",
        "path",
        "log",
    }
)


class Answers:
    """Answers for one widget.

    Parameters
    ----------
    debugger
        The debugger that the widget begins with.
    """

    def __init__(self, debugger: DebuggerView) -> None:
        self.debugger = debugger
        self._open: dict[str, DebuggerView] = {debugger.session.at.run_id: debugger}

    def features(self) -> frozenset[str]:
        """What can be done with the debugger that is shown."""
        return _ALWAYS | frozenset(self.debugger.features())

    def runs(self) -> dict[str, Any]:
        """The runs that were opened here."""
        here = next(run for run, debugger in self._open.items() if debugger is self.debugger)
        listed = [
            {"id": run, "label": f"{run} (fork)" if one.parent else run} for run, one in self._open.items()
        ]
        return {"runs": listed, "open": here, "parent": self.debugger.parent, "held": self.debugger.held()}

    def to(self, question: q.Question) -> dict[str, Any] | None:  # noqa: C901, PLR0911, PLR0912 - one line per question
        """The answer to a question; None when the debugger was moved, and its new view is the answer.

        Raises
        ------
        WfnbError
            As the debugger says it.
        """
        debugger = self.debugger
        match question:
            case q.Steps(start, count):
                return steps_json(debugger.steps_page(start + 1, count))
            case q.Marks(start, end, bins):
                return marks_json(debugger.marks(start, end, bins))
            case q.Evaluate(text):
                return value_json(debugger.check(text))
            case q.Complete(text, at):
                return completions_json(debugger.complete(text, at))
            case q.History(expression):
                return history_json(debugger.watches.history(expression, limit=_HISTORY + 1), _HISTORY)
            case q.Inside():
                return self._inside()
            case q.Lines():
                return self._lines()
            case q.Why(path):
                return {"type": "why", **debugger.why_page(path)}
            case q.ForkForm():
                return {"type": "fork_form", **debugger.fork_form()}
            case q.Compare(other):
                return {"type": "comparison", **debugger.compare_page(other)}
            case q.Replay(version):
                return {"type": "comparison", **debugger.replay_page(version)}
            case q.Fork():
                self._fork(question)
            case q.Show(run) if run in self._open:
                self.debugger = self._open[run]
            case _:
                move(debugger, question)
        return None

    def _lines(self) -> dict[str, Any]:
        """Of a long run only what log points wrote and what happened to the run as a whole: its own lines are read one by one."""
        short = self.debugger.frames_count() <= _LOGGED
        said = self.debugger.view().get("log") or []
        return lines_json(said, self.debugger.logs_page() if short else [], self.debugger.events_page())

    def _inside(self) -> dict[str, Any]:
        view = self.debugger.view()
        following = view.get("next") or {}
        microstep = view.get("microstep") or 0
        return inside_json(
            following.get("id") or "", microstep - 1 if microstep else None, view.get("inside") or []
        )

    def _fork(self, draft: q.Fork) -> None:
        """The fork is shown from now on; the run that it was made from can be shown again."""
        edits = {place: json_value(place, text) for place, text in draft.edits}
        self.debugger = self.debugger.fork_here(edits, draft.version, draft.reason, live=draft.live)
        self._open[self.debugger.session.at.run_id] = self.debugger
