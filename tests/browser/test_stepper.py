"""The stepper in JupyterLab and Notebook: what a person sees, clicks and types."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Page, expect

from browser.conftest import Visitor

CELL = """
from unit.ui.scripted import ScriptedDebugger
from wfnb.ui.stepper import Stepper

debugger = ScriptedDebugger(ahead={ahead}, bulk={bulk})
stepper = Stepper(debugger)
stepper
"""

SECRETS = ("Ann Lee", "ann@example.com", "res-81", "rc-4")


def start(visitor: Visitor, name: str, *, ahead: int = 0, bulk: int = 0, app: str = "lab/tree") -> Locator:
    visitor.open(visitor.lab.notebook(name, CELL.format(ahead=ahead, bulk=bulk)), app)
    visitor.command("notebook:run-all-cells")
    stepper = visitor.page.get_by_role("region", name="Stepper")
    expect(stepper.get_by_role("status")).to_have_text(re.compile(r"^0 / "))
    return stepper


def counter(stepper: Locator) -> Locator:
    return stepper.get_by_role("status")


def row(stepper: Locator, key: str) -> Locator:
    return stepper.get_by_role("treeitem").filter(
        has=stepper.page.locator(".wfs-key", has_text=re.compile(f"^{key}$"))
    )


def cells(page: Page) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell")


def press_at_once(stepper: Locator, *names: str) -> None:
    """Click buttons within one task of the page, so that no answer of the kernel can come in between."""
    script = """(root, names) => {
        const buttons = [...root.querySelectorAll('[role=toolbar] button')];
        for (const name of names) buttons.find((button) => button.textContent === name).click();
    }"""
    stepper.evaluate(script, list(names))


def test_steps_go_forward_and_back_and_show_what_changed(visitor: Visitor) -> None:
    stepper = start(visitor, "steps.ipynb")
    step, back = (
        stepper.get_by_role("button", name="Step", exact=True),
        stepper.get_by_role("button", name="Back"),
    )
    expect(back).to_have_attribute("aria-disabled", "true")
    for position in (1, 2, 3):
        step.click()
        expect(counter(stepper)).to_have_text(f"{position} / 10")
    current = stepper.locator("g.wf-current")
    expect(current).to_have_attribute("data-key", "root.steps[1].then.steps[0]")
    expect(current).to_have_class(re.compile("wf-succeeded"))
    expect(row(stepper, "stock")).to_contain_text("12→6")
    expect(row(stepper, "stock")).to_have_attribute("aria-description", "changed")
    expect(row(stepper, "reservation")).to_have_attribute("aria-description", "added")
    back.click()
    expect(counter(stepper)).to_have_text("2 / 10")
    expect(row(stepper, "reservation")).to_have_count(0)
    expect(row(stepper, "stock")).to_contain_text("12")
    assert visitor.outside() == []
    assert visitor.errors == []


def test_the_slider_goes_to_any_position(visitor: Visitor) -> None:
    stepper = start(visitor, "slider.ipynb")
    slider = stepper.get_by_role("slider")
    slider.fill("7")
    expect(counter(stepper)).to_have_text("7 / 10")
    expect(stepper.locator('[data-key="root.steps[2].body.steps[0]"] .wf-count-text')).to_have_text("×3")
    slider.press("ArrowRight")
    expect(counter(stepper)).to_have_text("8 / 10")
    expect(stepper.get_by_text("The card service did not answer.")).to_be_visible()
    expect(row(stepper, "line")).to_have_attribute("aria-description", "removed")
    expect(stepper.locator(".wfs-mark-retry")).to_have_count(1)


def test_keys_work_inside_and_never_reach_the_notebook(visitor: Visitor) -> None:
    stepper = start(visitor, "keys.ipynb")
    page, pipeline = visitor.page, stepper.get_by_role("group", name="Pipeline")
    expect(cells(page)).to_have_count(1)
    pipeline.focus()
    expect(pipeline).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(counter(stepper)).to_have_text("1 / 10")
    page.keyboard.press("F10")
    expect(counter(stepper)).to_have_text("2 / 10")
    page.keyboard.press("ArrowLeft")
    expect(counter(stepper)).to_have_text("1 / 10")
    page.keyboard.press("End")
    expect(counter(stepper)).to_have_text("10 / 10")
    page.keyboard.press("Home")
    expect(counter(stepper)).to_have_text("0 / 10")
    for key in ("a", "b", "m", "d", "d", "x"):
        page.keyboard.press(key)
    page.keyboard.press("?")
    expect(stepper.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(stepper.get_by_role("dialog", name="Keys")).to_be_hidden()
    expect(cells(page)).to_have_count(1)
    expect(page.locator(".jp-Notebook .jp-CodeCell")).to_have_count(1)


def test_the_tree_is_opened_and_walked_by_keys(visitor: Visitor) -> None:
    stepper = start(visitor, "tree.ipynb")
    tree = stepper.get_by_role("tree", name="State")
    tree.focus()
    expect(tree).to_be_focused()
    visitor.page.keyboard.press("Home")
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("ArrowRight")
    expect(row(stepper, "name")).to_contain_text('"Ann Lee"')
    visitor.page.keyboard.press("ArrowLeft")
    expect(row(stepper, "name")).to_have_count(0)
    expect(counter(stepper)).to_have_text("0 / 10")


def test_a_large_state_is_fetched_piece_by_piece(visitor: Visitor) -> None:
    stepper = start(visitor, "bulk.ipynb", bulk=20_000)
    row(stepper, "bulk").click()
    row(stepper, "items").click()
    tree = stepper.get_by_role("tree", name="State")
    to_the_end = "element => { element.scrollTop = element.scrollHeight; }"
    expect(row(stepper, "items")).to_have_attribute("aria-expanded", "true")
    tree.evaluate(to_the_end)
    tree.get_by_text("19,900 more").click()
    expect(tree.get_by_text("19,900 more")).to_have_count(0)  # the page has come, and the end is further down
    tree.evaluate(to_the_end)
    expect(tree.get_by_text("19,800 more")).to_be_visible()
    assert tree.get_by_role("treeitem").count() < 60


def test_a_live_run_grows_while_it_is_stepped(visitor: Visitor) -> None:
    stepper = start(visitor, "live.ipynb", ahead=3)
    expect(stepper.get_by_text("live", exact=True)).to_be_visible()
    stepper.get_by_role("slider").fill("7")
    expect(counter(stepper)).to_have_text("7 / 7+")
    stepper.get_by_role("button", name="Step", exact=True).click()
    expect(counter(stepper)).to_have_text("8 / 8+")
    stepper.get_by_role("button", name="Run to end").click()
    expect(counter(stepper)).to_have_text("10 / 10")
    expect(stepper.get_by_role("button", name="Step", exact=True)).to_have_attribute("aria-disabled", "true")


def test_what_is_clicked_while_a_step_is_under_way_is_done_after_it_in_order(visitor: Visitor) -> None:
    stepper = start(visitor, "queue.ipynb")
    press_at_once(stepper, "Step", "Step", "Step")
    expect(counter(stepper)).to_have_text("3 / 10")
    press_at_once(stepper, "Run to end", "Back", "Back")
    expect(counter(stepper)).to_have_text("8 / 10")


def test_a_key_that_is_held_down_does_not_go_on_after_it_is_let_go(visitor: Visitor) -> None:
    stepper = start(visitor, "held-key.ipynb")
    press_at_once(stepper, "Step")
    expect(counter(stepper)).to_have_text("1 / 10")
    script = """root => {
        const press = (key, repeat) => root.dispatchEvent(new KeyboardEvent('keydown', { key, repeat, bubbles: true }));
        press('F10', false);
        press('F10', true);
        press('F10', true);
        press('ArrowLeft', false);
        press('ArrowLeft', false);
    }"""
    stepper.evaluate(script)
    expect(counter(stepper)).to_have_text("0 / 10")  # two steps more, and it would have ended at 2


FAILING = """
from unit.ui.scripted import ScriptedDebugger
from wfnb.errors import CommandError
from wfnb.ui.stepper import Stepper

