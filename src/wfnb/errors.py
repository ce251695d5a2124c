"""Every error wfnb raises, in one tree with stable codes.

::

    WfnbError
    ├── DefinitionError            what was written is not a definition (text, shape, findings)
    ├── BundleError                a bundle of workflows cannot be written or taken in
    ├── RegistryError              an action, node type or schema cannot be registered or found
    ├── StepError                  a step failed; its category decides retries and routing
    │   ├── ValidationError        data does not fit its schema            (never retried)
    │   ├── ExpressionError        an expression gave no usable value      (never retried)
    │   ├── TransientError         worth another try                       (retried by policy)
    │   ├── ActionError            an action failed; retried only when a policy lists it
    │   └── StepTimeoutError       a wait ran out
    ├── LimitExceeded              an input or a result is larger than `wfnb.limits` allows
    ├── CommandError               a command does not fit the state of its run
    ├── NotAllowedError            the role in which a workspace is open may not do this
    ├── NotFoundError              no such run, workflow, version or step
    ├── StoreError                 the state store refuses or cannot be trusted
    │   ├── StaleWriterError       another owner has moved the run on (fencing)
    │   └── StoreLostError         the files under an open store were replaced or unlocked
    ├── SecretError                a secret cannot be kept or given out
    ├── QueryError                 a history query is refused or failed
    ├── PathOutsideRootError       a file path leaves the folder it is confined to
    └── MissingExtraError          an optional package is not installed

Every error has a ``code`` (stable, for programs), a message (one sentence, for people) and, where known, ``where`` it
happened and a ``hint`` that says what to do.
"""

from __future__ import annotations

import re
from typing import ClassVar

__all__ = [
    "ActionError",
    "BundleError",
    "CommandError",
    "DefinitionError",
    "ExpressionError",
    "LimitExceeded",
    "MissingExtraError",
    "NotAllowedError",
    "NotFoundError",
    "PathOutsideRootError",
    "QueryError",
    "RegistryError",
    "SecretError",
    "StaleWriterError",
    "StepError",
    "StepTimeoutError",
    "StoreError",
    "StoreLostError",
    "TransientError",
    "ValidationError",
    "WfnbError",
]


_ODD = re.compile("[^\x20-\x7e\n]")


def _plain(text: str) -> str:
    """What is printed of an error: it may quote what was given, and that can neither steer a terminal nor reorder text."""
    return _ODD.sub(lambda char: char[0] if char[0].isprintable() else f"\\u{ord(char[0]):04x}", text)


class WfnbError(Exception):
    """Base of every error of wfnb.

    Parameters
    ----------
    message
        One sentence: what is wrong and what was expected.
    code
        Stable identifier in capitals; defaults to the class's own code.
    where
        Place of the fault: a definition path, a field, a file and line.
    hint
        What to do next.

    Examples
    --------
    >>> error = WfnbError("The file is empty.", where="orders.json", hint="Write a definition into it.")
    >>> print(error)
    The file is empty. (at orders.json) Write a definition into it. [WFNB_ERROR]
    """

    default_code: ClassVar[str] = "WFNB_ERROR"

    def __init__(
        self, message: str, *, code: str | None = None, where: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f" (at {self.where})" if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return _plain(f"{self.message}{place}{hint} [{self.code}]")


class DefinitionError(WfnbError):
    """The definition cannot be used as it is written."""

    default_code = "INVALID_WORKFLOW_DEFINITION"


class BundleError(WfnbError):
    """A bundle of workflows cannot be written or taken in."""

    default_code = "INVALID_BUNDLE"


class RegistryError(WfnbError):
    """An action, node type or schema cannot be registered or found."""

    default_code = "REGISTRY_ERROR"


class StepError(WfnbError):
    """A step failed. The category decides whether it is retried and who may handle it."""

    default_code = "STEP_FAILED"
    category: ClassVar[str] = "ActionError"


class ValidationError(StepError):
    """Data does not fit the schema it is checked against."""

    default_code = "VALIDATION_ERROR"
    category = "ValidationError"


class ExpressionError(StepError):
    """An expression cannot be compiled, or gave no usable value.

    Parameters
    ----------
    message, code, where, hint
        As for `WfnbError`.
    source
        Text of the expression.
    field
        Name of the field the expression stands in, for example ``condition``.
    line, column
        Position in the expression, counted from 1.
    """

    default_code = "EXPRESSION_ERROR"
    category = "ExpressionError"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        where: str | None = None,
        hint: str | None = None,
        source: str | None = None,
        field: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        super().__init__(message, code=code, where=where, hint=hint)
        self.source = source
        self.field = field
        self.line = line
        self.column = column

    def __str__(self) -> str:
        place = f" in {self.field}" if self.field else ""
        spot = f" (line {self.line}, column {self.column})" if self.line is not None else ""
        text = f": {self.source}" if self.source else ""
        hint = f" {self.hint}" if self.hint else ""
        return _plain(f"{self.message}{place}{text}{spot}{hint} [{self.code}]")


class TransientError(StepError):
    """A failure that may go away: raise it from an action to be tried again by policy."""

    default_code = "TRANSIENT_FAILURE"
    category = "TransientError"


class ActionError(StepError):
    """An action failed for a reason of its own."""

    default_code = "ACTION_FAILED"
    category = "ActionError"


class StepTimeoutError(StepError):
    """A wait ran out before it was answered."""

    default_code = "TIMEOUT"
    category = "TimeoutError"


class LimitExceeded(WfnbError):  # noqa: N818 - the field's standard word is the bare noun
    """An input or a result is larger than allowed."""

    default_code = "LIMIT_EXCEEDED"


class CommandError(WfnbError):
    """A command does not fit the state of its run."""

    default_code = "INVALID_COMMAND"


class NotAllowedError(WfnbError):
    """The role in which a workspace is open may not do this."""

    default_code = "NOT_ALLOWED"


class NotFoundError(WfnbError):
    """There is no such run, workflow, version or step."""

    default_code = "NOT_FOUND"


class StoreError(WfnbError):
    """The state store refuses, or cannot be trusted."""

    default_code = "STORE_ERROR"


class StaleWriterError(StoreError):
    """Another owner has moved the run on; this one must stop."""

    default_code = "STALE_WRITER"


class StoreLostError(StoreError):
    """The files of an open store were replaced or lost their locks."""

    default_code = "STORE_LOST"


class SecretError(WfnbError):
    """A secret cannot be kept or given out."""

    default_code = "SECRET_ERROR"


class QueryError(WfnbError):
    """A history query is refused or failed."""

    default_code = "QUERY_REFUSED"


class PathOutsideRootError(WfnbError):
    """A file path leaves the folder it is confined to."""

    default_code = "PATH_OUTSIDE_ROOT"


class MissingExtraError(WfnbError):
    """An optional package is not installed."""

    default_code = "MISSING_EXTRA"
