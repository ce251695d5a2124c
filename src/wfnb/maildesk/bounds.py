"""Sizes of what travels through a workflow, so that no message is too large for an expression to carry.

A workflow's expressions give at most `LIMITS.expression_output_bytes`; the workflow hands on the whole message, the new
text, the clean HTML and the blocks by one expression each. Sizes are those of the JSON text in UTF-8.
"""

from __future__ import annotations

from wfnb.model.values import size_bytes

__all__ = ["BLOCKS_BYTES", "BODY_HTML_BYTES", "BODY_TEXT_BYTES", "NEW_HTML_BYTES", "NEW_TEXT_BYTES", "fit"]

BODY_TEXT_BYTES = 64_000
BODY_HTML_BYTES = 80_000
NEW_TEXT_BYTES = 120_000
NEW_HTML_BYTES = 120_000
BLOCKS_BYTES = 120_000


def fit(text: str, limit_bytes: int) -> str:
    """The longest beginning of a text, within about one part in eight, whose JSON is not larger than the limit.

    Parameters
    ----------
    text
        Any text.
    limit_bytes
        Size in bytes of JSON, quotes included.

    Examples
    --------
    >>> fit("short", 100)
    'short'
    >>> len(fit("x" * 200, 100)) in range(86, 99)
    True
    """
    text = text[:limit_bytes]
    while text and size_bytes(text) > limit_bytes:
        text = text[: len(text) * 7 // 8]
    return text
