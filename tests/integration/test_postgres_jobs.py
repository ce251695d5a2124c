"""Runs dispatched by Procrastinate on a real server: woken at once, driven once, whatever becomes of workers and jobs."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

import wfnb
from unit.engine.test_pace import PATIENCE_S, Shop
from wfnb.engine import jobs
from wfnb.errors import StoreError, ValidationError
from wfnb.services import holds
from wfnb.services.worker import Worker
from wfnb.store.postgres import PostgresStore

FAR_MS = 60_000  # a look that comes so seldom finds nothing within a test
LEASE_MS = 3_000  # a sweep every second
DELIVER = """
    INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('wfnb', 'wfnb.run', jsonb_build_object('run_no', %s::bigint))
"""


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.door.set()


@pytest.fixture
def ws(tmp_path: Path, postgres_url: str, shop: Shop) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=postgres_url, drive=False) as workspace:
        shop.connect(workspace)
        yield workspace


@pytest.fixture
def link(postgres_url: str) -> Iterator[psycopg.Connection]:
    """What happens to the queue behind everybody's back."""
    url, _, schema = postgres_url.partition("&schema=")
    with psycopg.connect(url, autocommit=True) as made:
        made.execute("SELECT set_config('search_path', %s, false)", (f"{schema}_jobs",))
        yield made


def queue_of(ws: wfnb.Workspace) -> list[tuple[str, int, int, int]]:
    return [(row.workflow, row.runs, row.jobs, row.timers) for row in ws.queue()]


def in_queue(link: psycopg.Connection, status: str) -> int:
    found = link.execute(
        "SELECT count(*) FROM procrastinate_jobs WHERE task_name = 'wfnb.run' AND status::text = %s",
        (status,),
    ).fetchone()
    assert found is not None
    return int(found[0])


@contextmanager
def working(ws: wfnb.Workspace, *, poll_ms: int = FAR_MS, runs: int = 4) -> Iterator[Worker]:
    """A worker that has said that it is running."""
    running = threading.Event()
    worker = ws.worker(
        runs=runs, dispatch="procrastinate", poll_ms=poll_ms, lease_ms=LEASE_MS,
        say=lambda line: running.set() if ": running" in line else None,
    )  # fmt: skip
    thread = threading.Thread(target=worker.run)
    thread.start()
    try:
        assert running.wait(PATIENCE_S)
        yield worker
    finally:
        worker.stop()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


def prepared(ws: wfnb.Workspace) -> None:
    """The queue, as a worker makes it."""
    ws.worker(dispatch="procrastinate")


# --- the queue and the tables never differ


def test_a_job_is_there_as_soon_as_its_run_is_and_gone_with_it(ws: wfnb.Workspace) -> None:
    prepared(ws)
    run = ws.start("shop", {"order": 1})
    assert queue_of(ws) == [("shop", 1, 1, 0)]
    owner = ws._store.claim_run(run.row.run_no, "host/1/2/3", 1, 2**60)
    assert owner is not None
    assert queue_of(ws) == []
    ws._store.release_leases("host/1/2/3")
    assert queue_of(ws) == [("shop", 1, 1, 0)]
    run.cancel("nobody wants it")
    assert queue_of(ws) == []


def test_what_is_undone_leaves_no_job(
    ws: wfnb.Workspace, link: psycopg.Connection, postgres_url: str
) -> None:
    prepared(ws)
    run = ws.start("shop", {"order": 1})
    schema = postgres_url.partition("&schema=")[2]
    link.execute("BEGIN")
    link.execute(f"UPDATE {schema}.runs SET ready_us = 9000000000000000 WHERE run_no = {run.row.run_no}")
    assert queue_of(ws) == [("shop", 1, 1, 0)]  # what is not committed, others do not see
    link.execute("ROLLBACK")
    assert queue_of(ws) == [("shop", 1, 1, 0)]


def test_a_pause_is_a_job_with_its_moment_ahead_and_an_answer_takes_its_place(ws: wfnb.Workspace) -> None:
    config = {"eventName": "GO", "correlationKey": {"$expr": "payload.key"}, "timeoutMs": 3_600_000}
    assert ws.publish(
        {"id": "wait", "name": "Wait", "steps": [{"id": "w", "type": "event.wait", "config": config}]}
    ).ok
    with working(ws):
        run = ws.start("wait", {"key": "7"})
        wait_until(lambda: run.status == "WAITING" and queue_of(ws) == [("wait", 0, 0, 1)])
        ws.submit_event("GO", key="7", payload={})
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"
    assert queue_of(ws) == []


