"""Tenants share tables and see nothing of each other's runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import wfnb
from wfnb.errors import NotFoundError

FAILS = {
    "id": "fail",
    "type": "transform.assign",
    "config": {"assign": {"vars.x": {"$expr": "payload.none"}}},
}


@pytest.fixture
def tenants(tmp_path: Path) -> Iterator[tuple[wfnb.Workspace, wfnb.Workspace]]:
    with (
        wfnb.open(tmp_path, tenant="red", clock="2026-01-01", seed=1) as red,
        wfnb.open(tmp_path, tenant="blue", clock="2026-01-01", seed=2) as blue,
    ):
        assert red.publish({"id": "test", "name": "Test", "steps": [FAILS]}).ok
        yield red, blue


def test_runs_of_another_tenant_are_not_listed_found_or_counted(
    tenants: tuple[wfnb.Workspace, wfnb.Workspace],
) -> None:
    red, blue = tenants
    run = red.start("test", {}, key="first").wait()
    other = blue.start("test", {}, key="second").wait()
    for ws, mine, foreign in ((red, run, other), (blue, other, run)):
        assert [row.run for row in ws.runs()] == [mine.id]
        assert ws.runs("FAILED").total == ws.runs(workflow="test").total == 1
        assert ws.summary() == {"total": 1, "FAILED": 1}
        assert [row.run for row in ws.runs(search="s", sort="updated")] == [mine.id]
        assert [letter.run for letter in ws.dead_letters(min_attempts=1)] == [mine.id]
        assert "1 runs" in repr(ws)
        with pytest.raises(NotFoundError) as refused:
            ws.run(foreign.id)
        assert refused.value.code == "NO_SUCH_RUN"


def test_an_intervention_in_many_runs_leaves_those_of_another_tenant_alone(
    tenants: tuple[wfnb.Workspace, wfnb.Workspace],
) -> None:
    red, blue = tenants
    mine, foreign = red.start("test", {}).wait(), blue.start("test", {}).wait()
    assert red.bulk("retry", "the cause is mended", status="FAILED").runs == [mine.id]
    by_name = red.bulk("retry", "the cause is mended", ids=[foreign.id]).go()
    assert [(row.outcome, row.error) for row in by_name] == [("refused", "NO_SUCH_RUN")]
