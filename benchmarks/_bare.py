"""What the database driver alone needs: the statements of a run, recorded with their values, executed again by nothing but apsw."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw
from benchmarks import _loop
from benchmarks._fresh import folder

import wfnb

_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


class Executed(NamedTuple):
    """One statement as a thread executed it."""

    thread: str
    sql: str
    values: Any


def bare(steps: int, step: str) -> dict[str, float]:
    """Steps/s of the bare driver: all statements of the engine's thread for one run of the loop.

    The run is made first, unmeasured, with every statement written down; then they are executed on an empty file, and both
    files must hold the same number of rows of each table.
    """
    with folder() as path:
        before, during = _record(path / "recorded", steps, getattr(_loop, step))
        file = path / "bare.sqlite"
        connection = apsw.Connection(str(file), statementcachesize=128)
        _execute(connection, before)
        if connection.pragma("synchronous") != 2 or connection.pragma("journal_mode") != "wal":
            raise RuntimeError("The bare driver does not write as durably as the store.")
        begun, cpu = time.perf_counter(), time.process_time()
        _execute(connection, during)
        seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
        _must_hold_the_same(connection, path / "recorded" / _loop.STATE_FILE)
        connection.close()
    commits = sum(map(_commits, during))
    return {"rate": steps / seconds, "cpu_us": cpu_seconds / steps * 1e6, "commits": commits / steps}


def commits_per_step(steps: int, step: dict[str, Any]) -> float:
    """Transactions that the engine's thread commits for one step: what a longer loop commits more than a shorter one."""
    with folder() as path, _recording() as executed, wfnb.open(path) as ws:
        _loop.prepare(ws, step)
        _loop.run(ws, steps)
        few = len(executed)
        _loop.run(ws, 2 * steps)
    first, second = (sum(map(_commits, part)) for part in (executed[:few], executed[few:]))
    return (second - first) / steps


def _commits(executed: Executed) -> bool:
    return executed.thread == "wfnb-engine" and executed.sql.lstrip().upper().startswith("COMMIT")


def _record(path: Path, steps: int, step: dict[str, Any]) -> tuple[list[Executed], list[Executed]]:
    """Statements before the run, and those of the engine's thread during it."""
    with _recording() as executed, wfnb.open(path) as ws:
        _loop.prepare(ws, step)
        ready = len(executed)
        _loop.run(ws, steps)
        during = [one for one in executed[ready:] if one.thread == "wfnb-engine"]
        return executed[:ready], during


@contextmanager
def _recording() -> Iterator[list[Executed]]:
    executed: list[Executed] = []

    def note(_cursor: apsw.Cursor, sql: str, values: Any) -> bool:
        executed.append(Executed(threading.current_thread().name, sql, values))
        return True

    def watch(connection: apsw.Connection) -> None:
        connection.exec_trace = note

    apsw.connection_hooks.append(watch)
    try:
        yield executed
    finally:
        apsw.connection_hooks.remove(watch)


def _execute(connection: apsw.Connection, statements: list[Executed]) -> None:
    for _, sql, values in statements:
        for _row in connection.execute(sql, values):
            pass


def _must_hold_the_same(connection: apsw.Connection, recorded: Path) -> None:
    other = apsw.Connection(str(recorded), flags=apsw.SQLITE_OPEN_READONLY)
    for (table,) in connection.execute(_TABLES).fetchall():
        count = f'SELECT count(*) FROM "{table}"'
        bare, stored = (next(iter(db.execute(count)))[0] for db in (connection, other))
        if bare != stored:
            raise RuntimeError(f"The bare driver wrote {bare} rows of {table}; the store wrote {stored}.")
    other.close()
