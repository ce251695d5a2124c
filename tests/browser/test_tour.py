"""The tour in a real JupyterLab, as a visitor takes it: open, run all, step three times, go back once."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from browser.conftest import Visitor

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SCREENSHOTS = os.environ.get("WFNB_SCREENSHOTS")


def picture(page: Page | Locator, name: str) -> None:
    """Keep what a person would see, when someone wants to look."""
    if SCREENSHOTS:
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}.png")


def changed(debugger: Locator, key: str) -> Locator:
    """Rows of the state with this key that are marked as changed or added by the last step."""
    marked = debugger.locator(
        '[role=treeitem][aria-description="changed"], [role=treeitem][aria-description="added"]'
    )
    return marked.filter(has=debugger.page.locator(".wfd-key", has_text=re.compile(f"^{key}$")))


def test_the_tour_runs_and_its_debugger_steps(visitor: Visitor) -> None:
    page = visitor.page
    shutil.copy(NOTEBOOKS / "00_tour.ipynb", visitor.lab.folder / "00_tour.ipynb")
    visitor.open(visitor.lab.folder / "00_tour.ipynb")
    visitor.command("notebook:run-all-cells")
    debugger = page.get_by_role("region", name="Debugger").first
    debugger.scroll_into_view_if_needed()
    counter, step = debugger.locator(".wfd-counter"), debugger.get_by_role("button", name="Step", exact=True)
    expect(counter).to_have_text(re.compile(r"^0 / 16$"))
    for position, keys in ((1, []), (2, ["state"]), (3, ["processedAt"])):
        step.click()
        expect(counter).to_have_text(f"{position} / 16")
        for key in keys:
            expect(changed(debugger, key).first).to_be_visible()
        picture(page, f"tour-step-{position}")
    step.click()
    expect(counter).to_have_text("4 / 16")
    picture(debugger, "tour")
    for position in (3, 2):
        debugger.get_by_role("button", name="Back", exact=True).click()
        expect(counter).to_have_text(f"{position} / 16")
    expect(changed(debugger, "state").first).to_be_visible()
    expect(changed(debugger, "processedAt")).to_have_count(0)
    picture(page, "tour-back")
    expect(page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    assert visitor.outside() == []
    assert visitor.errors == []
