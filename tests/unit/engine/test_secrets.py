"""Secrets of a call: resolved just before it, from what the definition wrote only, and masked in all that comes back."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

import wfnb
from unit.machine.world import call, each
from wfnb.engine.secrets import NO_SECRETS, Call, masked_error
from wfnb.errors import ExpressionError, SecretError
from wfnb.security.taint import CLEAN, Taint
from wfnb.security.vault import VARIABLE

VALUE = "hunter2 & co"
REFERENCE = {"$secret": "PASSWORD"}


class Login(BaseModel):
    password: Any = None
    user: str = ""
    more: list[Any] = []


class Typed(BaseModel):
    password: SecretStr


class Echo(BaseModel):
    value: Any


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, base64.b64encode(b"k" * 32).decode())


@pytest.fixture
def seen() -> list[Any]:
    return []


@pytest.fixture
def ws(seen: list[Any]) -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as workspace:
        workspace.secrets.set("PASSWORD", VALUE)
        register(workspace, seen)
        yield workspace


def register(ws: wfnb.Workspace, seen: list[Any]) -> None:
    @ws.action("login")
    def _login(data: Login) -> Echo:
        seen.append(data.password)
        return Echo(
            value={"said": f"it is {data.password}", data.password if data.user == "key" else "k": data.more}
        )

    @ws.action("slow")
    async def _slow(data: Login) -> Echo:
        await asyncio.sleep(0)
        return Echo(value=data.password)

    @ws.action("token", may_return_secrets=True)
    def _token(data: Login) -> Echo:
        return Echo(value=data.password)

    @ws.action("keyed", side_effect=True, idempotency=lambda data: f"{data.user}/{data.password}")
    def _keyed(data: Login) -> Echo:
        seen.append(data.password)
        return Echo(value=data.user)

    @ws.action("boom")
    def _boom(data: Login) -> Echo:
        raise RuntimeError("x" * 490 + f"{data.password}")

    @ws.action("typed")
    def _typed(data: Typed) -> Echo:
        seen.append(data.password.get_secret_value())
        return Echo(value=repr(data))

    @ws.node("ask.server")
    def _ask(data: Login) -> Echo:
        seen.append(data.password)
        return Echo(value="asked")


def run(ws: wfnb.Workspace, step: dict[str, Any], payload: Any = None) -> wfnb.Run:
    workflow = f"w{len(ws.workflows())}"
    publication = ws.publish({"id": workflow, "name": workflow, "steps": [step]})
    assert publication.ok, publication.findings
    return ws.start(workflow, payload).wait(20)


def test_the_action_gets_the_value_and_the_tables_the_name(ws: wfnb.Workspace, seen: list[Any]) -> None:
    done = run(ws, call("c", "login", inputs={"password": REFERENCE, "more": [1, {"in": REFERENCE}]}))
    assert done.status == "SUCCEEDED"
    assert seen == [VALUE]
    assert done.invocations()[0].input == {"password": REFERENCE, "more": [1, {"in": REFERENCE}]}


def test_what_comes_back_is_masked_before_it_is_stored(ws: wfnb.Workspace) -> None:
    inputs = {"password": REFERENCE, "user": "key", "more": [REFERENCE]}
    done = run(ws, call("c", "login", inputs=inputs, save_as="vars.out"))
    assert done.envelope["vars"]["out"]["value"] == {"said": "it is [REDACTED]", "[REDACTED]": ["[REDACTED]"]}


def test_coroutines_get_it_too(ws: wfnb.Workspace) -> None:
    done = run(ws, call("c", "slow", inputs={"password": REFERENCE}, save_as="vars.out"))
    assert done.envelope["vars"]["out"] == {"value": "[REDACTED]"}


def test_an_action_that_may_return_secrets_is_believed(ws: wfnb.Workspace) -> None:
    done = run(ws, call("c", "token", inputs={"password": REFERENCE}, save_as="vars.out"))
    assert done.envelope["vars"]["out"] == {"value": VALUE}


def test_a_node_of_ones_own_gets_it_too(ws: wfnb.Workspace, seen: list[Any]) -> None:
    done = run(ws, {"id": "n", "type": "ask.server", "config": {"password": REFERENCE, "saveAs": "vars.out"}})
    assert (done.status, seen) == ("SUCCEEDED", [VALUE])


def test_a_secret_type_of_pydantic_takes_it(ws: wfnb.Workspace, seen: list[Any]) -> None:
    assert run(ws, call("c", "typed", inputs={"password": REFERENCE})).status == "SUCCEEDED"
    assert seen == [VALUE]


def test_a_reference_that_came_with_the_payload_stays_data(ws: wfnb.Workspace, seen: list[Any]) -> None:
    given = {"p": REFERENCE, "all": {"password": REFERENCE, "more": [REFERENCE]}}
    run(ws, call("c", "login", inputs={"password": {"$expr": "payload.p"}}), given)
    run(ws, call("c", "login", inputs={"more": [{"$expr": "payload.all"}], "password": REFERENCE}), given)
    assert seen == [REFERENCE, VALUE]


def test_the_key_is_made_from_the_name(ws: wfnb.Workspace, seen: list[Any]) -> None:
    step = call("c", "keyed", inputs={"password": REFERENCE, "user": "ann"})
    run(ws, step)
    ws.secrets.set("PASSWORD", "another value")
    again = run(ws, step)
    assert seen == [VALUE]
    assert again.invocations()[0].shared
    assert again.row.run_no
    keys = [row.key for row in ws._store.invocations(again.row.run_no)]
    assert keys == ["ann/$secret:PASSWORD"]


def test_an_error_is_masked_before_it_is_cut(ws: wfnb.Workspace) -> None:
    done = run(ws, call("c", "boom", inputs={"password": REFERENCE}))
    assert done.error is not None
    assert done.error["message"].endswith("xxx[REDACTED]")


def test_every_item_of_a_loop_gets_it(ws: wfnb.Workspace, seen: list[Any]) -> None:
    run(ws, each("l", "[1, 2]", [call("c", "login", inputs={"password": REFERENCE})]))
    assert seen == [VALUE, VALUE]


def test_a_secret_that_is_gone_fails_the_step_by_name(ws: wfnb.Workspace) -> None:
    step = call("c", "login", inputs={"password": REFERENCE})
    ws.publish({"id": "w", "name": "w", "steps": [step]})
    ws.secrets.delete("PASSWORD", force=True)
    error = ws.start("w").wait(20).error
    assert error is not None
    assert (error["code"], error["message"]) == ("SECRET_NOT_FOUND", "There is no secret PASSWORD.")


def test_a_lost_master_key_fails_the_step(ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.publish({"id": "w", "name": "w", "steps": [call("c", "login", inputs={"password": REFERENCE})]})
    monkeypatch.delenv(VARIABLE)
    error = ws.start("w").wait(20).error
    assert error is not None
    assert error["code"] == "MASTER_KEY_MISSING"


def test_what_was_scheduled_by_another_process_is_resolved_again(tmp_path: Path, seen: list[Any]) -> None:
    """The row holds the name; the value is looked up by whoever performs the call."""
    step = call("c", "login", inputs={"password": REFERENCE})
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        ws.secrets.set("PASSWORD", VALUE)
        register(ws, [])
        ws.publish({"id": "w", "name": "w", "steps": [step]})
        held = ws.debug("w")
        driver = ws._engine._driver(held.run.id)
        driver._commit((wfnb_start(driver),), ahead=True)
        assert driver.state.pending
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        register(ws, seen)
        assert ws.run("run-0001").wait(20).status == "SUCCEEDED"
    assert seen == [VALUE]


def left_pending(folder: Path, step: dict[str, Any], **extra: Any) -> None:
    """A run whose process ended between the commit and the call."""
    with wfnb.open(folder, clock="2026-01-01", seed=1) as ws:
        ws.secrets.set("PASSWORD", VALUE)
        pay(ws, **extra)
        ws.publish({"id": "w", "name": "w", "steps": [step]})
        held = ws.debug("w")
        driver = ws._engine._driver(held.run.id)
        driver._commit((wfnb_start(driver),), ahead=True)
        assert driver.state.pending


def pay(ws: wfnb.Workspace, **extra: Any) -> None:
    @ws.action("pay", side_effect=True, idempotency="engine", **extra)
    def _pay(data: Login) -> Echo:
        return Echo(value=data.password)


PAY = call("c", "pay", inputs={"password": REFERENCE, "user": "ann"}, save_as="vars.out")


def test_what_a_receiver_tells_after_a_crash_is_masked(tmp_path: Path) -> None:
    left_pending(tmp_path, PAY)
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        pay(ws, in_doubt=lambda _key: Echo(value=f"known {VALUE}"))
        assert ws.run("run-0001").wait(20).envelope["vars"]["out"] == {"value": "known [REDACTED]"}


def test_a_call_in_doubt_shows_neither_secrets_nor_what_its_action_hides(tmp_path: Path) -> None:
    left_pending(tmp_path, PAY)
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as ws:
        pay(ws, in_doubt="hold", redact_input=("/user",))
        ws.run("run-0001").wait(20, until="parked")
        assert ws.in_doubt()[0].input == {"password": REFERENCE, "user": "[REDACTED]"}


def wfnb_start(driver: Any) -> Any:
    from wfnb.machine.messages import Start

    return Start(at_us=driver._updated_us + 1)


def test_an_engine_without_a_vault_says_which_secret_is_missing() -> None:
    with pytest.raises(SecretError, match="There is no secret A"):
        NO_SECRETS.reveal(["A"], Call("run-0001", "local", "root.steps[0]"))


def test_every_part_of_an_error_is_masked() -> None:
    error = ExpressionError(
        f"m {VALUE}", code=f"c {VALUE}", where=f"w {VALUE}", hint=f"h {VALUE}", source=f"s {VALUE}", field=f"f {VALUE}"
    )  # fmt: skip
    assert masked_error(error, CLEAN) is error
    masked = masked_error(error, Taint([VALUE]))
    assert VALUE not in str(masked) + str(vars(masked))
    assert masked.message == "m [REDACTED]"
