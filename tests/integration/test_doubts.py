"""Calls that were under way when their process died: repeated, asked about by their key, or held for a person."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import CommandError, NotFoundError, RegistryError, ValidationError


class Number(BaseModel):
    n: int


def pay(ws: wfnb.Workspace, seen: list[str], gate: threading.Event | None = None, **extra: Any) -> None:
    entered = threading.Event()

    @ws.action("pay", side_effect=True, idempotency="engine", **extra)
    def _pay(data: Number, ctx: wfnb.ActionContext) -> Number:
        seen.append(ctx.idempotency_key)
        entered.set()
        if gate is not None:
            gate.wait(120)
        return data

    ws.__dict__["entered"] = entered


STEP = {
    "id": "pay", "type": "action.call",
    "config": {"actionId": "pay", "version": 1, "inputMapping": {"n": {"$expr": "payload.n"}}, "saveAs": "vars.paid"},
}  # fmt: skip


def left_in_doubt(folder: Path, seen: list[str], **extra: Any) -> str:
    """Id of a run whose process ended in the middle of its call."""
    gate = threading.Event()
    with wfnb.open(folder) as ws:
        pay(ws, seen, gate, **extra)
        assert ws.publish({"id": "order", "name": "Order", "steps": [STEP]}).ok
        run = ws.start("order", {"n": 7})
        assert ws.__dict__["entered"].wait(120)
    gate.set()
    return run.id


def test_a_call_is_repeated_with_the_same_key_unless_said_otherwise(tmp_path: Path) -> None:
    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen)
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen)
        assert ws.run(run_id).wait(120).envelope["vars"]["paid"] == {"n": 7}
    assert len(seen) == 2
    assert len(set(seen)) == 1


def test_a_receiver_that_knows_the_key_gives_the_output(tmp_path: Path) -> None:
    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen, in_doubt=lambda key: None)
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen, in_doubt=lambda key: Number(n=99) if key == seen[0] else None)
        assert ws.run(run_id).wait(120).envelope["vars"]["paid"] == {"n": 99}
    assert len(seen) == 1


def test_a_call_that_never_arrived_is_performed(tmp_path: Path) -> None:
    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen, in_doubt=lambda key: None)
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen, in_doubt=lambda key: None)
        assert ws.run(run_id).wait(120).envelope["vars"]["paid"] == {"n": 7}
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("said", "status", "paid", "calls"),
    [
        ({"repeat": True}, "SUCCEEDED", {"n": 7}, 2),
        ({"output": {"n": 5}}, "SUCCEEDED", {"n": 5}, 1),
        ({"error": "The bank says no."}, "FAILED", None, 1),
    ],
)
def test_a_person_says_what_became_of_a_call(
    tmp_path: Path, said: dict[str, Any], status: str, paid: Any, calls: int
) -> None:
    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen, in_doubt="hold")
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen, in_doubt="hold")
        run = ws.run(run_id).wait(120, until="parked")
        assert run.status == "WAITING"
        (doubt,) = ws.in_doubt()
        assert (doubt.run, doubt.action, doubt.input) == (run_id, "pay", {"n": 7})
        ws.settle(doubt, reason="Looked at the bank statement.", **said)
        run.wait(120)
        assert run.status == status
        assert run.envelope["vars"].get("paid") == paid
        assert list(ws.in_doubt()) == []
        entry = next(entry for entry in ws.audit() if entry.operation == "call.settled")
        assert entry.reason == "Looked at the bank statement."
        with pytest.raises(CommandError, match="WAIT_OVER"):
            ws.settle(doubt, reason="Once more.", repeat=True)
    assert len(seen) == calls


def test_a_receiver_that_cannot_answer_leaves_it_to_a_person(tmp_path: Path) -> None:
    def broken(key: str) -> None:
        raise OSError(key)

    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen, in_doubt=broken)
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen, in_doubt=broken)
        assert ws.run(run_id).wait(120, until="parked").status == "WAITING"
        assert len(ws.in_doubt()) == 1
    assert len(seen) == 1


def test_what_cannot_be_said_is_refused(tmp_path: Path) -> None:
    seen: list[str] = []
    run_id = left_in_doubt(tmp_path, seen, in_doubt="hold")
    with wfnb.open(tmp_path) as ws:
        pay(ws, seen, in_doubt="hold")
        ws.run(run_id).wait(120, until="parked")
        (doubt,) = ws.in_doubt()
        for said in ({}, {"repeat": True, "error": "x"}, {"output": {"m": 1}}):
            with pytest.raises(ValidationError):
                ws.settle(doubt, reason="A reason.", **said)  # type: ignore[arg-type]  # that is the point
        with pytest.raises(ValidationError, match="REASON_MISSING"):
            ws.settle(doubt, reason="", repeat=True)
        with pytest.raises(NotFoundError, match="NO_SUCH_DOUBT"):
            ws.settle("run/none", reason="A reason.", repeat=True)
        assert len(ws.in_doubt()) == 1


def test_an_action_says_in_words_what_becomes_of_a_doubt(tmp_path: Path) -> None:
    with wfnb.open(tmp_path, store="memory") as ws, pytest.raises(RegistryError, match="INCOMPLETE_ACTION"):
        pay(ws, [], in_doubt="perhaps")
