"""The same loop of small durable steps in DBOS and in LangGraph. Each function is one process's whole work."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from benchmarks._fresh import folder

FULL = 2  # what PRAGMA synchronous answers when every commit is flushed to the disk
_WARM_UP = 50


def dbos(steps: int, journal: str) -> dict[str, float]:
    """Steps/s, CPU time and commits per step of a DBOS workflow that calls a step `steps` times.

    DBOS leaves SQLite as it finds it: a rollback journal, and the library's own ``synchronous``. `journal` = ``wal`` prepares
    the file so that it is in WAL mode instead.
    """
    from dbos import DBOS
    from sqlalchemy import Engine, event

    connections: list[sqlite3.Connection] = []
    event.listen(Engine, "connect", lambda connection, _: connections.append(connection))
    with folder() as path:
        file = path / "dbos.sqlite"
        with sqlite3.connect(file) as connection:
            connection.execute(f"PRAGMA journal_mode={journal}")
        connection.close()
        url = f"sqlite:///{file}"
        DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "enable_otlp": False})

        @DBOS.step()
        def add(total: int, number: int) -> int:
            return total + number

        @DBOS.workflow()
        def loop(count: int) -> int:
            total = 0
            for number in range(count):
                total = add(total, number)
            return total

        DBOS.launch()
        try:
            loop(_WARM_UP)
            for connection in connections:
                _must_be(FULL, connection.execute("PRAGMA synchronous").fetchone()[0])
                _must_be(journal, connection.execute("PRAGMA journal_mode").fetchone()[0])
            per_step = _commits(connections, loop)
            figures = _measured(steps, lambda: loop(steps), sum(range(steps)))
        finally:
            DBOS.destroy()
    return {**figures, "commits": per_step}


def langgraph(steps: int) -> dict[str, float]:
    """Steps/s, CPU time and commits per step of a graph whose node is entered `steps` times, every step stored before the next one."""
    os.environ["LANGSMITH_TRACING"] = "false"
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.graph import END, START, StateGraph

    def add(state: dict[str, int]) -> dict[str, int]:
        return {"number": state["number"] + 1, "total": state["total"] + state["number"]}

    def again(state: dict[str, int]) -> str:
        return "add" if state["number"] < state["count"] else END

    with folder() as path:
        connection = sqlite3.connect(path / "langgraph.sqlite", check_same_thread=False)
        builder = StateGraph(_state_type())
        builder.add_node("add", add)
        builder.add_edge(START, "add")
        builder.add_conditional_edges("add", again, ["add", END])
        graph = builder.compile(checkpointer=SqliteSaver(connection))

        def loop(count: int) -> int:
            config = {"configurable": {"thread_id": f"{time.time_ns()}"}, "recursion_limit": count + 10}
            return graph.invoke({"number": 0, "total": 0, "count": count}, config, durability="sync")["total"]

        loop(1)
        _must_be(FULL, connection.execute("PRAGMA synchronous").fetchone()[0])
        _must_be("wal", connection.execute("PRAGMA journal_mode").fetchone()[0])
        per_step = _commits([connection], loop)
        figures = _measured(steps, lambda: loop(steps), sum(range(steps)))
        connection.close()
    return {**figures, "commits": per_step}


def _state_type() -> Any:
    from typing_extensions import TypedDict

    return TypedDict("State", {"number": int, "total": int, "count": int})


def _commits(connections: list[sqlite3.Connection], loop: Callable[[int], int]) -> float:
    """Transactions that one step writes and commits: what a longer loop commits more than a shorter one."""
    statements: list[str] = []
    for connection in connections:
        connection.set_trace_callback(statements.append)
    loop(_WARM_UP)
    few = statements.count("COMMIT")
    loop(2 * _WARM_UP)
    for connection in connections:
        connection.set_trace_callback(None)
    return (statements.count("COMMIT") - 2 * few) / _WARM_UP


def _measured(steps: int, loop: Callable[[], int], expected: int) -> dict[str, float]:
    begun, cpu = time.perf_counter(), time.process_time()
    result = loop()
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu
    _must_be(expected, result)
    return {"rate": steps / seconds, "cpu_us": cpu_seconds / steps * 1e6}


def _must_be(wanted: object, found: object) -> None:
    if wanted != found:
        raise RuntimeError(f"{wanted!r} was expected; it is {found!r}.")
