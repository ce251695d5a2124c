"""What was found is kept: as a test that runs by itself, and as a notebook that needs nothing but its pack."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

import wfnb
from wfnb.errors import CommandError, ValidationError

CANARY = "hunter2hunter2"


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def steps(sku: str = "payload.sku", **facts: Any) -> list[dict[str, Any]]:
    mapping = {"sku": expr(sku), "password": expr("payload.password")}
    config = {"actionId": "reserve", "version": 1, "inputMapping": mapping, "saveAs": "vars.got"}
    return [
        {"id": "pre", "type": "transform.assign", "config": {"assign": {"vars.n": expr("payload.n * 2")}}},
        {"id": "get", "type": "action.call", "config": config, **facts},
    ]


def definition(*given: dict[str, Any]) -> dict[str, Any]:
    return {"id": "order", "name": "Order", "steps": list(given)}


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:

        @opened.action("reserve")
        def reserve(data: Anything) -> Anything:
            facts = data.model_extra or {}
            if facts.get("sku") == "bad":
                raise wfnb.ActionError(f"Nothing for {facts.get('password')}.", code="NO_STOCK")
            return Anything(id="R", token=facts.get("password"))

        yield opened


def run_of(ws: wfnb.Workspace, **payload: Any) -> wfnb.Run:
    if not ws.workflows():
        assert ws.publish(definition(*steps())).ok
    return ws.start("order", {"n": 2, "password": CANARY, **payload}).wait(20)


def pytest_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a fresh process that knows nothing of this one."""
    known = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "COV", "PYTHONPATH"))
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        str(folder),
        *arguments,
    ]
    return subprocess.run(
        command, cwd=folder, env=known, capture_output=True, text=True, timeout=240, check=False
    )


def said_by(file: Path) -> str:
    """What the test in a file says when it fails; nothing when it passes."""
    spec = importlib.util.spec_from_file_location(f"{file.parent.name}_{file.stem}", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (test,) = [value for name, value in vars(module).items() if name.startswith("test_")]
    try:
        test()
    except AssertionError as failed:
        return str(failed) or "failed"
    return ""


def test_a_run_becomes_a_test_that_passes_by_itself(ws: wfnb.Workspace, tmp_path: Path) -> None:
    file = run_of(ws, sku="bad").to_test(tmp_path / "test_order.py")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["test_order.json", "test_order.py"]
    done = pytest_in(tmp_path, file.name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert CANARY not in (tmp_path / "test_order.json").read_text(encoding="utf-8") + file.read_text(
        encoding="utf-8"
    )


def test_the_test_fails_when_the_definition_goes_another_way(ws: wfnb.Workspace, tmp_path: Path) -> None:
    current = tmp_path / "order.json"
    current.write_text(json.dumps(definition(*steps())), encoding="utf-8")
    tests = tmp_path / "tests"
    tests.mkdir()
    file = run_of(ws, sku="a").to_test(tests / "test_order.py", definition=current)
    assert '"../order.json"' in file.read_text(encoding="utf-8")
    assert said_by(file) == ""
    current.write_text(json.dumps(definition(*steps("payload.sku & 'x'"))), encoding="utf-8")
    assert "inputMapping.sku" in said_by(file)
    assert CANARY not in said_by(file)


def test_a_mend_is_kept_by_asserting_a_good_end(ws: wfnb.Workspace, tmp_path: Path) -> None:
    current = tmp_path / "order.json"
    current.write_text(json.dumps(definition(*steps())), encoding="utf-8")
    file = run_of(ws, sku="bad").to_test(tmp_path / "test_order.py", definition=current, expect="success")
    assert "FAILED" in said_by(file)
    current.write_text(json.dumps(definition(*steps(onError={"policy": "continue"}))), encoding="utf-8")
    assert said_by(file) == ""


def test_a_registry_is_used_when_it_is_named(
    ws: wfnb.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "shop_actions.py").write_text(
        "from pydantic import BaseModel\n\n\nclass Order(BaseModel):\n    sku: str\n    password: str\n\n\n"
        "class Held(BaseModel):\n    id: str\n    token: str\n\n\ndef register(ws):\n"
        "    @ws.action('reserve')\n    def reserve(data: Order) -> Held:\n        raise AssertionError\n",
        encoding="utf-8",
    )
    file = run_of(ws, sku="a").to_test(tmp_path / "test_order.py", registry="shop_actions:register")
    assert "from shop_actions import register as register" in file.read_text(encoding="utf-8")
    assert said_by(file) == ""


def test_a_run_that_hangs_on_its_secret_is_refused(ws: wfnb.Workspace, tmp_path: Path) -> None:
    looking = {
        "id": "look",
        "type": "control.if",
        "condition": expr("payload.password = 'hunter2hunter2'"),
        "then": [],
        "else": steps()[:1],
    }
    assert ws.publish(definition(looking)).ok
    with pytest.raises(CommandError) as caught:
        run_of(ws, sku="a").to_test(tmp_path / "test_order.py")
    assert caught.value.code == "RECORD_HIDES_TOO_MUCH"
    assert CANARY not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_refused(ws: wfnb.Workspace, tmp_path: Path) -> None:
    run = run_of(ws, sku="a")
    file = run.to_test(tmp_path / "test_order.py")
    for facts, words in (
        ({}, "such a file already"), ({"expect": "luck", "overwrite": True}, "identical or success"),
        ({"registry": "os; import evil", "overwrite": True}, "module:function"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match=words):
            run.to_test(file, **facts)
    with pytest.raises(ValidationError, match=r"ends in \.py"):
        run.to_test(tmp_path / "test_order.txt")
    with pytest.raises(ValidationError, match=r"ends in \.ipynb"):
        run.to_notebook(tmp_path / "story.txt")
    assert run.to_test(file, overwrite=True) == file


def test_names_that_are_no_python_names_make_a_test_all_the_same(ws: wfnb.Workspace, tmp_path: Path) -> None:
    name = "2-order.desk"
    assert ws.publish({**definition(steps()[0]), "id": name}).ok
    file = ws.start(name, {"n": 1}).wait(20).to_test(tmp_path / "test_odd.py")
    compile(file.read_text(encoding="utf-8"), "test_odd.py", "exec")
    assert said_by(file) == ""


def test_a_run_becomes_a_notebook_that_passes_nbval_elsewhere(ws: wfnb.Workspace, tmp_path: Path) -> None:
    made = tmp_path / "made"
    made.mkdir()
    file = run_of(ws, sku="bad").to_notebook(made / "story.ipynb")
    notebook = json.loads(file.read_text(encoding="utf-8"))
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    assert any("The steps that matter" in text for text in sources)
    assert 'run.why("error")' in sources
    assert CANARY.encode() not in file.read_bytes()
    away = tmp_path / "away"
    made.rename(away)
    done = pytest_in(away, "--nbval", file.name)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_run_that_succeeded_has_a_story_too(ws: wfnb.Workspace, tmp_path: Path) -> None:
    file = run_of(ws, sku="a").to_notebook(tmp_path / "story.ipynb")
    outputs = [
        out
        for cell in json.loads(file.read_text(encoding="utf-8"))["cells"]
        for out in cell.get("outputs", [])
    ]
    assert "error" not in {out["output_type"] for out in outputs}
    assert any("identical" in "".join(out.get("data", {}).get("text/plain", "")) for out in outputs)
