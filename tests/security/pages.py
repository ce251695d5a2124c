"""Reads what wfnb shows - HTML, SVG, text, messages to the page - and names everything in it that could do harm."""

from __future__ import annotations

import base64
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import Any

HTML_ALLOWED: Mapping[str, frozenset[str]] = {
    "p": frozenset(), "b": frozenset(), "br": frozenset(), "code": frozenset(), "pre": frozenset(),
    "table": frozenset(), "thead": frozenset(), "tbody": frozenset(), "tr": frozenset(),
    "th": frozenset({"style"}), "td": frozenset({"style"}), "img": frozenset({"src", "alt"}),
    "details": frozenset({"open"}), "summary": frozenset(),
}  # fmt: skip
SVG_ALLOWED = frozenset(
    {"svg", "title", "desc", "style", "g", "rect", "path", "text", "tspan", "line", "circle"}
)
SVG_ATTRIBUTES = frozenset(
    {"class", "role", "aria-label", "width", "height", "viewBox", "x", "y", "x1", "x2", "y1", "y2", "rx", "ry", "r", "cx",
     "cy", "d", "transform", "text-anchor", "data-key"}
)  # fmt: skip
STYLE = "text-align:left"
PICTURE = "data:image/svg+xml;base64,"
SVG = "{http://www.w3.org/2000/svg}"
CSS_HARM = re.compile(r"url\(|@import|expression|javascript|behavior|</", re.IGNORECASE)


def harm_in_text(text: str) -> Iterator[str]:
    """Characters that steer a terminal, reorder text, or are none."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cf", "Cs") and char not in "\n\u200d":
            yield f"U+{ord(char):04X}"


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.harm: list[str] = []
        self.pictures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = HTML_ALLOWED.get(tag)
        if allowed is None:
            self.harm.append(f"<{tag}>")
            return
        for name, value in attrs:
            if name not in allowed or (name == "style" and value != STYLE):
                self.harm.append(f"<{tag} {name}={value}>")
            if name == "src" and not (value or "").startswith(PICTURE):
                self.harm.append(f"<{tag} src={value}>")
            elif name == "src":
                self.pictures.append(base64.b64decode((value or "").removeprefix(PICTURE)).decode())
            else:
                self.harm += harm_in_text(value or "")

    def handle_data(self, data: str) -> None:
        self.harm += harm_in_text(data)

    def handle_comment(self, data: str) -> None:
        self.harm.append(f"<!--{data}-->")

    def handle_decl(self, decl: str) -> None:
        self.harm.append(f"<!{decl}>")

    def handle_pi(self, data: str) -> None:
        self.harm.append(f"<?{data}>")


def harm_in_html(html: str) -> list[str]:
    """Elements, attributes and characters that have no place in an output, pictures inside it included."""
    page = _Page()
    page.feed(html)
    page.close()
    return page.harm + [harm for svg in page.pictures for harm in harm_in_svg(svg)]


def harm_in_svg(svg: str) -> list[str]:
    """The same for a picture; one that is no XML is harm too."""
    if "<!" in svg or "<?" in svg:
        return ["a declaration"]
    try:
        root = ET.fromstring(svg)  # noqa: S314 - our own picture; what declares anything was refused above
    except ET.ParseError as error:
        return [f"no XML: {error}"]
    found: list[str] = []
    for element in root.iter():
        name = element.tag.removeprefix(SVG)
        if name not in SVG_ALLOWED:
            found.append(f"<{name}>")
        found += [f"<{name} {attribute}>" for attribute in element.attrib if attribute not in SVG_ATTRIBUTES]
        if name == "style" and CSS_HARM.search(element.text or ""):
            found.append("style that loads")
        for text in (element.text, element.tail, *element.attrib.values()):
            found += harm_in_text(text or "") if name != "style" else ()
    return found


def harm_in_bundle(bundle: Mapping[str, Any]) -> list[str]:
    """The same for everything a cell shows."""
    found = list(harm_in_text(bundle["text/plain"]))
    found += harm_in_html(bundle.get("text/html", ""))
    return found + [kind for kind in bundle if kind not in ("text/plain", "text/html")]
