"""The debugger widget: shows a debugger and passes on what is clicked. All it knows is the protocol `DebuggerView`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import anywidget
import traitlets

from wfnb.errors import WfnbError
from wfnb.security.escape import escape_html, visible
from wfnb.ui.answers import Answers
from wfnb.ui.assets import bundle, loader
from wfnb.ui.messages import read_question, read_token
from wfnb.ui.picture import dress_json, scene_json
from wfnb.ui.protocol import DebuggerView
from wfnb.ui.questions import Asset, Children, Move, Question
from wfnb.ui.tree import page_of
from wfnb.ui.view import view_json
from wfnb.ui.worker import Worker
from wfnb.viz.dress import pipeline_dress
from wfnb.viz.folding import fold
from wfnb.viz.html import img
from wfnb.viz.outline import Outline, outline
from wfnb.viz.overlay import Overlay
from wfnb.viz.pipeline import pipeline_scene

__all__ = ["DebuggerWidget"]

_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_WIDTH: Final = 560  # the picture's pane in a notebook of usual width


class DebuggerWidget(anywidget.AnyWidget):
    """Step through a run in a notebook cell.

    The state of the run never becomes widget state: views go by messages, so a saved notebook holds the picture only.

    Parameters
    ----------
    debugger
        What is stepped through.
    do
        Does what the page asks for: a `Worker` unless given. A step of a held run may take as long as its action.

    Examples
    --------
    ``run.debug()`` gives a debugger that shows itself as this widget.
    """

    _esm = loader()
    _picture = traitlets.Unicode().tag(sync=True)
    _caption = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, debugger: DebuggerView, do: Callable[[Callable[[], None]], None] | None = None
    ) -> None:
        self._answers = Answers(debugger)
        self._later = do or Worker()
        self._moving = False
        self._drawn: tuple[dict[str, Any], Outline] | None = None
        self._shown: dict[str, Any] | None = None
        super().__init__(_picture=debugger.static_picture(), _caption=self._in_words())
        self.on_msg(self._receive)

    @property
    def debugger(self) -> DebuggerView:
        """The debugger that is shown: the first one, or one of a fork that was made here."""
        return self._answers.debugger

    def refresh(self) -> None:
        """Show where the debugger stands now, after it was moved from Python."""
        if not self._moving:  # a move from the page is shown once, when it is done
            self._show(None)

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        words = self._in_words()
        data = {
            _VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id},
            "text/html": f"{img(self.debugger.static_picture(), words)}<p>{escape_html(words)}</p>",
            "text/plain": words,
        }
        return data, {}

    def _in_words(self) -> str:
        view = self.debugger.view()
        title, status = (
            visible(str(view.get("title") or "Run"), 200),
            visible(str(view.get("status") or ""), 40),
        )
        return f"Debugger: {title}, position {view['position']} of {view['length']}, {status}"

    # --- messages

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        question, ask = read_question(content), read_token(content)
        if question is not None:
            self._later(lambda: self._answer(question, ask))

    def _answer(self, question: Question, ask: str | None) -> None:
        try:
            self._tell(question, ask)
        except WfnbError as error:
            self._reply({"type": "fault", "text": visible(str(error), 2_000)}, ask)
        except Exception as error:  # noqa: BLE001 - a callback has nobody above it, and its text may hold secrets
            said = (
                f"The debugger met an unexpected {type(error).__name__}; the run itself is not changed by it."
            )
            self._reply({"type": "fault", "text": said}, ask)

    def _tell(self, question: Question, ask: str | None) -> None:
        match question:
            case Asset(key) if key == bundle().key:
                self._reply({"type": "asset", "key": key, "js": bundle().js, "css": bundle().css}, ask)
            case Asset():
                self._reply(
                    {"type": "fault", "text": "This page shows another version of wfnb; reload it."}, ask
                )
            case Move("ready"):
                self._drawn = None
                self._show(ask)
            case Move("look") if self._view() == self._shown:
                self._reply({"type": "same"}, ask)
            case Children(position, path, offset):
                here = position == self.debugger.session.at.position  # else: asked before the last move
                items = page_of(self.debugger.view().get("state") or {}, path, offset) if here else []
                self._reply({"type": "children", "items": items}, ask)
            case _:
                answer = self._moved(question)
                if answer is None:
                    self._show(ask)
                else:
                    self._reply(answer, ask)

    def _moved(self, question: Question) -> dict[str, Any] | None:
        """The answer, or None when the answer is a new view."""
        self._moving = True
        try:
            return self._answers.to(question)
        finally:
            self._moving = False

    def _show(self, ask: str | None) -> None:
        debugger = self.debugger
        definition = debugger.outline()
        if self._drawn is None or self._drawn[0] != definition:
            self._drawn = (definition, fold(outline(definition)))
            self._reply({"type": "scene", **scene_json(pipeline_scene(self._drawn[1], _WIDTH))}, ask)
        self._shown = self._view()
        overlay = Overlay.from_json(debugger.overlay())
        dress = dress_json(pipeline_dress(self._drawn[1], overlay))
        self._reply({**self._shown, "dress": dress}, ask)

    def _view(self) -> dict[str, Any]:
        """Where the debugger stands, but for the picture."""
        debugger, features = self.debugger, self._answers.features()
        view = view_json(debugger.view(), debugger.outline(), finished=debugger.finished, features=features)
        return {**view, **self._answers.runs()}

    def _reply(self, message: dict[str, Any], ask: str | None) -> None:
        self.send(message if ask is None else {**message, "ask": ask})
