"""JSON values: what may be stored, its canonical text, its hash, and changes made by copying only the path."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from wfnb.errors import LimitExceeded, ValidationError
from wfnb.limits import LIMITS

__all__ = [
    "DELETE",
    "JsonValue",
    "Path",
    "Write",
    "apply_writes",
    "canonical_json",
    "check_json",
    "content_hash",
    "diff",
    "get_path",
    "json_fault",
    "size_bytes",
]

JsonValue: TypeAlias = Any
"""None, bool, int, finite float, str, list of JSON values, or dict from str to JSON values."""

Path: TypeAlias = tuple[str | int, ...]
"""Keys and indices from the root of a JSON tree to a place in it."""


class _Delete:
    """The type of `DELETE`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "DELETE"


DELETE: Final = _Delete()
"""As the value of a `Write`: remove the key."""


@dataclass(frozen=True, slots=True)
class Write:
    """One change of a JSON tree: set the value at a path, or remove it (`DELETE`).

    Examples
    --------
    >>> apply_writes({"a": {"b": 1}}, [Write(("a", "c"), 2)])
    {'a': {'b': 1, 'c': 2}}
    """

    path: Path
    value: JsonValue = DELETE

    def to_json(self) -> list[JsonValue]:
        """``[path, value]``, or ``[path]`` for a removal: the form in which steps store their writes."""
        return [list(self.path)] if self.value is DELETE else [list(self.path), self.value]

    @classmethod
    def from_json(cls, data: Sequence[JsonValue]) -> Write:
        """The inverse of `to_json`."""
        return cls(tuple(data[0]), data[1] if len(data) > 1 else DELETE)


def apply_writes(tree: JsonValue, writes: Iterable[Write]) -> JsonValue:
    """Return `tree` with `writes` made in order; the given tree is left as it was.

    Only containers along a path are copied. A missing or scalar container on the way becomes an object. An index equal to
    the length of a list appends; removing something that is not there changes nothing.

    Raises
    ------
    IndexError
        When an index lies beyond the end of a list: writes come from the machine, which never makes such a one.
    """
    for write in writes:
        tree = _write(tree, write.path, write.value)
    return tree


def _write(tree: JsonValue, path: Path, value: JsonValue) -> JsonValue:
    """The tree with one write. Every step of every run does a few of them: this is a loop because it is so often called."""
    if not path:
        return value
    root = here = _copy(tree, path[0])
    last = len(path) - 1
    for depth in range(last):
        key = path[depth]
        if isinstance(here, list):
            index = int(key)
            new = _copy(here[index] if index < len(here) else None, path[depth + 1])
            _put(here, index, new)
        else:
            name = str(key)
            new = here[name] = _copy(here.get(name), path[depth + 1])
        here = new
    _put(here, path[last], value)
    return root


def _copy(node: JsonValue, key: str | int) -> JsonValue:
    """A copy of a container, or an object where there is none that holds such a key."""
    if isinstance(node, dict) or (isinstance(node, list) and isinstance(key, int)):
        return node.copy()
    return {}


def _put(here: JsonValue, key: str | int, value: JsonValue) -> None:
    """Set or remove the value under a key of a container that was copied."""
    if isinstance(here, list):
        index = int(key)
        if value is DELETE:
            del here[index : index + 1]
        else:
            if index > len(here):
                raise IndexError(f"There is no item {index} in a list of {len(here)}.")
            here[index : index + 1] = (value,)
    elif value is DELETE:
        here.pop(str(key), None)
    else:
        here[str(key)] = value


_ABSENT: Final = object()


def get_path(tree: JsonValue, path: Path, default: JsonValue = None) -> JsonValue:
    """The value at `path`, or `default` when there is none.

    Examples
    --------
    >>> get_path({"a": [10, 20]}, ("a", 1))
    20
    """
    node = tree
    for key in path:
        if isinstance(node, dict):
            node = node.get(key, _ABSENT)
        elif isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
            node = node[key]
        else:
            return default
        if node is _ABSENT:
            return default
    return node


def canonical_json(value: JsonValue) -> str:
    """One text per value: sorted keys, no spaces, UTF-8 characters as they are.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": ["é"]})
    '{"a":["é"],"b":1}'
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def content_hash(value: JsonValue) -> str:
    """SHA-256 of the canonical text, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()


def size_bytes(value: JsonValue) -> int:
    """Length of the canonical text in bytes."""
    return len(canonical_json(value).encode("utf-8", "surrogatepass"))


