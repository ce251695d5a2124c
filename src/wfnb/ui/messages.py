"""Reads questions from messages that may hold anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast, get_args, get_type_hints

from wfnb.debug.breakpoints import Target
from wfnb.limits import LIMITS
from wfnb.ui import questions as q

__all__ = ["read_question", "read_token"]

_MOST_POSITIONS: Final = 100_000_000
_MOST_ROWS: Final = 500
_MOST_BINS: Final = 1_000
_MOST_EDITS: Final = 100
_LONGEST_KEY: Final = 10_000
_LONGEST_TEXT: Final = 20_000
_LONGEST_VALUE: Final = 1_000_000
_LONGEST_NAME: Final = 500
_TARGETS: Final = frozenset(get_args(Target))
_MOVES: Final = frozenset(get_args(get_type_hints(q.Move)["to"]))

Check = Callable[[Any], bool]


def read_question(content: Any) -> q.Question | None:
    """The question in a message, or None for anything that is none: what is not understood is ignored.

    Examples
    --------
    >>> read_question({"type": "goto", "position": 3})
    Go(position=3)
    >>> read_question({"type": "goto", "position": "3"}) is None
    True
    """
    kind = content.get("type") if isinstance(content, dict) else None
    if not isinstance(kind, str):
        return None
    if kind in _MOVES:
        return q.Move(cast("Any", kind))
    make, fields = _FORMS.get(kind, (None, {}))
    values = [content.get(name) for name in fields]
    if make is None or not all(check(value) for check, value in zip(fields.values(), values, strict=True)):
        return None
    question: q.Question = make(*map(_frozen, values))
    return question


def read_token(content: Any) -> str | None:
    """The token that an answer brings back, so that whoever asked knows it.

    Examples
    --------
    >>> read_token({"type": "step", "ask": "k3-1"})
    'k3-1'
    """
    token = content.get("ask") if isinstance(content, dict) else None
    return token if isinstance(token, str) and 0 < len(token) <= 40 else None


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value


def _count(most: int) -> Check:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _text(longest: int, *, least: int = 0) -> Check:
    return lambda value: isinstance(value, str) and least <= len(value) <= longest


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _key(value: Any) -> bool:
    return _POSITION(value) or (isinstance(value, str) and len(value) <= _LONGEST_KEY)


def _path(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= LIMITS.value_depth and all(map(_key, value))


def _edits(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= _MOST_EDITS and all(map(_edit, value))


def _edit(pair: Any) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and _NAME(pair[0]) and _text(_LONGEST_VALUE)(pair[1])


_POSITION: Final = _count(_MOST_POSITIONS)
_NAME: Final = _text(_LONGEST_NAME, least=1)
_EXPRESSION: Final = _text(_LONGEST_TEXT)
_MAYBE: Final = _or_none(_EXPRESSION)


def _target(value: Any) -> bool:
    return isinstance(value, str) and value in _TARGETS


_FORMS: Final[dict[str, tuple[Any, dict[str, Check]]]] = {
    "asset": (q.Asset, {"key": _text(64)}),
    "goto": (q.Go, {"position": _POSITION}),
    "run_to": (q.RunTo, {"step": _NAME}),
    "children": (q.Children, {"position": _POSITION, "path": _path, "offset": _POSITION}),
    "steps": (q.Steps, {"from": _POSITION, "count": _count(_MOST_ROWS)}),
    "marks": (q.Marks, {"from": _POSITION, "to": _POSITION, "bins": _count(_MOST_BINS)}),
    "evaluate": (q.Evaluate, {"text": _EXPRESSION}),
    "complete": (q.Complete, {"text": _EXPRESSION, "at": _count(_LONGEST_TEXT)}),
    "watch": (q.Watch, {"expression": _EXPRESSION}),
    "unwatch": (q.Unwatch, {"expression": _EXPRESSION}),
    "history": (q.History, {"expression": _EXPRESSION}),
    "toggle_breakpoint": (q.ToggleBreakpoint, {"step": _NAME}),
    "set_breakpoint": (
        q.SetBreakpoint,
        {
            "breakpoint": _POSITION,
            "on": _target,
            "what": _text(_LONGEST_NAME),
            "condition": _MAYBE,
            "hits": _or_none(_NAME),
            "log": _MAYBE,
            "enabled": _flag,
        },
    ),
    "remove_breakpoint": (q.RemoveBreakpoint, {"breakpoint": _POSITION}),
    "out": (q.Out, {"run": _NAME}),
    "why": (q.Why, {"path": _path}),
    "inside": (q.Inside, {}),
    "lines": (q.Lines, {}),
    "edit": (q.Edit, {"place": _NAME, "value": _text(_LONGEST_VALUE)}),
    "skip": (q.Skip, {}),
    "supply": (q.Supply, {"output": _text(_LONGEST_VALUE)}),
    "jump": (q.Jump, {"step": _NAME}),
    "fork_form": (q.ForkForm, {}),
    "fork": (
        q.Fork,
        {"edits": _edits, "version": _or_none(_POSITION), "live": _flag, "reason": _text(_LONGEST_NAME)},
    ),
    "show": (q.Show, {"run": _NAME}),
    "replay": (q.Replay, {"version": _or_none(_POSITION)}),
    "compare": (q.Compare, {"other": _NAME}),
}
