"""The stepper widget: shows a debugger and passes on what is clicked. All it knows is the protocol `DebuggerView`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import anywidget
import traitlets

from wfnb.errors import WfnbError
from wfnb.security.escape import escape_html, visible
from wfnb.ui.assets import bundle, loader
from wfnb.ui.messages import Asset, Children, Command, Go, Move, read_command
from wfnb.ui.picture import dress_json, scene_json
from wfnb.ui.tree import page_of
from wfnb.ui.view import DebuggerView, view_json
from wfnb.ui.worker import Worker
from wfnb.viz.dress import pipeline_dress
from wfnb.viz.folding import fold
from wfnb.viz.html import img
from wfnb.viz.outline import outline
from wfnb.viz.overlay import Overlay
from wfnb.viz.pipeline import pipeline_scene

__all__ = ["Stepper"]

_VIEW: Final = "application/vnd.jupyter.widget-view+json"
_WIDTH: Final = 640  # the picture's pane in a notebook of usual width


class Stepper(anywidget.AnyWidget):
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
        self.debugger = debugger
        self._later = do or Worker()
        self._moving = False
        self._outline = fold(outline(debugger.outline()))
        super().__init__(_picture=debugger.static_picture(), _caption=self._in_words())
        self.on_msg(self._receive)

    def refresh(self) -> None:
        """Show where the debugger stands now, after it was moved from Python."""
        if not self._moving:  # a move from the page is shown once, when it is done
            self._show()

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {
            _VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id},
            "text/html": f"{img(self.debugger.static_picture(), self._in_words())}<p>{escape_html(self._in_words())}</p>",
            "text/plain": self._in_words(),
        }
        return data, {}

    def _in_words(self) -> str:
        view = self.debugger.view()
        title, status = (
            visible(str(view.get("title") or "Run"), 200),
            visible(str(view.get("status") or ""), 40),
        )
        return f"Stepper: {title}, position {view['position']} of {view['length']}, {status}"

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        command = read_command(content)
        if command is not None:
            self._later(lambda: self._answer(command))

    def _answer(self, command: Command) -> None:
        try:
            self._do(command)
        except WfnbError as error:
            self._fault(visible(str(error), 2_000))
        except Exception as error:  # noqa: BLE001 - a callback has nobody above it, and its text may hold secrets
            self._fault(
                f"The stepper met an unexpected {type(error).__name__}; the run itself is not changed by it."
            )

    def _do(self, command: Command) -> None:
        match command:
            case Asset(key) if key == bundle().key:
                self.send({"type": "asset", "key": key, "js": bundle().js, "css": bundle().css})
            case Asset():
                self._fault("This page shows another version of wfnb; reload it.")
            case Move("ready"):
                self.send({"type": "scene", **scene_json(pipeline_scene(self._outline, _WIDTH))})
                self._show()
            case Move() | Go():
                self._move(command)
                self._show()
            case Children(position, path, offset) if position == self.debugger.position:
                items = page_of(self.debugger.view().get("state") or {}, path, offset)
                self.send(
                    {
                        "type": "children",
                        "position": position,
                        "path": list(path),
                        "offset": offset,
                        "items": items,
                    }
                )
            case Children():
                pass  # asked before the last move; the new view is already on its way

    def _move(self, command: Move | Go) -> None:
        self._moving = True
        try:
            match command:
                case Move(move):
                    getattr(self.debugger, move)()
                case Go(position):
                    self.debugger.goto(min(position, self.debugger.frames_count()))
        finally:
            self._moving = False

    def _show(self) -> None:
        overlay = Overlay.from_json(self.debugger.overlay())
        dress = dress_json(pipeline_dress(self._outline, overlay))
        self.send({**view_json(self.debugger.view(), self.debugger.finished), "dress": dress})

    def _fault(self, text: str) -> None:
        self.send({"type": "fault", "text": text})
