"""Opening a schema: ours or not, which version, and the same tables as in a file."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import apsw
import psycopg
import pytest

from unit.store.story import version
from wfnb.errors import StoreError
from wfnb.store.postgres import PostgresStore
from wfnb.store.postgres_statements import MIGRATIONS
from wfnb.store.statements import migrations

COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
    WHERE table_schema = %s AND table_name <> 'schema_version'
"""
TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"


def schema_of(url: str) -> str:
    return url.rpartition("schema=")[2]


def execute(url: str, sql: str) -> None:
    """Do something to the server behind the store's back."""
    with psycopg.connect(url.rpartition("&schema")[0], autocommit=True) as link:
        link.execute(sql)


def test_a_schema_has_the_tables_and_columns_of_a_file(postgres_url: str) -> None:
    PostgresStore(postgres_url).close()
    file = apsw.Connection(":memory:")
    for script in migrations():
        file.execute(script)
    expected = {
        (table, column)
        for (table,) in file.execute(TABLES).fetchall()
        for (column,) in file.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    }
    with psycopg.connect(postgres_url.rpartition("&schema")[0]) as link:
        found = set(link.execute(COLUMNS, (schema_of(postgres_url),)).fetchall())
    # The counter of revisions is a sequence there.
    assert found == expected - {("revision", "id"), ("revision", "rev")}


def test_a_store_that_is_opened_again_has_what_was_in_it(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as store:
        store.save_version(version())
    with PostgresStore(postgres_url) as store:
        assert store.version("orders") == version()


def test_two_schemas_of_a_database_know_nothing_of_each_other(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as one, PostgresStore(postgres_url, schema="elsewhere") as other:
        one.save_version(version())
        assert other.version("orders") is None
        assert one.location != other.location


def test_many_may_open_an_empty_schema_at_once(postgres_url: str) -> None:
    with ThreadPoolExecutor(6) as threads:
        stores = list(threads.map(lambda _: PostgresStore(postgres_url), range(6)))
    stores[0].save_version(version())
    assert [store.version("orders") for store in stores] == [version()] * 6
    for store in stores:
        store.close()


@pytest.mark.parametrize("table", ["other (a bigint)", "schema_version (application text, version bigint)"])
def test_a_schema_of_something_else_is_left_as_it_was(postgres_url: str, table: str) -> None:
    execute(postgres_url, f"CREATE SCHEMA {schema_of(postgres_url)}")
    execute(postgres_url, f"CREATE TABLE {schema_of(postgres_url)}.{table}")
    with pytest.raises(StoreError) as caught:
        PostgresStore(postgres_url)
    assert caught.value.code == "STORE_FOREIGN"


def test_a_schema_of_a_newer_version_is_left_as_it_was(postgres_url: str) -> None:
    PostgresStore(postgres_url).close()
    execute(
        postgres_url,
        f"INSERT INTO {schema_of(postgres_url)}.schema_version VALUES ('wfnb', {len(MIGRATIONS) + 1})",
    )
    with pytest.raises(StoreError) as caught:
        PostgresStore(postgres_url)
    assert caught.value.code == "STORE_TOO_NEW"


def test_a_user_without_the_right_to_write_is_told(postgres_url: str) -> None:
    PostgresStore(postgres_url).close()
    execute(
        postgres_url,
        "DO $$ BEGIN IF to_regrole('looker') IS NULL THEN CREATE ROLE looker LOGIN; END IF; END $$",
    )
    schema = schema_of(postgres_url)
    execute(postgres_url, f"GRANT USAGE ON SCHEMA {schema} TO looker")
    execute(postgres_url, f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO looker")
    with PostgresStore(postgres_url.replace("wfnb@", "looker@")) as store:
        assert store.versions() == []
        with pytest.raises(StoreError) as caught:
            store.save_version(version())
    assert caught.value.code == "STORE_READ_ONLY"
