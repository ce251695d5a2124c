"""What of the calls of an action people are not shown: declared with the action, applied wherever an invocation is shown.

The rows themselves stay complete: a result that is taken over from an earlier call must be the whole one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from wfnb.security.redact import redact
from wfnb.store.database import Database
from wfnb.store.records import InvocationRow
from wfnb.store.statements import REDACTIONS

__all__ = ["Declared", "Redaction", "declare", "declared", "hide"]


@dataclass(frozen=True, slots=True)
class Redaction:
    """JSON pointers into the input and the output of an action.

    Examples
    --------
    >>> Redaction(input=("/card/number",)).output
    ()
    """

    input: tuple[str, ...] = ()
    output: tuple[str, ...] = ()


Declared: TypeAlias = Mapping[tuple[str, int], Redaction]
"""Redactions by id and version of their action."""

_NOTHING = Redaction()


def declare(database: Database, action_id: str, version: int, redaction: Redaction) -> None:
    """Keep what an action declares; what was declared before counts no more. Calls that are over are hidden likewise."""
    if declared(database).get((action_id, version), _NOTHING) != redaction:
        with database.writing() as session:
            texts = (json.dumps(redaction.input), json.dumps(redaction.output))
            session.execute(REDACTIONS.put, (action_id, version, *texts))


def declared(database: Database) -> dict[tuple[str, int], Redaction]:
    """Everything that is declared."""
    with database.reading() as session:
        rows = session.execute(REDACTIONS.every)
    return {
        (action_id, version): Redaction(tuple(json.loads(given)), tuple(json.loads(gave)))
        for action_id, version, given, gave in rows
    }


def hide(rows: Iterable[InvocationRow], hidden: Declared) -> list[InvocationRow]:
    """Rows for people: what their actions declared is masked."""
    return [_hidden(row, hidden.get((row.action_id, row.action_version), _NOTHING)) for row in rows]


def _hidden(row: InvocationRow, redaction: Redaction) -> InvocationRow:
    if redaction == _NOTHING:
        return row
    output = None if row.output is None else redact(row.output, redaction.output)
    return replace(row, input=redact(row.input, redaction.input), output=output)
