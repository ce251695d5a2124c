"""Named statements: complete, and each one valid for the schema it is written for."""

from __future__ import annotations

import dataclasses

import apsw
import apsw.ext
import pytest

from wfnb.store import statements

GROUPS = {name: getattr(statements, name) for name in statements.__all__ if name.isupper()}
PLANNED = [
    pytest.param(sql, id=f"{group.lower()}-{name}")
    for group, given in GROUPS.items()
    for name, sql in dataclasses.asdict(given).items()
    if sql.lstrip("-").split()[0] != "PRAGMA"
]


@pytest.fixture(scope="module")
def database() -> apsw.Connection:
    connection = apsw.Connection(":memory:")
    for script in statements.migrations():
        connection.execute(script)
    return connection


@pytest.mark.parametrize("sql", PLANNED)
def test_a_statement_fits_the_schema(database: apsw.Connection, sql: str) -> None:
    assert apsw.ext.query_info(database, sql).query == sql


@pytest.mark.parametrize(
    ("group", "name"),
    [
        ("RUNS", "by_id"),
        ("RUNS", "by_key"),
        ("RUNS", "by_parent"),
        ("RUNS", "page_of_status"),
        ("RUNS", "page_of_workflow"),
        ("RUNS", "open"),
        ("RUNS", "claim"),
        ("RUNS", "move_on"),
        ("PROGRESS", "steps"),
        ("PROGRESS", "end_step"),
        ("PROGRESS", "macrosteps"),
        ("PROGRESS", "checkpoint"),
        ("PROGRESS", "events"),
        ("INVOCATIONS", "holder"),
        ("INVOCATIONS", "predecessor"),
        ("INVOCATIONS", "end"),
        ("INVOCATIONS", "of_run"),
        ("CHANGES", "steps"),
        ("CHANGES", "bound"),
    ],
)
def test_what_is_asked_often_is_found_by_an_index(database: apsw.Connection, group: str, name: str) -> None:
    info = apsw.ext.query_info(database, getattr(GROUPS[group], name), explain_query_plan=True)
    plan = [step.detail for step in _flat(info.query_plan)]
    assert not [step for step in plan if step.startswith("SCAN") and "json_each" not in step], plan


def test_neither_pages_nor_changes_are_sorted(database: apsw.Connection) -> None:
    for sql in (statements.RUNS.page_of_status, statements.RUNS.page_of_workflow, statements.CHANGES.bound):
        info = apsw.ext.query_info(database, sql, explain_query_plan=True)
        assert "TEMP B-TREE" not in str(info.query_plan)


def _flat(node: apsw.ext.QueryPlan) -> list[apsw.ext.QueryPlan]:
    return [node] + [leaf for sub in node.sub or () for leaf in _flat(sub)]
