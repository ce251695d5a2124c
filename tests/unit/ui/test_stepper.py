"""The adapter between a debugger and the page."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ipywidgets.embed import dependency_state, embed_minimal_html

from unit.ui.scripted import ORDER, ScriptedDebugger
from wfnb.ui.assets import bundle
from wfnb.ui.stepper import Stepper
from wfnb.viz import pipeline_svg

SECRETS = ("Ann Lee", "ann@example.com", "res-81", "rc-4")


class Page:
    """Stands for the browser: sends messages and keeps the answers."""

    def __init__(self, debugger: Any) -> None:
        self.stepper = Stepper(debugger, do=lambda call: call())
        self.answers: list[dict[str, Any]] = []
        self.stepper.send = lambda content, buffers=None: self.answers.append(content)

    def send(self, **message: Any) -> list[dict[str, Any]]:
        """The answers to one message."""
        self.answers.clear()
        self.stepper._handle_custom_msg(message, [])
        return list(self.answers)


@pytest.fixture
def page() -> Page:
    return Page(ScriptedDebugger(ahead=3))


def test_a_new_page_gets_the_picture_and_the_position(page: Page) -> None:
    scene, view = page.send(type="ready")
    assert (scene["type"], view["type"], view["position"]) == ("scene", "view", 0)
    keys = {shape[2] for shape in scene["shapes"] if shape[0] == "group"}
    assert {"root.steps[0]", "root.steps[1].then.steps[0]", "in:root.steps[1].else"} <= keys


def test_every_move_is_answered_by_the_new_position(page: Page) -> None:
    moves: list[tuple[dict[str, Any], int]] = [
        ({"type": "step"}, 1),
        ({"type": "step"}, 2),
        ({"type": "back"}, 1),
        ({"type": "goto", "position": 5}, 5),
        ({"type": "run_to_end"}, 10),
        ({"type": "restart"}, 0),
    ]
    for message, position in moves:
        [view] = page.send(**message)
        assert (view["type"], view["position"]) == ("view", position)


def test_a_position_beyond_the_known_ones_is_the_last_known_one(page: Page) -> None:
    [view] = page.send(type="goto", position=99)
    assert view["position"] == 7


def test_the_dress_follows_the_run(page: Page) -> None:
    [view] = page.send(type="goto", position=7)
    assert view["dress"]["states"]["root.steps[2].body.steps[0]"] == ["succeeded", "current"]
    assert view["dress"]["texts"] == {"count:root.steps[2].body.steps[0]": "×3"}
    assert "skipped" in view["dress"]["states"]["root.steps[1].else.steps[0]"]


def test_the_front_end_is_sent_to_a_page_that_asks_for_this_one(page: Page) -> None:
    [asset] = page.send(type="asset", key=bundle().key)
    assert asset == {"type": "asset", "key": bundle().key, "js": bundle().js, "css": bundle().css}
    [fault] = page.send(type="asset", key="older")
    assert "reload" in fault["text"]


def test_parts_of_the_state_are_sent_for_the_position_they_were_asked_for(page: Page) -> None:
    message = {"type": "children", "path": ["payload", "customer"], "offset": 0}
    [children] = page.send(**message, position=0)
    assert [key for key, _ in children["items"]] == ["name", "email"]
    assert page.send(**message, position=3) == []


@pytest.mark.parametrize(
    "message", [{}, {"type": "close"}, {"type": "goto", "position": "1"}, {"type": "refresh"}]
)
def test_what_is_not_understood_does_nothing(page: Page, message: dict[str, Any]) -> None:
    assert page.send(**message) == []
    assert page.stepper.debugger.position == 0


def test_an_error_of_a_command_is_shown(page: Page) -> None:
    [fault] = page.send(type="back")
    assert fault == {
        "type": "fault",
        "text": "There is no step before the first one. Step on instead. [INVALID_COMMAND]",
    }


def test_an_unexpected_error_is_shown_without_its_text() -> None:
    class Broken(ScriptedDebugger):
        def step(self) -> None:
            raise KeyError("password-123")

    [fault] = Page(Broken()).send(type="step")
    assert fault["type"] == "fault"
    assert "KeyError" in fault["text"]
    assert "password-123" not in fault["text"]


def test_python_can_move_and_the_page_follows(page: Page) -> None:
    page.stepper.debugger.goto(4)
    page.stepper.refresh()
    assert [answer["position"] for answer in page.answers] == [4]


def test_a_debugger_that_refreshes_its_widget_on_every_move_is_shown_once() -> None:
    class Refreshing(ScriptedDebugger):
        widget: Any = None

        def goto(self, position: int) -> None:
            super().goto(position)
            if self.widget is not None:
                self.widget.refresh()

    debugger = Refreshing()
    page = Page(debugger)
    debugger.widget = page.stepper
    assert [answer["position"] for answer in page.send(type="step")] == [1]
    debugger.goto(3)
    assert page.answers[-1]["position"] == 3


def test_the_state_of_the_run_is_never_widget_state(page: Page) -> None:
    for message in ("ready", "run_to_end", "back"):
        page.send(type=message)
    synced = json.dumps(page.stepper.get_state(), default=str)
    assert not [secret for secret in SECRETS if secret in synced]
    assert set(page.stepper.keys) - {"_picture", "_caption", "_esm", "_css", "_anywidget_id"} <= {
        "_dom_classes", "_model_module", "_model_module_version", "_model_name", "_view_count", "_view_module",
        "_view_module_version", "_view_name", "layout", "tabbable", "tooltip",
    }  # fmt: skip


def test_the_output_is_a_widget_an_image_and_a_line_the_same_every_time(page: Page) -> None:
    data, _ = page.stepper._repr_mimebundle_()
    again, _ = Page(ScriptedDebugger(ahead=3)).stepper._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == "Stepper: Order intake · run-0001, position 0 of 7, RUNNING"
    assert (data["text/html"], data["text/plain"]) == (again["text/html"], again["text/plain"])
    assert re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="[^"<]+"><p>[^<]+</p>', data["text/html"]
    )


def test_a_hostile_title_stays_text() -> None:
    class Hostile(ScriptedDebugger):
        def view(self) -> dict[str, Any]:
            return super().view() | {"title": '"><script>alert(1)</script>', "status": "<b>"}

        def outline(self) -> dict[str, Any]:
            return ORDER | {"name": "</svg><script>"}

    data, _ = Stepper(Hostile())._repr_mimebundle_()
    assert "<script" not in data["text/html"]


def test_an_exported_page_has_no_markup_of_the_run_in_it() -> None:
    class Hostile(ScriptedDebugger):
        def view(self) -> dict[str, Any]:
            return super().view() | {"title": "</script><script>alert(1)</script>"}

        def outline(self) -> dict[str, Any]:
            return ORDER | {"name": "</script><img src=x onerror=alert(1)>"}

        def static_picture(self) -> str:
            return pipeline_svg(self.outline())

    stepper = Stepper(Hostile())
    page = io.StringIO()
    embed_minimal_html(page, views=[stepper], state=dependency_state([stepper]))
    found = Tags()
    found.feed(page.getvalue())
    assert "img" not in found.names
    assert "alert(1)" not in found.scripts


class Tags(HTMLParser):
    """Names of the elements of a page, and what its classic scripts say."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []
        self.scripts = ""
        self._runs = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self._runs = tag == "script" and "json" not in str(dict(attrs).get("type"))

    def handle_endtag(self, tag: str) -> None:
        self._runs = False

    def handle_data(self, data: str) -> None:
        if self._runs:
            self.scripts += data
