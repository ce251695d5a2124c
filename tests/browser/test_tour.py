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


def changed(stepper: Locator) -> list[str]:
    """Keys that the state marks as changed or added by the last step."""
    marked = stepper.locator(
        '[role=treeitem][aria-description="changed"], [role=treeitem][aria-description="added"]'
    )
    return [text.strip() for text in marked.locator(".wfs-key").all_inner_texts()]


def test_the_tour_runs_and_its_debugger_steps(visitor: Visitor) -> None:
    page = visitor.page
    shutil.copy(NOTEBOOKS / "00_tour.ipynb", visitor.lab.folder / "00_tour.ipynb")
    visitor.open(visitor.lab.folder / "00_tour.ipynb")
    visitor.command("notebook:run-all-cells")
    stepper = page.get_by_role("region", name="Stepper").first
    stepper.scroll_into_view_if_needed()
    counter, step = stepper.get_by_role("status"), stepper.get_by_role("button", name="Step", exact=True)
    expect(counter).to_have_text(re.compile(r"^0 / 16$"))
    for position, keys in ((1, []), (2, ["state"]), (3, ["processedAt"])):
        step.click()
        expect(counter).to_have_text(f"{position} / 16")
        for key in keys:
            expect(stepper.locator(".wfs-key", has_text=re.compile(f"^{key}$")).first).to_be_visible()
            assert key in changed(stepper)
        picture(page, f"tour-step-{position}")
    step.click()
    expect(counter).to_have_text("4 / 16")
    picture(stepper, "tour")
    stepper.get_by_role("button", name="Back").click()
    stepper.get_by_role("button", name="Back").click()
    expect(counter).to_have_text("2 / 16")
    assert "state" in changed(stepper)
    assert "processedAt" not in changed(stepper)
    picture(page, "tour-back")
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert visitor.outside() == []
    assert visitor.errors == []
