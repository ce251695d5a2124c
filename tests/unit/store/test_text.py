"""JSON as text: compact, faithful, and refused when it could not be read again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.store.text import dump, load

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(VALUES)
def test_what_was_dumped_is_loaded_again(value: object) -> None:
    assert load(dump(value)) == value


def test_keys_keep_their_order_and_text_its_characters() -> None:
    assert dump({"b": "ß", "a": [1, 2.5, None, True]}) == '{"b":"ß","a":[1,2.5,null,true]}'


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        pytest.param(object(), id="object"),
        {1, 2},
        "\ud800",
        {"\ud800": 1},
        b"x",
        10**5000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_not_json_is_refused(value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        dump([value])
    assert caught.value.code == "NOT_JSON"


def test_what_is_nested_too_deep_is_refused() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(LimitExceeded) as caught:
        dump(deep)
    assert caught.value.code == "TOO_DEEP"
    while deep:
        deep = deep.pop()  # type: ignore[assignment]  # taken apart by hand: the interpreter would do it recursively
