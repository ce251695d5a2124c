"""Messages from the page: what is understood, and that nothing else does anything."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.ui.messages import read_question, read_token
from wfnb.ui.questions import Asset, Children, Fork, Go, Move, SetBreakpoint, Steps

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["asset", "ready", "step", "goto", "children", "fork", "marks", "set_breakpoint", "nonsense"]
        )
        | JSON
    },
    optional=dict.fromkeys(
        ("key", "position", "path", "offset", "edits", "from", "to", "bins", "on", "what", "ask"), JSON
    ),
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
        ({"type": "steps", "from": 4, "count": 200}, Steps(4, 200)),
        (
            {"type": "fork", "edits": [["vars.x", "1"]], "version": None, "live": False, "reason": ""},
            Fork((("vars.x", "1"),), None, live=False, reason=""),
        ),
        (
            {
                "type": "set_breakpoint",
                "breakpoint": 0,
                "on": "step",
                "what": "a",
                "condition": None,
                "hits": None,
                "log": None,
                "enabled": True,
            },
            SetBreakpoint(0, "step", "a", None, None, None, enabled=True),
        ),
    ],
)
def test_a_command_is_understood(content: dict[str, Any], command: object) -> None:
    assert read_question(content) == command


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
        {"type": "steps", "from": 0, "count": 501},
        {"type": "evaluate", "text": "x" * 20_001},
        {"type": "run_to", "step": ""},
        {"type": "fork", "edits": [["vars.x"]], "version": None, "live": False, "reason": ""},
        {"type": "fork", "edits": [], "version": None, "live": 1, "reason": ""},
        {"type": "set_breakpoint", "breakpoint": 0, "on": "condition", "what": "x", "enabled": True},
    ],
)
def test_anything_else_is_ignored(content: Any) -> None:
    assert read_question(content) is None


@given(JSON | FIELDS)
def test_no_message_is_an_error(content: Any) -> None:
    read_question(content)
    read_token(content)


@pytest.mark.parametrize("content", [None, {}, {"ask": ""}, {"ask": 1}, {"ask": "x" * 41}])
def test_a_token_that_is_none_is_not_brought_back(content: Any) -> None:
    assert read_token(content) is None
