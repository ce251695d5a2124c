"""What Procrastinate brings, and what is said when it is not there."""

from __future__ import annotations

import importlib
import sys

import pytest

from wfnb.engine import jobs
from wfnb.errors import MissingExtraError


def test_without_procrastinate_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.delitem(sys.modules, "wfnb.engine.jobs")
    with pytest.raises(MissingExtraError, match=r"wfnb\[procrastinate\]"):
        importlib.import_module("wfnb.engine.jobs")


def test_scripts_are_in_the_order_in_which_they_are_applied() -> None:
    names = [name for name, _ in jobs.scripts()]
    assert names == sorted(names)
    assert names[0].startswith("00.00.00")
    assert len(set(names)) == len(names)


def test_all_tables_are_made_by_one_script() -> None:
    made = jobs.whole()
    assert [made.count(f"CREATE TABLE procrastinate_{name}") for name in ("jobs", "events", "workers")] == [
        1
    ] * 3
