"""Bundles: what is written is what is read, in one transaction, or it is told why not; on every store."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import BundleError, ValidationError


class Number(BaseModel):
    n: int = 0


class Order(BaseModel):
    n: int


def register(ws: wfnb.Workspace) -> wfnb.Workspace:
    @ws.action("double")
    def double(data: Number) -> Number:
        return Number(n=data.n * 2)

    ws.schema("payload.Order.v1", Order)
    return ws


CALL = {
    "id": "c", "type": "action.call",
    "config": {"actionId": "double", "version": 1, "inputMapping": {"n": {"$expr": "payload.n"}}, "saveAs": "vars.out"},
}  # fmt: skip
CHILD = {"id": "child", "name": "Child", "payloadSchemaRef": "payload.Order.v1", "steps": [CALL]}
PARENT = {
    "id": "parent", "name": "Parent",
    "steps": [{"id": "k", "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1, "inputMapping": {"n": 3}}],
}  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path / "source", clock="2026-01-01", seed=1) as ws:
        register(ws)
        for definition in (CHILD, PARENT, {**CHILD, "description": "second"}):
            assert ws.publish(definition).ok
        ws.save_draft({"id": "child", "name": "Not ready"})
        ws.workflow("child").pause("stock-taking").limits("small", concurrency_limit=4, retention_days=9)
        yield ws


@pytest.fixture
def target(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path / "target", store=kept, clock="2026-01-01", seed=1, actor="ben") as ws:
        yield ws


@pytest.fixture
def path(source: wfnb.Workspace, tmp_path: Path) -> Path:
    return source.export_bundle(tmp_path / "all.json")


def changed(path: Path, change: Callable[[dict[str, Any]], Any]) -> Path:
    tree = json.loads(path.read_text(encoding="utf-8"))
    change(tree)
    path.write_text(json.dumps(tree), encoding="utf-8")
    return path


def test_workflows_arrive_with_versions_draft_and_settings(
    source: wfnb.Workspace, target: wfnb.Workspace, path: Path
) -> None:
    register(target)
    done = target.import_bundle(path)
    assert [(one.key, one.versions, one.existed, one.draft) for one in done] == [
        ("child", (1, 2), False, True), ("parent", (1,), False, False)
    ]  # fmt: skip
    for ours, theirs in zip(source._store.versions(), target._store.versions(), strict=True):
        assert (ours.definition, ours.definition_hash, ours.payload_schema) == (
            theirs.definition, theirs.definition_hash, theirs.payload_schema
        )  # fmt: skip
    settings = target.workflow("child").settings
    assert (settings.paused, settings.concurrency_limit, settings.retention_days) == (True, 4, 9)
    assert target.draft("child").definition == {"id": "child", "name": "Not ready"}
    run = target.start("parent").wait(60)
    assert (run.status, run.error) == ("SUCCEEDED", None)
    assert {entry.actor for entry in target.audit(operation="workflow.imported")} == {"ben"}


def test_the_text_is_canonical_and_lists_what_is_needed(
    source: wfnb.Workspace, path: Path, tmp_path: Path
) -> None:
    text = path.read_text(encoding="utf-8")
    tree = json.loads(text)
    assert text == json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert (tree["format"], tree["formatVersion"]) == ("wfnb.workflow-bundle", 1)
    child, parent = tree["workflows"]
    assert child["dependencies"] == {
        "actions": [{"actionId": "double", "version": 1}], "nodeTypes": ["action.call"], "schemaRefs": ["payload.Order.v1"]
    }  # fmt: skip
    assert parent["dependencies"]["nodeTypes"] == []
    again = source.export_bundle(tmp_path / "again.json", ["parent", "child"])
    assert again.read_text(encoding="utf-8") == text
    with pytest.raises(ValidationError) as caught:
        source.export_bundle(path)
    assert caught.value.code == "FILE_EXISTS"


def test_what_is_not_registered_is_named_and_nothing_is_taken_in(target: wfnb.Workspace, path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        target.import_bundle(path)
    assert caught.value.code == "MISSING_DEPENDENCIES"
    assert "action double@1, schema payload.Order.v1" in caught.value.message
    assert (target.workflows(), target.drafts()) == ([], [])


def test_a_workflow_that_is_there_is_only_taken_in_by_force(target: wfnb.Workspace, path: Path) -> None:
    register(target).import_bundle(path)
    target.save_draft({"id": "child", "name": "Mine"}, expected_version=1)
    with pytest.raises(BundleError) as caught:
        target.import_bundle(path)
    assert caught.value.code == "WORKFLOW_KEY_CONFLICT"
    assert target.draft("child").definition["name"] == "Mine"
    assert [one.versions for one in target.import_bundle(path, force=True)] == [(), ()]
    assert target.draft("child").definition["name"] == "Not ready"


def test_a_version_is_never_changed_by_force(target: wfnb.Workspace, path: Path) -> None:
    register(target)
    assert target.publish({**CHILD, "name": "Other"}).version == 1
    with pytest.raises(BundleError, match="versions never change"):
        target.import_bundle(path, force=True)
    assert target.workflows() == ["child"]


def test_one_wrong_version_keeps_all_of_them_out(target: wfnb.Workspace, path: Path) -> None:
    register(target)

    def spoil(tree: dict[str, Any]) -> None:
        tree["workflows"][1]["publishedVersions"][0]["definition"]["steps"] = [{"id": "x", "type": "nope"}]

    with pytest.raises(BundleError) as caught:
        target.import_bundle(changed(path, spoil))
    assert caught.value.code == "INVALID_BUNDLE"
    assert "parent, version 1" in (caught.value.where or "")
    assert target.workflows() == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda tree: tree.update(format="zip"), "UNSUPPORTED_FORMAT"),
        (lambda tree: tree.pop("format"), "UNSUPPORTED_FORMAT"),
        (lambda tree: tree.update(formatVersion=2), "UNSUPPORTED_FORMAT_VERSION"),
        (lambda tree: tree.update(formatVersion=True), "UNSUPPORTED_FORMAT_VERSION"),
        (lambda tree: tree.update(workflows=[]), "INVALID_BUNDLE"),
        (lambda tree: tree.update(more=1), "INVALID_BUNDLE"),
        (lambda tree: tree["workflows"].append(copy.deepcopy(tree["workflows"][0])), "INVALID_BUNDLE"),
        (lambda tree: tree["workflows"][0].update(key=""), "INVALID_BUNDLE"),
        (lambda tree: tree["workflows"][0]["settings"].update(concurrencyLimit=0), "INVALID_BUNDLE"),
    ],
)
def test_a_file_that_is_no_bundle_is_refused(
    target: wfnb.Workspace, path: Path, change: Callable[[dict[str, Any]], Any], code: str
) -> None:
    register(target)
    with pytest.raises(BundleError) as caught:
        target.import_bundle(changed(path, change))
    assert (caught.value.code, target.workflows()) == (code, [])


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b'{"format": 1, "format": 2}', None])
def test_a_file_that_cannot_be_read_is_refused(
    target: wfnb.Workspace, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BundleError) as caught:
        target.import_bundle(path)
    assert caught.value.code == "INVALID_BUNDLE"


def test_what_is_not_there_cannot_be_exported(target: wfnb.Workspace, tmp_path: Path) -> None:
    for keys in (None, ["nope"], []):
        with pytest.raises(BundleError):
            target.export_bundle(tmp_path / "out.json", keys)
    assert not (tmp_path / "out.json").exists()


def foreign() -> dict[str, Any]:
    metadata = {
        "name": "Child", "description": None, "payloadSchemaRef": "payload.Order.v1", "payloadSchemaMode": "pinned",
        "pinnedPayloadSchemaRef": None, "trigger": None, "isSystem": False, "isVisible": True, "isPaused": True,
        "concurrencyLimit": 2, "autoPauseOnFailure": True, "failureRateThreshold": 0.25, "failureRateMinRuns": None,
        "retentionPolicyOverride": None,
    }  # fmt: skip
    definition = {**CHILD, "id": "00000000-0000-0000-0000-000000000001", "version": 3}
    needs = {
        "actions": [{"actionId": "double", "version": 1}], "nodeTypes": ["action.call", "control.if"],
        "schemaRefs": ["payload.Order.v1"],
    }  # fmt: skip
    workflow = {
        "key": "orders.child", "metadata": metadata, "dependencies": needs,
        "draft": {"draftVersion": 4, "definition": definition},
        "publishedVersions": [{"version": 3, "definition": definition, "payloadSchemaJson": None}],
    }  # fmt: skip
    bundle = {"format": "alga-psa.workflow-bundle", "formatVersion": 1, "exportedAt": "2026-01-25T00:00:00Z"}
    return {**bundle, "workflows": [workflow]}


def test_a_bundle_of_the_other_runtime_is_read(target: wfnb.Workspace, tmp_path: Path) -> None:
    register(target)
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(foreign()), encoding="utf-8")
    (one,) = target.import_bundle(path)
    assert (one.key, one.versions, one.draft) == ("orders.child", (3,), True)
    workflow = target.workflow("orders.child")
    assert (workflow.settings.auto_pause, workflow.settings.failure_threshold, workflow.paused) == (
        True,
        0.25,
        True,
    )
    workflow.unpause("taken over")
    assert target.start("orders.child", {"n": 2}).wait(60).envelope["vars"] == {"out": {"n": 4}}
    assert target.draft("orders.child").definition["id"] == "orders.child"


@pytest.mark.parametrize("key", ["Orders", "", "-x", "a b"])
def test_keys_of_the_other_runtime_are_checked(target: wfnb.Workspace, tmp_path: Path, key: str) -> None:
    register(target)
    bundle = foreign()
    bundle["workflows"][0]["key"] = key
    path = tmp_path / "theirs.json"
    path.write_text(json.dumps(bundle), encoding="utf-8")
    with pytest.raises(BundleError) as caught:
        target.import_bundle(path)
    assert caught.value.code == "INVALID_BUNDLE"
