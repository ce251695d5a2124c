"""The image that a saved notebook shows."""

from __future__ import annotations

import base64
from html.parser import HTMLParser

import pytest

from unit.viz.definitions import branching
from wfnb.viz import img, pipeline_svg


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def parsed(html: str) -> list[tuple[str, dict[str, str | None]]]:
    parser = Elements()
    parser.feed(html)
    return parser.seen


def test_the_image_carries_the_picture() -> None:
    svg = pipeline_svg(branching())
    [(tag, attributes)] = parsed(img(svg, "Orders"))
    assert tag == "img"
    head, _, data = str(attributes["src"]).partition(",")
    assert head == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == svg


@pytest.mark.parametrize("alt", ['"><script>', "' onerror='x", "</img>", "\x00\x1b", "a\u202eb"])
def test_no_text_leaves_the_attribute(alt: str) -> None:
    [(tag, attributes)] = parsed(img("<svg/>", alt))
    assert (tag, set(attributes)) == ("img", {"src", "alt"})
