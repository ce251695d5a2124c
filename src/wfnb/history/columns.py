"""Rows of the state tables as numpy columns, redacted: what DuckDB takes in by the batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, TypeAlias

import numpy as np

from wfnb.limits import LIMITS
from wfnb.model.values import JsonValue, canonical_json
from wfnb.security.redact import cap, redact
from wfnb.store.records import Changes

__all__ = ["Batch", "batches", "count", "shown_json"]

Columns: TypeAlias = "dict[str, np.ndarray[Any, Any]]"

_MESSAGE_CHARS = 2_000
"""Longer error messages are cut: nobody reads more of one in a table."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Changed rows of one kind: ``run``, ``step``, ``invocation``, ``wait`` or ``event``; columns of equal length."""

    kind: str
    columns: Columns


def count(changes: Changes) -> int:
    """How many rows changed.

    Examples
    --------
    >>> count(Changes(rev=3))
    0
    """
    return sum(map(len, (changes.runs, changes.steps, changes.invocations, changes.waits, changes.events)))


def batches(changes: Changes) -> Iterator[Batch]:
    """Changes as columns; kinds without a changed row are left out."""
    for kind, rows, make in (
        ("run", changes.runs, _runs),
        ("step", changes.steps, _steps),
        ("invocation", changes.invocations, _invocations),
        ("wait", changes.waits, _waits),
        ("event", changes.events, _events),
    ):
        if rows:
            yield Batch(kind, make(rows))


def shown_json(value: JsonValue) -> str:
    """JSON text of a value for people: secrets are masked, and a marker stands for what is too large.

    Examples
    --------
    >>> shown_json({"apiKey": "x", "n": 1})
    '{"apiKey":"[REDACTED]","n":1}'
    """
    shown = redact(value)
    text = _unicode(canonical_json(shown))
    return text if len(text.encode()) <= LIMITS.snapshot_size_bytes else canonical_json(cap(shown))


def _runs(rows: Sequence[Any]) -> Columns:
    texts = {
        "run_id": "run_id",
        "workflow_id": "workflow",
        "kind": "kind",
        "status": "status",
        "label": "state",
        "key": "key",
        "trigger": "trigger",
    }
    numbers = {
        "run_no": "run_no",
        "workflow_version": "version",
        "parent_run_no": "parent_run_no",
        "depth": "depth",
        "seq": "seq",
        "epoch": "epoch",
        "started_us": "started_us",
        "updated_us": "updated_us",
        "completed_us": "completed_us",
        "rev": "rev",
    }
    return _texts(rows, texts) | _numbers(rows, numbers) | _errors(rows)


def _steps(rows: Sequence[Any]) -> Columns:
    texts = ("instance", "step_id", "type", "status", "branch", "handled_by")
    numbers = ("run_no", "seq", "attempt", "end_seq", "started_us", "ended_us")
    return _texts(rows, _same(texts)) | _numbers(rows, _same(numbers)) | _errors(rows)


def _invocations(rows: Sequence[Any]) -> Columns:
    texts = {
        "effect_id": "effect_id",
        "instance": "instance",
        "action_id": "action",
        "key": "key",
        "status": "status",
    }
    numbers = ("invocation_no", "run_no", "action_version", "attempt", "scheduled_us", "ended_us")
    own: Columns = {
        "shared": np.fromiter((row.shared_with is not None for row in rows), dtype=np.bool_, count=len(rows)),
        "input": _objects(shown_json(row.input) for row in rows),
        "output": _objects(None if row.output is None else shown_json(row.output) for row in rows),
    }
    return _texts(rows, texts) | _numbers(rows, _same(numbers)) | _errors(rows) | own


def _waits(rows: Sequence[Any]) -> Columns:
    texts = ("effect_id", "instance", "wait_type", "status")
    numbers = ("wait_no", "run_no", "due_us", "created_us", "resolved_us")
    return _texts(rows, _same(texts)) | _numbers(rows, _same(numbers))


def _events(rows: Sequence[Any]) -> Columns:
    numbers = ("event_no", "run_no", "seq", "at_us")
    data: Columns = {"data": _objects(shown_json(row.data) for row in rows)}
    return _texts(rows, {"kind": "kind"}) | _numbers(rows, _same(numbers)) | data


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


def _texts(rows: Sequence[Any], names: dict[str, str]) -> Columns:
    return {column: _objects(map(attrgetter(field), rows)) for field, column in names.items()}


def _numbers(rows: Sequence[Any], names: dict[str, str]) -> Columns:
    return {column: _integers(map(attrgetter(field), rows), len(rows)) for field, column in names.items()}


def _integers(values: Iterable[int | None], size: int) -> np.ndarray[Any, Any]:
    """Integers; -1 stands for one that is not there."""
    return np.fromiter((-1 if value is None else value for value in values), dtype=np.int64, count=size)


def _objects(values: Iterable[str | None]) -> np.ndarray[Any, Any]:
    items = [value if value is None or value.isascii() else _unicode(value) for value in values]
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


def _unicode(text: str) -> str:
    """Text with “?” for halves of characters, which JSON may hold and DuckDB does not take."""
    return text.encode("utf-8", "replace").decode()


def _errors(rows: Sequence[Any]) -> Columns:
    """The three columns of an error; most rows have none."""
    errors = [row.error for row in rows]
    return {
        "error_category": _objects(_part(error, "category") for error in errors),
        "error_code": _objects(_part(error, "code") for error in errors),
        "error_message": _objects(_part(error, "message") for error in errors),
    }


def _part(error: dict[str, JsonValue] | None, name: str) -> str | None:
    if error is None or error.get(name) is None:
        return None
    text = str(redact(error)[name])
    return text if len(text) <= _MESSAGE_CHARS else text[: _MESSAGE_CHARS - 1] + "…"