def check_json(value: JsonValue, *, where: str, limit_bytes: int | None = None) -> JsonValue:
    """Return `value` when it is JSON within bounds.

    Parameters
    ----------
    value
        Anything.
    where
        Name of the place, for the message.
    limit_bytes
        Largest canonical size allowed, in bytes; no bound when absent.

    Raises
    ------
    ValidationError
        ``NOT_JSON`` names the first place that is not JSON (a date, NaN, a key that is no string, a cycle).
    LimitExceeded
        ``TOO_DEEP`` or ``TOO_LARGE``.
    """
    for path, item, depth in _walk(value):
        if depth > LIMITS.value_depth:
            raise LimitExceeded(
                f"The value is nested deeper than {LIMITS.value_depth} levels.", code="TOO_DEEP", where=where
            )
        fault = json_fault(item)
        if fault:
            place = ".".join(str(key) for key in (where, *path))
            raise ValidationError(
                f"{fault} is not a JSON value.",
                code="NOT_JSON",
                where=place,
                hint="Use text, numbers, true, false, null, lists and objects; write dates as ISO text.",
            )
    if limit_bytes is not None and (size := size_bytes(value)) > limit_bytes:
        raise LimitExceeded(
            f"The value has {size:,} bytes; at most {limit_bytes:,} are allowed.",
            code="TOO_LARGE",
            where=where,
            hint="Store large content elsewhere and pass a reference to it.",
        )
    return value


def _walk(value: JsonValue) -> Iterator[tuple[Path, JsonValue, int]]:
    """Every value inside `value` with its path and depth; iterative, so that depth cannot end the stack."""
    stack: list[tuple[Path, JsonValue]] = [((), value)]
    while stack:
        path, item = stack.pop()
        yield path, item, len(path)
        if isinstance(item, dict):
            stack.extend(((*path, str(key)), child) for key, child in item.items())
        elif isinstance(item, list):
            stack.extend(((*path, index), child) for index, child in enumerate(item))


def json_fault(item: Any) -> str | None:
    """What keeps a value itself from being JSON, as the subject of a sentence; None when nothing does.

    Its contents are not looked at, the keys of an object are.

    Examples
    --------
    >>> json_fault(float("nan"))
    'The number nan'
    """
    kind = type(item)
    if item is None or kind in (bool, list):
        return None
    if kind is str:
        return "A lone surrogate" if _SURROGATE.search(item) else None
    if kind is int:
        return None if item.bit_length() <= _MOST_BITS else "A whole number of more than 4,000 digits"
    if kind is float:
        return None if math.isfinite(item) else f"The number {item}"
    if kind is dict:
        return next((fault for fault in map(_key_fault, item) if fault), None)
    return f"A {kind.__name__}"


_SURROGATE = re.compile("[\ud800-\udfff]")
_MOST_BITS = 13_288  # 4,000 digits: what reads the text back may refuse more (Python does from 4,301 on)


def _key_fault(key: Any) -> str | None:
    if type(key) is not str:
        return f"A key of type {type(key).__name__}"
    return "A key with a lone surrogate" if _SURROGATE.search(key) else None


def diff(old: JsonValue, new: JsonValue, path: Path = ()) -> list[tuple[Path, JsonValue, JsonValue]]:
    """Every place where two JSON trees differ, as ``(path, old, new)``; `DELETE` stands for "not there".

    Objects are compared key by key (keys of `old` first, then new ones, each in its own order), lists item by item.

    Examples
    --------
    >>> diff({"a": 1, "b": [1]}, {"a": 2, "b": [1, 2]})
    [(('a',), 1, 2), (('b', 1), DELETE, 2)]
    """
    if old is new:
        return []
    if isinstance(old, dict) and isinstance(new, dict):
        keys: Iterable[Any] = [*old, *(key for key in new if key not in old)]
        return [d for key in keys for d in diff(old.get(key, DELETE), new.get(key, DELETE), (*path, key))]
    if isinstance(old, list) and isinstance(new, list):
        length = max(len(old), len(new))
        pairs = ((_item(old, index), _item(new, index), index) for index in range(length))
        return [d for a, b, index in pairs for d in diff(a, b, (*path, index))]
    same = type(old) is type(new) and old == new
    return [] if same else [(path, old, new)]


def _item(items: list[JsonValue], index: int) -> JsonValue:
    return items[index] if index < len(items) else DELETE
