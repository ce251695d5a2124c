"""Connections to a server: one for each thread, and nothing is lost or done twice when one breaks."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator

import psycopg
import pytest

from postgres_server import Server
from unit.store.cut_wire import Wire, wire_to
from unit.store.story import START_US, STEP, Story, new_run, version
from wfnb.errors import StaleWriterError, StoreError
from wfnb.store.postgres import PostgresStore
from wfnb.store.records import InboxFilter, NewEvent

LOST = ["question", "answer"]


@pytest.fixture
def wire(postgres_server: Server) -> Iterator[Wire]:
    with wire_to(postgres_server) as wire:
        yield wire


@pytest.fixture
def store(wire: Wire, postgres_url: str) -> Iterator[PostgresStore]:
    with PostgresStore(wire.url(postgres_url)) as store:
        store.save_version(version())
        yield store


def backend(store: PostgresStore) -> int:
    """The server's process that serves the thread that asks."""
    return store._connections.read(lambda link: link.info.backend_pid)


def end(server: Server, pid: int) -> None:
    with psycopg.connect(server.url(), autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))


# --- a connection that breaks


@pytest.mark.parametrize("lose", LOST)
def test_a_commit_of_which_nothing_was_heard_is_made_once(
    store: PostgresStore, wire: Wire, lose: str
) -> None:
    story = Story(store)
    for macrostep in (story.start(), story.pure(), story.succeed()):
        wire.cut(lose)
        story.commit(macrostep)
    assert wire.cuts == 3
    assert (story.row.seq, story.row.status) == (3, "SUCCEEDED")
    assert [row.seq for row in store.macrosteps(1, 0, 9)] == [1, 2, 3]
    assert [event.kind for event in store.events(1)] == ["run.started", "run.succeeded"]


@pytest.mark.parametrize("lose", LOST)
def test_what_was_found_out_about_a_key_is_found_out_again(
    store: PostgresStore, wire: Wire, lose: str
) -> None:
    first, second, third = (Story(store, f"run-{number}") for number in (1, 2, 3))
    wire.cut(lose)
    mine = first.commit(first.start(), first.call())[f"{STEP}#1"]
    wire.cut(lose)
    busy = second.commit(second.start(), second.call())[f"{STEP}#1"]
    first.commit(first.answer("paid"))
    wire.cut(lose)
    cached = third.commit(third.start(), third.call())[f"{STEP}#1"]
    assert wire.cuts == 3
    assert (mine.mode, mine.attempt, mine.invocation_no) == (
        "perform",
        1,
        store.invocations(1)[0].invocation_no,
    )
    assert (busy.mode, busy.invocation_no) == ("busy", store.invocations(2)[0].invocation_no)
    assert (cached.mode, cached.output) == ("cached", "paid")
    assert [len(store.invocations(number)) for number in (1, 2, 3)] == [1, 1, 1]


def test_a_stale_writer_is_refused_also_when_its_connection_breaks(store: PostgresStore, wire: Wire) -> None:
    story = Story(store)
    plan = story.plan(story.start())
    story.commit(story.start())
    wire.cut("answer")
    with pytest.raises(StaleWriterError):
        store.commit(plan)
    assert wire.cuts == 1
    assert story.reload().seq == 1


@pytest.mark.parametrize("lose", LOST)
def test_a_run_and_a_version_are_created_once(store: PostgresStore, wire: Wire, lose: str) -> None:
    wire.cut(lose)
    store.save_version(version(2))
    wire.cut(lose, after=0)
    row, created = store.create_run(new_run("run-1", key="order-7"))
    assert (row.run_id, created, wire.cuts) == ("run-1", True, 2)
    assert [found.version for found in store.versions()] == [1, 2]
    assert store.last_run_no() == row.run_no
    with pytest.raises(StoreError, match="VERSION_EXISTS"):
        store.save_version(version(2))


@pytest.mark.parametrize("lose", LOST)
def test_an_event_that_cannot_be_told_from_another_is_not_submitted_twice(
    store: PostgresStore, wire: Wire, lose: str
) -> None:
    wire.cut(lose)
    with pytest.raises(StoreError, match="not known") as caught:
        store.submit(NewEvent("paid", {}, START_US))
    assert caught.value.code == "STORE_UNREACHABLE"
    assert len(store.inbox(InboxFilter())) <= 1
    wire.cut(lose)
    store.submit(NewEvent("sent", {}, START_US, dedupe="one"))
    assert [row.name for row in store.inbox(InboxFilter(name="sent"))] == ["sent"]


def test_what_was_broken_before_the_commit_is_done_again(
    store: PostgresStore, postgres_server: Server
) -> None:
    story = Story(store)
    end(postgres_server, backend(store))
    story.commit(story.start())
    end(postgres_server, backend(store))
    assert store.submit(NewEvent("paid", {}, START_US)).new
    end(postgres_server, backend(store))
    assert [run.seq for run in store.open_runs()] == [1]


def test_a_block_that_breaks_says_whether_it_may_have_been_committed(
    store: PostgresStore, wire: Wire
) -> None:
    pid = backend(store)
    with pytest.raises(StoreError, match="cannot be reached"), store.database.writing() as tables:
        tables.execute("SELECT pg_terminate_backend(?)", (pid,))
    with store.database.writing() as tables:
        tables.execute("DELETE FROM workers")
    wire.cut("answer", after=2)  # behind BEGIN and its lock
    with pytest.raises(StoreError, match="not known"), store.database.writing() as tables:
        tables.execute("DELETE FROM workers")
    assert wire.cuts == 1


# --- threads and the end


def test_a_thread_takes_its_connection_away_when_it_ends(
    store: PostgresStore, postgres_server: Server
) -> None:
    pids = [backend(store)]
    thread = threading.Thread(target=lambda: pids.append(backend(store)))
    thread.start()
    thread.join()
    gc.collect()
    assert pids[0] != pids[1]
    assert backend(store) == pids[0]
    with psycopg.connect(postgres_server.url(), autocommit=True) as link:
        query = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s"
        while link.execute(query, (pids[1],)).fetchone() != (0,):
            continue


def test_a_store_does_not_follow_into_a_forked_process(store: PostgresStore) -> None:
    before = backend(store)
    child = os.fork()
    if child == 0:
        try:
            store.open_runs()
        except StoreError as error:
            store.close()
            os._exit(0 if error.code == "STORE_FORKED" else 1)
        os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    assert backend(store) == before


def test_every_commit_is_synced_whatever_the_database_says(
    postgres_server: Server, postgres_url: str
) -> None:
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(postgres_server.url(), autocommit=True) as link:
        link.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        with PostgresStore(postgres_url) as store:
            said = store._connections.read(lambda own: own.execute("SHOW synchronous_commit").fetchall())
        link.execute(f"ALTER DATABASE {name} RESET synchronous_commit")
    assert said == [("on",)]


def test_nobody_answers(tmp_path: object) -> None:
    with pytest.raises(StoreError) as caught:
        PostgresStore(f"postgresql://anna:hush-hush@/flows?host={tmp_path}")
    assert caught.value.code == "STORE_UNREACHABLE"
    told = [str(caught.value), repr(caught.value), str(caught.value.__cause__)]
    assert not any("hush" in text for text in told)
