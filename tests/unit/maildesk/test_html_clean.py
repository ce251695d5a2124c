"""HTML loses what acts, loads or hides, and quotes when asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.maildesk.html_clean import clean_html, strip_quoted_html

HARMFUL = (
    "<script>x()</script>", "<img src=x onerror=x()>", "<a href='javascript:x()'>a</a>", "<a href='JaVa&#9;Script:x()'>a</a>",
    "<a href='data:text/html,x'>a</a>", "<a href='vbscript:x'>a</a>", "<p onclick=x()>a</p>", "<p style='background:url(x)'>a</p>",
    "<style>@import 'x'</style>", "<iframe src=x></iframe>", "<object data=x></object>", "<embed src=x>", "<form action=x><input></form>",
    "<svg onload=x()><script>x()</script></svg>", "<math><mtext><table><mglyph><style><img src=x onerror=x()>",
    "<base href='https://x.example'>", "<meta http-equiv=refresh content='0;url=x'>", "<link rel=stylesheet href=x>",
    "<img src='https://x.example/p.gif' width=1 height=1>", "<img src='//x.example/p.gif'>", "<img srcset='https://x.example/p.gif 1x'>",
    "<img src=' data:image/svg+xml,x'>", "<noscript><p title='</noscript><img src=x onerror=x()>'>", "<!--[if mso]><script>x()</script><![endif]-->",
    "<template><script>x()</script></template>", "<video src=x autoplay></video>", "<textarea><script>x()</script></textarea>",
    "<div id=x class=y data-z=1>a</div>", "<scr<script>ipt>x()</script>", "<a href='https://x.example' target=_blank ping=x>a</a>",
)  # fmt: skip


@pytest.mark.parametrize("html", HARMFUL)
def test_nothing_harmful_is_left(html: str) -> None:
    clean = clean_html(f"<p>before</p>{html}").lower()
    assert clean.startswith("<p>before</p>")
    for harm in ("<script", "script:", "onerror=", "onclick", "onload", "style", "<iframe", "<svg", "<math", "<img", "<form",
                 "<input", "<object", "<embed", "<meta", "<base", "<link", "data:", "target=", "ping=", "class=", "<!--"):  # fmt: skip
        assert harm not in clean


def test_ordinary_formatting_stays() -> None:
    html = "<h2>A</h2><p><b>b</b> <i>i</i> <code>c</code></p><ol><li>1</li></ol><blockquote>q</blockquote><pre>x\n  y</pre>"
    assert clean_html(html) == html


def test_links_stay_and_do_not_tell_where_from() -> None:
    assert clean_html('<a href="https://x.example/?a=1&amp;b=2">x</a>') == (
        '<a href="https://x.example/?a=1&amp;b=2" rel="noopener noreferrer nofollow">x</a>'
    )


def test_an_image_of_the_message_stays() -> None:
    assert (
        clean_html('<img src="cid:logo@example.com" alt="Logo">')
        == '<img src="cid:logo@example.com" alt="Logo">'
    )


def test_escaped_text_stays_escaped() -> None:
    assert clean_html("<p>&lt;script&gt;x()&lt;/script&gt; &amp;amp;</p>") == (
        "<p>&lt;script&gt;x()&lt;/script&gt; &amp;amp;</p>"
    )


def test_text_below_a_deep_nest_is_kept() -> None:
    clean = clean_html("<div>" * 1_000 + "deep" + "</div>" * 1_000 + "<p>after</p>")
    assert "deep" in clean
    assert "after" in clean


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote gmail_quote_container">old</div>', '<blockquote type="cite">old</blockquote>',
        '<div class="x_gmail_quote">old</div>', '<div class="yahoo_quoted"><div>old</div></div>',
        '<div class="moz-cite-prefix">On 1 Nov</div><blockquote type="cite">old<blockquote>older</blockquote></blockquote>',
        '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: x</div><div>old</div>',
        '<div id="divRplyFwdMsg">From: x</div><p>old</p>',
    ],
)  # fmt: skip
def test_a_quote_is_taken_out(quote: str) -> None:
    clean, stripped = strip_quoted_html(f"<div><p>new</p>{quote}</div>")
    assert stripped
    assert "new" in clean
    assert "old" not in clean


def test_text_after_a_quote_stays() -> None:
    clean, _ = strip_quoted_html('<p>a</p><blockquote type="cite"><p>old<br>er</p></blockquote><p>b</p>')
    assert clean == "<p>a</p><p>b</p>"


def test_an_ordinary_blockquote_stays() -> None:
    assert strip_quoted_html("<blockquote>words</blockquote>") == ("<blockquote>words</blockquote>", False)


@given(
    st.lists(
        st.sampled_from([*HARMFUL, "<", ">", "</div>", "<div", "<b>", "'", '"', "&", "&lt;", "text", "<table><p>", "<!--", "<br/>"]),
        max_size=12,
    ).map("".join)
)  # fmt: skip
def test_clean_html_is_clean_again(html: str) -> None:
    clean = clean_html(html)
    assert clean_html(clean) == clean
    assert "<script" not in clean
    assert "<img" not in clean
