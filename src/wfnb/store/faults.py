"""What goes wrong with a state file, as errors with codes and a way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from json import JSONDecodeError

import apsw

from wfnb.errors import StoreError, ValidationError, WfnbError
from wfnb.store.refusals import closed

__all__ = ["damaged", "foreign", "translated", "typed"]


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the driver's errors into typed ones that name the file."""
    try:
        yield
    except Exception as error:
        fault = typed(error, where)
        if fault is None:
            raise
        raise fault from error


def typed(error: BaseException, where: str) -> WfnbError | None:
    """The typed error for a fault of the driver or of a value; None for what is none of a store's business."""
    match error:
        case apsw.Error():
            return _of_driver(error, where)
        case JSONDecodeError():
            return damaged(where, f"a text in it is not JSON ({error})")
        case UnicodeDecodeError():
            return damaged(where, "a text in it is not UTF-8")
        case UnicodeEncodeError():
            return ValidationError("A lone surrogate cannot be stored.", code="NOT_JSON", where=where)
        case OverflowError():
            return ValidationError(
                "A whole number is larger than 64 bits can hold.", code="NOT_JSON", where=where
            )
        case _:
            return None


def foreign(where: str) -> StoreError:
    """The file is a database, but not one of wfnb."""
    return StoreError(
        "The file is not a state store of wfnb.",
        code="STORE_FOREIGN",
        where=where,
        hint="Name another file, or move this one away; it was left as it is.",
    )


def damaged(where: str, what: str) -> StoreError:
    """The file cannot be trusted."""
    return StoreError(
        f"The state file is damaged: {what}.",
        code="STORE_DAMAGED",
        where=where,
        hint="Keep a copy of it, and put a backup in its place.",
    )


def _of_driver(error: apsw.Error, where: str) -> StoreError:  # noqa: PLR0911 - one line for each kind of fault
    text = str(error).removesuffix(".")
    match error:
        case apsw.BusyError() | apsw.LockedError():
            return StoreError(
                "Another process keeps the state file locked.",
                code="STORE_BUSY",
                where=where,
                hint="Try again; if it stays so, end the process that holds it.",
            )
        case apsw.FullError():
            return StoreError(
                "There is no room left for the state file; nothing was changed.",
                code="STORE_FULL",
                where=where,
                hint="Free some disk space and go on.",
            )
        case apsw.ReadOnlyError() | apsw.PermissionsError():
            return StoreError(
                "The state file cannot be written.",
                code="STORE_READ_ONLY",
                where=where,
                hint="Give yourself the right to write to the file and to its folder.",
            )
        case apsw.CantOpenError():
            return StoreError(
                f"The state file cannot be opened: {text}.",
                code="STORE_UNREACHABLE",
                where=where,
                hint="The folder must exist, and you must have the right to write to it.",
            )
        case apsw.NotADBError():
            return foreign(where)
        case apsw.CorruptError():
            return damaged(where, text)
        case apsw.IOError() if getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA:
            return damaged(where, "a page in it does not fit its checksum")
        case apsw.ConstraintError():
            return StoreError(f"The store refuses a row: {text}.", code="STORE_REFUSED", where=where)
        case apsw.ConnectionClosedError():
            return closed(where)
        case _:
            return StoreError(f"The state file cannot be used: {text}.", where=where)
