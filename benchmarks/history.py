"""History: how fast it catches up with a real store, and how soon it answers.

Run it: ``python benchmarks/history.py [STEPS]``. The store is written by commits, ten steps to a run, before anything is
measured; a million steps take minutes to write.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wfnb.history.columns import count
from wfnb.history.history import History
from wfnb.machine.messages import (
    Event,
    InvocationScheduled,
    InvocationSucceeded,
    RunFailed,
    RunStarted,
    RunSucceeded,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from wfnb.machine.state import initial_state
from wfnb.model.values import Write
from wfnb.store.records import Commit, Macrostep, NewRun, VersionRow
from wfnb.store.sqlite import SqliteStore

STEPS = 1_000_000
STEPS_PER_RUN = 10
BEGIN_US = 1_767_225_600_000_000
ERROR = {"category": "ActionError", "code": "BROKEN", "message": "It failed."}
QUESTIONS = (
    "SELECT count(*) FROM steps",
    "SELECT type, date_trunc('day', started_at) AS day, quantile_cont(duration_ms, 0.95) FROM steps GROUP BY ALL",
    "SELECT error_code, count(*) FROM runs WHERE status = 'FAILED' GROUP BY error_code",
    "SELECT * FROM events WHERE run_id = 'run-42'",
)
ROUNDS = 5


def run() -> list[dict[str, Any]]:
    """Figures for a million steps."""
    return measure(STEPS)


def measure(steps: int) -> list[dict[str, Any]]:
    """Catching up from nothing, catching up by one run, questions and analyses; seconds are medians where repeated."""
    figures: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder) / "state.sqlite") as store:
        _publish(store)
        runs = steps // STEPS_PER_RUN
        for number in range(runs):
            _write(store, number)
        reading, rows = _drain(store)
        figures.append(
            {"what": "read the store alone", "rows": rows, "seconds": reading, "rows_per_s": rows / reading}
        )
        history = History(store, folder)
        whole = _seconds(history.refresh)
        figures.append(
            {"what": "catch up from nothing", "rows": rows, "seconds": whole, "rows_per_s": rows / whole}
        )
        size = (Path(folder) / "history.duckdb").stat().st_size
        figures.append({"what": "file", "bytes_per_step": size / steps})
        _write(store, runs)
        figures.append({"what": "catch up by one run", "seconds": _seconds(history.refresh)})
        figures.extend(
            {"what": question[:60], "seconds": _median(lambda text=question: history.sql(text))}
            for question in QUESTIONS
        )
        figures.extend(
            {"what": name, "seconds": _median(getattr(history, name))} for name in history.analyses
        )
    return figures


def _publish(store: SqliteStore) -> None:
    for version in (1, 2, 3):
        store.save_version(VersionRow("orders", version, "Orders", {}, "hash", None, None, None, "ann", 0))


def _write(store: SqliteStore, number: int) -> None:
    """One run, created and then committed as a whole."""
    at = BEGIN_US + number * 1_000_000
    name = f"run-{number}"
    state = initial_state(
        name, workflow_id="orders", workflow_version=1, started_at_us=at, payload={}, meta={}
    )
    failed = number % 11 == 0
    state.tree["status"] = "FAILED" if failed else "SUCCEEDED"
    version = number % 3 + 1
    created, _ = store.create_run(
        NewRun(name, "orders", version, "hash", state, at, owner="bench", lease_until_us=at + 10**12)
    )
    steps = [_step(number, index, at + index * 5_000, failed=failed) for index in range(STEPS_PER_RUN)]
    end: Event = RunFailed(at_us=at + 60_000, error=ERROR) if failed else RunSucceeded(at_us=at + 60_000)
    macrosteps = (
        Macrostep(at, "Start", (RunStarted(at_us=at),)),
        *steps,
        Macrostep(at + 60_000, "Advance", (end,)),
    )
    store.commit(Commit(created.run_no, created.epoch, 0, macrosteps, state, None))


def _step(number: int, index: int, at: int, *, failed: bool) -> Macrostep:
    """A step; the second one calls an action, the fourth takes a branch, the last one may fail."""
    place = f"root.steps[{index}]"
    ended = at + (number * 7_919 + index * 104_729) % 4_000
    kind = "action.call" if index == 1 else "control.if" if index == 3 else "transform.assign"
    events: list[Event] = [
        StepStarted(at_us=at, instance=place, step_id=f"step-{index}", type=kind, attempt=1)
    ]
    if index == 1:
        effect = f"{place}#1"
        events += [
            InvocationScheduled(
                at_us=at, effect_id=effect, instance=place, action_id="send", action_version=1,
                key=f"{number}", input={"to": "ann@example.org", "n": number}, attempt=1,
            ),
            InvocationSucceeded(at_us=ended, effect_id=effect, output={"ok": True}),
        ]  # fmt: skip
    if failed and index == STEPS_PER_RUN - 1:
        events.append(StepFailed(at_us=ended, instance=place, attempt=1, error=ERROR))
    else:
        branch = ("then", "else")[number % 2] if index == 3 else None
        writes = (Write(("envelope", "vars", "n"), index),)
        events.append(StepSucceeded(at_us=ended, instance=place, attempt=1, branch=branch, writes=writes))
    return Macrostep(ended, "Advance", tuple(events))


def _drain(store: SqliteStore) -> tuple[float, int]:
    """Seconds it takes to read all rows as history does, and how many there are."""
    started, rows, rev = time.perf_counter(), 0, 0
    while (changes := store.changes(rev, 50_000)).rev > rev:
        rev = changes.rev
        rows += count(changes)
    return time.perf_counter() - started, rows


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _median(work: Callable[[], object]) -> float:
    return statistics.median(_seconds(work) for _ in range(ROUNDS))


if __name__ == "__main__":
    for figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else STEPS):
        print(figure)
