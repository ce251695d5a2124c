"""Bytes become text whatever the sender declared."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.maildesk.charsets import Decoded, decode_bytes, tidy


@pytest.mark.parametrize(
    ("content", "declared", "text", "instead"),
    [
        ("Grüße".encode(), "utf-8", "Grüße", None),
        ("Grüße".encode("latin-1"), "utf-8", "Grüße", "windows-1252"),
        ("Grüße".encode("latin-1"), None, "Grüße", "windows-1252"),
        ("Grüße".encode(), None, "Grüße", "utf-8"),
        ("Grüße".encode(), "no-such-charset", "Grüße", "utf-8"),
        ("“12 €”".encode("cp1252"), "iso-8859-1", "“12 €”", None),
        ("在庫".encode("iso-2022-jp"), "iso-2022-jp", "在庫", None),
        ("在庫".encode("iso-2022-jp"), None, "在庫", "iso2022_jp_ext"),
        ("①".encode("cp932"), "shift_jis", "①", None),
        (b"plain", "us-ascii", "plain", None),
        ("Grüße".encode(), "us-ascii", "Grüße", None),
        (b"\x81", "utf-8", "", "windows-1252"),
        (b"cm90", "rot13", "cm90", "utf-8"),
        (b"68656c6c6f", "hex", "68656c6c6f", "utf-8"),
        (b"a\\u0041", "unicode_escape", "a\\u0041", "utf-8"),
        (b"xn--a", "idna", "xn--a", "utf-8"),
        (b"x", "a\0b", "x", "utf-8"),
    ],
)
def test_the_most_likely_character_set_is_used(
    content: bytes, declared: str | None, text: str, instead
) -> None:
    assert decode_bytes(content, declared) == Decoded(text, instead)


@given(
    st.binary(max_size=200),
    st.none() | st.text(max_size=20) | st.sampled_from(["utf-16", "utf-7", "hz", "base64"]),
)
def test_any_bytes_give_text_that_json_takes(content: bytes, declared: str | None) -> None:
    json.dumps(decode_bytes(content, declared).text, ensure_ascii=False).encode("utf-8")


@given(st.text(st.characters(), max_size=50))
def test_tidy_text_stays_as_it_is(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert "\0" not in tidy(text)
