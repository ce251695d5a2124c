"""The debugger outside of a running kernel, and in Notebook 7."""

from __future__ import annotations

import json
import re

from playwright.sync_api import Locator, expect

from browser.conftest import Visitor
from unit.ui.orders import SECRETS

CELL = """
from unit.ui.orders import order

order()
"""


def start(visitor: Visitor, name: str, app: str = "lab/tree") -> Locator:
    visitor.open(visitor.lab.notebook(name, CELL), app)
    visitor.command("notebook:run-all-cells")
    debugger = visitor.page.get_by_role("region", name="Debugger")
    expect(debugger.locator(".wfd-counter")).to_have_text(re.compile(r"^0 / "))
    return debugger


def test_it_works_in_notebook_seven(visitor: Visitor) -> None:
    debugger = start(visitor, "seven.ipynb", app="notebooks")
    debugger.get_by_role("button", name="Step", exact=True).click()
    expect(debugger.locator(".wfd-counter")).to_have_text("1 / 10")
    debugger.get_by_role("combobox", name="JSONata at the cursor").fill("vars.stock")
    expect(debugger.locator(".wfd-answer")).to_have_text("12")
    assert visitor.outside() == []


def test_a_saved_notebook_holds_the_picture_but_no_state(visitor: Visitor) -> None:
    debugger = start(visitor, "saved.ipynb")
    debugger.get_by_role("button", name="Run to end").click()
    expect(debugger.locator(".wfd-counter")).to_have_text("10 / 10")
    visitor.command("docmanager:save")
    text = (visitor.lab.folder / "saved.ipynb").read_text(encoding="utf-8")
    [output] = json.loads(text)["cells"][0]["outputs"]
    assert "data:image/svg+xml;base64," in "".join(output["data"]["text/html"])
    assert output["data"]["text/plain"] == ["Debugger: run-0001 · order-intake v1, position 0 of 10, PENDING"]
    for secret in SECRETS:
        assert secret not in text


def test_without_a_kernel_the_picture_stays_until_the_cell_runs_again(visitor: Visitor) -> None:
    notebook = visitor.lab.notebook("away.ipynb", CELL)
    visitor.lab.execute(notebook)
    text = notebook.read_text(encoding="utf-8")
    assert "application/vnd.jupyter.widget-state+json" in text
    for secret in SECRETS:
        assert secret not in text
    visitor.open(notebook)
    page = visitor.page
    expect(page.get_by_text("Waiting for the kernel. This is a picture")).to_be_visible()
    picture = page.get_by_role("img", name="Debugger: run-0001")
    expect(picture).to_be_visible()
    assert picture.evaluate("async image => { await image.decode(); return image.naturalWidth; }") > 400
    visitor.command("notebook:run-all-cells")
    debugger = page.get_by_role("region", name="Debugger")
    debugger.get_by_role("button", name="Step", exact=True).click()
    expect(debugger.locator(".wfd-counter")).to_have_text("1 / 10")
