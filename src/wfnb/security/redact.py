"""Redaction: what people are shown of a value, with secrets masked and size capped (pipeline specification, 4.13)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from wfnb.limits import LIMITS
from wfnb.model.paths import parse_pointer
from wfnb.model.secret_names import is_reference
from wfnb.model.values import DELETE, JsonValue, Path, Write, apply_writes, get_path, size_bytes

__all__ = ["MASK", "cap", "is_secret_name", "redact", "redactions", "scrub", "secret_texts"]

MASK = "[REDACTED]"
"""Stands where a value was masked."""

_SECRET_NAMES = re.compile(
    r"secretref|secret|token|passwd|password|api[_-]?key|authorization|credential|private[_-]?key",
    re.IGNORECASE,
)


def is_secret_name(name: str) -> bool:
    """Whether a key says that its value is secret.

    Examples
    --------
    >>> is_secret_name("apiKey"), is_secret_name("title")
    (True, False)
    """
    return bool(_SECRET_NAMES.search(name))


def redact(value: JsonValue, pointers: Iterable[str] = ()) -> JsonValue:
    """A copy for people: text and numbers under secret names are masked, and so is what the JSON pointers name.

    A key ``secretRef`` is masked whatever it holds; an empty pointer masks everything; pointers that name nothing do nothing.

    Examples
    --------
    >>> redact({"user": "ann", "password": "x", "id": {"ssn": 1}}, ["/id/ssn"])
    {'user': 'ann', 'password': '[REDACTED]', 'id': {'ssn': '[REDACTED]'}}
    """
    masked = _mask(value)
    for text in pointers:
        path = _indices(masked, parse_pointer(text))
        if not path:
            return MASK
        if get_path(masked, path, DELETE) is not DELETE:
            masked = apply_writes(masked, [Write(path, MASK)])
    return masked


def _mask(value: JsonValue) -> JsonValue:
    if isinstance(value, dict):
        if is_reference(value):  # the name of a secret is no secret
            return value
        return {key: MASK if _hidden(key, inner) else _mask(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner) for inner in value]
    return value


def _hidden(key: str, inner: JsonValue) -> bool:
    if key == "secretRef":
        return True
    return (
        is_secret_name(key)
        and not isinstance(inner, dict | list | bool)
        and inner is not None
        and inner != ""
    )


def redactions(envelope: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The pointers in ``meta.redactions``: what a workflow itself says is secret. What is no pointer there counts for nothing.

    Examples
    --------
    >>> redactions({"meta": {"redactions": ["/payload/ssn", 5]}})
    ('/payload/ssn',)
    """
    meta = envelope.get("meta")
    given = meta.get("redactions") if isinstance(meta, dict) else None
    pointers = given if isinstance(given, list) else [given]
    return tuple(text for text in pointers if isinstance(text, str))


def secret_texts(value: JsonValue, pointers: Iterable[str] = ()) -> frozenset[str]:
    """Every text that `redact` would mask, of four characters or more: shorter ones stand in any sentence.

    Examples
    --------
    >>> secret_texts({"user": "ann", "password": "hunter2"})
    frozenset({'hunter2'})
    """
    hidden = [get_path(value, _indices(value, parse_pointer(text))) for text in pointers]
    found = (*_secrets(value, secret=False), *_secrets(hidden, secret=True))
    return frozenset(text for text in found if len(text) >= 4)


def _secrets(value: JsonValue, *, secret: bool) -> Iterator[str]:
    if isinstance(value, dict) and not is_reference(value):
        for key, inner in value.items():
            yield from _secrets(inner, secret=secret or key == "secretRef" or _hidden(key, inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _secrets(inner, secret=secret)
    elif secret and isinstance(value, str):
        yield value


def scrub(value: JsonValue, secrets: Iterable[str]) -> JsonValue:
    """A copy in which no text quotes a secret.

    Examples
    --------
    >>> scrub({"message": "No hunter2 here."}, {"hunter2"})
    {'message': 'No [REDACTED] here.'}
    """
    words = sorted(secrets, key=len, reverse=True)  # a secret may hold another one
    if not words:
        return value
    return _scrubbed(value, re.compile("|".join(map(re.escape, words))))


def _scrubbed(value: JsonValue, words: re.Pattern[str]) -> JsonValue:
    if isinstance(value, dict):
        return {key: _scrubbed(inner, words) for key, inner in value.items()}
    if isinstance(value, list):
        return [_scrubbed(inner, words) for inner in value]
    return words.sub(MASK, value) if isinstance(value, str) else value


_INDEX = re.compile("[0-9]{1,9}")


def _indices(value: JsonValue, parts: tuple[str, ...]) -> Path:
    """The path of a pointer: a part is an index where the value has a list."""
    path: list[str | int] = []
    for part in parts:
        here = get_path(value, tuple(path))
        path.append(int(part) if isinstance(here, list) and _INDEX.fullmatch(part) else part)
    return tuple(path)


def cap(value: JsonValue, limit_bytes: int = LIMITS.snapshot_size_bytes) -> JsonValue:
    """The value, or a marker with its size when it is larger than `limit_bytes` bytes of JSON."""
    size = size_bytes(value)
    return value if size <= limit_bytes else {"truncated": True, "size": size, "max": limit_bytes}
