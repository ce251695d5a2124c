"""A projector that is killed at any moment leaves a history that is exact after the next question."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from processes import Processes
from unit.history.chronicle import Chronicle
from unit.history.contents import contents
from wfnb.history.projection import Projection
from wfnb.store.sqlite import SqliteStore

KILLS = int(os.environ.get("WFNB_KILLS", "10"))

PROJECTOR = """
import sys
from pathlib import Path
from wfnb.history import fill
from wfnb.history.projection import Projection
from wfnb.store.sqlite import SqliteStore
fill._BATCH_ROWS = 40
folder = Path(sys.argv[1])
with SqliteStore(folder / "state.sqlite") as store:
    projection = Projection(store, folder / "history.duckdb")
    print("ready", flush=True)
    while True:
        projection.refresh()
        if sys.argv[2] == "again":
            (folder / "history.duckdb").unlink()
"""


@pytest.mark.crash
@pytest.mark.timeout(0)
def test_no_kill_costs_or_repeats_a_row(store: SqliteStore, tmp_path: Path) -> None:
    chance = random.Random(1)
    run = Chronicle(store, "r0")
    path = tmp_path / "history.duckdb"
    index = 0
    for number in range(KILLS):
        how = "again" if number % 3 == 0 else "on"
        with Processes() as processes:
            projector = processes.python("-c", PROJECTOR, tmp_path, how, stderr=None)
            assert projector.stdout is not None
            assert projector.stdout.readline() == "ready\n"
            until = time.monotonic() + chance.uniform(0.01, 0.4)
            while time.monotonic() < until:
                run.step("a", index)
                index += 1
        grown, built = contents(Projection(store, path)), contents(Projection(store, None))
        assert {name: len(rows) for name, rows in grown.items()} == {
            name: len(rows) for name, rows in built.items()
        }
        assert grown == built
