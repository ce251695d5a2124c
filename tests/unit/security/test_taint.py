"""Taint: a secret is masked in every spelling it usually takes, and nothing else is."""

from __future__ import annotations

import base64
import html
import json
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.security.redact import MASK
from wfnb.security.taint import CLEAN, Taint

SECRETS = [
    "hunter2",
    'p"a\\s/s & <wörd>\n\t%41',
    "schlüssel/+=~'!*()",
    "🔑🔑 key",
    "a b\x00c\x1bd",
    "12345678",
]

ENCODERS = {
    "as it is": lambda s: s,
    "JSON": json.dumps,
    "JSON in characters": lambda s: json.dumps(s, ensure_ascii=False),
    "JSON with slashes": lambda s: json.dumps(s).replace("/", "\\/"),
    "JSON in JSON": lambda s: json.dumps(json.dumps({"k": s})),
    "repr": repr,
    "bytes": lambda s: repr(s.encode()),
    "URL": lambda s: quote(s, safe=""),
    "URL path": quote,
    "URL query": lambda s: urlencode({"key": s}),
    "URL plus": quote_plus,
    "HTML": html.escape,
    "hex": lambda s: s.encode().hex(),
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "basic auth": lambda s: base64.b64encode(f"ann:{s}".encode()).decode(),
    "basic auth of another": lambda s: base64.b64encode(f"anna:{s}:more".encode()).decode(),
    "basic auth of a third": lambda s: base64.b64encode(f"peter:{s}".encode()).decode(),
    "base64 in a URL": lambda s: quote(base64.b64encode(s.encode()).decode(), safe=""),
}


@pytest.mark.defect("D-12")
@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("name", ENCODERS)
def test_every_spelling_is_masked(name: str, secret: str) -> None:
    text = ENCODERS[name](secret)
    masked = Taint([secret]).text(f"before {text} after")
    assert MASK in masked
    assert text not in masked
    assert masked.startswith("before ")
    assert masked.endswith(" after")


def test_small_letters_in_a_url_are_masked() -> None:
    assert Taint(["a/b c"]).text("x?k=a%2fb%20c&l=1") == f"x?k={MASK}&l=1"


@given(st.text(min_size=4, max_size=60), st.text(max_size=20), st.text(max_size=20))
def test_no_text_shows_a_secret(secret: str, before: str, after: str) -> None:
    masked = Taint([secret]).text(before + secret + after)
    assert secret not in masked or secret in MASK or secret in before + MASK + after


@given(st.binary(min_size=6, max_size=40), st.binary(max_size=9), st.binary(max_size=9))
def test_no_base64_shows_more_than_its_edges(data: bytes, before: bytes, after: bytes) -> None:
    secret = data.hex()
    text = base64.b64encode(before + secret.encode() + after).decode()
    assert MASK in Taint([secret]).text(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_what_holds_no_secret_stays_as_it_is(value: object) -> None:
    assert Taint(["a secret that no test makes"]).value(value) == value
    assert CLEAN.value(value) is value


def test_keys_and_numbers_are_masked() -> None:
    assert Taint(["12345678"]).value({"12345678": [12345678, 1234567, True]}) == {MASK: [MASK, 1234567, True]}


def test_a_short_secret_is_masked_only_where_it_stands_alone() -> None:
    assert Taint(["abc"]).value(["abc", "abcd"]) == [MASK, "abcd"]


def test_lines_of_a_long_secret_are_masked_alone() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nshort\n-----END KEY-----"
    masked = Taint([key]).text("line MIIEvQIBADANBgkqhkiG9w0BAQEFAASC, short, -----BEGIN KEY-----")
    assert masked == f"line {MASK}, short, -----BEGIN KEY-----"
    wrapped = base64.encodebytes(b"x" * 200)
    assert MASK in Taint(["x" * 200]).text(wrapped.decode())


def test_a_secret_in_another_one_leaves_no_rest() -> None:
    assert Taint(["hunter2", "hunter2-and-more"]).text("hunter2-and-more hunter2") == f"{MASK} {MASK}"


def test_it_shows_nothing_of_what_it_masks() -> None:
    taint = Taint(["hunter2"])
    assert repr(taint) == "<Taint of 1 secrets>"
    assert "hunter2" not in str(taint) + f"{taint}"
    assert (bool(taint), bool(CLEAN), bool(Taint([""]))) == (True, False, False)


def test_a_large_secret_does_not_take_long() -> None:
    secret = "0123456789abcdef" * 4096
    assert Taint([secret]).text(f"<{secret}>") == f"<{MASK}>"
