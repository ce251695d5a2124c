"""A picture inside a notebook's HTML output: an image that shows in untrusted notebooks too and can run nothing."""

from __future__ import annotations

import base64

from wfnb.security.escape import escape_html

__all__ = ["img"]

_ALT_LENGTH = 1_000


def img(svg: str, alt: str) -> str:
    """An ``<img>`` element that carries the picture.

    Parameters
    ----------
    svg
        Text of an SVG file.
    alt
        What the picture says, for people who do not see it.

    Examples
    --------
    >>> img("<svg/>", 'a "b"')
    '<img src="data:image/svg+xml;base64,PHN2Zy8+" alt="a &quot;b&quot;">'
    """
    data = base64.b64encode(svg.encode("utf-8")).decode("ascii")
    return f'<img src="data:image/svg+xml;base64,{data}" alt="{escape_html(alt, _ALT_LENGTH)}">'
