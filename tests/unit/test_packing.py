"""Packs: a run in one file, without secrets, read-only on the other side; hostile files are refused with one clear error."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

import wfnb
from wfnb.errors import BundleError, StoreError, ValidationError, WfnbError
from wfnb.limits import LIMITS, Limits
from wfnb.services import pack_format

CANARY = "hunter2hunter2"
OTHER = "swordfish-9000"


class Anything(BaseModel):
    model_config = ConfigDict(extra="allow")


def expr(text: str) -> dict[str, str]:
    return {"$expr": text}


def call(name: str, sku: str, save: str) -> dict[str, Any]:
    config = {
        "actionId": "reserve",
        "version": 1,
        "inputMapping": {"sku": expr(sku), "pass": expr("payload.login.password")},
        "saveAs": save,
    }
    return {"id": name, "type": "action.call", "config": config}


CHILD = {
    "id": "child", "name": "Child",
    "steps": [{"id": "say", "type": "transform.assign", "config": {"assign": {"vars.out": expr("payload.text & '!'")}}}],
}  # fmt: skip
STEPS = [
    call("get", "payload.sku", "vars.got"),
    {
        "id": "each", "type": "control.forEach", "items": expr("payload.list"), "itemVar": "item", "concurrency": 2, "onItemError": "continue",
        "body": [call("hold", "vars.item.sku", "vars.held")],
    },
    {
        "id": "sub", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"text": expr("'it is ' & vars.got.token")}, "outputMapping": {"vars.said": expr("vars.childRun.vars.out")},
    },
    {
        "id": "ask", "type": "event.wait",
        "config": {"eventName": "PAID", "correlationKey": expr("payload.id"), "assign": {"vars.paid": expr("vars.event.sum")}},
    },
    {"id": "mark", "type": "transform.assign", "config": {"assign": {"meta.redactions": ["/payload/ssn", "/vars/pin"], "vars.pin": expr("payload.ssn")}}},
    call("last", "'bad'", "vars.x"),
]  # fmt: skip
PAYLOAD = {
    "sku": "a", "id": "k", "ssn": OTHER, "login": {"password": CANARY, "user": "ann"},
    "list": [{"sku": "b", "apiKey": CANARY}, {"sku": "bad", "apiKey": CANARY}],
}  # fmt: skip


def register(ws: wfnb.Workspace) -> None:
    @ws.action("reserve", redact_output=("/number",))
    def reserve(data: Anything) -> Anything:
        facts = data.model_extra or {}
        if facts.get("sku") == "bad":
            raise wfnb.ActionError(f"Nothing for {facts.get('pass')}.", code="NO_STOCK")
        return Anything(id=f"R-{facts.get('sku')}", token=CANARY, number=OTHER, note=f"with {CANARY}")


@pytest.fixture
def ws() -> Iterator[wfnb.Workspace]:
    with wfnb.open(store="memory", clock="2026-01-01", seed=1) as opened:
        register(opened)
        yield opened


@pytest.fixture
def run(ws: wfnb.Workspace) -> wfnb.Run:
    assert ws.publish(CHILD).ok
    assert ws.publish({"id": "test", "name": "Test", "steps": STEPS}).ok
    started = ws.start("test", PAYLOAD).wait(20, until="parked")
    ws.submit_event("PAID", key="k", payload={"sum": 9, "secret": CANARY})
    started.wait(20)
    assert started.status == "FAILED"
    return started


@pytest.fixture
def elsewhere() -> Iterator[wfnb.Workspace]:
    """A workspace on another machine: nothing is registered there."""
    with wfnb.open(store="memory") as opened:
        yield opened


def contents(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_pack_holds_the_run_its_children_definitions_pictures_and_hashes(
    ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path
) -> None:
    files = contents(ws.pack(run, tmp_path / "run.wfnb"))
    assert sorted(files) == ["manifest.json", "pack.json", "pictures/pipeline.svg", "pictures/timeline.svg"]
    manifest = json.loads(files["manifest.json"])["files"]
    assert {name: hashlib.sha256(files[name]).hexdigest() for name in manifest} == {
        n: one["sha256"] for n, one in manifest.items()
    }
    tree = json.loads(files["pack.json"])
    assert [one["workflowId"] for one in tree["runs"]] == ["test", "child"]
    assert [one["workflowId"] for one in tree["versions"]] == ["child", "test"]


def test_the_same_run_gives_the_same_bytes(ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path) -> None:
    one, other = ws.pack(run, tmp_path / "1.wfnb"), ws.pack(run.id, tmp_path / "2.wfnb")
    first, second = (contents(path) for path in (one, other))
    made = [json.loads(files["pack.json"]) for files in (first, second)]
    assert all(tree.pop("madeAt") for tree in made)
    assert made[0] == made[1]


@pytest.mark.parametrize("ending", [".wfnb", ".json"])
def test_no_secret_is_in_the_file(ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path, ending: str) -> None:
    path = ws.pack(run, tmp_path / f"run{ending}")
    data = b"".join(contents(path).values()) if ending == ".wfnb" else path.read_bytes()
    for secret in (CANARY, OTHER):
        assert secret.encode() not in data
        assert secret.encode().hex().encode() not in data


def test_everything_can_be_asked_where_nothing_is_registered(
    ws: wfnb.Workspace, run: wfnb.Run, elsewhere: wfnb.Workspace, tmp_path: Path
) -> None:
    with elsewhere.unpack(ws.pack(run, tmp_path / "run.wfnb")) as packed:
        there = packed.run
        assert (there.id, there.status, there.error["code"]) == (run.id, "FAILED", "NO_STOCK")
        assert [(s.seq, s.instance, s.status, s.attempt) for s in there.steps()] == [
            (s.seq, s.instance, s.status, s.attempt) for s in run.steps()
        ]
        assert [one.workflow for one in packed.runs] == ["test", "child"]
        assert packed.missing == ["action reserve@1"]
        replay = there.replay(deep=True)
        assert replay.identical, replay
        assert there.why("vars.said").inputs[0].detail == packed.runs[1].id
        assert packed.workspace.compare(there, there).identical
        debugger = there.debug().run_to_end()
        assert debugger.position == debugger.length > 5
        assert packed.workspace.test_step("test", "get", run=there).result.source == "recorded"
        assert [wait.event for wait in there.waits() if wait.type == "event"] == ["PAID"]
        for seq in range(there.row.seq + 1):
            assert there.at(seq).status == run.at(seq).status
    assert "PACK" not in repr(elsewhere)


def test_a_pack_is_read_only(
    ws: wfnb.Workspace, run: wfnb.Run, elsewhere: wfnb.Workspace, tmp_path: Path
) -> None:
    with elsewhere.unpack(ws.pack(run, tmp_path / "run.wfnb")) as packed:
        attempts: list[Callable[[], Any]] = [
            lambda: packed.run.retry("once more"), lambda: packed.run.rerun("once more"), lambda: packed.workspace.publish(CHILD | {"name": "x"}),
            lambda: packed.workspace.start("child", {"text": "x"}), lambda: packed.workspace.submit_event("PAID"),
            lambda: packed.workspace.pins("test").set({}), lambda: packed.run.cancel("it is enough") and packed.workspace.start("child"),
        ]  # fmt: skip
        for attempt in attempts:
            with pytest.raises(StoreError) as caught:
                attempt()
            assert caught.value.code == "PACK_READ_ONLY"
        assert packed.run.status == "FAILED"
    assert elsewhere.workflows() == []


def test_a_run_that_waits_can_be_packed_too(
    ws: wfnb.Workspace, elsewhere: wfnb.Workspace, tmp_path: Path
) -> None:
    assert ws.publish(CHILD).ok
    assert ws.publish({"id": "test", "name": "Test", "steps": STEPS}).ok
    waiting = ws.start("test", PAYLOAD).wait(20, until="parked")
    with elsewhere.unpack(ws.pack(waiting, tmp_path / "run.wfnb")) as packed:
        assert packed.run.status == "WAITING"
        assert packed.run.replay().identical
        assert [wait.status for wait in packed.run.waits() if wait.type == "event"] == ["WAITING"]


def test_a_file_is_not_replaced_unless_asked(ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path) -> None:
    path = ws.pack(run, tmp_path / "run.wfnb")
    with pytest.raises(ValidationError, match="such a file already"):
        ws.pack(run, path)
    assert ws.pack(run, path, overwrite=True) == path
    with pytest.raises(BundleError, match="cannot be written"):
        ws.pack(run, tmp_path / "nowhere" / "run.wfnb")


def test_it_shows_itself(
    ws: wfnb.Workspace, run: wfnb.Run, elsewhere: wfnb.Workspace, tmp_path: Path
) -> None:
    with elsewhere.unpack(ws.pack(run, tmp_path / "run.wfnb")) as packed:
        assert repr(packed) == (
            f"<UnpackedRun {run.id} of test v1: FAILED, and 1 that it called>\nnot registered here: action reserve@1"
        )
        assert "<img" in packed._repr_mimebundle_()["text/html"]


# --- hostile files


def rezipped(files: dict[str, bytes], *, hashes: bool = True) -> bytes:
    made = io.BytesIO()
    body = {name: data for name, data in files.items() if name != "manifest.json"}
    facts = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "sizeBytes": len(data)}
        for name, data in body.items()
    }
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in body.items():
            archive.writestr(name, data)
        manifest = {"format": "wfnb.run-pack", "formatVersion": 1, "files": facts}
        archive.writestr("manifest.json", json.dumps(manifest) if hashes else files["manifest.json"])
    return made.getvalue()


def changed(change: Callable[[Any], Any]) -> Callable[[dict[str, bytes]], bytes]:
    def make(files: dict[str, bytes]) -> bytes:
        tree = json.loads(files["pack.json"])
        made = change(tree)
        return rezipped({**files, "pack.json": json.dumps(tree if made is None else made).encode()})

    return make


def set_in(tree: Any, *path: Any) -> None:
    *way, last, value = path
    for part in way:
        tree = tree[part]
    tree[last] = value


HOSTILE: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "empty": lambda _: b"",
    "text": lambda _: b"hello",
    "bytes": lambda _: bytes(range(256)),
    "no zip": lambda _: b"PK\x03\x04 nothing",
    "cut short": lambda files: rezipped(files)[:-60],
    "traversal": lambda files: rezipped({**files, "../../evil.svg": b"x"}),
    "absolute": lambda files: rezipped({**files, "/etc/passwd": b"x"}),
    "deep": lambda files: rezipped({**files, "pictures/../../x.svg": b"x"}),
    "backslash": lambda files: rezipped({**files, "pictures\\x.svg": b"x"}),
    "code": lambda files: rezipped({**files, "pictures/x.py": b"x"}),
    "no record": lambda files: rezipped({name: data for name, data in files.items() if name != "pack.json"}),
    "wrong hash": lambda files: rezipped({**files, "pack.json": files["pack.json"] + b" "}, hashes=False),
    "wrong picture": lambda files: rezipped({**files, "pictures/pipeline.svg": b"<svg/>"}, hashes=False),
    "more than said": lambda files: rezipped({**files, "pictures/more.svg": b"<svg/>"}, hashes=False),
    "broken manifest": lambda files: rezipped({**files, "manifest.json": b"[1]"}, hashes=False),
    "deep manifest": lambda files: rezipped({**files, "manifest.json": b"[" * 100_000}, hashes=False),
    "deep record": lambda files: rezipped({**files, "pack.json": b"[" * 100_000}),
    "no JSON": lambda files: rezipped({**files, "pack.json": b"{"}),
    "not a number": lambda files: rezipped({**files, "pack.json": b'{"format": NaN}'}),
    "no UTF-8": lambda files: rezipped({**files, "pack.json": b'"\xff"'}),
    "a list": changed(lambda _: []),
    "another format": changed(lambda tree: set_in(tree, "format", "else")),
    "a later version": changed(lambda tree: set_in(tree, "formatVersion", 2)),
    "unknown field": changed(lambda tree: set_in(tree, "more", 1)),
    "unknown field of a step": changed(lambda tree: set_in(tree, "runs", 0, "steps", 0, "evil", 1)),
    "no runs": changed(lambda tree: set_in(tree, "runs", [])),
    "runs of something": changed(lambda tree: set_in(tree, "runs", [1])),
    "a text for a number": changed(lambda tree: set_in(tree, "runs", 0, "seq", "3")),
    "fewer macrosteps": changed(lambda tree: tree["runs"][0]["macrosteps"].pop()),
    "no state": changed(lambda tree: set_in(tree, "runs", 0, "start", {})),
    "no envelope": changed(lambda tree: set_in(tree, "runs", 0, "start", "envelope", 5)),
    "an empty write": changed(lambda tree: set_in(tree, "runs", 0, "macrosteps", 0, 2, [[]])),
    "a write nowhere": changed(lambda tree: set_in(tree, "runs", 0, "macrosteps", 0, 2, [[["frames", 99], 1]])),
    "a path of objects": changed(lambda tree: set_in(tree, "runs", 0, "macrosteps", 0, 2, [[[{"a": 1}], 1]])),
    "another end": changed(lambda tree: set_in(tree, "runs", 0, "status", "SUCCEEDED")),
    "no such status": changed(lambda tree: set_in(tree, "runs", 0, "steps", 0, "status", "EVIL")),
    "the same run twice": changed(lambda tree: tree["runs"].append(tree["runs"][1])),
    "a child before its parent": changed(lambda tree: tree["runs"].reverse()),
    "a version that is not there": changed(lambda tree: set_in(tree, "runs", 0, "workflowVersion", 9)),
    "the same version twice": changed(lambda tree: tree["versions"].append(tree["versions"][0])),
}  # fmt: skip


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_with_one_error(
    ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path, make: Callable[[dict[str, bytes]], bytes]
) -> None:
    path = tmp_path / "run.wfnb"
    path.write_bytes(make(contents(ws.pack(run, tmp_path / "good.wfnb"))))
    with pytest.raises(BundleError) as caught:
        ws.unpack(path)
    assert caught.value.code in (
        "INVALID_PACK",
        "PACK_DAMAGED",
        "UNSUPPORTED_FORMAT",
        "UNSUPPORTED_FORMAT_VERSION",
    )
    assert len(str(caught.value)) < 900
    assert sorted(one.name for one in tmp_path.iterdir()) == ["good.wfnb", "run.wfnb"]


def test_the_files_the_hostile_ones_are_made_of_are_good(
    ws: wfnb.Workspace, run: wfnb.Run, tmp_path: Path
) -> None:
    path = tmp_path / "run.wfnb"
    path.write_bytes(changed(lambda _: None)(contents(ws.pack(run, tmp_path / "good.wfnb"))))
    with ws.unpack(path) as packed:
        assert packed.run.replay().identical


@pytest.mark.parametrize("lies", [False, True])
def test_a_bomb_does_not_unfold(
    ws: wfnb.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lies: bool
) -> None:
    monkeypatch.setattr(pack_format, "LIMITS", Limits(pack_content_bytes=1_000_000))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("pack.json", b"0" * 20_000_000)
    data = made.getvalue()
    if lies:  # the directory of the zip says that it is small
        data = data.replace((20_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "bomb.wfnb").write_bytes(data)
    with pytest.raises(BundleError) as caught:
        ws.unpack(tmp_path / "bomb.wfnb")
    assert caught.value.code == "INVALID_PACK"


def test_a_file_that_is_too_large_is_not_read(
    ws: wfnb.Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pack_format, "LIMITS", Limits(pack_size_bytes=10))
    (tmp_path / "large.wfnb").write_bytes(b"0" * 11)
    with pytest.raises(BundleError, match="larger than a pack may be"):
        ws.unpack(tmp_path / "large.wfnb")
    assert LIMITS.pack_size_bytes > 10


@pytest.mark.parametrize("path", ["nothing.wfnb", ".", "a\0b", 5])
def test_what_is_no_file_is_refused(ws: wfnb.Workspace, tmp_path: Path, path: Any) -> None:
    with pytest.raises(WfnbError):
        ws.unpack(tmp_path / path if isinstance(path, str) and "\0" not in path else path)
