"""HTML becomes blocks and plain text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.limits import LIMITS
from wfnb.maildesk.blocks import html_to_blocks, html_to_text
from wfnb.model.values import size_bytes


def blocks(html: str) -> list[dict]:
    return [block.to_json() for block in html_to_blocks(html)]


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<p>a <b>b</b></p><p>c</p>", [{"type": "paragraph", "text": "a b"}, {"type": "paragraph", "text": "c"}]),
        ("a<br>b", [{"type": "paragraph", "text": "a\nb"}]),
        ("<h3>T</h3>x", [{"type": "heading", "text": "T", "level": 3}, {"type": "paragraph", "text": "x"}]),
        ("<ol><li>a</li><li>b</li></ol>", [{"type": "list", "ordered": True, "items": ["a", "b"]}]),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", [{"type": "list", "ordered": False, "items": ["a", "  b", "c"]}]),
        ("<blockquote><p>q</p></blockquote>r", [{"type": "quote", "text": "q"}, {"type": "paragraph", "text": "r"}]),
        ("<pre>a\n  b</pre>", [{"type": "code", "text": "a\n  b"}]),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
         [{"type": "paragraph", "text": "a | b"}, {"type": "paragraph", "text": "c"}]),
        ("<a href='https://x.example/a'>shop</a>", [{"type": "paragraph", "text": "shop <https://x.example/a>"}]),
        ("<a href='https://x.example/'>https://x.example</a>", [{"type": "paragraph", "text": "https://x.example"}]),
        ("<p>&nbsp;</p><div>\n \n</div>", []),
        ("", []),
        ("<script>x()</script>a &amp; b", [{"type": "paragraph", "text": "a & b"}]),
    ],
)  # fmt: skip
def test_html_becomes_blocks(html: str, wanted: list[dict]) -> None:
    assert blocks(html) == wanted


def test_blocks_become_text() -> None:
    html = "<h1>T</h1><p>a</p><ol><li>x</li><li>y</li></ol><blockquote>q<br>r</blockquote><pre>c</pre>"
    assert html_to_text(html) == "T\n\na\n\n1. x\n2. y\n\n> q\n> r\n\nc"


@pytest.mark.parametrize("piece", ["<p>x", "<ul><li>x", "<li>x</li>", "x" * 1_000, "<br>x", "名"])
def test_blocks_fit_into_an_expression(piece: str) -> None:
    found = blocks(piece * 60_000)
    assert found
    assert size_bytes(found) < LIMITS.expression_output_bytes


@given(st.text(st.sampled_from("ab \n<>&;"), max_size=60))
def test_blocks_hold_visible_text_only(html: str) -> None:
    for block in html_to_blocks(html):
        assert all(part.strip() for part in (block.items or (block.text,)))
