"""Messages from the page: what is understood, and that nothing else does anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.ui.messages import Asset, Children, Go, Move, read_command

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {"type": st.sampled_from(["asset", "ready", "step", "goto", "children", "nonsense"]) | JSON},
    optional={"key": JSON, "position": JSON, "path": JSON, "offset": JSON},
)


@pytest.mark.parametrize(
    ("content", "command"),
    [
        ({"type": "step"}, Move("step")),
        ({"type": "ready", "more": 1}, Move("ready")),
        ({"type": "goto", "position": 0}, Go(0)),
        ({"type": "asset", "key": "abc"}, Asset("abc")),
        (
            {"type": "children", "position": 2, "path": ["vars", 3], "offset": 100},
            Children(2, ("vars", 3), 100),
        ),
    ],
)
def test_a_command_is_understood(content: dict[str, Any], command: object) -> None:
    assert read_command(content) == command


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "step",
        {},
        {"type": ["step"]},
        {"type": "outline"},
        {"type": "__init__"},
        {"type": "goto"},
        {"type": "goto", "position": -1},
        {"type": "goto", "position": True},
        {"type": "goto", "position": 1.5},
        {"type": "goto", "position": 10**12},
        {"type": "asset", "key": "x" * 65},
        {"type": "children", "position": 0, "path": "vars", "offset": 0},
        {"type": "children", "position": 0, "path": ["x"] * 500, "offset": 0},
        {"type": "children", "position": 0, "path": ["x" * 20_000], "offset": 0},
        {"type": "children", "position": 0, "path": [{}], "offset": 0},
        {"type": "children", "position": 0, "path": [-1], "offset": 0},
    ],
)
def test_anything_else_is_ignored(content: Any) -> None:
    assert read_command(content) is None


@given(JSON | FIELDS)
def test_no_message_is_an_error(content: Any) -> None:
    read_command(content)
