"""The debugger in JupyterLab: what a person sees, clicks and types."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import Lab, visiting
from browser.stage import SETUP, Stage
from unit.ui.long import record

ORDER = "order()"
PANELS = ("Watches", "Why", "Path", "Breakpoints", "Calls", "Inside", "Log", "Compare")


@pytest.fixture(scope="module")
def shared(lab: Lab, chromium: Browser) -> Iterator[Stage]:
    with visiting(lab, chromium) as visitor:
        visitor.open(lab.notebook("stage.ipynb", SETUP, ""))
        visitor.command("notebook:run-all-cells")
        yield Stage(visitor)


@pytest.fixture
def stage(shared: Stage) -> Iterator[Stage]:
    """The shared page; nothing that a test does there asks anything of the network, or is an error in the page."""
    yield shared
    asked, faults = shared.visitor.outside(), list(shared.visitor.errors)
    shared.visitor.errors.clear()
    assert asked == []
    assert faults == []


def follows(stage: Stage, theme: str) -> None:
    """Choose a theme of JupyterLab and wait until the page has it."""
    script = "theme => { window.jupyterapp.commands.execute('apputils:change-theme', { theme }); }"
    stage.page.evaluate(script, f"JupyterLab {theme}")
    light = "true" if theme == "Light" else "false"
    stage.page.wait_for_function("light => document.body.dataset.jpThemeLight === light", arg=light)


def cells(page: Page) -> Locator:
    return page.locator(".jp-Notebook .jp-Cell")


def test_steps_go_forward_and_back_and_show_what_changed(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    expect(debugger.button("Back")).to_have_attribute("aria-disabled", "true")
    for position in (1, 2, 3):
        debugger.button("Step").click()
        debugger.at(position)
    current = debugger.root.locator("g.wf-current")
    expect(current).to_have_attribute("data-key", "root.steps[2]")
    expect(debugger.row("stock")).to_contain_text("12→6")
    expect(debugger.row("stock")).to_have_attribute("aria-description", "changed")
    expect(debugger.row("reservation")).to_have_attribute("aria-description", "added")
    debugger.button("Back").click()
    debugger.at(2)
    expect(debugger.row("reservation")).to_have_count(0)
    expect(debugger.row("stock")).to_contain_text("12")


def test_the_slider_goes_to_any_position(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.go(7)
    expect(debugger.root.locator('[data-key="root.steps[2].body.steps[0]"] .wf-count-text')).to_have_text(
        "×3"
    )
    debugger.root.get_by_role("slider").press("ArrowRight")
    debugger.at(8)
    expect(debugger.root.get_by_text("The card service did not answer.").first).to_be_visible()
    expect(debugger.root.locator(".wfd-mark-retry")).to_have_count(1)


def test_a_breakpoint_with_a_condition_stops_the_run_there_and_back(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    dot = debugger.root.locator('[data-dot="root.steps[2].body.steps[0]"]')
    dot.hover(force=True)
    dot.click(force=True)
    expect(dot).to_have_class(re.compile("wfd-dot-set"))
    debugger.root.locator('[data-key="root.steps[2].body.steps[0]"]').click(button="right")
    debugger.root.get_by_role("menuitem", name="Condition, hits, log…").click()
    dialog = stage.page.get_by_role("dialog", name="Breakpoint")
    dialog.get_by_label("Only when").fill("vars..")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_contain_text("EXPRESSION")
    dialog.get_by_label("Only when").fill("vars.total > 20")
    debugger.picture("debugger-condition", dialog=True)
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    debugger.button("Continue").click()
    debugger.at(6)
    expect(debugger.root.get_by_text("when vars.total > 20").first).to_be_visible()
    expect(debugger.tab("Breakpoints").get_by_text("before price-line")).to_be_visible()
    debugger.picture("debugger-breakpoint")
    debugger.button("Run to end").click()
    debugger.at(10)
    debugger.button("Continue back").click()
    debugger.at(6)


def test_a_log_point_writes_and_lets_the_run_go_on(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.tab("Breakpoints").get_by_role("button", name="Add…").click()
    dialog = stage.page.get_by_role("dialog", name="New breakpoint")
    dialog.get_by_label("Stop at").select_option("path")
    dialog.get_by_label("Which").fill("vars.total")
    dialog.get_by_label("Write instead of stopping").fill("total is {vars.total}")
    dialog.get_by_role("button", name="Save").click()
    debugger.pipeline.focus()
    debugger.press("F5")
    debugger.at(10)
    log = debugger.tab("Log")
    expect(log.get_by_text("total is 57")).to_be_visible()
    log.get_by_text("total is 28.5").click()
    debugger.at(6)


def test_watches_follow_the_cursor(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    panel = debugger.tab("Watches")
    panel.get_by_label("Expression to watch").fill("vars.total")
    debugger.press("Enter")
    expect(panel.get_by_role("row", name="vars.total")).to_contain_text("nothing")
    debugger.go(6)
    expect(panel.get_by_role("row", name="vars.total")).to_contain_text("28.5")
    panel.get_by_role("button", name="Values of vars.total over time").click()
    expect(panel.get_by_role("img", name="From 0 to 57")).to_be_visible()
    debugger.picture("debugger-watch")
    panel.get_by_role("button", name="57", exact=True).click()
    debugger.at(7)


def test_an_expression_is_evaluated_as_it_is_typed_and_completed(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.go(3)
    line = debugger.root.get_by_role("combobox", name="JSONata at the cursor")
    line.press_sequentially("vars.st")
    options = debugger.root.get_by_role("listbox", name="Completions").get_by_role("option")
    expect(options).to_have_count(1)
    debugger.press("ArrowDown", "Tab")
    expect(line).to_have_value("vars.stock")
    value = debugger.root.locator(".wfd-answer")
    expect(value).to_have_text("6")
    line.press_sequentially(" * (")
    expect(value).to_have_class(re.compile("wfd-fault"))
    line.fill("vars.stock * 2")
    expect(value).to_have_text("12")
    debugger.go(2)
    expect(value).to_have_text("24")
    expect(cells(stage.page)).to_have_count(2)


def test_why_leads_back_to_where_a_value_came_in(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.go(7)
    row = debugger.row("total")
    row.hover()
    row.get_by_text("why").click()
    why = debugger.root.get_by_role("tabpanel", name="Why")
    expect(why.get_by_text("vars.total + vars.line.price").first).to_be_visible()
    debugger.picture("debugger-why")
    why.get_by_role("button", name="step 6", exact=True).first.click()
    debugger.at(6)


def test_the_inside_of_a_step_is_stepped_into(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.go(2)
    inside = debugger.tab("Inside")
    expect(inside.get_by_text("vars.stock - payload.quantity")).to_be_visible()
    debugger.pipeline.focus()
    debugger.press("F11")
    expect(debugger.root.get_by_text(re.compile("^inside, 1 of "))).to_be_visible()
    expect(inside.locator("tr[aria-current=step]")).to_have_count(1)
    debugger.picture("debugger-inside")
    expect(debugger.tab("Calls").get_by_text("then", exact=True)).to_be_visible()


def test_a_fork_with_another_value_is_made_and_compared(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.go(7)
    debugger.tree.focus()
    debugger.row("total").click()
    debugger.press("e")
    dialog = stage.page.get_by_role("dialog", name="Fork run-0001 behind price-line")
    expect(dialog.get_by_label("Place")).to_have_value("vars.total")
    dialog.get_by_label("Value as JSON").fill("90")
    dialog.get_by_label("Reason").fill("what if it cost more?")
    debugger.picture("debugger-fork", dialog=True)
    dialog.get_by_role("button", name="Fork", exact=True).click()
    expect(debugger.root.get_by_role("combobox", name="Run")).to_have_value("run-0002")
    expect(debugger.row("total")).to_contain_text("90")
    debugger.at(0, "0+")  # it stands until it is stepped
    debugger.button("Run to end").click()
    debugger.at(3, 3)
    debugger.button("Compare…").click()
    asked = stage.page.get_by_role("dialog", name="Compare run-0002")
    expect(asked.get_by_label("With the run")).to_have_value("run-0001")
    asked.get_by_role("button", name="Compare", exact=True).click()
    panel = debugger.root.get_by_role("tabpanel", name="Compare")
    expect(panel.get_by_role("row", name="vars.total 57 90")).to_be_visible()
    debugger.picture("debugger-compare")
    debugger.root.get_by_role("combobox", name="Run").select_option("run-0001")
    debugger.at(7)


def test_keys_work_inside_and_never_reach_the_notebook(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.pipeline.focus()
    moves = {"ArrowRight": 1, "F10": 3, "ArrowLeft": 2, "End": 10, "Home": 0, "Shift+F11": 10, "Shift+F5": 0}
    for key, position in moves.items():
        debugger.press(key)
        debugger.at(position)
    debugger.press("ArrowDown", "ArrowDown")
    expect(debugger.root.get_by_role("option", name=re.compile("^reserve"))).to_have_attribute(
        "aria-selected", "true"
    )
    debugger.press("F9")
    expect(debugger.root.get_by_role("option", name=re.compile("^reserve.*breakpoint$"))).to_have_count(1)
    debugger.press("F5")
    debugger.at(2)
    debugger.press("a", "b", "m", "d", "d", "x", "?")
    help_card = debugger.root.get_by_role("dialog", name="Keys")
    expect(help_card).to_be_visible()
    debugger.picture("debugger-keys")
    debugger.press("Escape")
    expect(help_card).to_be_hidden()
    expect(cells(stage.page)).to_have_count(2)


def test_the_tree_is_opened_and_walked_by_keys(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.tree.focus()
    expect(debugger.tree).to_be_focused()
    debugger.press("Home", "ArrowDown", "ArrowRight")
    expect(debugger.row("name")).to_contain_text('"Ann Lee"')
    debugger.press("ArrowLeft")
    expect(debugger.row("name")).to_have_count(0)
    debugger.press("a")
    expect(debugger.tab("Watches").get_by_role("row", name="payload.customer")).to_be_visible()
    debugger.at(0)


def test_a_large_state_is_fetched_piece_by_piece(stage: Stage) -> None:
    debugger = stage.show("order(bulk=5_000)")
    debugger.row("bulk").click()
    debugger.row("items").click()
    to_the_end = "element => { element.scrollTop = element.scrollHeight; }"
    expect(debugger.row("items")).to_have_attribute("aria-expanded", "true")
    debugger.tree.evaluate(to_the_end)
    more = debugger.tree.locator(".wfd-more")
    counted = more.text_content() or ""
    more.click()
    expect(debugger.tree.get_by_text(counted, exact=True)).to_have_count(0)  # the page has come
    debugger.tree.evaluate(to_the_end)
    expect(more).to_have_count(1)
    assert debugger.tree.get_by_role("treeitem").count() < 60


def test_what_is_clicked_while_a_step_is_under_way_is_done_after_it_in_order(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.click_at_once("Step", "Step", "Step")
    debugger.at(3)
    debugger.click_at_once("Run to end", "Back", "Back")
    debugger.at(8)


def test_a_key_that_is_held_down_does_not_go_on_after_it_is_let_go(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    debugger.click_at_once("Step")
    debugger.at(1)
    script = """root => {
        const press = (key, repeat) => root.dispatchEvent(new KeyboardEvent('keydown', { key, repeat, bubbles: true }));
        press('F10', false);
        press('F10', true);
        press('F10', true);
        press('ArrowLeft', false);
        press('ArrowLeft', false);
    }"""
    debugger.root.evaluate(script)
    debugger.at(1)  # over two steps more, and it would have ended at 6


FAILING = """
from wfnb.errors import CommandError

