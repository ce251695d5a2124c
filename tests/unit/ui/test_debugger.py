"""The adapter between a debugger and the page."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from ipywidgets.embed import dependency_state, embed_minimal_html

import wfnb
from unit.ui.orders import HOSTILE, LENGTH, ORDER, PAYLOAD, SECRETS, R, order, order_desk
from wfnb.ui.assets import bundle
from wfnb.ui.debugger import DebuggerWidget


class Page:
    """Stands for the browser: sends messages and keeps the answers."""

    def __init__(self, debugger: Any) -> None:
        self.widget = DebuggerWidget(debugger, do=lambda call: call())
        self.answers: list[dict[str, Any]] = []
        self.widget.send = lambda content, buffers=None: self.answers.append(content)

    def send(self, **message: Any) -> list[dict[str, Any]]:
        """The answers to one message."""
        self.answers.clear()
        self.widget._handle_custom_msg(message, [])
        return list(self.answers)

    def view(self, **message: Any) -> dict[str, Any]:
        """The view that one message leads to."""
        return self.send(**message)[-1]


@pytest.fixture
def page() -> Page:
    return Page(order())


@pytest.fixture
def desk() -> Iterator[tuple[wfnb.Workspace, Page]]:
    """A page on a recorded order, and the workspace that it is in."""
    with order_desk() as ws:
        yield ws, Page(ws.start("order-intake", PAYLOAD).wait().debug())


@pytest.fixture
def live() -> Iterator[Page]:
    """On an order that is held before its first step."""
    with order_desk() as ws:
        yield Page(ws.debug("order-intake", PAYLOAD))


def test_a_new_page_gets_the_picture_and_the_position(page: Page) -> None:
    scene, view = page.send(type="ready")
    assert (scene["type"], view["type"], view["position"]) == ("scene", "view", 0)
    keys = {shape[2] for shape in scene["shapes"] if shape[0] == "group"}
    assert {f"{R}[0]", f"{R}[1].then.steps[0]", f"in:{R}[1].else"} <= keys


def test_every_move_is_answered_by_the_new_position(page: Page) -> None:
    page.send(type="ready")
    moves: list[tuple[dict[str, Any], int]] = [
        ({"type": "step"}, 1),
        ({"type": "step"}, 2),
        ({"type": "back"}, 1),
        ({"type": "goto", "position": 4}, 4),
        ({"type": "step_out"}, 5),
        ({"type": "goto", "position": 3}, 3),
        ({"type": "step_over"}, 7),
        ({"type": "run_to", "step": "confirm"}, LENGTH),
        ({"type": "restart"}, 0),
        ({"type": "resume"}, LENGTH),
        ({"type": "reverse_continue"}, 0),
        ({"type": "run_to_end"}, LENGTH),
    ]
    for message, position in moves:
        [view] = page.send(**message)
        assert (view["type"], view["position"]) == ("view", position), message


def test_an_answer_brings_back_the_token_of_its_question(page: Page) -> None:
    assert {answer["ask"] for answer in page.send(type="ready", ask="k1-1")} == {"k1-1"}
    assert page.send(type="marks", ask="k1-2", **{"from": 0, "to": LENGTH, "bins": 20}) == [
        {"type": "marks", "items": [{"at": 8, "kind": "retry", "count": 1}], "ask": "k1-2"}
    ]
    assert "ask" not in page.view(type="step")


def test_a_position_beyond_the_known_ones_is_the_last_known_one(page: Page) -> None:
    assert page.view(type="goto", position=99)["position"] == LENGTH


def test_the_dress_follows_the_run(page: Page) -> None:
    view = page.view(type="goto", position=7)
    assert view["dress"]["states"][f"{R}[2].body.steps[0]"] == ["succeeded"]
    assert view["dress"]["states"][f"{R}[3]"] == ["pending", "current"]
    assert view["dress"]["texts"][f"count:{R}[2].body.steps[0]"] == "×3"
    assert "skipped" in view["dress"]["states"][f"{R}[1].else.steps[0]"]


def test_the_inside_of_a_step_is_stepped_through(page: Page) -> None:
    view = page.view(type="step_into")
    assert view["position"] == 0
    assert view["micro"][0] == 1
    [inside] = page.send(type="inside")
    assert (inside["step"], inside["at"]) == ("check-stock", 0)
    page.send(type="goto", position=2)
    [inside] = page.send(type="inside")
    found = {one["expression"]: one["value"] for one in inside["items"] if one["kind"] == "evaluate"}
    assert found == {"vars.stock - payload.quantity": "6"}


def test_breakpoints_are_set_where_one_clicks_and_stop_the_run(page: Page) -> None:
    price = f"{R}[2].body.steps[0]"
    [breakpoint] = page.view(type="toggle_breakpoint", step=price)["breakpoints"]
    assert (breakpoint["name"], breakpoint["paths"]) == ("price-line", [price])
    draft = {
        "on": "step",
        "what": price,
        "condition": "vars.total > 20",
        "hits": None,
        "log": None,
        "enabled": True,
    }
    page.send(type="set_breakpoint", breakpoint=breakpoint["id"], **draft)
    view = page.view(type="resume")
    assert (view["position"], view["reason"]) == (6, "breakpoint 2 when vars.total > 20")
    assert page.view(type="toggle_breakpoint", step=price)["breakpoints"] == []


def test_a_breakpoint_that_cannot_be_leaves_the_old_one(page: Page) -> None:
    page.send(type="toggle_breakpoint", step="charge")
    draft = {
        "on": "step",
        "what": "charge",
        "condition": "vars..",
        "hits": None,
        "log": None,
        "enabled": True,
    }
    [fault] = page.send(type="set_breakpoint", breakpoint=1, **draft)
    assert fault["type"] == "fault"
    assert [stop["id"] for stop in page.view(type="ready")["breakpoints"]] == [1]


def test_a_breakpoint_is_turned_off_and_taken_away(page: Page) -> None:
    draft = {
        "on": "type",
        "what": "control.*",
        "condition": None,
        "hits": "every 2",
        "log": "here",
        "enabled": False,
    }
    [breakpoint] = page.view(type="set_breakpoint", breakpoint=0, **draft)["breakpoints"]
    assert (breakpoint["enabled"], breakpoint["hits"], breakpoint["log"]) == (False, "every 2", "here")
    assert breakpoint["paths"] == [f"{R}[1]", f"{R}[2]"]
    assert page.view(type="remove_breakpoint", breakpoint=breakpoint["id"])["breakpoints"] == []


def test_log_points_and_the_runs_own_lines_are_told_together(page: Page) -> None:
    draft = {
        "on": "path",
        "what": "vars.total",
        "condition": None,
        "hits": None,
        "log": "now {vars.total}",
        "enabled": True,
    }
    page.send(type="set_breakpoint", breakpoint=0, **draft)
    view = page.view(type="resume")
    assert (view["position"], view["logged"]) == (LENGTH, 4)
    [lines] = page.send(type="lines")
    assert [line["text"] for line in lines["items"] if line["kind"] == "log"] == [
        "now 0",
        "now 9.5",
        "now 28.5",
        "now 57",
    ]
    assert "run.succeeded" in {line["text"] for line in lines["items"] if line["kind"] == "event"}


def test_watches_have_a_value_and_a_history(page: Page) -> None:
    page.send(type="watch", expression="vars.total")
    assert page.view(type="goto", position=6)["watches"] == [
        {"expression": "vars.total", "kind": "number", "text": "28.5"}
    ]
    [history] = page.send(type="history", expression="vars.total")
    assert [(item["at"], item["number"]) for item in history["items"]] == [
        (0, None), (1, 0), (5, 9.5), (6, 28.5), (7, 57),
    ]  # fmt: skip
    assert page.view(type="unwatch", expression="vars.total")["watches"] == []


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("vars.total * 2", "number", "57"),
        ("vars.nosuch", "nothing", "nothing"),
        ("payload.customer.email", "string", '"ann@example.com"'),
        ("vars.(", "fault", None),
        ("$error('no')", "fault", None),
    ],
)
def test_an_expression_is_evaluated_where_the_cursor_stands(
    page: Page, text: str, kind: str, said: str | None
) -> None:
    page.send(type="goto", position=6)
    [value] = page.send(type="evaluate", text=text)
    assert value["kind"] == kind
    assert said is None or value["text"] == said


def test_places_and_functions_are_completed(page: Page) -> None:
    [places] = page.send(type="complete", text="1 + payload.cust", at=16)
    assert (places["from"], [item["text"] for item in places["items"]]) == (12, ["customer"])
    [functions] = page.send(type="complete", text="$coal", at=5)
    assert [(item["text"], item["kind"]) for item in functions["items"]] == [("coalesce", "function")]


def test_the_path_comes_in_pages(page: Page) -> None:
    [steps] = page.send(type="steps", **{"from": 4, "count": 3})
    assert [(item["id"], item["item"]) for item in steps["items"]] == [
        ("price-line", "item 0"), ("price-line", "item 1"), ("price-line", "item 2"),
    ]  # fmt: skip


def test_the_call_path_goes_from_the_run_to_the_step(page: Page) -> None:
    frames = page.view(type="goto", position=5)["frames"]
    assert [frame["title"] for frame in frames] == ["run-0001", "item 1", "price-line"]


def test_why_a_value_is_so_is_followed_back(page: Page) -> None:
    page.send(type="goto", position=3)
    [why] = page.send(type="why", path=["vars", "stock"])
    origin = why["origin"]
    assert (why["place"], origin["expression"], origin["position"]) == (
        "vars.stock",
        "vars.stock - payload.quantity",
        3,
    )
    assert {one["title"] for one in origin["inputs"]} == {"vars.stock", "payload.quantity"}
    [nothing] = page.send(type="why", path=["vars", "nosuch"])
    assert nothing["origin"]["source"] == "not there"


def test_a_fork_is_shown_and_compared_with_its_parent(page: Page) -> None:
    page.send(type="goto", position=7)
    [form] = page.send(type="fork_form")
    assert (form["version"], form["effects"], form["live"]) == (1, ["charge (charge_card)"], True)
    view = page.view(
        type="fork", edits=[["vars.total", "90"]], version=None, live=False, reason="a dearer order"
    )
    assert (view["run"], view["parent"], view["position"]) == ("run-0002", "run-0001", 0)
    assert [run["id"] for run in view["runs"]] == ["run-0001", "run-0002"]
    [found] = page.send(type="compare", other="run-0001")
    assert (found["left"], found["right"]) == ("run-0001", "run-0002")
    assert {"place": "vars.total", "left": "57", "right": "90"} in found["differences"]
    assert found["title"] == "Steps since the fork"
    back = page.view(type="show", run="run-0001")
    assert (back["run"], back["open"], back["position"]) == ("run-0001", "run-0001", 7)


def test_a_replay_stands_beside_the_record(desk: tuple[wfnb.Workspace, Page]) -> None:
    ws, page = desk
    [same] = page.send(type="replay", version=None)
    assert same["summary"].startswith("It goes the same way.")
    assert {pair["mark"] for pair in same["pairs"]} == {"same"}
    steps = [step for step in ORDER["steps"] if step["id"] != "confirm"]
    assert ws.publish(ORDER | {"steps": steps}).ok
    [other] = page.send(type="replay", version=2)
    assert [pair["left"] for pair in other["pairs"] if pair["mark"] == "left"] == ["confirm: succeeded"]
    assert {"place": "meta.state", "left": '"ORDERED"', "right": "not there"} in other["differences"]


def test_a_run_that_goes_on_by_itself_is_held_and_let_go() -> None:
    with order_desk() as ws:
        pause = {
            "id": "pause",
            "type": "event.wait",
            "config": {"eventName": "GO", "correlationKey": {"$expr": "'k'"}},
        }
        assert ws.publish({"id": "pauses", "name": "Pauses", "steps": [pause]}).ok
        page = Page(ws.start("pauses").wait(until="parked").debug())
        view = page.view(type="ready")
        assert "hold" in view["features"]
        assert view["held"] is None
        assert page.view(type="hold")["held"]["mine"] is True
        assert page.view(type="release")["held"] is None


def test_a_look_at_a_run_that_stands_still_sends_nothing_new(page: Page) -> None:
    page.send(type="ready")
    assert page.send(type="look", ask="k-1") == [{"type": "same", "ask": "k-1"}]
    page.widget.debugger.step()
    assert [answer["type"] for answer in page.send(type="look")] == ["view"]


def test_a_value_that_is_no_json_makes_no_fork(page: Page) -> None:
    [fault] = page.send(type="fork", edits=[["vars.total", "ninety"]], version=None, live=False, reason="")
    assert "BROKEN_JSON" in fault["text"]
    assert page.view(type="ready")["run"] == "run-0001"


def test_a_held_run_is_performed_step_by_step(live: Page) -> None:
    view = live.view(type="ready")
    assert (view["live"], view["finished"], view["length"]) == (True, False, 0)
    assert [live.view(type="step")["length"] for _ in range(2)] == [1, 2]


def test_a_held_run_is_edited_where_it_stands(live: Page) -> None:
    live.send(type="ready")
    for _ in range(3):
        live.send(type="step")
    view = live.view(type="edit", place="vars.stock", value="99")
    assert "edit" in view["features"]
    assert {"op": "changed", "path": ["vars", "stock"], "old": "6", "new": "99"} in view["changes"]
    assert live.view(type="jump", step="charge")["next"]["id"] == "charge"
    assert live.view(type="supply", output='{"id": "rc-9", "amount": 1}')["step"]["id"] == "charge"
    assert live.view(type="skip")["finished"]
    [value] = live.send(type="evaluate", text="payload.receipt.id")
    assert value["text"] == '"rc-9"'


def test_on_the_record_nothing_is_edited(page: Page) -> None:
    assert "edit" not in page.view(type="ready")["features"]
    [fault] = page.send(type="edit", place="vars.stock", value="99")
    assert "EDIT_ON_RECORD" in fault["text"]


def test_the_front_end_is_sent_to_a_page_that_asks_for_this_one(page: Page) -> None:
    [asset] = page.send(type="asset", key=bundle().key)
    assert asset == {"type": "asset", "key": bundle().key, "js": bundle().js, "css": bundle().css}
    [fault] = page.send(type="asset", key="older")
    assert "reload" in fault["text"]


def test_parts_of_the_state_are_sent_for_the_position_they_were_asked_for(page: Page) -> None:
    message = {"type": "children", "path": ["payload", "customer"], "offset": 0}
    [children] = page.send(**message, position=0)
    assert [key for key, _ in children["items"]] == ["name", "email"]
    [late] = page.send(**message, position=3)
    assert late["items"] == []


@pytest.mark.parametrize(
    "message", [{}, {"type": "close"}, {"type": "goto", "position": "1"}, {"type": "refresh"}]
)
def test_what_is_not_understood_does_nothing(page: Page, message: dict[str, Any]) -> None:
    assert page.send(**message) == []
    assert page.widget.debugger.session.at.position == 0


def test_an_error_of_a_command_is_shown(page: Page) -> None:
    [fault] = page.send(type="run_to", step="nowhere", ask="k-1")
    assert fault == {
        "type": "fault",
        "ask": "k-1",
        "text": "No step “nowhere” lies ahead. (at run-0001) [NO_SUCH_STEP]",
    }


def test_an_unexpected_error_is_shown_without_its_text(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise KeyError("password-123")

    monkeypatch.setattr(page.widget.debugger, "step", broken)
    [fault] = page.send(type="step")
    assert fault["type"] == "fault"
    assert "KeyError" in fault["text"]
    assert "password-123" not in fault["text"]


def test_python_can_move_and_the_page_follows() -> None:
    debugger = order()
    page = Page(debugger)
    debugger._widget = page.widget
    debugger.goto(4)
    assert [answer["position"] for answer in page.answers if answer["type"] == "view"] == [4]


def test_a_move_from_the_page_is_shown_once() -> None:
    debugger = order()
    page = Page(debugger)
    debugger._widget = page.widget
    page.send(type="ready")
    assert [answer["position"] for answer in page.send(type="step")] == [1]


def test_the_state_of_the_run_is_never_widget_state(page: Page) -> None:
    for message in ("ready", "run_to_end", "back"):
        page.send(type=message)
    synced = json.dumps(page.widget.get_state(), default=str)
    assert not [secret for secret in SECRETS if secret in synced]
    assert set(page.widget.keys) - {"_picture", "_caption", "_esm", "_css", "_anywidget_id"} <= {
        "_dom_classes", "_model_module", "_model_module_version", "_model_name", "_view_count", "_view_module",
        "_view_module_version", "_view_name", "layout", "tabbable", "tooltip",
    }  # fmt: skip


def test_the_output_is_a_widget_an_image_and_a_line_the_same_every_time(page: Page) -> None:
    data, _ = page.widget._repr_mimebundle_()
    again, _ = Page(order()).widget._repr_mimebundle_()
    assert set(data) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert data["text/plain"] == "Debugger: run-0001 · order-intake v1, position 0 of 10, PENDING"
    assert (data["text/html"], data["text/plain"]) == (again["text/html"], again["text/plain"])
    assert re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,[\w+/=]+" alt="[^"<]+"><p>[^<]+</p>', data["text/html"]
    )


def test_a_hostile_name_stays_text() -> None:
    data, _ = Page(order(name=HOSTILE)).widget._repr_mimebundle_()
    assert "<script" not in data["text/html"]


def test_an_exported_page_has_no_markup_of_the_run_in_it() -> None:
    widget = Page(order(name=HOSTILE)).widget
    page = io.StringIO()
    embed_minimal_html(page, views=[widget], state=dependency_state([widget]))
    found = Tags()
    found.feed(page.getvalue())
    assert "img" not in found.names
    assert "__bad" not in found.scripts


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
