"""HTML as blocks (paragraph, heading, list, quote, code) and, from the same blocks, as plain text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Literal

from wfnb.maildesk.bounds import BLOCKS_BYTES
from wfnb.maildesk.html_clean import clean_html
from wfnb.model.values import JsonValue, size_bytes

__all__ = ["Block", "blocks_to_text", "html_to_blocks", "html_to_text"]

Kind = Literal["paragraph", "heading", "list", "quote", "code"]

_SPACES = re.compile(r"[ \t\r\n\f\u00a0\u200b]+")
_BREAKS = {"p", "div", "tr", "table", "caption", "hr"}
_INDENTS = 8
_CELLS = {"td", "th"}
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_LISTS = {"ul": False, "ol": True}
_KEEP_LINK = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of text.

    Parameters
    ----------
    kind
        What it is.
    text
        Its text, lines parted by newlines; empty for a list.
    level
        1 to 6 for a heading, else 0.
    items
        The items of a list.
    ordered
        Whether the list is numbered.
    """

    kind: Kind
    text: str = ""
    level: int = 0
    items: tuple[str, ...] = ()
    ordered: bool = False

    def to_json(self) -> dict[str, JsonValue]:
        """The JSON object, with the fields that its kind has.

        Examples
        --------
        >>> Block("heading", "Hello", level=2).to_json()
        {'type': 'heading', 'text': 'Hello', 'level': 2}
        """
        match self.kind:
            case "list":
                return {"type": "list", "ordered": self.ordered, "items": list(self.items)}
            case "heading":
                return {"type": "heading", "text": self.text, "level": self.level}
            case _:
                return {"type": self.kind, "text": self.text}


def html_to_blocks(html: str) -> list[Block]:
    """Blocks of an HTML text from anywhere; links keep their address, everything else only its text.

    Examples
    --------
    >>> [block.to_json() for block in html_to_blocks("<h1>Hi</h1><ul><li>one<li>two</ul>")]
    [{'type': 'heading', 'text': 'Hi', 'level': 1}, {'type': 'list', 'ordered': False, 'items': ['one', 'two']}]
    """
    parser = _BlockParser()
    parser.feed(clean_html(html))
    parser.close()
    return _within_bounds(parser.finish())


def _within_bounds(blocks: list[Block]) -> list[Block]:
    room = BLOCKS_BYTES
    for number, block in enumerate(blocks):
        room -= size_bytes(block.to_json()) + 1
        if room < 0:
            return [*blocks[:number], Block("paragraph", "…")]
    return blocks


def html_to_text(html: str) -> str:
    """Plain text of an HTML text from anywhere.

    Examples
    --------
    >>> print(html_to_text("<p>Dear all</p><blockquote>Are you there?</blockquote>"))
    Dear all
    <BLANKLINE>
    > Are you there?
    """
    return blocks_to_text(html_to_blocks(html))


def blocks_to_text(blocks: list[Block]) -> str:
    """Plain text of blocks, with a blank line between them."""
    return "\n\n".join(_block_text(block) for block in blocks)


def _block_text(block: Block) -> str:
    match block.kind:
        case "list":
            marks = (f"{number}." if block.ordered else "-" for number in range(1, len(block.items) + 1))
            return "\n".join(f"{mark} {item}" for mark, item in zip(marks, block.items, strict=True))
        case "quote":
            return "\n".join(f"> {line}" for line in block.text.split("\n"))
        case _:
            return block.text


class _BlockParser(HTMLParser):
    """Collects text until a block ends. The input is clean, so tags are balanced."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._items: list[str] = []
        self._lists: list[bool] = []
        self._quotes = 0
        self._code = 0
        self._heading = 0
        self._link: tuple[str, int] | None = None

    def finish(self) -> list[Block]:
        self._flush()
        return self._blocks

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._text.append("\n")
        elif tag == "a":
            self._link = (dict(attrs).get("href") or "", len(self._text))
        elif tag in _CELLS and self._line_is_open():
            self._text.append(" | ")
        elif tag in _HEADINGS:
            self._flush()
            self._heading = _HEADINGS[tag]
        elif tag == "pre":
            self._flush()
            self._code += 1
        elif tag == "blockquote":
            self._flush()
            self._quotes += 1
        elif tag in _LISTS:
            self._flush()
            self._lists.append(_LISTS[tag])
        elif tag == "li" or tag in _BREAKS:
            self._flush()

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        elif tag in _HEADINGS:
            self._flush()
            self._heading = 0
        elif tag == "pre":
            self._flush()
            self._code -= 1
        elif tag == "blockquote":
            self._flush()
            self._quotes -= 1
        elif tag in _LISTS:
            self._end_list()
        elif tag == "li" or tag in _BREAKS:
            self._flush()

    def handle_data(self, data: str) -> None:
        self._text.append(data if self._code else _SPACES.sub(" ", data))

    def _line_is_open(self) -> bool:
        return any(part.strip() for part in self._text)

    def _end_link(self) -> None:
        address, start = self._link or ("", len(self._text))
        self._link = None
        shown = "".join(self._text[start:]).strip()
        if address.startswith(_KEEP_LINK) and shown and address.rstrip("/") != shown.rstrip("/"):
            self._text.append(f" <{address}>")

    def _end_list(self) -> None:
        self._flush()
        ordered = self._lists.pop() if self._lists else False
        if self._items and not self._lists:
            items = tuple(self._items)
            self._items = []
            self._blocks.append(Block("list", items=items, ordered=ordered))

    def _flush(self) -> None:
        """End the block that is open, if it has any text."""
        raw = "".join(self._text)
        self._text = []
        if self._code:
            text = raw.strip("\n")
        else:
            lines = (_SPACES.sub(" ", line).strip() for line in raw.split("\n"))
            text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
        if not text.strip():
            return
        if self._lists:
            self._items.append("  " * min(len(self._lists) - 1, _INDENTS) + text)
        elif self._heading:
            self._blocks.append(Block("heading", text, level=self._heading))
        elif self._code:
            self._blocks.append(Block("code", text))
        else:
            self._blocks.append(Block("quote" if self._quotes else "paragraph", text))
