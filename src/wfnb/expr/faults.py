"""Fault: what goes wrong inside compilation or evaluation, before it is told as an `ExpressionError`.

Inner layers know an offset and a reason, not the field or the whole text; the outermost layer adds those.
"""

from __future__ import annotations

from wfnb.errors import ExpressionError

__all__ = ["Fault", "place", "to_error"]


class Fault(Exception):  # noqa: N818 - never leaves this package; it becomes an ExpressionError
    """A reason with the offset it belongs to.

    Parameters
    ----------
    code
        Stable code of the `ExpressionError` it becomes.
    message
        One sentence.
    at
        Offset in the source, or None when no single place is at fault.
    hint
        What to do.
    """

    def __init__(self, code: str, message: str, at: int | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.at = at
        self.hint = hint


def place(source: str, offset: int) -> tuple[int, int]:
    r"""Line and column, both from 1, of an offset.

    Examples
    --------
    >>> place("a +\n  b", 6)
    (2, 3)
    """
    offset = min(max(offset, 0), len(source))
    line = source.count("\n", 0, offset) + 1
    return line, offset - source.rfind("\n", 0, offset)


def to_error(fault: Fault, source: str, field: str | None) -> ExpressionError:
    """The public error of a fault."""
    line, column = place(source, fault.at) if fault.at is not None else (None, None)
    return ExpressionError(
        fault.message,
        code=fault.code,
        hint=fault.hint,
        source=source,
        field=field,
        line=line,
        column=column,
    )