class Failing(ScriptedDebugger):
    tried = 0

    def step(self):
        self.tried += 1
        raise CommandError("The step cannot be done.")

    def view(self):
        return super().view() | {"title": f"tried {self.tried}"}

Stepper(Failing())
"""


def test_a_move_that_fails_takes_back_what_was_asked_for_behind_it(visitor: Visitor) -> None:
    visitor.open(visitor.lab.notebook("failing.ipynb", FAILING))
    visitor.command("notebook:run-all-cells")
    stepper = visitor.page.get_by_role("region", name="Stepper")
    expect(counter(stepper)).to_have_text("0 / 10")
    press_at_once(stepper, "Step", "Step", "Run to end")
    expect(stepper.get_by_role("alert")).to_contain_text("The step cannot be done.")
    stepper.get_by_role("slider").fill("7")
    expect(counter(stepper)).to_have_text("7 / 10")
    expect(stepper.locator(".wfs-title")).to_have_text("tried 1")


def test_a_row_keeps_its_click_while_the_state_around_it_changes(visitor: Visitor) -> None:
    stepper = start(visitor, "press.ipynb")
    expect(row(stepper, "customer")).to_be_visible()
    row(stepper, "payload").hover()
    visitor.page.mouse.down()
    press_at_once(stepper, "Step")
    expect(row(stepper, "stock")).to_be_visible()
    visitor.page.mouse.up()
    expect(row(stepper, "customer")).to_have_count(0)


HOSTILE = """
from unit.ui.scripted import ORDER, ScriptedDebugger
from wfnb.ui.stepper import Stepper

BAD = '</style></script><img src=x onerror="window.__bad = 1"><svg onload="window.__bad = 1">'

