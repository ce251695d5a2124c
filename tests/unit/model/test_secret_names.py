"""Names of secrets, and the references that stand for their values."""

from __future__ import annotations

from typing import Any

import pytest

from wfnb.model.secret_names import is_reference, reference, valid_name


@pytest.mark.parametrize("name", ["A", "SMTP_PASSWORD", "K9", "A" * 255])
def test_capitals_digits_and_underscores_make_a_name(name: str) -> None:
    assert valid_name(name)
    assert is_reference(reference(name))


@pytest.mark.parametrize(
    "name", ["", "a", "_A", "9A", "A-B", "A\n", "Ä", "A" * 256, None, 5, ["A"], {"A": 1}]
)
def test_anything_else_is_no_name(name: Any) -> None:
    assert not valid_name(name)
    assert not is_reference({"$secret": name})


@pytest.mark.parametrize("value", [None, "A", [], {}, {"secret": "A"}, {"$secret": "A", "more": 1}])
def test_only_the_bare_object_is_a_reference(value: Any) -> None:
    assert not is_reference(value)
