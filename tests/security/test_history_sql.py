"""A question to the history reaches the history and nothing else, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit.history.chronicle import Chronicle, publish
from wfnb.errors import QueryError
from wfnb.history import connect
from wfnb.history.functions import ALLOWED_TABLE_FUNCTIONS, REFUSED_FUNCTIONS
from wfnb.history.gate import check
from wfnb.history.history import History
from wfnb.store.memory import MemoryStore
from wfnb.store.sqlite import SqliteStore

CANARY = "canary-7f3a"

# What a default connection of DuckDB answers, and a question to the history must not.
PROBES = {
    "read_csv": "SELECT * FROM read_csv('{file}', header = false)",
    "read_text": "SELECT * FROM read_text('{file}')",
    "read_blob": "SELECT * FROM read_blob('{file}')",
    "read_json": "SELECT * FROM read_json('{file}')",
    "read_parquet": "SELECT * FROM read_parquet('{file}')",
    "sniff_csv": "SELECT * FROM sniff_csv('{file}')",
    "glob": "SELECT * FROM glob('{folder}/*')",
    "file as a table": "SELECT * FROM '{file}'",
    "file as a quoted name": 'SELECT * FROM "{file}"',
    "variable of the caller": "SELECT * FROM local_frame",
    "copy to": "COPY (SELECT 1) TO '{folder}/out.csv'",
    "copy from": "COPY runs FROM '{file}'",
    "export": "EXPORT DATABASE '{folder}/out'",
    "import": "IMPORT DATABASE '{folder}'",
    "attach": "ATTACH '{folder}/other.duckdb' AS other",
    "install": "INSTALL httpfs",
    "load": "LOAD httpfs",
    "set": "SET log_query_path = '{folder}/log'",
    "set access": "SET enable_external_access = true",
    "reset": "RESET memory_limit",
    "pragma": "PRAGMA enable_profiling",
    "network": "SELECT * FROM read_csv('https://example.org/x.csv')",
    "two statements": "SELECT 1; SELECT 2",
    "hidden second statement": "SELECT 1; -- harmless\n DROP VIEW runs",
    "no statement": "-- nothing",
    "create": "CREATE TABLE x AS SELECT 1 AS n",
    "drop": "DROP VIEW runs",
    "insert": "INSERT INTO base.event VALUES (1, 1, 1, now(), 'x', '{{}}')",
    "update": "UPDATE base.run SET status = 'SUCCEEDED'",
    "delete": "DELETE FROM base.run",
    "delete in a with": "WITH gone AS (DELETE FROM base.run RETURNING *) SELECT * FROM gone",
    "insert in a with": "WITH new AS (INSERT INTO base.meta VALUES ('x', 1) RETURNING *) SELECT * FROM new",
    "update in a deep with": "SELECT * FROM (WITH u AS (UPDATE base.run SET status = 'x' RETURNING *) SELECT * FROM u)",
    "explain analyze": "EXPLAIN ANALYZE DELETE FROM base.run",
    "call": "CALL pragma_version()",
    "prepare": "PREPARE p AS SELECT 1",
    "transaction": "ROLLBACK",
    "vacuum": "VACUUM",
    "checkpoint": "SELECT * FROM checkpoint()",
    "query": "SELECT * FROM query('SELECT * FROM base.run')",
    "query_table": "SELECT * FROM query_table('base.run')",
    "serialized": "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM base.run'))",
    "settings": "SELECT * FROM duckdb_settings()",
    "setting": "SELECT current_setting('temp_directory')",
    "settings view": "SELECT * FROM pg_settings",
    "secrets": "SELECT * FROM duckdb_secrets()",
    "variables": "SELECT * FROM duckdb_variables()",
    "environment": "SELECT getenv('HOME')",
    "log": "SELECT write_log('x')",
    "logs": "SELECT * FROM duckdb_logs",
    "sequence": "SELECT nextval('x')",
    "base table": "SELECT * FROM base.run",
    "base table of a catalog": "SELECT * FROM history.base.run",
    "master": "SELECT * FROM sqlite_master",
    "databases": "SHOW DATABASES",
    "all tables": "SHOW ALL TABLES",
    "unbounded function": "SELECT system.main.repeat('x', 2000000000)",
    "unbounded function of a schema": "SELECT main.lpad('x', 2000000000, 'y')",
    "unbounded list": "SELECT range(500000000)",
    "unbounded resize": "SELECT list_resize([1], 500000000)",
    "unbounded width": "SELECT printf('%900000000d', 1)",
    "unbounded width from data": "SELECT format(error_message, 1) FROM runs",
}

# Without the gate these would reserve memory, or give nothing to look at.
BEHIND_THE_GATE = {
    name: probe
    for name, probe in PROBES.items()
    if not name.startswith("unbounded") and name != "no statement"
}

# Table functions of the installed DuckDB that a question may not use. A function that is in neither list is new: decide.
REFUSED_TABLE_FUNCTIONS = frozenset(
    [
        "arrow_scan",
        "arrow_scan_dumb",
        "checkpoint",
        "create_external_resource",
        "deregister_external_resource",
        "destroy_external_resource",
        "disable_logging",
        "disable_profiling",
        "duckdb_approx_database_count",
        "duckdb_available_metrics",
        "duckdb_columns",
        "duckdb_connection_count",
        "duckdb_constraints",
        "duckdb_coordinate_systems",
        "duckdb_databases",
        "duckdb_dependencies",
        "duckdb_dialects",
        "duckdb_eviction_queues",
        "duckdb_extension_repositories",
        "duckdb_extensions",
        "duckdb_external_file_cache",
        "duckdb_external_resource_types",
        "duckdb_external_resources",
        "duckdb_functions",
        "duckdb_grammar_extensions",
        "duckdb_indexes",
        "duckdb_keywords",
        "duckdb_log_contexts",
        "duckdb_logs",
        "duckdb_logs_parsed",
        "duckdb_memory",
        "duckdb_optimizers",
        "duckdb_prepared_statements",
        "duckdb_profiling_settings",
        "duckdb_schemas",
        "duckdb_secret_type_parameters",
        "duckdb_secret_types",
        "duckdb_secrets",
        "duckdb_sequences",
        "duckdb_settings",
        "duckdb_table_sample",
        "duckdb_tables",
        "duckdb_temporary_files",
        "duckdb_triggers",
        "duckdb_types",
        "duckdb_variables",
        "duckdb_views",
        "enable_logging",
        "enable_profiling",
        "force_checkpoint",
        "glob",
        "icu_calendar_names",
        "json_execute_serialized_sql",
        "pandas_scan",
        "parquet_bloom_probe",
        "parquet_file_metadata",
        "parquet_full_metadata",
        "parquet_kv_metadata",
        "parquet_metadata",
        "parquet_scan",
        "parquet_schema",
        "pg_timezone_names",
        "pragma_collations",
        "pragma_database_size",
        "pragma_metadata_info",
        "pragma_platform",
        "pragma_show",
        "pragma_storage_info",
        "pragma_table_info",
        "pragma_user_agent",
        "pragma_version",
        "python_arrow_scan",
        "python_map_function",
        "query",
        "query_table",
        "read_blob",
        "read_csv",
        "read_csv_auto",
        "read_duckdb",
        "read_json",
        "read_json_auto",
        "read_json_objects",
        "read_json_objects_auto",
        "read_ndjson",
        "read_ndjson_auto",
        "read_ndjson_objects",
        "read_parquet",
        "read_single_csv_file",
        "read_single_json_file",
        "read_single_parquet_file",
        "read_text",
        "register_external_resource",
        "register_external_resource_type",
        "repeat",
        "repeat_row",
        "seq_scan",
        "sniff_csv",
        "summary",
        "test_all_types",
        "test_vector_types",
        "truncate_duckdb_logs",
        "which_secret",
    ]
)

# Scalar functions that DuckDB says have effects or change their answer, and that do no harm.
HARMLESS_VOLATILE_FUNCTIONS = frozenset(
    [
        "current_connection_id",
        "current_query",
        "current_query_id",
        "current_transaction_id",
        "error",
        "gen_random_uuid",
        "random",
        "stats",
        "uuid",
        "uuidv4",
        "uuidv7",
        "vector_type",
    ]
)


@pytest.fixture(params=["file", "memory"])
def history(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[History]:
    with SqliteStore(tmp_path / "state.sqlite") as store:
        publish(store)
        Chronicle(store, "r1").step("a")
        opened = History(store, tmp_path if request.param == "file" else None)
        yield opened
        opened.close()


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_a_question_reaches_nothing_but_the_history(history: History, tmp_path: Path, probe: str) -> None:
    local_frame = duckdb.sql("SELECT 'canary-7f3a' AS secret").df()
    assert len(local_frame) == 1
    folder = tmp_path / "files"
    folder.mkdir()
    file = folder / "secret.csv"
    file.write_text(CANARY)
    with pytest.raises(QueryError) as caught:
        history.sql(probe.format(file=file, folder=folder))
    assert caught.value.code in ("QUERY_REFUSED", "QUERY_SYNTAX")
    assert CANARY not in str(caught.value)
    assert [entry.name for entry in folder.iterdir()] == ["secret.csv"]
    assert history.sql("SELECT run_id, status FROM runs").values.tolist() == [["r1", "RUNNING"]]


@pytest.mark.parametrize("probe", BEHIND_THE_GATE.values(), ids=BEHIND_THE_GATE)
def test_what_the_gate_lets_through_the_connection_stops(tmp_path: Path, probe: str) -> None:
    """The gate is not the only wall: without it, files, network and settings are still out of reach."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "secret.csv").write_text(CANARY)
    with SqliteStore(tmp_path / "state.sqlite") as store:
        publish(store)
        History(store, tmp_path).refresh()
    statement = probe.format(file=folder / "secret.csv", folder=folder)
    connection = connect.open_file(tmp_path / "history.duckdb", read_only=True)
    try:
        found = str(connection.execute(statement).fetchall())
    except duckdb.Error:
        found = ""
    finally:
        connection.close()
    assert CANARY not in found
    assert [entry.name for entry in folder.iterdir()] == ["secret.csv"]
    assert (tmp_path / "history.duckdb").exists()


