"""How wide a text is, and what of it fits: a table of measured widths instead of a font engine."""

from __future__ import annotations

import unicodedata

from wfnb.security.escape import visible

__all__ = ["clean", "fit", "text_width"]

# Advance widths of U+0020..U+007E in thousandths of the font size, for the metrics that Arial, Helvetica and their
# free counterparts share.
# fmt: off
_WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)
# fmt: on
_MARGIN = 1.06  # other system fonts run a little wider than the table
_BOLD = 1.07
_MONO = 610
_OTHER = 620
_WIDE = 1000
_LONGEST = 2_000  # characters looked at: a label that long is data in the wrong place


def text_width(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """Width of a text, a little on the safe side.

    Parameters
    ----------
    text
        One line.
    size
        Font size in pixels.
    bold, mono
        Which cut of the font.

    Returns
    -------
    float
        Pixels.

    Examples
    --------
    >>> text_width("iii", 10) < text_width("mmm", 10)
    True
    """
    thousandths = sum(_mono_width(char) if mono else _width(char) for char in text)
    return thousandths * size / 1000 * (1.0 if mono else _MARGIN) * (_BOLD if bold and not mono else 1.0)


def _width(char: str) -> int:
    code = ord(char)
    return _WIDTHS[code - 32] if 32 <= code < 127 else _wide_or(char, _OTHER)


def _mono_width(char: str) -> int:
    return _MONO if char < "\x7f" else _wide_or(char, _MONO)


def _wide_or(char: str, width: int) -> int:
    if unicodedata.combining(char):
        return 0
    return _WIDE if unicodedata.east_asian_width(char) in ("W", "F") else width


def clean(text: str, limit: int = 300) -> str:
    r"""One line that is safe to draw: white space joined, control and direction characters shown as escapes, bounded.

    Examples
    --------
    >>> clean("a\n  b\u202ec")
    'a b\\u202ec'
    """
    line = " ".join(text[:_LONGEST].split())
    return visible("".join(f"\\u{ord(char):04x}" if _not_xml(char) else char for char in line), limit)


def _not_xml(char: str) -> bool:
    # XML forbids these even as references; every other forbidden character is a control character.
    return char in "\ufffe\uffff"


def fit(text: str, width: float, size: float, *, bold: bool = False, mono: bool = False) -> str:
    """The text, or as much of it as fits into `width` pixels, with an ellipsis.

    Examples
    --------
    >>> fit("a long name of a step", 60, 12)
    'a long n…'
    """
    if text_width(text, size, bold=bold, mono=mono) <= width:
        return text
    room = width - text_width("…", size, bold=bold, mono=mono)
    kept = 0
    for char in text:
        room -= text_width(char, size, bold=bold, mono=mono)
        if room < 0:
            break
        kept += 1
    return text[:kept].rstrip() + "…"
