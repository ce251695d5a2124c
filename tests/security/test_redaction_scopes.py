"""Three scopes of redaction, each with its own root: the envelope, the calls of an action, and the values of secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from unit.machine.world import call
from wfnb.errors import RegistryError

NUMBER = "4111-canary-1111"
MASK = "[REDACTED]"


class Card(BaseModel):
    number: str
    name: str = ""


class Payment(BaseModel):
    card: Card


class Paid(BaseModel):
    receipt: dict[str, str]
    of: list[str]


def register(ws: wfnb.Workspace, **options: Any) -> list[str]:
    seen: list[str] = []

    @ws.action("pay", side_effect=True, idempotency=lambda data: data.card.name, **options)
    def _pay(data: Payment) -> Paid:
        seen.append(data.card.number)
        if data.card.name == "broke":
            raise wfnb.ActionError(f"The card {data.card.number} was refused.")
        return Paid(receipt={"code": data.card.number, "to": data.card.name}, of=[data.card.number, "x"])

    return seen


HIDES = {"redact_input": ("/card/number",), "redact_output": ("/receipt/code", "/of/0")}
STEP = call("c", "pay", inputs={"card": {"$expr": "payload.card"}}, save_as="vars.paid")


def start(ws: wfnb.Workspace, name: str, *steps: dict[str, Any]) -> wfnb.Run:
    publication = ws.publish({"id": "w", "name": "w", "steps": [*steps, STEP]})
    assert publication.ok, publication.findings
    return ws.start("w", {"card": {"number": NUMBER, "name": name}}).wait(20)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as workspace:
        yield workspace


def test_pointers_of_an_action_hide_its_calls_wherever_they_are_shown(ws: wfnb.Workspace) -> None:
    seen = register(ws, **HIDES)
    run = start(ws, "ann")
    assert seen == [NUMBER]
    shown = run.invocations()
    assert shown[0].input == {"card": {"number": MASK, "name": "ann"}}
    assert shown[0].output == {"receipt": {"code": MASK, "to": "ann"}, "of": [MASK, "x"]}
    for text in (repr(shown), shown._repr_html_(), shown.df.to_csv(), ws.sql("FROM invocations").to_csv()):
        assert NUMBER not in text
    ws.history.close()
    assert NUMBER.encode() not in (ws.path / ".wfnb" / "history.duckdb").read_bytes()


def test_whoever_looks_need_not_know_the_action(ws: wfnb.Workspace) -> None:
    register(ws, **HIDES)
    start(ws, "ann")
    with wfnb.open(ws.path) as other:
        assert NUMBER not in repr(other.run("run-0001").invocations())
        assert NUMBER not in other.sql("FROM invocations").to_csv()


def test_pointers_that_are_declared_later_hide_what_was_there(ws: wfnb.Workspace, tmp_path: Path) -> None:
    register(ws)
    start(ws, "ann")
    assert NUMBER in ws.sql("FROM invocations").to_csv()
    ws.close()
    with wfnb.open(tmp_path, clock="2026-01-01", seed=1) as again:
        register(again, **HIDES)
        assert NUMBER not in again.sql("FROM invocations").to_csv()
        assert NUMBER not in repr(again.run("run-0001").invocations())


def test_an_error_quotes_nothing_that_the_action_hides(ws: wfnb.Workspace) -> None:
    register(ws, **HIDES)
    run = start(ws, "broke")
    assert run.error is not None
    assert run.error["message"] == f"The card {MASK} was refused."


@pytest.mark.defect("D-6")
def test_a_result_that_is_taken_over_is_the_whole_one_and_never_shown(ws: wfnb.Workspace) -> None:
    seen = register(ws, **HIDES)
    start(ws, "ann")
    point = {"id": "p", "type": "transform.assign", "config": {"assign": {"meta.redactions": ["/vars/paid"]}}}
    again = start(ws, "ann", point)
    assert seen == [NUMBER]
    assert again.invocations()[0].shared
    row = ws._store.invocations(again.row.run_no)[0]
    assert row.output == {"receipt": {"code": NUMBER, "to": "ann"}, "of": [NUMBER, "x"]}
    for shown in (again.invocations()[0].output, again.envelope["vars"]):
        assert NUMBER not in json.dumps(shown)


@pytest.mark.defect("D-12")
def test_a_pointer_counts_in_its_own_scope_only(ws: wfnb.Workspace) -> None:
    """The envelope's pointers do not reach into calls, and those of an action not into the envelope."""
    register(ws, redact_input=("/payload/card/number", "/card/name"))
    point = {
        "id": "p",
        "type": "transform.assign",
        "config": {"assign": {"meta.redactions": ["/card/number"]}},
    }
    run = start(ws, "ann", point)
    assert run.invocations()[0].input == {"card": {"number": NUMBER, "name": MASK}}
    assert run.envelope["payload"] == {"card": {"number": NUMBER, "name": "ann"}}


@pytest.mark.parametrize("given", ["/card", ["card"], [5], ["/a", None]])
def test_what_is_no_pointer_is_refused_when_the_action_is_registered(given: Any) -> None:
    with wfnb.open(store="memory") as ws, pytest.raises(RegistryError, match="a list of JSON pointers"):
        register(ws, redact_input=given)


def test_the_empty_pointer_hides_all(ws: wfnb.Workspace) -> None:
    register(ws, redact_input=("",), redact_output=("",))
    shown = start(ws, "ann").invocations()[0]
    assert (shown.input, shown.output) == (MASK, MASK)
