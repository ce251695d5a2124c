"""Drafts: saved by who has seen what is there, published with what they were made of; on every store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import wfnb
from wfnb.errors import CommandError, DefinitionError, LimitExceeded, NotFoundError, ValidationError

DONE = {"id": "w", "name": "W", "steps": [{"id": "d", "type": "control.return"}]}


@pytest.fixture
def ws(kept: str | None, tmp_path: Path) -> Iterator[wfnb.Workspace]:
    with wfnb.open(tmp_path, store=kept, clock="2026-01-01", seed=1, actor="ann") as workspace:
        yield workspace


def test_a_draft_need_not_be_complete_and_is_no_workflow(ws: wfnb.Workspace) -> None:
    draft = ws.save_draft("id: w\nname: W\n")
    assert (draft.id, draft.version, draft.definition, draft.updated_by) == (
        "w",
        1,
        {"id": "w", "name": "W"},
        "ann",
    )
    assert ws.draft("w") == draft
    assert ws.workflows() == []
    assert not ws.publish_draft("w").ok


def test_a_draft_is_replaced_by_who_has_seen_it(ws: wfnb.Workspace) -> None:
    first = ws.save_draft({"id": "w"})
    second = ws.save_draft(DONE, expected_version=first.version)
    assert (second.version, second.definition) == (2, DONE)
    for expected in (None, 1, 3):
        with pytest.raises(CommandError) as caught:
            ws.save_draft({"id": "w", "name": "Mine"}, expected_version=expected)
        assert caught.value.code == "DRAFT_CONFLICT"
    assert ws.draft("w") == second
    assert [entry.operation for entry in ws.audit("draft", "w")] == ["draft.updated", "draft.created"]


def test_the_same_content_is_no_new_version(ws: wfnb.Workspace) -> None:
    first = ws.save_draft(DONE)
    assert ws.save_draft(DONE, expected_version=1) == first
    assert len(ws.audit("draft")) == 1


def test_a_published_draft_is_audited_with_its_hash(ws: wfnb.Workspace) -> None:
    draft = ws.save_draft(DONE)
    assert ws.publish_draft("w").version == 1
    assert ws.start("w").wait(60).status == "SUCCEEDED"
    entry = ws.audit("draft", "w")[0]
    assert entry.operation == "draft.published"
    assert entry.changes == {"draft": 1, "draftHash": draft.hash, "version": 1}
    assert ws.draft("w") == draft


def test_a_draft_is_thrown_away_with_a_reason(ws: wfnb.Workspace) -> None:
    ws.save_draft(DONE)
    with pytest.raises(ValidationError):
        ws.delete_draft("w", " ")
    ws.delete_draft("w", "not wanted")
    assert ws.drafts() == []
    for call in (ws.draft, ws.publish_draft, lambda name: ws.delete_draft(name, "not wanted")):
        with pytest.raises(NotFoundError) as caught:
            call("w")
        assert caught.value.code == "NO_SUCH_DRAFT"
    assert ws.audit("draft", "w")[0].reason == "not wanted"


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ([], DefinitionError),
        ({}, ValidationError),
        ({"id": 3}, ValidationError),
        ("{", DefinitionError),
        ({"id": "w", "x": "y" * 2_000_000}, DefinitionError),
        ("nowhere.yaml", DefinitionError),
    ],
)
def test_what_cannot_be_a_draft_is_refused(ws: wfnb.Workspace, written: Any, error: type[Exception]) -> None:
    with pytest.raises((error, LimitExceeded)):
        ws.save_draft(written)
    assert ws.drafts() == []
