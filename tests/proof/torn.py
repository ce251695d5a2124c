"""A state file whose every commit is known, and what is found in it after somebody has torn or spoiled its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sim.crashing import CHANGING, Outside, Process
from sim.ending import BENCH, PAYLOAD
from sim.reference import CHILDREN
from wfnb.errors import WfnbError
from wfnb.store.port import Store, film, state_at
from wfnb.store.records import RunFilter
from wfnb.store.sqlite import SqliteStore


class Recording:
    """A store that is read from end to end after each call that may have changed it."""

    def __init__(self, disk: Store, pages: list[str]) -> None:
        self._disk = disk
        self._pages = pages

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._disk, name)
        return self._recorded(found) if name in CHANGING else found

    def _recorded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            result = method(*args, **options)
            page = contents(self._disk)
            if page != self._pages[-1]:
                self._pages.append(page)
            return result

        return call


def contents(store: Store) -> str:
    """Everything that a store says about definitions and runs, as one text."""
    runs = store.runs(RunFilter(limit=1_000))
    told: list[Any] = [
        store.versions(),
        store.last_run_no(),
        store.changes(0, 1_000_000),
        store.open_runs(),
        runs,
    ]
    for run in runs:
        no = run.run_no
        told += [store.steps(no), store.invocations(no), store.waits(no), store.events(no)]
        told += [store.macrosteps(no, 0, run.seq + 9), store.checkpoint(no, run.seq), state_at(store, run)]
        told += [list(film(store, run))[-1:], store.run(run.run_id) == run]
    return repr(told)


@dataclass(frozen=True)
class Files:
    """The bytes of a state file and of its log, and what the store said after each commit, the first one empty of runs."""

    main: bytes
    log: bytes
    pages: tuple[str, ...]


def written(folder: Path, name: str, *, checksums: bool) -> tuple[Files, bytes]:
    """A file with a run in its log, and the bytes of the same file after its log was copied into it."""
    path = folder / "state.sqlite"
    BENCH.outside = Outside()
    store = SqliteStore(path, checksums=checksums)
    for version in BENCH.versions:
        if version.workflow_id == f"{name}-run" or version.workflow_id in CHILDREN:
            store.save_version(version)
    store.close()  # what was there before the run stands in the file, and the log begins anew
    with SqliteStore(path) as store:
        pages = [contents(store)]
        recording: Any = Recording(store, pages)
        process = Process(recording, BENCH.programs, BENCH.catalog.actions, "writer", None)
        process.begin(f"{name}-run", PAYLOAD)
        process.go_on()
        files = Files(path.read_bytes(), Path(f"{path}-wal").read_bytes(), tuple(pages))
    return files, path.read_bytes()


def outcome(folder: Path, main: bytes, log: bytes = b"") -> str | WfnbError:
    """What a store says that opens these bytes: its contents, or a typed error; any other error goes through."""
    path = folder / "torn.sqlite"
    for suffix in ("-shm", "-wal", ""):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    path.write_bytes(main)
    if log:
        Path(f"{path}-wal").write_bytes(log)
    try:
        with SqliteStore(path) as store:
            return contents(store)
    except WfnbError as error:
        return error
