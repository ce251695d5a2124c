"""Fixtures: what a simulation answers instead of the world, by step, action, workflow or event.

A fixture is the output itself; ``{"$error": {"message", "category"}}`` makes the call fail; ``{"$each": [...]}`` gives one
after the other, the last one again when there are more calls than entries.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from wfnb.errors import (
    ActionError,
    ExpressionError,
    StepError,
    StepTimeoutError,
    TransientError,
    ValidationError,
)
from wfnb.machine.messages import Error
from wfnb.model.policies import Category
from wfnb.model.values import JsonValue, check_json
from wfnb.security.escape import visible
from wfnb.validate.findings import nearest

__all__ = ["Fixture", "Fixtures"]

_SPECIAL = ("$each", "$error")
_ERRORS: tuple[type[StepError], ...] = (
    ActionError,
    ExpressionError,
    StepTimeoutError,
    TransientError,
    ValidationError,
)
_CODES = {error.category: error.default_code for error in _ERRORS}


@dataclass(frozen=True, slots=True)
class Fixture:
    """The answer to one call: an output, or an error. `beyond` says that there were more calls than entries."""

    key: str
    output: JsonValue = None
    error: Error | None = None
    beyond: bool = False


class Fixtures:
    """Fixtures by key, read once; every call takes the next entry.

    Parameters
    ----------
    given
        What was written.

    Raises
    ------
    ValidationError
        ``INVALID_FIXTURE`` names the fixture; ``NOT_JSON``, ``INVALID_ARGUMENT``.

    Examples
    --------
    >>> fixtures = Fixtures({"reserve": {"$each": [{"held": 1}, {"$error": {"message": "No stock."}}]}})
    >>> fixtures.take("reserve").output, fixtures.take("reserve").error["message"]
    ({'held': 1}, 'No stock.')
    """

    def __init__(self, given: Mapping[str, JsonValue] | None = None) -> None:
        if given is not None and not isinstance(given, Mapping):
            raise ValidationError(
                "“fixtures” must be an object of outputs by step or action.",
                code="INVALID_ARGUMENT",
                where="fixtures",
            )
        written = check_json(dict(given or {}), where="fixtures")
        self._entries = {key: list(_entries(key, fixture)) for key, fixture in written.items()}
        self._taken = dict.fromkeys(self._entries, 0)

    def take(self, *keys: str) -> Fixture | None:
        """The next entry of the first of these keys that has a fixture; None when none has."""
        key = next((key for key in keys if key in self._entries), None)
        if key is None:
            return None
        entries, number = self._entries[key], self._taken[key]
        self._taken[key] += 1
        beyond = number >= len(entries) > 1
        output, error = entries[min(number, len(entries) - 1)]
        return Fixture(key, output, error, beyond)

    def strange(self, known: Iterable[str]) -> Iterator[str]:
        """A sentence for every fixture that nothing will ever ask for."""
        names = sorted(set(known))
        for key in self._entries:
            if key not in names:
                hint = nearest(key, names) or "It is no step, action, workflow or event of this definition."
                yield f"The fixture “{visible(key, 80)}” is for nothing. {hint}"


def _entries(key: str, fixture: JsonValue) -> Iterator[tuple[JsonValue, Error | None]]:
    if not (isinstance(fixture, dict) and "$each" in fixture):
        yield _entry(key, fixture)
        return
    entries = fixture["$each"]
    if not isinstance(entries, list) or not entries or len(fixture) > 1:
        raise _refused(key, "“$each” stands alone and is a list of one output or more.")
    for entry in entries:
        yield _entry(key, entry)


def _entry(key: str, fixture: JsonValue) -> tuple[JsonValue, Error | None]:
    if not isinstance(fixture, dict):
        return fixture, None
    if "$error" in fixture:
        return None, _error(key, fixture["$error"] if len(fixture) == 1 else None)
    special = next((name for name in fixture if name.startswith("$")), None)
    if special is not None:
        raise _refused(key, "Special keys are $each and $error.", nearest(special, _SPECIAL))
    return fixture, None


def _error(key: str, written: JsonValue) -> Error:
    if not isinstance(written, dict) or not written.keys() <= {"message", "category", "code"}:
        raise _refused(key, "“$error” stands alone and is an object of message, category and code.")
    category = written.get("category", "ActionError")
    if category not in get_args(Category):
        raise _refused(
            key, "There is no such category of errors.", f"Say one of {', '.join(get_args(Category))}."
        )
    error: Error = {
        "category": category,
        "code": written.get("code", _CODES[category]),
        "message": written.get("message", "The fixture makes this fail."),
    }
    if not all(isinstance(text, str) for text in error.values()):
        raise _refused(key, "Message and code of an error are text.")
    return error


def _refused(key: str, message: str, hint: str | None = None) -> ValidationError:
    return ValidationError(message, code="INVALID_FIXTURE", where=f"fixtures.{visible(key, 80)}", hint=hint)
