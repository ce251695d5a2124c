"""Durable steps per second: wfnb, the bare driver with the same statements, DBOS and LangGraph, in turns on the same disk.

Every figure is the median of several rounds. A ratio is the median of the rounds' own ratios: whatever else the machine did
during a round, it did to all of them. Each contender has a fresh process and a fresh file, and times one run of a loop from its
start to its end.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Any

from benchmarks import _bare, _fresh, _loop

STEPS = 1_000
ROUNDS = 7


@dataclass(slots=True)
class Contender:
    """One row: how it is called, what is called, and what it does for a step."""

    name: str
    function: str
    arguments: tuple[Any, ...]
    per_step: str
    missing: str | None = None
    rates: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)

    def measure(self) -> None:
        """One round."""
        if self.missing is not None:
            return
        try:
            figures = _fresh.call(self.function, *self.arguments)
        except _fresh.MissingPeerError as error:
            self.missing = str(error)
            return
        self.rates.append(figures["rate"])
        self.cpu_us.append(figures["cpu_us"])
        self.commits.append(figures["commits"])


def wfnb_durable(steps: int, step: str) -> dict[str, float]:
    """Steps/s, CPU time and commits per step of wfnb's engine over its SQLite store."""
    import wfnb

    with _fresh.folder() as path, wfnb.open(path) as ws:
        _loop.prepare(ws, getattr(_loop, step))
        _loop.run(ws, 50)
        _, figures = _loop.run(ws, steps)
    return {**figures, "commits": _bare.commits_per_step(50, getattr(_loop, step))}


def contenders() -> list[Contender]:
    """All rows, in the order in which a round measures them."""
    return [
        Contender(
            "wfnb, pure step",
            "durable.wfnb_durable",
            (STEPS, "PURE"),
            "1 commit, 1 fdatasync; WAL, FULL; expression, write, step row",
        ),
        Contender(
            "bare apsw, same statements",
            "_bare.bare",
            (STEPS, "PURE"),
            "the statements of the row above and nothing else",
        ),
        Contender(
            "wfnb, step that calls a function",
            "durable.wfnb_durable",
            (STEPS, "CALL"),
            "1 commit, 1 fdatasync: its result and the next step's intent; WAL, FULL",
        ),
        Contender(
            "DBOS, as it comes",
            "_peers.dbos",
            (STEPS, "delete"),
            "1 commit, 4 fdatasync: the result; rollback journal, FULL",
        ),
        Contender(
            "DBOS, file put into WAL mode by hand",
            "_peers.dbos",
            (STEPS, "wal"),
            "1 commit, 1 fdatasync: the result; WAL, FULL",
        ),
        Contender(
            "LangGraph, SqliteSaver, durability=sync",
            "_peers.langgraph",
            (STEPS,),
            "2 commits, 2 fdatasync: checkpoint, writes; WAL, FULL",
        ),
    ]


def run() -> list[dict[str, object]]:
    """The table."""
    rows = contenders()
    for _ in range(ROUNDS):
        for row in rows:
            row.measure()
    pure, _, call, *_ = rows
    return [line(row, pure, call) for row in rows]


def line(row: Contender, pure: Contender, call: Contender) -> dict[str, object]:
    """One line of the table."""
    if row.missing is not None:
        return {"what": row.name, "per step": f"not measured: {row.missing} is not installed"}
    rate = statistics.median(row.rates)
    return {
        "what": row.name,
        "steps/s": round(rate),
        "lowest": round(min(row.rates)),
        "highest": round(max(row.rates)),
        "us/step": 1e6 / rate,
        "CPU us/step": statistics.median(row.cpu_us),
        "commits/step": statistics.median(row.commits),
        "wfnb pure is x times": ratio(pure, row),
        "wfnb calling is x times": ratio(call, row),
        "per step": row.per_step,
    }


def ratio(one: Contender, other: Contender) -> float | None:
    """How many times as fast `one` is, by the median of the rounds."""
    pairs = list(zip(one.rates, other.rates, strict=True))
    return statistics.median(a / b for a, b in pairs) if one is not other else None
