"""The secrets of a workspace, as people hold them."""

from __future__ import annotations

import base64
import getpass
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import wfnb
from unit.machine.world import Anything, call
from wfnb.errors import SecretError, WfnbError
from wfnb.security.vault import VARIABLE, MasterKey

VALUE = "hunter2-hunter2"
KEY = base64.b64encode(b"k" * 32).decode()


@pytest.fixture
def ws(monkeypatch: pytest.MonkeyPatch) -> Iterator[wfnb.Workspace]:
    monkeypatch.setenv(VARIABLE, KEY)
    with wfnb.open(store="memory", clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


def test_secrets_are_listed_without_their_values(ws: wfnb.Workspace) -> None:
    ws.secrets.set("SMTP_PASSWORD", VALUE, "for mail")
    ws.secrets.set("API", "other")
    assert ws.secrets.names() == ("API", "SMTP_PASSWORD")
    row = ws.secrets.list()[1]
    assert (row.name, row.description, row.created_by, row.updated_by) == (
        "SMTP_PASSWORD",
        "for mail",
        "ann",
        "ann",
    )
    assert (row.key_id, row.accessed_at) == (MasterKey(KEY).id, None)
    assert repr(ws.secrets) == "<Secrets: API, SMTP_PASSWORD>"
    for text in (repr(ws.secrets.list()), ws.secrets.list()._repr_html_(), ws.secrets.list().df.to_csv()):
        assert "SMTP_PASSWORD" in text
        assert VALUE not in text


def test_setting_one_shows_nothing(ws: wfnb.Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert repr(ws.secrets) == "<Secrets: none>"
    assert ws.secrets.set("A", VALUE) is None
    assert capsys.readouterr() == ("", "")


def test_a_person_is_asked_unseen(ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: asked.append(prompt) or VALUE)
    assert ws.secrets.ask("A", "typed") is None
    assert asked == ["A: "]
    assert ws.secrets.list()[0].description == "typed"


def _echoing(_prompt: str) -> str:
    warnings.warn("Can not control echo on the terminal.", getpass.GetPassWarning, stacklevel=1)
    return VALUE


def _raising(error: Exception) -> Any:
    def ask(_prompt: str) -> str:
        raise error

    return ask


@pytest.mark.parametrize("ask", [_echoing, _raising(EOFError()), _raising(RuntimeError("no frontend"))])
def test_nobody_is_asked_where_it_would_show(
    ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    monkeypatch.setattr(getpass, "getpass", ask)
    with pytest.raises(SecretError) as caught:
        ws.secrets.ask("A")
    assert caught.value.code == "NO_PROMPT"
    assert ws.secrets.names() == ()


def test_a_secret_is_kept_while_a_workflow_asks_for_it(ws: wfnb.Workspace) -> None:
    ws.secrets.set("A", VALUE)
    ws._catalog.actions.add(lambda_action, id="send")
    ws.publish({"id": "w", "name": "w", "steps": [call("c", "send", inputs={"x": {"$secret": "A"}})]})
    uses = ws.secrets.uses("A")
    assert [(use.workflow, use.version, use.step, use.field) for use in uses] == [
        ("w", 1, "c", "config.inputMapping.x")
    ]
    assert "root.steps[0]" in repr(uses)
    with pytest.raises(WfnbError, match="used by w"):
        ws.secrets.delete("A")
    ws.secrets.delete("A", force=True)
    assert ws.secrets.names() == ()


def lambda_action(data: Anything) -> Anything:
    return data


def test_a_new_master_key_is_taken_over(ws: wfnb.Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    ws.secrets.set("A", VALUE)
    other = base64.b64encode(b"n" * 32).decode()
    assert ws.secrets.rotate_master(other) == 1
    assert ws.secrets.list()[0].key_id == MasterKey(other).id
    with pytest.raises(SecretError) as caught:
        ws.secrets.rotate_master("no key")
    assert caught.value.code == "MASTER_KEY_INVALID"


def test_validation_knows_which_secrets_there_are(ws: wfnb.Workspace) -> None:
    ws._catalog.actions.add(lambda_action, id="send")
    written = {"id": "w", "name": "w", "steps": [call("c", "send", inputs={"x": {"$secret": "A"}})]}
    codes = [[finding.code for finding in ws.validate(written)]]
    ws.secrets.set("A", VALUE)
    codes.append([finding.code for finding in ws.validate(written)])
    assert ws.publish(written).ok
    ws.start("w").wait(20)
    codes.append([finding.code for finding in ws.validate(written)])
    assert ["SECRET_NOT_FOUND" in found for found in codes] == [True, False, False]
    assert ["SECRET_NEVER_ACCESSED" in found for found in codes] == [False, True, False]


def test_a_simulation_needs_no_secret_and_shows_its_name(ws: wfnb.Workspace) -> None:
    ws.secrets.set("A", VALUE)
    ws._catalog.actions.add(lambda_action, id="send")
    written = {"id": "w", "name": "w", "steps": [call("c", "send", inputs={"x": {"$secret": "A"}})]}
    simulated = ws.simulate(written)
    assert simulated.status == "completed"
    assert simulated.invocations[0].input == {"x": "[SECRET:A]"}
    assert ws.secrets.list()[0].accessed_at is None
