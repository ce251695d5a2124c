"""One notebook page that tests share: every test runs its own code in the last cell, and sees what comes out."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from browser.conftest import Visitor

SCREENSHOTS = os.environ.get("WFNB_SCREENSHOTS")
SETUP = "from unit.ui.orders import HOSTILE, LENGTH, PAYLOAD, order, order_desk"

# The last cell gets the code and is chosen; JupyterLab runs it as it would for a person.
PUT = """code => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    notebook.activeCellIndex = notebook.widgets.length - 1;
    notebook.deselectAll();
    notebook.activeCell.model.sharedModel.setSource(code);
}"""


@dataclass
class Stage:
    """The shared page."""

    visitor: Visitor

    @property
    def page(self) -> Page:
        """The page itself."""
        return self.visitor.page

    def show(self, code: str) -> Debugging:
        """Run code whose last line shows a debugger."""
        self.page.evaluate(PUT, code)
        self.visitor.command("notebook:run-cell")
        debugging = Debugging(self.page.get_by_role("region", name="Debugger").last)
        expect(debugging.counter).to_have_text(re.compile(r"^\d"))
        return debugging


@dataclass
class Debugging:
    """The widget, as a person sees it."""

    root: Locator

    @property
    def page(self) -> Page:
        """Where it is."""
        return self.root.page

    @property
    def counter(self) -> Locator:
        """Position and length."""
        return self.root.locator(".wfd-counter")

    @property
    def pipeline(self) -> Locator:
        """The picture."""
        return self.root.get_by_role("listbox", name="Pipeline")

    @property
    def tree(self) -> Locator:
        """The state."""
        return self.root.get_by_role("tree", name="State")

    def button(self, name: str) -> Locator:
        """A button."""
        return self.root.get_by_role("button", name=name, exact=True)

    def row(self, key: str) -> Locator:
        """Rows of the state with a key."""
        named = self.page.locator(".wfd-key", has_text=re.compile(f"^{key}$"))
        return self.root.get_by_role("treeitem").filter(has=named)

    def at(self, position: int, length: int | str = 10) -> None:
        """Wait until it stands there."""
        expect(self.counter).to_have_text(f"{position:,} / {length}")

    def go(self, position: int) -> None:
        """Use the slider."""
        self.root.get_by_role("slider").fill(str(position))
        expect(self.counter).to_have_text(re.compile(f"^{position:,} /"))

    def tab(self, name: str) -> Locator:
        """Open a panel."""
        self.root.get_by_role("tab", name=re.compile(f"^{name}")).click()
        return self.root.get_by_role("tabpanel", name=re.compile(f"^{name}"))

    def press(self, *keys: str) -> None:
        """Press keys, where the focus is."""
        for key in keys:
            self.page.keyboard.press(key)

    def click_at_once(self, *names: str) -> None:
        """Click buttons within one task of the page, so that no answer of the kernel can come in between."""
        script = """(root, names) => {
            const buttons = [...root.querySelectorAll('[role=toolbar] button')];
            for (const name of names) buttons.find((button) => button.getAttribute('aria-label') === name).click();
        }"""
        self.root.evaluate(script, list(names))

    def picture(self, name: str, *, dialog: bool = False) -> None:
        """Keep what a person would see, when someone wants to look."""
        if SCREENSHOTS:
            shown: Locator = self.page.get_by_role("dialog").last if dialog else self.root
            self.page.mouse.move(0, 0)
            shown.screenshot(path=Path(SCREENSHOTS) / f"{name}.png", animations="disabled")
