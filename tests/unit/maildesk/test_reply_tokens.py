"""Reply tokens are made with a secret and found where people and programs put them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.maildesk.reply_tokens import find_reply_token, make_reply_token

TOKEN = "ABCDEFGH234567XY"


@pytest.mark.parametrize(
    "text",
    [
        f"[ticket:{TOKEN}]",
        f"Re: [Ticket: {TOKEN.lower()} ] x",
        f"reply+{TOKEN}@demo.example",
        f"<a.b+{TOKEN.lower()}@x>",
    ],
)
def test_a_token_is_found(text: str) -> None:
    assert find_reply_token(text) == TOKEN


@pytest.mark.parametrize(
    "text", [TOKEN, f"ticket:{TOKEN}", f"[ticket:{TOKEN}A]", "[ticket:ABC]", "reply+ABC@x", "", None]
)
def test_what_is_no_token_is_not_found(text: str | None) -> None:
    assert find_reply_token(text) is None


def test_the_first_text_with_a_token_decides() -> None:
    assert find_reply_token("none", f"[ticket:{TOKEN}]", "[ticket:ZZZZZZZZZZZZZZZZ]") == TOKEN


@given(st.binary(min_size=1), st.text(max_size=20), st.text(max_size=50))
def test_a_token_that_was_made_is_found(secret: bytes, tenant: str, message_id: str) -> None:
    token = make_reply_token(secret, tenant, message_id)
    assert find_reply_token(f"Re: [ticket:{token}]") == token
    assert make_reply_token(secret + b"x", tenant, message_id) != token
