"""Texts fit where they are put, and are safe to draw."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from wfnb.viz.fit import clean, fit, text_width

ANY_TEXT = st.text(st.characters(codec=None), max_size=60)


@given(ANY_TEXT, st.floats(20, 300), st.booleans(), st.booleans())
def test_what_fits_is_never_wider_than_the_room(text: str, width: float, bold: bool, mono: bool) -> None:
    assert text_width(fit(text, width, 12, bold=bold, mono=mono), 12, bold=bold, mono=mono) <= width


@given(ANY_TEXT)
def test_a_text_with_room_stays_as_it_is(text: str) -> None:
    assert fit(text, text_width(text, 12), 12) == text


def test_a_cut_text_ends_with_an_ellipsis() -> None:
    cut = fit("a very long name of a step", 60, 12)
    assert cut.endswith("…")
    assert "a very long name".startswith(cut[:-1])


def test_wide_characters_take_more_room_than_narrow_ones() -> None:
    assert text_width("票", 10) > text_width("a", 10) > text_width("i", 10)
    assert text_width("e\u0301", 10) == text_width("e", 10)


@given(ANY_TEXT)
def test_a_clean_text_is_one_line_without_hidden_characters(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 300
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\ufffe\uffff\u2028\n")


def test_a_direction_change_is_shown_instead_of_done() -> None:
    assert clean("pay\u202egpj.exe") == "pay\\u202egpj.exe"


def test_a_huge_text_is_cut_before_it_is_looked_at() -> None:
    assert len(clean("x" * 10_000_000)) == 300
