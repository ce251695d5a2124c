"""Turning on the write-ahead log of a file, although others do the same."""

from __future__ import annotations

import time

import apsw

from wfnb.store.statements import TRANSACTION

__all__ = ["turn_on"]

_PATIENCE_S = 30.0
_AGAIN_S = 0.01


def turn_on(connection: apsw.Connection) -> None:
    """Turn the log on, as often as it takes.

    Two that turn it on at once may each wait for the other's look into the file. SQLite sees that and gives one of them up at
    once, whatever patience it was told to have.

    Raises
    ------
    apsw.BusyError
        When somebody keeps the file locked for half a minute.
    """
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute(TRANSACTION.use_wal).fetchall()
        except apsw.BusyError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(_AGAIN_S)
        else:
            return