def test_a_moment_is_kept_by_a_job(ws: wfnb.Workspace) -> None:
    step = {"id": "w", "type": "time.wait", "config": {"mode": "duration", "durationMs": 1000}}
    assert ws.publish({"id": "nap", "name": "Nap", "steps": [step]}).ok
    with working(ws, poll_ms=100):
        begun = time.monotonic()
        assert ws.start("nap", {}).wait(PATIENCE_S).status == "SUCCEEDED"
        assert time.monotonic() - begun > 1


# --- jobs that come as they should not


def test_a_job_that_comes_twice_late_or_too_early_changes_nothing(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    with working(ws):
        run = ws.start("shop", {"order": 1})
        shop.wait_for(1)
        for _ in range(3):
            link.execute(DELIVER, (run.row.run_no,))
        wait_until(lambda: in_queue(link, "todo") == 0)
        shop.door.set()
        run.wait(PATIENCE_S)
        epoch = run.row.epoch
        link.execute(DELIVER, (run.row.run_no,))
        link.execute(DELIVER, (1_000_000,))
        wait_until(lambda: in_queue(link, "todo") == in_queue(link, "doing") == 0)
        assert (run.row.epoch, run.status) == (epoch, "SUCCEEDED")
        assert [call.attempt for call in run.invocations()] == [1, 1]


def test_a_job_for_a_run_that_somebody_else_holds_is_over_at_once(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    prepared(ws)
    shop.door.set()
    run = ws.start("shop", {"order": 1})
    held = ws._store.claim_run(run.row.run_no, "elsewhere/1/2/3", 1, 2**60)
    assert held is not None
    with working(ws):
        link.execute(DELIVER, (run.row.run_no,))
        wait_until(lambda: in_queue(link, "todo") == in_queue(link, "doing") == 0)
        assert (run.row.owner, run.row.epoch) == ("elsewhere/1/2/3", held.epoch)
        ws._store.release_leases("elsewhere/1/2/3")
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"


def test_a_run_that_is_answered_while_its_timer_is_fetched_gets_another_job(
    ws: wfnb.Workspace, link: psycopg.Connection
) -> None:
    config = {"eventName": "GO", "correlationKey": {"$expr": "payload.key"}, "timeoutMs": 3_600_000}
    assert ws.publish(
        {"id": "wait", "name": "Wait", "steps": [{"id": "w", "type": "event.wait", "config": config}]}
    ).ok
    with working(ws):
        run = ws.start("wait", {"key": "7"})
        wait_until(lambda: queue_of(ws) == [("wait", 0, 0, 1)])
    link.execute("UPDATE procrastinate_jobs SET scheduled_at = now() WHERE scheduled_at IS NOT NULL")
    link.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'wfnb.sweep'")
    worker = link.execute("SELECT worker_id FROM procrastinate_register_worker_v1()").fetchone()
    assert worker is not None
    link.execute("BEGIN")
    fetched = link.execute("SELECT status FROM procrastinate_fetch_job_v2(NULL, %s)", worker).fetchone()
    assert fetched == ("doing",)
    answer = threading.Thread(target=ws.submit_event, args=("GO", {}), kwargs={"key": "7"})
    answer.start()
    answer.join(0.2)
    assert answer.is_alive()  # it waits for the one who fetches, and does not believe that a job is there
    link.execute("COMMIT")
    answer.join(PATIENCE_S)
    assert (in_queue(link, "doing"), in_queue(link, "todo"), run.status) == (1, 1, "WAITING")
    with working(ws):
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"


# --- being woken


def test_a_worker_is_woken_long_before_it_would_look(ws: wfnb.Workspace, shop: Shop) -> None:
    shop.door.set()
    quick = 0
    with working(ws):
        for number in range(6):
            run = ws.start("shop", {"order": number})
            until = time.monotonic() + 4
            while run.status != "SUCCEEDED" and time.monotonic() < until:
                time.sleep(0.01)
            quick += run.status == "SUCCEEDED"
    assert quick >= 4  # Procrastinate forgets a notice that comes in the moment in which it looks


def test_a_notice_that_is_lost_does_no_harm(ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection) -> None:
    shop.door.set()
    with working(ws, poll_ms=100):
        link.execute(
            "ALTER TABLE procrastinate_jobs DISABLE TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1"
        )
        assert ws.start("shop", {"order": 1}).wait(PATIENCE_S).status == "SUCCEEDED"


def test_a_job_that_is_lost_is_made_again(ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection) -> None:
    prepared(ws)
    run = ws.start("shop", {"order": 1})
    link.execute("DELETE FROM procrastinate_jobs")
    assert queue_of(ws) == [("shop", 1, 0, 0)]
    shop.door.set()
    with working(ws):
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"


def test_a_server_that_ends_every_connection_does_not_end_a_worker(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    shop.door.set()
    with working(ws, poll_ms=100):
        assert ws.start("shop", {"order": 1}).wait(PATIENCE_S).status == "SUCCEEDED"
        link.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        )
        assert ws.start("shop", {"order": 2}).wait(PATIENCE_S).status == "SUCCEEDED"


# --- workers that come and go


def test_jobs_of_a_worker_that_fell_silent_are_put_back_once(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    prepared(ws)
    first, second = (ws.start("shop", {"order": number}) for number in range(2))
    link.execute("UPDATE procrastinate_jobs SET status = 'doing'")
    ws._store.jobs.queue_run(second.row.run_no)  # type: ignore[attr-defined] # this store has jobs
    assert (in_queue(link, "doing"), in_queue(link, "todo")) == (2, 1)
    shop.door.set()
    with working(ws):
        assert {run.wait(PATIENCE_S).status for run in (first, second)} == {"SUCCEEDED"}
        wait_until(lambda: in_queue(link, "todo") == in_queue(link, "doing") == 0)
    assert [call.attempt for run in (first, second) for call in run.invocations()] == [1] * 4


def test_a_worker_that_stops_gives_its_runs_back_to_the_queue(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    with working(ws, runs=1) as worker:
        run = ws.start("shop", {"order": 1})
        other = ws.start("shop", {"order": 2})
        shop.wait_for(1)
        worker.stop()
        wait_until(lambda: worker.state == "stopping")
        shop.door.set()
        wait_until(lambda: worker.state == "stopped")
        begun = run if run.steps() else other
        assert ([step.status for step in begun.steps()], begun.row.owner) == (["SUCCEEDED"], None)
        wait_until(lambda: in_queue(link, "doing") == 0)
        assert queue_of(ws) == [("shop", 2, 2, 0)]
    with working(ws, runs=1):
        assert {one.wait(PATIENCE_S).status for one in (run, other)} == {"SUCCEEDED"}
    assert shop.most == 1


LEDGER = """
import os
from pathlib import Path
from pydantic import BaseModel

class Entry(BaseModel):
    order: int
    folder: str

def connect(ws):
    @ws.action("enter", side_effect=True, idempotency="engine")
    def enter(data: Entry) -> Entry:
        folder = Path(data.folder)
        with (folder / "asked").open("a") as asked:
            asked.write(f"{data.order}\\n")
        try:
            (folder / str(data.order)).touch(exist_ok=False)
        except FileExistsError:
            pass  # the receiver knows the order: entered already
        return data

    mapping = {name: {"$expr": f"payload.{name}"} for name in ("order", "folder")}
    call = {"actionId": "enter", "version": 1, "inputMapping": mapping}
    assert ws.publish({"id": "ledger", "name": "Ledger", "steps": [{"id": "e", "type": "action.call", "config": call}]}).ok
"""


def process(folder: Path, url: str) -> subprocess.Popen[str]:
    """A worker that has said that it is running."""
    command = [sys.executable, "-m", "wfnb", "worker", str(folder), "--store", url, "--app", "ledger:connect"]
    options = ["--app-dir", str(folder), "--dispatch", "procrastinate", "--concurrency", "4"]
    made = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert made.stdout is not None
    said = ""
    while ": running" not in said:
        line = made.stdout.readline()
        assert line, said
        said += line
    return made


@pytest.mark.crash
@pytest.mark.timeout(180)
def test_two_workers_finish_200_runs_once_although_one_is_killed(tmp_path: Path, postgres_url: str) -> None:
    count = 200
    (tmp_path / "ledger.py").write_text(LEDGER)
    (tmp_path / "entries").mkdir()
    scope: dict[str, object] = {}
    exec(compile(LEDGER, "ledger.py", "exec"), scope)  # noqa: S102 - our own text, above
    with wfnb.open(tmp_path, store=postgres_url, drive=False) as ws:
        scope["connect"](ws)  # type: ignore[operator]  # what exec has defined has no type
        prepared(ws)
        for number in range(count):
            ws.start("ledger", {"order": number, "folder": str(tmp_path / "entries")})
        victim, other = process(tmp_path, postgres_url), process(tmp_path, postgres_url)
        wait_until(lambda: ws.runs("SUCCEEDED", limit=1).total >= count // 5)
        victim.kill()
        victim.wait(PATIENCE_S)
        wait_until(lambda: ws.runs("SUCCEEDED", limit=1).total == count)
        other.terminate()
        said, _ = other.communicate(timeout=PATIENCE_S)
        assert (victim.returncode, other.returncode) == (-signal.SIGKILL, 0), said
        asked = (tmp_path / "entries" / "asked").read_text().split()
        (tmp_path / "entries" / "asked").unlink()
        assert {int(entry.name) for entry in (tmp_path / "entries").iterdir()} == set(range(count))
        assert count <= len(asked) <= count + 4  # what the victim had under way was asked for again
        assert queue_of(ws) == []
    assert victim.stdout is not None
    victim.stdout.close()


# --- what is asked for and cannot be


def test_the_way_is_that_of_the_store_unless_a_worker_is_told_another(ws: wfnb.Workspace) -> None:
    assert ws.worker()._pace.look_s == 0.25
    prepared(ws)
    assert ws.worker()._pace.look_s == 1.0
    assert ws.worker(dispatch="lookout")._pace.look_s == 0.25
    with pytest.raises(ValidationError, match=r"lookout, procrastinate\..*INVALID_ARGUMENT"):
        ws.worker(dispatch="pigeon")


@pytest.mark.parametrize("store", [None, "memory"])
def test_procrastinate_needs_a_server(tmp_path: Path, store: str | None) -> None:
    with (
        wfnb.open(tmp_path, store=store) as ws,
        pytest.raises(ValidationError, match="INVALID_ARGUMENT") as caught,
    ):
        ws.worker(dispatch="procrastinate")
    assert caught.value.where == "dispatch"


def test_tables_of_an_older_procrastinate_are_brought_up_to_date(
    ws: wfnb.Workspace, shop: Shop, link: psycopg.Connection
) -> None:
    scripts = jobs.scripts()
    older = [script for script in scripts if script[0] < "03.03"]
    assert len(older) < len(scripts) - 1
    queue = ws._store.jobs  # type: ignore[attr-defined] # this store has jobs
    for many in (1, len(older)):  # from the first version there ever was
        queue.prepare(scripts[0][1], scripts[:many])
        assert link.execute("SELECT max(script) FROM wfnb_applied").fetchone() == (scripts[many - 1][0],)
    shop.door.set()
    with working(ws):
        assert ws.start("shop", {"order": 1}).wait(PATIENCE_S).status == "SUCCEEDED"
    assert link.execute("SELECT max(script) FROM wfnb_applied").fetchone() == (scripts[-1][0],)


def test_tables_of_a_newer_procrastinate_are_refused(ws: wfnb.Workspace, link: psycopg.Connection) -> None:
    prepared(ws)
    link.execute("INSERT INTO wfnb_applied VALUES ('99.00.00_01_later')")
    with pytest.raises(StoreError, match=r"99\.00\.00_01_later.*STORE_TOO_NEW"):
        ws.worker(dispatch="procrastinate")


def test_a_name_that_leaves_no_room_for_that_of_the_jobs_is_refused(postgres_url: str) -> None:
    schema = "s" * 59
    with PostgresStore(postgres_url.partition("&schema")[0], schema=schema) as store:
        with pytest.raises(ValidationError, match="at most 58 letters"):
            store.jobs.prepare(jobs.whole(), jobs.scripts())
        assert not store.jobs.exists()


def test_workers_may_prepare_the_queue_at_once(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as store:
        whole, scripts = jobs.whole(), jobs.scripts()
        threads = [threading.Thread(target=store.jobs.prepare, args=(whole, scripts)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.jobs.exists()


def test_a_held_run_is_stepped_by_a_worker_of_the_queue(
    ws: wfnb.Workspace, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holds, "_OTHERS_S", PATIENCE_S)  # this kernel leaves the steps to others
    shop.door.set()
    run = ws.start("shop", {"order": 1})
    dbg = run.debug().hold("looking")
    with working(ws):
        assert (dbg.step().position, shop.begun, run.row.owner) == (1, [1], None)
        assert [row.state for row in ws.holds()] == ["stands"]
        dbg.release()
        assert run.wait(PATIENCE_S).status == "SUCCEEDED"
    assert shop.begun == [1, 1]