debugger = order()
tried = []

def fail():
    tried.append(1)
    raise CommandError(f"Step {len(tried)} cannot be done.")

debugger.step = fail
debugger
"""


def test_a_move_that_fails_takes_back_what_was_asked_for_behind_it(stage: Stage) -> None:
    debugger = stage.show(FAILING)
    debugger.click_at_once("Step", "Step", "Run to end")
    expect(debugger.root.get_by_role("alert").first).to_contain_text("Step 1 cannot be done.")
    debugger.go(7)
    debugger.click_at_once("Step")
    expect(debugger.root.get_by_role("alert").first).to_contain_text("Step 2 cannot be done.")


def test_a_row_keeps_its_click_while_the_state_around_it_changes(stage: Stage) -> None:
    debugger = stage.show(ORDER)
    expect(debugger.row("customer")).to_be_visible()
    debugger.row("payload").hover()
    stage.page.mouse.down()
    debugger.click_at_once("Step")
    expect(debugger.row("stock")).to_be_visible()
    stage.page.mouse.up()
    expect(debugger.row("customer")).to_have_count(0)


def test_two_views_of_a_debugger_agree(stage: Stage) -> None:
    second = stage.show("shown = order()\ndisplay(shown)\ndisplay(shown)")
    first = stage.page.get_by_role("region", name="Debugger").first
    first.get_by_role("button", name="Step", exact=True).click()
    second.at(1)
    second.button("Step").click()
    expect(first.locator(".wfd-counter")).to_have_text("2 / 10")


def test_a_run_that_is_held_performs_its_steps_one_by_one(stage: Stage) -> None:
    debugger = stage.show('order_desk().debug("order-intake", PAYLOAD)')
    expect(debugger.root.get_by_text("live", exact=True)).to_be_visible()
    debugger.at(0, "0+")
    for position in (1, 2, 3):
        debugger.button("Step").click()
        debugger.at(position, f"{position}+")
    expect(debugger.row("stock")).to_contain_text("12→6")
    debugger.row("stock").click()
    debugger.press("e")
    dialog = stage.page.get_by_role("dialog", name="Set vars.stock")
    dialog.get_by_label("Value as JSON").fill("99")
    dialog.get_by_role("button", name="Set", exact=True).click()
    expect(debugger.row("stock")).to_contain_text("6→99")
    debugger.button("Run to end").click()
    expect(debugger.counter).to_have_text(re.compile(r"^(\d+) / \1$"))
    expect(debugger.root.locator('.wfd-header [data-status="SUCCEEDED"]')).to_be_visible()
    expect(debugger.button("Step")).to_have_attribute("aria-disabled", "true")


def test_no_text_of_a_run_becomes_markup(stage: Stage) -> None:
    debugger = stage.show(
        "hostile = order(name=HOSTILE)\nhostile.watch(repr(HOSTILE))\nhostile.break_at(HOSTILE)\nhostile"
    )
    debugger.button("Step").click()
    debugger.at(1)
    for name in ("Watches", "Breakpoints", "Calls", "Log", "Path"):
        debugger.tab(name)
    assert debugger.root.locator("img, script, iframe, [onload], [onerror]").count() == 0
    assert stage.page.evaluate("window.__bad") is None


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_it_follows_the_theme_and_is_accessible_in_it(stage: Stage, theme: str) -> None:
    follows(stage, theme)
    debugger = stage.show(ORDER)
    debugger.tab("Breakpoints")
    debugger.pipeline.focus()
    debugger.press("F9")
    debugger.go(8)
    debugger.row("total").click()
    debugger.press("a", "w")
    expect(debugger.root.get_by_role("tabpanel", name="Why").get_by_text("vars.total").first).to_be_visible()
    background = "rgb(18, 22, 29)" if theme == "Dark" else "rgb(251, 252, 254)"
    expect(debugger.root).to_have_css("background-color", background)
    debugger.picture(f"debugger-{theme.lower()}")
    faults = []
    for panel in PANELS if theme == "Light" else PANELS[:2]:  # colours in both, names and roles once
        debugger.tab(panel)
        faults += serious(stage.page)
    debugger.button("Fork…").click()
    expect(stage.page.get_by_role("dialog")).to_be_visible()
    faults += serious(stage.page)
    debugger.press("Escape")
    assert faults == []


def serious(page: Page) -> list[str]:
    """What axe-core finds in the widget that keeps somebody from using it."""
    found = Axe().run(page, context=".wfd-root:not([aria-hidden])").response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary'][:200]}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]


LONG = """
import wfnb

