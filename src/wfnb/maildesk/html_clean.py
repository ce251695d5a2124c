"""Harmless HTML: an allowlist over a real HTML parser, without remote images, and without what a reply quotes."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from wfnb.errors import MissingExtraError

__all__ = ["HTML_CHARS", "clean_html", "strip_quoted_html"]

HTML_CHARS = 500_000
"""Characters of HTML that are read; what comes after is cut off."""

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "del", "div", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "ins", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "tr", "u", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_WITH_CONTENT = {
    "applet", "embed", "form", "frame", "frameset", "iframe", "math", "noscript", "object", "script", "select", "style",
    "svg", "template", "textarea", "title", "xml",
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}
_DEPTH = 400  # mail programs that quote quotes reach a hundred
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})")
_WHOLE_TAG = re.compile(r"<[^<>]*>")
# Tags without content, and tags that end by themselves where the next one begins.
_NOT_NESTING = {"area", "base", "br", "col", "dd", "dt", "hr", "img", "input", "li", "link", "meta", "option", "p", "td", "th",
                "tr", "wbr"}  # fmt: skip
_VOID = {"br", "hr", "img"}
_QUOTE_CLASSES = {
    "gmail_quote",
    "gmail_quote_container",
    "yahoo_quoted",
    "moz-cite-prefix",
    "protonmail_quote",
    "gmail_attr",
}
_QUOTE_IDS = {
    "divrplyfwdmsg",
    "appendonsend",
    "olk_src_body_section",
    "mail-editor-reference-message-container",
}


def _nh3_clean(text: str, attributes: dict[str, set[str]]) -> str:
    try:
        import nh3
    except ImportError:
        raise MissingExtraError(
            "Cleaning HTML needs the package nh3.", hint="Install it with: pip install 'wfnb[mail]'"
        ) from None
    return nh3.clean(
        _flattened(text[:HTML_CHARS]),
        tags=_TAGS,
        clean_content_tags=_WITH_CONTENT,
        attributes=attributes,
        attribute_filter=_keep_attribute,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )


def _flattened(text: str) -> str:
    """HTML without tags where it nests too deep: building a tree takes time quadratic in its depth."""
    depth = 0
    for tag in _TAG.finditer(text):
        if tag["name"].lower() in _NOT_NESTING:
            continue
        depth = max(0, depth - 1) if tag["end"] else depth + 1
        if depth > _DEPTH:
            return text[: tag.start()] + _WHOLE_TAG.sub(" ", text[tag.start() :])
    return text


def _keep_attribute(tag: str, name: str, value: str) -> str | None:
    """Images come with the message or not at all: loading one from elsewhere tells its owner who reads."""
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    return value


def clean_html(text: str) -> str:
    """HTML without anything that acts, loads or hides: scripts, handlers, styles, forms, remote images.

    Parameters
    ----------
    text
        HTML from anywhere; only the first `HTML_CHARS` characters are read.

    Raises
    ------
    MissingExtraError
        Without the package nh3.

    Examples
    --------
    >>> clean_html('<p onclick="x()">Hi <script>y()</script><a href="javascript:z()">there</a></p>')
    '<p>Hi <a rel="noopener noreferrer nofollow">there</a></p>'
    """
    rewriter = _Rewriter(strip_quotes=False)
    rewriter.feed(_nh3_clean(text, _ATTRIBUTES))
    rewriter.close()
    return rewriter.result()


def strip_quoted_html(text: str) -> tuple[str, bool]:
    """Harmless HTML without the containers in which mail programs quote the message that is answered.

    Returns
    -------
    tuple[str, bool]
        The HTML, and whether anything was taken out.

    Examples
    --------
    >>> strip_quoted_html('<p>Fixed.</p><div class="gmail_quote">On Monday ...</div>')
    ('<p>Fixed.</p>', True)
    """
    # The first pass keeps what marks a quote, and balances the tags: the rewriter needs no guesses.
    marked = {**_ATTRIBUTES, "div": {"class", "id"}, "blockquote": {"class", "type"}, "span": {"class", "id"}}
    rewriter = _Rewriter(strip_quotes=True)
    rewriter.feed(_nh3_clean(text, marked))
    rewriter.close()
    return clean_html(rewriter.result()), rewriter.stripped


class _Rewriter(HTMLParser):
    """Writes balanced HTML again, without images that lost their source and, if asked, without quotes."""

    def __init__(self, *, strip_quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self._strip_quotes = strip_quotes
        self._out: list[str] = []
        self._skip_depth = 0
        self._skip_rest = False
        self.stripped = False

    def result(self) -> str:
        return "".join(self._out).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skip_rest or (tag == "img" and not dict(attrs).get("src")):
            return
        if self._skip_depth:
            self._skip_depth += tag not in _VOID
        elif self._strip_quotes and self._begins_quote(tag, dict(attrs)):
            self.stripped = True
            self._skip_depth = int(tag not in _VOID)
        else:
            self._out.append(self.get_starttag_text() or "")

    def handle_endtag(self, tag: str) -> None:
        if self._skip_depth:
            self._skip_depth -= 1
        else:
            self._out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skip_depth and not self._skip_rest:
            self._out.append(html.escape(data, quote=False))

    def _begins_quote(self, tag: str, attributes: dict[str, str | None]) -> bool:
        if (attributes.get("id") or "").lower().removeprefix("x_") in _QUOTE_IDS:
            # Outlook marks where the quote begins and does not wrap it: the rest goes, end tags stay.
            self._skip_rest = True
            return True
        classes = {name.removeprefix("x_") for name in (attributes.get("class") or "").lower().split()}
        cited = tag == "blockquote" and (attributes.get("type") or "").lower() == "cite"
        return cited or bool(classes & _QUOTE_CLASSES)
