"""Escaping: text from data into HTML and terminals, so that it can only ever be text."""

from __future__ import annotations

import html
import unicodedata

__all__ = ["escape_html", "visible"]


def visible(text: str, limit: int | None = None) -> str:
    r"""Text with control and direction characters shown as escapes, cut to `limit` characters.

    Examples
    --------
    >>> visible("a\x1b[31m")
    'a\\x1b[31m'
    """
    start = text if limit is None else text[: limit + 1]  # the rest is cut anyway, however long it is
    shown = "".join(char if _plain(char) else _code(char) for char in start)
    return shown if limit is None or len(shown) <= limit else shown[: limit - 1] + "…"


_JOINER = "\u200d"  # holds emoji together and cannot reorder text


def _plain(char: str) -> bool:
    return char in ("\n", _JOINER) or unicodedata.category(char) not in ("Cc", "Cf", "Cs")


def _code(char: str) -> str:
    number = ord(char)
    return (
        f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
    )


def escape_html(text: str, limit: int | None = None) -> str:
    """Text for an HTML text node or a quoted attribute.

    Examples
    --------
    >>> escape_html('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    return html.escape(visible(text, limit), quote=True)
