"""Bytes in the state file per small step: all tables and indices, the log folded in."""

from __future__ import annotations

from pathlib import Path

import apsw
from benchmarks import _fresh, _loop

import wfnb

GOAL = 400


def run() -> list[dict[str, object]]:
    """The table."""
    return [
        line("pure step, loop of 1,000", _loop.PURE, 1_000),
        line("pure step, loop of 10,000 (its items stand in every checkpoint)", _loop.PURE, 10_000),
        line("step that calls a function, loop of 1,000", _loop.CALL, 1_000),
    ]


def line(what: str, step: dict[str, object], steps: int) -> dict[str, object]:
    """One run of a loop, and what its steps added to the file."""
    with _fresh.folder() as path:
        with wfnb.open(path) as ws:
            _loop.prepare(ws, step)
            _loop.run(ws, 1)
        before = used(path)
        with wfnb.open(path) as ws:
            _loop.prepare(ws, step)
            _loop.run(ws, steps)
        after = used(path)
    bytes_each = {name: (after[name] - before.get(name, 0)) / steps for name in after}
    total = sum(bytes_each.values())
    largest = sorted(bytes_each.items(), key=lambda item: -item[1])[:3]
    return {
        "what": what,
        "bytes/step": total,
        "goal": GOAL,
        "of the goal": total / GOAL,
        "largest": ", ".join(f"{name} {size:.0f}" for name, size in largest),
    }


def used(path: Path) -> dict[str, int]:
    """Bytes of pages that each table and index takes in the file of a closed workspace."""
    connection = apsw.Connection(str(path / _loop.STATE_FILE))
    sizes = dict(connection.execute("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    connection.close()
    return sizes
