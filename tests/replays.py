"""Every run that a test finishes is replayed against its own version when its workspace is closed, and must be identical."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import pytest

import wfnb
from wfnb.errors import CommandError, DefinitionError, NotFoundError, StoreError
from wfnb.machine.replay import Replayer
from wfnb.services.recordings import record_of
from wfnb.store.records import RunFilter, RunRow

_RUNS = 20  # of each workspace, the newest: tests make few runs, and those that make many make the same again
_MACROSTEPS = 300

_checked: list[str] = []
_different: list[str] = []


@pytest.fixture(autouse=True)
def _replays_are_identical(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail the test in which a workspace was closed whose runs replay to something else."""
    yield
    found, _different[:] = list(_different), []
    if request.node.get_closest_marker("spoils_records") is None:
        assert not found, "\n".join(found)


def watch_workspaces() -> None:
    """Have every workspace of this process look at its runs when it is closed."""
    close = wfnb.Workspace.close

    def look_and_close(self: wfnb.Workspace) -> None:
        with suppress(StoreError):  # tests break stores
            look(self)
        close(self)

    wfnb.Workspace.close = look_and_close  # type: ignore[method-assign]  # only here are workspaces watched


def look(ws: wfnb.Workspace) -> None:
    """Replay the newest runs that are over."""
    if ws._closed:
        return
    for row in ws._store.runs(RunFilter(("SUCCEEDED", "FAILED", "CANCELED"), limit=_RUNS)):
        if row.seq <= _MACROSTEPS:
            _replay(ws, row)


def _replay(ws: wfnb.Workspace, row: RunRow) -> None:
    try:
        program = ws._programs.get(row.workflow_id, row.workflow_version)
    except (DefinitionError, NotFoundError):
        return  # what it names is not registered in this workspace
    _checked.append(row.run_id)
    try:
        end = Replayer(program, row.workflow_version, program).replay(record_of(ws._store, row))
    except CommandError as error:
        _different.append(f"{row.run_id} of {row.workflow_id} cannot be replayed: {error.message}")
        return
    if end.parted is not None:
        _different.append(f"{row.run_id} of {row.workflow_id} is another run from macrostep {end.parted} on")
