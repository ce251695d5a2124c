"""Numbers as text, as ECMAScript writes them."""

from __future__ import annotations

import pytest

from wfnb.expr.text import number_text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (-0.0, "0"),
        (1.0, "1"),
        (5890840712243076, "5890840712243076"),
        (2**70, "1180591620717411303424"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333333333333"),
        (100.5, "100.5"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e300, "1.5e+300"),
        (1e-6, "0.000001"),
        (1.5e-6, "0.0000015"),
        (1e-7, "1e-7"),
        (-2.5e-9, "-2.5e-9"),
        (123456789012.5, "123456789012.5"),
    ],
)
def test_a_number_is_written_like_this(number: float, text: str) -> None:
    assert number_text(number) == text