ws = wfnb.open({folder!r})
debugger = ws.run({run!r}).debug()
debugger
"""

# How long it takes from a click to the new position, as the page sees it.
CLICK = """root => new Promise((resolve) => {
    const [counter, button] = [root.querySelector('.wfd-counter'), root.querySelector('.wfd-step')];
    const before = counter.value, begun = performance.now();
    const watching = new MutationObserver(() => {
        if (counter.value === before) return;
        watching.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun)));
    });
    watching.observe(counter, { childList: true, characterData: true, subtree: true });
    button.click();
})"""

# Notes when the first picture is there.
OPENING = """() => {
    window.__shown = undefined;
    const before = new Set(document.querySelectorAll('.wfd-root'));
    const watching = new MutationObserver(() => {
        if (![...document.querySelectorAll('.wfd-root')].some((root) => !before.has(root) && root.querySelector('.wf-step'))) return;
        watching.disconnect();
        requestAnimationFrame(() => setTimeout(() => { window.__shown = performance.now(); }));
    });
    watching.observe(document.body, { childList: true, subtree: true });
}"""


def test_a_run_of_100_000_steps_is_opened_and_stepped_at_once(stage: Stage, tmp_path: Path) -> None:
    run = record(tmp_path, 100_000)
    stage.page.evaluate(OPENING)
    debugger = stage.show(LONG.format(folder=str(tmp_path), run=run))
    shown = stage.page.wait_for_function("() => window.__shown").json_value()
    ended = stage.page.evaluate("window.__ended_at")
    debugger.at(0, "100,101")
    debugger.go(54_321)
    times = sorted(debugger.root.evaluate(CLICK) for _ in range(9))
    debugger.at(54_330, "100,101")
    print(
        f"\n100,000 steps: first picture {shown - ended:.0f} ms after the cell; step {times[4]:.0f} ms (median), {times[-1]:.0f} ms (most)"
    )
    for _ in range(3):
        debugger.button("Zoom in").click()
    expect(debugger.root.locator(".wfd-strip")).to_be_visible()
    debugger.picture("debugger-long")
    panel = debugger.tab("Path")
    panel.get_by_role("listbox").evaluate("element => { element.scrollTop = element.scrollHeight; }")
    panel.get_by_text("100101", exact=True).click()
    debugger.at(100_101, "100,101")
    assert panel.get_by_role("option").count() < 60