def test_no_setting_can_be_changed_on_a_connection() -> None:
    connection = connect.open_memory()
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        connection.execute("SET enable_external_access = true")


def test_every_table_function_of_this_duckdb_is_known() -> None:
    installed = _functions("function_type IN ('table', 'table_macro')")
    assert installed - ALLOWED_TABLE_FUNCTIONS - REFUSED_TABLE_FUNCTIONS == set(), (
        "new: allow or refuse these"
    )
    assert set() == ALLOWED_TABLE_FUNCTIONS & REFUSED_TABLE_FUNCTIONS
    assert ALLOWED_TABLE_FUNCTIONS - installed == set()


def test_every_refused_table_function_is_refused() -> None:
    connection = connect.open_memory()
    for name in REFUSED_TABLE_FUNCTIONS:
        with pytest.raises(QueryError, match=name):
            check(connection, f"SELECT * FROM {name}('x')")


def test_every_scalar_function_with_effects_is_known() -> None:
    installed = _functions("function_type = 'scalar' AND (has_side_effects OR stability = 'VOLATILE')")
    assert installed - HARMLESS_VOLATILE_FUNCTIONS - REFUSED_FUNCTIONS.keys() == set(), (
        "new: allow or refuse these"
    )


@pytest.mark.parametrize("name", REFUSED_FUNCTIONS)
@pytest.mark.parametrize("call", ["{}('x')", "{}('x') OVER ()", "upper({}('x'))", "runs.status.{}()"])
def test_a_refused_function_is_refused_however_it_is_called(name: str, call: str) -> None:
    with pytest.raises(QueryError, match=name):
        check(connect.open_memory(), f"SELECT {call.format(name.upper())} FROM runs")


