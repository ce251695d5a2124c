"""Marks of quotes, forwards and signatures, line by line."""

from __future__ import annotations

import pytest

from wfnb.maildesk.reply_marks import Boundary, find_boundary, find_signature, is_forward_mark


def test_an_attribution_may_be_wrapped_over_three_lines() -> None:
    lines = ["Yes.", "On Mon, Nov 2, 2026 at 9:14 AM", "Desk", "<support@demo.example> wrote:", "> old"]
    assert find_boundary(lines) == Boundary(1, 4, "attribution", "en")
    assert find_boundary(["Yes.", "On Mon, Nov 2", "a", "b", "c wrote:"]) is None


def test_an_attribution_does_not_reach_over_a_blank_line() -> None:
    assert find_boundary(["On Monday, 2 Nov", "", "he wrote:"]) is None


def test_a_quoted_attribution_is_part_of_the_quote() -> None:
    assert find_boundary(["> On 2 Nov 2026, at 10:12, Desk wrote:"]) is None


def test_a_header_block_needs_sender_time_and_recipient_or_subject() -> None:
    assert find_boundary(["From: x", "To: y", "Subject: z"]) is None
    assert find_boundary(["From: x", "Date: y"]) is None
    assert find_boundary(["From: x", "Date: y", "Subject: z", "text"]) == Boundary(0, 3, "header-block")


@pytest.mark.parametrize(
    ("line", "forward"),
    [
        ("---------- Forwarded message ---------", True), ("Begin forwarded message:", True),
        ("Forwarded message from the boss", False), ("-----Original Message-----", False), ("", False),
    ],
)  # fmt: skip
def test_a_forward_announces_itself(line: str, forward: bool) -> None:
    assert is_forward_mark(line) is forward


@pytest.mark.parametrize(
    "lines",
    [
        [], ["-- ", "only a signature"], ["Kind regards,"], ["Hello", "Regards, as you know, are free", "bye"],
        ["a", "Cheers", *["line"] * 7], ["a", "Cheers", "x" * 61], ["a", "Sent from my house, with a long explanation " * 4],
    ],
)  # fmt: skip
def test_what_is_no_signature_is_left(lines: list[str]) -> None:
    assert find_signature(lines) is None
