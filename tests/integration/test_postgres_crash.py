"""What a PostgreSQL store has acknowledged is still there after the server itself was killed."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from integration.test_store_processes import begin, let_go
from postgres_server import own_server
from processes import Processes
from unit.store.story import Story, new_run, version
from wfnb.errors import StoreError
from wfnb.store.postgres import PostgresStore

CLAIM = """
import json, sys
from wfnb.store.postgres import PostgresStore
url, owner = sys.argv[1:]
with PostgresStore(url) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    runs = [run.run_no for run in store.ready_runs(1_000, 1_000, (), 1_000)]
    mine = [no for no in runs if store.claim_run(no, owner, 1_000, 2_000)]
print(json.dumps(mine))
"""


@pytest.mark.crash
@pytest.mark.timeout(300)
def test_writers_go_on_when_the_server_is_restarted_under_them() -> None:
    commits, writers = 40, 3
    with own_server() as server, PostgresStore(server.url()) as store:
        store.save_version(version())
        acknowledged: Counter[int] = Counter()

        def write(number: int) -> None:
            story = Story(store, f"run-{number}")
            story.commit(story.start())
            for n in range(commits):
                if n % 2:
                    story.commit(story.answer(n, f"root.steps[{n - 1}]"))
                else:
                    story.commit(story.call(f"{number}-{n}", f"root.steps[{n}]"))
                acknowledged[number] = n + 1

        threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
        for thread in threads:
            thread.start()
        for mode, reached in (("immediate", 8), ("fast", 20)):
            wait_until(lambda reached=reached: sum(acknowledged.values()) > writers * reached)
            server.stop(mode)
            server.start()
        for thread in threads:
            thread.join()
        for number in range(writers):
            run = store.run(f"run-{number}")
            assert run is not None
            assert acknowledged[number] == commits
            assert run.seq == commits + 1
            assert [row.seq for row in store.macrosteps(run.run_no, 0, 999)] == list(range(1, commits + 2))
            assert [call.status for call in store.invocations(run.run_no)] == ["SUCCEEDED"] * (commits // 2)


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again."""
    while not true():
        time.sleep(0.005)


@pytest.mark.timeout(120)
def test_a_server_that_stays_away_is_told_and_nothing_was_changed() -> None:
    with own_server() as server, PostgresStore(server.url(), patience_s=0.3) as store:
        store.save_version(version())
        story = Story(store)
        server.stop("immediate")
        with pytest.raises(StoreError) as caught:
            story.commit(story.start())
        server.start()
        assert caught.value.code == "STORE_UNREACHABLE"
        assert story.reload().seq == 0
        story.commit(story.start())
        assert story.row.seq == 1


@pytest.mark.timeout(120)
def test_processes_claim_each_run_once(postgres_url: str) -> None:
    with PostgresStore(postgres_url) as store:
        store.save_version(version())
        for number in range(60):
            store.create_run(new_run(f"run-{number}"))
        with Processes() as processes:
            workers = [begin(processes, CLAIM, postgres_url, f"owner-{number}") for number in range(3)]
            for worker in workers:
                let_go(worker)
            claimed = [json.loads(worker.communicate()[0]) for worker in workers]
        assert [worker.returncode for worker in workers] == [0] * 3
        assert Counter(no for mine in claimed for no in mine) == Counter(range(1, 61))
        assert {run.epoch for run in store.open_runs()} == {1}
        for number, mine in enumerate(claimed):
            assert store.renew_leases(f"owner-{number}", 3_000) == len(mine)
