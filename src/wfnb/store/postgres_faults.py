"""What goes wrong with a PostgreSQL store, as errors with codes and a way out."""

from __future__ import annotations

from json import JSONDecodeError

import psycopg

from wfnb.errors import StoreError, ValidationError, WfnbError

__all__ = ["fenced_off", "foreign", "not_known", "to_be_repeated", "typed", "unreachable"]

_FENCED_OFF = "WF001"  # what the functions move_on and reopen raise
_CONFLICTS = ("40001", "40P01")
_UNSTORABLE = ("22003", "22021", "22P05")


def to_be_repeated(error: psycopg.Error) -> bool:
    """Whether the server undid a transaction because of another one, and asks for it once more."""
    return error.sqlstate in _CONFLICTS


def fenced_off(error: psycopg.Error) -> bool:
    """Whether the fence refused a commit: the run is not where its writer left it."""
    return error.sqlstate == _FENCED_OFF


def typed(error: BaseException, where: str) -> WfnbError | None:
    """The typed error for a fault of the driver or of a value; None for what is none of a store's business."""
    match error:
        case psycopg.Error():
            return _of_driver(error, where)
        case JSONDecodeError():
            return StoreError(
                f"The store is damaged: a text in it is not JSON ({error}).",
                code="STORE_DAMAGED",
                where=where,
            )
        case UnicodeEncodeError():
            return ValidationError("A lone surrogate cannot be stored.", code="NOT_JSON", where=where)
        case _:
            return None


def unreachable(where: str, error: BaseException | None = None) -> StoreError:
    """The server cannot be reached; nothing was changed."""
    said = "" if error is None else f": {_first_line(error)}"
    return StoreError(
        f"The PostgreSQL server cannot be reached{said.rstrip('.')}.",
        code="STORE_UNREACHABLE",
        where=where,
        hint="Nothing was changed. See that the server runs and that address, user and password are right; then try again.",
    )


def not_known(where: str) -> StoreError:
    """The connection broke while something was committed that cannot be looked up again."""
    return StoreError(
        "The connection broke in the middle of a commit: it is not known whether it was made.",
        code="STORE_UNREACHABLE",
        where=where,
        hint="Look whether it is there before you try again.",
    )


def foreign(where: str) -> StoreError:
    """The schema holds something else."""
    return StoreError(
        "The schema holds tables, but not those of wfnb.",
        code="STORE_FOREIGN",
        where=where,
        hint="Name another schema: postgresql://.../database?schema=NAME. This one was left as it is.",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[-1].strip() if lines else type(error).__name__


def _of_driver(error: psycopg.Error, where: str) -> WfnbError:  # noqa: PLR0911 - one line for each kind of fault
    state = error.sqlstate or ""
    said = (error.diag.message_primary or _first_line(error)).removesuffix(".")
    if state in _UNSTORABLE or (isinstance(error, psycopg.DataError) and not state):
        return ValidationError(f"A value cannot be stored: {said}.", code="NOT_JSON", where=where)
    if state.startswith("23"):
        return StoreError(f"The store refuses a row: {said}.", code="STORE_REFUSED", where=where)
    if state in ("55P03", "57014", "53300", *_CONFLICTS):
        return StoreError(
            f"The server is kept busy by others: {said}.",
            code="STORE_BUSY",
            where=where,
            hint="Try again; if it stays so, look in pg_stat_activity for who holds what.",
        )
    if state.startswith("53"):
        return StoreError(
            f"The server has no room left: {said}; nothing was changed.",
            code="STORE_FULL",
            where=where,
            hint="Give it room and go on.",
        )
    if state in ("25006", "42501"):
        return StoreError(
            f"The store cannot be written: {said}.",
            code="STORE_READ_ONLY",
            where=where,
            hint="The user needs the right to create and write tables in the schema, on a server that is not a standby.",
        )
    if state.startswith("XX"):
        return StoreError(f"The store is damaged: {said}.", code="STORE_DAMAGED", where=where)
    if isinstance(error, psycopg.OperationalError) or state.startswith(("08", "57P", "28", "3D")):
        return unreachable(where, error)
    return StoreError(f"The store cannot be used: {said}.", where=where)