class Hostile(ScriptedDebugger):
    def outline(self):
        first, *rest = ORDER["steps"]
        return ORDER | {"name": BAD, "trigger": {"eventName": BAD}, "steps": [first | {"name": BAD, "type": BAD}, *rest]}

    def view(self):
        said = {"id": BAD, "path": BAD, "instance": BAD, "type": BAD, "status": BAD, "error": BAD}
        change = {"op": "set", "path": ["vars", BAD], "old": BAD, "new": BAD}
        state = {"payload": {BAD: BAD}, "vars": {BAD: BAD}}
        return super().view() | {
            "title": BAD, "status": BAD, "step": said, "next": said, "state": state, "changes": [change]
        }

Stepper(Hostile())
"""


def test_no_text_of_a_run_becomes_markup(visitor: Visitor) -> None:
    visitor.open(visitor.lab.notebook("hostile.ipynb", HOSTILE))
    visitor.command("notebook:run-all-cells")
    stepper = visitor.page.get_by_role("region", name="Stepper")
    stepper.get_by_role("button", name="Step", exact=True).click()
    expect(counter(stepper)).to_have_text("1 / 10")
    expect(stepper.locator(".wfs-title")).to_have_text(re.compile("^</style></script><img"))
    expect(stepper.locator("img, script, iframe, [onload], [onerror]")).to_have_count(0)
    assert visitor.page.evaluate("window.__bad") is None


HELD = """
import wfnb

ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
say = {"id": "say", "type": "transform.assign", "config": {"assign": {"vars.said": {"$expr": "vars.word"}}}}
loop = {
    "id": "words", "type": "control.forEach", "items": {"$expr": "payload.words"}, "itemVar": "word", "body": [say]
}
ws.publish({"id": "talk", "name": "Talk", "steps": [loop]})
ws.debug("talk", {"words": ["a", "b"]})
"""


def test_a_run_that_is_held_performs_its_steps_one_by_one(visitor: Visitor) -> None:
    visitor.open(visitor.lab.notebook("held.ipynb", HELD))
    visitor.command("notebook:run-all-cells")
    stepper = visitor.page.get_by_role("region", name="Stepper")
    step = stepper.get_by_role("button", name="Step", exact=True)
    expect(counter(stepper)).to_have_text("0 / 0+")
    for position in (1, 2):
        step.click()
        expect(counter(stepper)).to_have_text(f"{position} / {position}+")
    expect(row(stepper, "said")).to_contain_text('"a"')
    step.click()
    expect(row(stepper, "said")).to_contain_text('"a"→"b"')
    expect(stepper.locator(".wf-count-text", has_text="×2")).to_be_visible()
    expect(counter(stepper)).to_have_text("3 / 3")
    expect(stepper.locator('.wfs-header [data-status="SUCCEEDED"]')).to_be_visible()
    expect(step).to_have_attribute("aria-disabled", "true")


def test_it_works_in_notebook_seven(visitor: Visitor) -> None:
    stepper = start(visitor, "seven.ipynb", app="notebooks")
    stepper.get_by_role("button", name="Step", exact=True).click()
    expect(counter(stepper)).to_have_text("1 / 10")


def test_a_saved_notebook_holds_the_picture_but_no_state(visitor: Visitor) -> None:
    stepper = start(visitor, "saved.ipynb")
    stepper.get_by_role("button", name="Run to end").click()
    expect(counter(stepper)).to_have_text("10 / 10")
    visitor.command("docmanager:save")
    text = (visitor.lab.folder / "saved.ipynb").read_text(encoding="utf-8")
    [output] = json.loads(text)["cells"][0]["outputs"]
    assert "data:image/svg+xml;base64," in "".join(output["data"]["text/html"])
    assert output["data"]["text/plain"] == ["Stepper: Order intake · run-0001, position 0 of 10, RUNNING"]
    for secret in SECRETS:
        assert secret not in text


def test_without_a_kernel_the_picture_stays_until_the_cell_runs_again(visitor: Visitor) -> None:
    notebook = visitor.lab.notebook("away.ipynb", CELL.format(ahead=0, bulk=0))
    visitor.lab.execute(notebook)
    text = notebook.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-state+json" in text
    for secret in SECRETS:
        assert secret not in text
    visitor.open(notebook)
    page = visitor.page
    expect(page.get_by_text("Waiting for the kernel. This is a picture")).to_be_visible()
    picture = page.get_by_role("img", name="Stepper: Order intake")
    expect(picture).to_be_visible()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }") > 400
    visitor.command("notebook:run-all-cells")
    stepper = page.get_by_role("region", name="Stepper")
    stepper.get_by_role("button", name="Step", exact=True).click()
    expect(counter(stepper)).to_have_text("1 / 10")


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_it_follows_the_theme_of_the_notebook(visitor: Visitor, theme: str) -> None:
    stepper = start(visitor, f"{theme.split()[-1].lower()}.ipynb")
    script = "theme => { window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"
    visitor.page.evaluate(script, theme)
    dark = theme.endswith("Dark")
    visitor.page.wait_for_function(
        "light => document.body.dataset.jpThemeLight === light", arg="false" if dark else "true"
    )
    background = "rgb(18, 22, 29)" if dark else "rgb(251, 252, 254)"
    expect(stepper).to_have_css("background-color", background)
