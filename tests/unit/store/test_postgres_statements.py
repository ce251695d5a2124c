"""Statements for the server: what is asked often is found by an index, and what is plain SQL is understood there as well."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from postgres_server import Server
from unit.store.story import version
from wfnb.store import postgres_statements, statements
from wfnb.store.postgres import PostgresStore
from wfnb.store.postgres_statements import CHANGES, INVOCATIONS, PROGRESS, RUNS

PLAIN = [
    pytest.param(sql, id=f"{group.lower()}-{name}")
    for group in statements.__all__
    if group.isupper() and not hasattr(postgres_statements, group)
    for name, sql in dataclasses.asdict(getattr(statements, group)).items()
]


@pytest.fixture(scope="module")
def store(postgres_server: Server, postgres_database: str) -> Iterator[PostgresStore]:
    with PostgresStore(postgres_server.url(postgres_database, "statements")) as store:
        store.save_version(version())
        yield store


@pytest.mark.parametrize("sql", PLAIN)
def test_a_plain_statement_is_understood(store: PostgresStore, sql: str) -> None:
    with store.database.reading() as tables:
        assert tables.execute(f"EXPLAIN {sql}", [None] * sql.count("?"))


@pytest.mark.parametrize(
    ("sql", "values", "index"),
    [
        (RUNS.by_id, ("a",), "runs_run_id_key"),
        (RUNS.by_key, ("a", "b"), "runs_key"),
        (RUNS.by_parent, (1, "b"), "runs_child"),
        (RUNS.ready, (1, 1, ["a"], 1), "runs_ready"),
        (RUNS.next_ready, (1,), "runs_ready"),
        (RUNS.renew_leases, (1, "me"), "runs_owner"),
        (PROGRESS.steps, (1,), "steps_pkey"),
        (PROGRESS.macrosteps, (1, 1, 9), "macrosteps_pkey"),
        (PROGRESS.checkpoint, (1, 9), "checkpoints_pkey"),
        (PROGRESS.events, (1,), "events_run"),
        (INVOCATIONS.holder, ("a", 1, "k"), "invocations_owner"),
        (INVOCATIONS.predecessor, ("a", 1, "k"), "invocations_predecessor"),
        (INVOCATIONS.of_effect, (1, "e"), "invocations_effect"),
        (CHANGES.steps, (1, 9), "steps_rev"),
        (CHANGES.bound, (1, 9, 99), "steps_rev"),
    ],
)
def test_what_is_asked_often_is_found_by_an_index(
    store: PostgresStore, sql: str, values: tuple[object, ...], index: str
) -> None:
    def plan(link: object) -> str:
        link.execute("SET LOCAL enable_seqscan = off")  # type: ignore[attr-defined]  # the tables are empty
        rows = link.execute(f"EXPLAIN {sql}", values, prepare=False).fetchall()  # type: ignore[attr-defined]  # a connection
        return "\n".join(row[0] for row in rows)

    found = store._connections.snapshot(plan)
    assert index in found
    assert "Seq Scan" not in found
