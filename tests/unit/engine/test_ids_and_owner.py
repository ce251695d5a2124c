"""Ids sort by time or count on; owners are told alive or dead."""

from __future__ import annotations

import subprocess
import sys

from wfnb.engine.ids import CountedIds, TimeIds, spread_of
from wfnb.engine.owner import is_dead, new_owner


def test_time_ids_are_version_7_and_all_different() -> None:
    made = [TimeIds().next()[0] for _ in range(200)]
    assert len(set(made)) == 200
    assert all(text[14] == "7" and text[19] in "89ab" for text in made)
    assert [text[:13] for text in made] == sorted(text[:13] for text in made)


def test_counted_ids_go_on_where_they_stopped() -> None:
    ids = CountedIds(41)
    assert ids.next() == ("run-0042", 42)
    assert CountedIds.number_of("run-0042") == 42
    assert CountedIds.number_of("run-0042.7") is None


def test_an_id_that_no_run_got_is_given_again() -> None:
    ids = CountedIds()
    first, _ = ids.next()
    ids.next()
    ids.unused(first)
    assert ids.next()[0] == "run-0003"
    ids.unused("run-0003")
    assert ids.next()[0] == "run-0003"


def test_spread_is_repeatable_and_in_range() -> None:
    values = [spread_of(1, "run-0001", seq) for seq in range(100)]
    assert values == [spread_of(1, "run-0001", seq) for seq in range(100)]
    assert all(0 <= value < 1 for value in values)
    assert len(set(values)) == 100


def test_this_process_is_alive() -> None:
    assert not is_dead(new_owner())


def test_an_ended_process_is_dead() -> None:
    code = "from wfnb.engine.owner import new_owner; print(new_owner())"
    owner = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert is_dead(owner)


def test_a_process_with_the_same_number_but_another_beginning_is_dead() -> None:
    host, pid, _began, token = new_owner().split("/")
    assert is_dead(f"{host}/{pid}/12345/{token}")


def test_owners_elsewhere_are_never_called_dead() -> None:
    assert not is_dead("another-host/1/2/aa")
    assert not is_dead("what is this")
