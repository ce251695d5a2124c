"""The built front end: small, complete, and loading nothing from elsewhere."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from wfnb.ui.assets import bundle, loader
from wfnb.viz.theme import LIGHT


def test_the_loader_is_small_and_knows_its_bundle() -> None:
    assert len(loader()) < 1_600
    assert bundle().key in loader()
    assert "__WFNB_KEY__" not in loader()


def test_the_bundle_is_a_module_that_loads_nothing() -> None:
    assert re.search(r"export\s*\{\w+ as default\}", bundle().js)
    for forbidden in (
        "import(",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "eval(",
        "fetch(",
        "XMLHttp",
    ):
        assert forbidden not in bundle().js
    for text in (bundle().js.replace("http://www.w3.org/2000/svg", ""), loader(), bundle().css):
        assert not re.search(r"https?://|url\(|@import", text)


def test_every_colour_that_is_used_is_defined() -> None:
    used = set(re.findall(r"var\(--wf-([\w-]+)", bundle().css))
    assert used <= set(LIGHT)
    assert all(f"--wf-{name}:" in bundle().css for name in used)


def test_the_bundle_was_built_from_the_sources_as_they_are() -> None:
    digest = hashlib.sha256()
    for path in sorted((Path(__file__).parents[3] / "js" / "src").iterdir()):
        digest.update(f"{path.name}\n{path.read_text(encoding='utf-8')}\n".encode())
    assert bundle().js.startswith(f"/* sources {digest.hexdigest()[:16]} */"), "build it again: make js"
