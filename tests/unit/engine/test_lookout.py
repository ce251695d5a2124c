"""Runs that can go on are found, whatever the store has said about taking them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import wfnb
from wfnb.errors import StoreError
from wfnb.store.memory import MemoryStore

DONE = {"id": "w", "name": "W", "steps": [{"id": "a", "type": "control.return"}]}


def done_and_told_as_failed(method: Callable[..., Any], times: int = 1) -> Callable[..., Any]:
    """A method that does what it is asked and then fails, a number of times."""
    left = [times]

    def call(*args: Any, **options: Any) -> Any:
        result = method(*args, **options)
        if left[0]:
            left[0] -= 1
            raise StoreError("The state file cannot be used.", code="STORE_BUSY")
        return result

    return call


def test_a_run_that_was_created_and_told_as_failed_is_driven(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    with wfnb.open(store=store, clock="2026-01-01", seed=1) as ws:
        ws.publish(DONE)
        monkeypatch.setattr(store, "create_run", done_and_told_as_failed(store.create_run))
        with pytest.raises(StoreError):
            ws.start("w", key="once")
        run = ws.start("w", key="once")
        ws.publish({**DONE, "name": "Again"})  # the engine looks around when something is published
        assert run.wait(20).status == "SUCCEEDED"
