"""Changes of values as people are told of them: old and new, with secrets masked."""

from __future__ import annotations

from collections.abc import Iterable

from wfnb.machine.pipeline.changes import Change, parse_change, writes_of
from wfnb.machine.state import State
from wfnb.model.values import DELETE, JsonValue, Path, apply_writes, check_json, get_path
from wfnb.security.redact import MASK, cap, redact, redactions

__all__ = ["given", "shown", "to_json"]

_PREVIEW_BYTES = 4_096  # an entry of the audit is a sentence, not a document


def given(target: str, value: JsonValue) -> Change:
    """A change as it was asked for, checked.

    Raises
    ------
    ValidationError
        ``INVALID_ASSIGN_PATH``, ``NOT_JSON``.
    LimitExceeded
        ``TOO_DEEP``.
    """
    change = parse_change(target, value)
    if value is not DELETE:
        check_json(value, where=change.path)
    return change


def to_json(changes: Iterable[Change]) -> dict[str, JsonValue]:
    """The form in which a fork keeps its changes: complete."""
    return {
        change.path if change.item is None else f"{change.path}@{change.item}": (
            {"removed": True} if change.value is DELETE else {"value": change.value}
        )
        for change in changes
    }


def shown(state: State, changes: Iterable[Change]) -> dict[str, JsonValue]:
    """Old and new value of every place that changes; what is secret by its name, or because the run says so, is masked."""
    told: dict[str, JsonValue] = {}
    tree = state.tree
    for change in changes:
        (first, *_) = writes_of(tree, change)
        after = apply_writes(tree, writes_of(tree, change))
        root = first.path[: first.path.index("envelope") + 1]
        place = first.path[len(root) :]
        pointers = (*redactions(get_path(tree, root)), *redactions(get_path(after, root)))
        entry = {
            name: cap(_value(get_path(whole, root), place, pointers), _PREVIEW_BYTES)
            for name, whole in (("old", tree), ("new", after))
            if get_path(whole, first.path, DELETE) is not DELETE
        }
        told[change.path if change.item is None else f"{change.path}@{change.item}"] = entry
        tree = after
    return told


def _value(envelope: dict[str, JsonValue], place: Path, pointers: tuple[str, ...]) -> JsonValue:
    """A value as people see it; one inside of what is masked is masked. What stands beside it is not looked at."""
    names = tuple(map(str, place))
    alone = get_path(envelope, place)
    for name in reversed(names):
        alone = {name: alone}
    return get_path(redact(alone, pointers), names, MASK)