def test_a_secret_in_inputs_and_outputs_never_gets_into_the_file(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "state.sqlite") as store:
        publish(store)
        run = Chronicle(store, "r1")
        run.begin("a", input={"apiKey": CANARY, "list": [{"Authorization": CANARY}]})
        run.end(called=True, output={"db_password": CANARY, "secretRef": {"name": CANARY}})
        History(store, tmp_path).refresh()
    assert CANARY.encode() not in (tmp_path / "history.duckdb").read_bytes()


@pytest.mark.parametrize(
    "question",
    [
        "SELECT CAST(:value AS INTEGER)",
        "SELECT CAST(:value AS TIMESTAMP)",
        "SELECT json_extract(:value, '$.x')",
        "SELECT :value + 1",
        "SELECT error(:value)",
        "SELECT strptime(:value, '%Y')",
        "SELECT regexp_matches('x', :value || '(')",
        "SELECT CAST(step_id AS INTEGER) FROM steps WHERE :value = :value",
        "SELECT * FROM runs WHERE status = :value AND nothing",
        "SELECT * FROM range(:value)",
    ],
)
def test_an_error_quotes_no_value(tmp_path: Path, question: str) -> None:
    with SqliteStore(tmp_path / "state.sqlite") as store:
        publish(store)
        Chronicle(store, "r1").step(CANARY)
        with pytest.raises(QueryError) as caught:
            History(store).sql(question, value=CANARY)
    error: BaseException | None = caught.value
    assert CANARY not in str(error)
    assert error is not None
    assert error.__suppress_context__


HOSTILE = st.sampled_from(
    ["' OR 1=1 --", "'; DROP VIEW runs; --", '"', "a') or 1=1 --", ":name", "$name", "\x00", "😀"]
)


@given(value=st.text() | HOSTILE)
def test_a_parameter_is_a_value_and_never_sql(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    assert _ASKED.sql(
        "SELECT :value AS v, count(*) FILTER (WHERE run_id = $value) AS n FROM runs", value=value
    ).values.tolist() == [[value, 0]]


_ASKED = History(MemoryStore())


def _functions(condition: str) -> set[str]:
    connection = duckdb.connect()
    rows = connection.execute(
        f"SELECT DISTINCT function_name FROM duckdb_functions() WHERE {condition}"
    ).fetchall()
    return {name for (name,) in rows}
