"""From nothing to the first finished workflow: what the first cell of a notebook waits for.

Every figure is taken in a fresh process, ten times; files are in the page cache and compiled, as they are from the second
start on. "After process start" counts from before the interpreter began, and so includes it.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benchmarks import _fresh

ROUNDS = 10

_EMPTY = "import time; print(time.time())"

_IMPORT = """
import time
begun = time.perf_counter()
import wfnb
print(time.perf_counter() - begun)
"""

_OPEN_NAME = """
import time
begun = time.perf_counter()
from wfnb import open
print(time.perf_counter() - begun)
"""

_FIRST = """
import json, sys, time
import wfnb
ws = wfnb.open(sys.argv[1])
step = {"id": "greet", "type": "transform.assign", "config": {"assign": {"vars.hello": {"$expr": "'Hello ' & payload.name"}}}}
assert ws.publish({"id": "hello", "name": "Hello", "steps": [step]}).ok
run = ws.start("hello", {"name": "Ada"}).wait(30)
ended = time.time()
assert run.envelope["vars"] == {"hello": "Hello Ada"}, run.envelope
print(ended)
ws.close()
"""


def run() -> list[dict[str, object]]:
    """The table."""
    bare = [since_start(_EMPTY) for _ in range(ROUNDS)]
    first = [since_start(_FIRST) for _ in range(ROUNDS)]
    return [
        line("import wfnb", [itself(_IMPORT) for _ in range(ROUNDS)], 150.0),
        line(
            "import wfnb and everything that wfnb.open needs",
            [itself(_OPEN_NAME) for _ in range(ROUNDS)],
            None,
        ),
        line("first workflow done (SQLite), after process start", first, 500.0),
        line("an interpreter that does nothing, after process start", bare, None),
    ]


def itself(program: str) -> float:
    """Milliseconds that a program says it took."""
    return float(_output(program)) * 1e3


def since_start(program: str) -> float:
    """Milliseconds from before the interpreter began to the moment that a program prints."""
    with _fresh.folder() as path:
        begun = time.time()
        return (float(_output(program, str(path))) - begun) * 1e3


def _output(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program, *arguments]
    return subprocess.run(command, cwd=_fresh.ROOT, capture_output=True, text=True, check=True).stdout


def line(what: str, figures: list[float], goal_ms: float | None) -> dict[str, object]:
    """One line of the table."""
    median = statistics.median(figures)
    return {
        "what": what, "median ms": median, "lowest": min(figures), "highest": max(figures),
        "goal ms": goal_ms, "of the goal": median / goal_ms if goal_ms else None,
    }  # fmt: skip
