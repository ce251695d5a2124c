"""Lists of runs: filtered, searched, sorted, and paged without shifting; on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.errors import ValidationError

WAIT = {
    "id": "w",
    "type": "event.wait",
    "config": {"eventName": "GO", "correlationKey": {"$expr": "payload.key"}},
}
FAILS = {"id": "f", "type": "transform.assign", "config": {"assign": {"vars.x": {"$expr": "payload.absent"}}}}
DONE = {"id": "d", "type": "control.return"}


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    """Runs a minute apart: 1 to 3 succeeded, 4 failed, 5 and 6 wait."""
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=1) as workspace:
        for id, step in (("done", DONE), ("fails", FAILS), ("waits", WAIT)):
            assert workspace.publish({"id": id, "name": id, "steps": [step]}).ok
        for number in range(3):
            workspace.start("done", key=f"Order-{number}").wait(60)
        workspace.start("fails", {}).wait(60)
        for key in ("50% off", "50_off"):
            workspace.start("waits", {"key": key}).wait(until="parked")
        yield workspace


def ids(runs: wfnb.RunList) -> list[int]:
    return [int(run.run.removeprefix("run-")) for run in runs]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"ascending": True}, [1, 2, 3, 4, 5, 6]),
        ({"since": "2026-01-01T00:02:00Z"}, [6, 5, 4, 3]),
        ({"until": "2026-01-01T00:02:00Z"}, [2, 1]),
        ({"since": "2026-01-01T00:01:00Z", "until": "2026-01-01T00:04:00Z", "status": ["FAILED", "SUCCEEDED"]}, [4, 3, 2]),
        ({"search": "RUN-0004"}, [4]),
        ({"search": "order-"}, [3, 2, 1]),
        ({"search": "50%"}, [5]),
        ({"search": "0_o"}, [6]),
        ({"search": "run", "workflow": "waits", "version": 1}, [6, 5]),
        ({"search": "nothing"}, []),
    ],
    ids=str,
)  # fmt: skip
def test_a_list_holds_what_is_wanted(ws: wfnb.Workspace, wanted: dict[str, Any], found: list[int]) -> None:
    runs = ws.runs(**wanted)
    assert (ids(runs), runs.total) == (found, len(found))


def test_runs_are_sorted_by_their_last_change(ws: wfnb.Workspace) -> None:
    ws.run("run-0005").cancel("not wanted")
    by_change = sorted(range(1, 7), key=lambda number: (ws.run(f"run-{number:04}").row.updated_us, number))
    assert ids(ws.runs(sort="updated", ascending=True)) == by_change
    assert ids(ws.runs(sort="updated")) == by_change[::-1]


@pytest.mark.defect("D-22")
@pytest.mark.parametrize("sort", ["started", "updated"])
@pytest.mark.parametrize("ascending", [True, False])
def test_pages_do_not_shift_when_runs_are_added(ws: wfnb.Workspace, sort: Any, ascending: bool) -> None:
    every = ids(ws.runs(sort=sort, ascending=ascending))
    pages = [ws.runs(sort=sort, ascending=ascending, limit=2)]
    while pages[-1].next_cursor is not None and len(pages) < 3:
        ws.start("done").wait(60)
        pages.append(ws.runs(sort=sort, ascending=ascending, limit=2, cursor=pages[-1].next_cursor))
    assert [number for page in pages for number in ids(page)] == every


def test_the_last_page_says_so(ws: wfnb.Workspace) -> None:
    page = ws.runs(sort="updated", limit=6)
    assert (page.next_cursor, page.next_before) == (None, None)
    newest = ws.runs(limit=4)
    assert ids(ws.runs(limit=4, before=newest.next_before)) == [2, 1]
    assert ids(ws.runs(limit=4, cursor=newest.next_cursor)) == [2, 1]


def test_a_summary_counts_by_status(ws: wfnb.Workspace) -> None:
    assert ws.summary() == {"total": 6, "FAILED": 1, "SUCCEEDED": 3, "WAITING": 2}
    assert ws.summary("done", since="2026-01-01T00:01:00Z") == {"total": 2, "SUCCEEDED": 2}
    assert ws.summary(search="nothing") == {"total": 0}


@pytest.mark.parametrize(
    "wanted",
    [
        {"sort": "name"},
        {"search": ""},
        {"cursor": "x"},
        {"cursor": "updated:1:2"},
        {"cursor": "started:1"},
        {"cursor": "started:1:²"},
        {"cursor": "started:1:" + "9" * 40},
        {"before": 3, "sort": "updated"},
        {"before": 3, "cursor": "started:1:2"},
        {"status": "DONE"},
        {"limit": 0},
    ],
    ids=str,
)
def test_a_list_that_cannot_be_is_refused(ws: wfnb.Workspace, wanted: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        ws.runs(**wanted)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_a_moment_that_is_none_is_refused(ws: wfnb.Workspace) -> None:
    with pytest.raises(ValidationError) as caught:
        ws.runs(since="yesterday")
    assert caught.value.code == "INVALID_TIME"
