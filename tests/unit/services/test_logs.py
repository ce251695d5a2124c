"""Logs: what happened to a run, line by line, and what actions wrote; on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import TransientError, ValidationError
from wfnb.limits import LIMITS


class Card(BaseModel):
    n: int
    password: str = ""


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def call(**data: Any) -> dict[str, Any]:
    config = {"actionId": "pay", "version": 1, "inputMapping": {"n": 1, **data}}
    return {"id": "pay", "type": "action.call", "config": config, "retry": {"maxAttempts": 2, "backoffMs": 5}}


def publish(ws: wfnb.Workspace, *steps: dict[str, Any]) -> None:
    publication = ws.publish({"id": "w", "name": "W", "steps": list(steps)})
    assert publication.ok, publication.findings


def writing(ws: wfnb.Workspace, *lines: tuple[str, str, dict[str, Any]]) -> None:
    @ws.action("pay")
    def pay(data: Card, ctx: wfnb.ActionContext) -> Card:
        for level, message, context in lines:
            ctx.log(level, message, **context)
        return data


def test_a_run_tells_what_happened_in_order(ws: wfnb.Workspace) -> None:
    writing(ws, ("info", "The bank said yes.", {"code": 7}))
    publish(ws, call())
    run = ws.start("w", {}).wait(60)
    lines = run.logs()
    assert [(line.level, line.source, line.message) for line in lines] == [
        ("INFO", "engine", "The run started."),
        ("DEBUG", "engine", "Step pay started."),
        ("DEBUG", "engine", "pay@1 was called."),
        ("INFO", "action", "The bank said yes."),
        ("DEBUG", "engine", "pay@1 ended: SUCCEEDED."),
        ("DEBUG", "engine", "Step pay ended: SUCCEEDED."),
        ("INFO", "engine", "The run succeeded."),
    ]
    assert lines[3].context == {"code": 7}
    assert {line.instance for line in lines[1:6]} == {"root.steps[0]"}
    assert lines[4].context["outputBytes"] > 0
    assert [line.number for line in lines] == list(range(1, 8))


def test_failures_and_retries_are_told_with_their_error(ws: wfnb.Workspace) -> None:
    @ws.action("pay")
    def pay(data: Card) -> Card:
        raise TransientError("The line is busy.")

    publish(ws, call())
    run = ws.start("w", {}).wait(60)
    assert run.status == "FAILED"
    warned = [(line.level, line.context["kind"]) for line in run.logs(["WARN", "ERROR"])]
    assert warned == [
        ("WARN", "step.retry_scheduled"), ("WARN", "retry.scheduled"),
        ("WARN", "call.failed"), ("ERROR", "step.failed"), ("ERROR", "run.failed"),
    ]  # fmt: skip
    assert len(run.logs(search="LINE IS busy")) == 5
    assert [
        line.context["wait"] for line in run.logs(search="another attempt") if "wait" in line.context
    ] == ["retry", "retry"]


def test_a_log_is_filtered_and_read_page_by_page(ws: wfnb.Workspace) -> None:
    writing(ws, *[("info", f"Line {number}.", {}) for number in range(5)])
    publish(ws, call())
    run = ws.start("w", {}).wait(60)
    last = run.logs("INFO", search="line", limit=2)
    first = run.logs("INFO", search="line", limit=2, before=last[0].number)
    assert [line.message for line in (*first, *last)] == ["Line 1.", "Line 2.", "Line 3.", "Line 4."]
    newest = ws.logs(search="line", limit=3)
    older = ws.logs(search="line", limit=3, before=newest[-1].number)
    assert [line.message for line in (*newest, *older)] == [f"Line {n}." for n in (4, 3, 2, 1, 0)]
    assert ws.logs("ERROR") == []
    assert {line.run for line in newest} == {run.id}
    assert ws.logs(search="line_") == []


@pytest.mark.parametrize("place", ["message", "context", "key"])
def test_a_secret_of_the_call_is_masked_in_its_log(ws: wfnb.Workspace, place: str) -> None:
    line: dict[str, tuple[str, str, dict[str, Any]]] = {
        "message": ("warn", "hunter2 was refused.", {}),
        "context": ("warn", "Refused.", {"answer": ["no hunter2"]}),
        "key": ("warn", "Refused.", {"token": "abcd"}),
    }
    writing(ws, line[place])
    publish(ws, call(password="hunter2"))
    run = ws.start("w", {}).wait(60)
    (told,) = run.logs("WARN")
    assert "[REDACTED]" in f"{told.message} {told.context}"
    assert "hunter2" not in repr(ws.logs()) + str(ws.logs()[0].context)
    assert "abcd" not in str(told.context)


def test_a_large_context_is_cut_and_a_long_message_too(ws: wfnb.Workspace) -> None:
    writing(ws, ("info", "x" * 10_000, {"text": "y" * LIMITS.log_context_bytes}))
    publish(ws, call())
    ws.start("w", {}).wait(60)
    (line,) = ws.logs()
    assert (line.context["truncated"], line.context["max"]) == (True, LIMITS.log_context_bytes)
    assert len(line.message) <= LIMITS.log_message_chars


@pytest.mark.parametrize(
    "line",
    [
        ("loud", "x", {}),
        ("info", "", {}),
        ("info", "x", {"bad": float("nan")}),
        ("info", "x", {"bad": object()}),
    ],
)
def test_a_line_that_cannot_be_is_the_fault_of_the_action(ws: wfnb.Workspace, line: Any) -> None:
    writing(ws, line)
    publish(ws, call())
    run = ws.start("w", {}).wait(60)
    assert run.status == "FAILED"
    assert ws.logs() == []


def test_an_action_that_is_called_without_a_workspace_logs_into_nothing() -> None:
    wfnb.ActionContext("run", "root.steps[0]", "key", 1, "").log("info", "Nobody listens.", n=1)


def test_a_line_is_there_although_the_call_failed(ws: wfnb.Workspace) -> None:
    @ws.action("pay")
    def pay(data: Card, ctx: wfnb.ActionContext) -> Card:
        ctx.log("warn", "About to fail.")
        raise ValueError

    publish(ws, call())
    ws.start("w", {}).wait(60)
    assert [line.message for line in ws.logs()] == ["About to fail."]


@pytest.mark.parametrize("wanted", [{"level": "loud"}, {"search": ""}, {"limit": 0}, {"before": "x"}])
def test_a_log_that_cannot_be_is_refused(ws: wfnb.Workspace, wanted: dict[str, Any]) -> None:
    publish(ws, {"id": "d", "type": "control.return"})
    for thing in (ws, ws.start("w").wait(60)):
        with pytest.raises(ValidationError) as caught:
            thing.logs(**wanted)
        assert caught.value.code == "INVALID_ARGUMENT"
