"""A fresh demo desk, and the sample mailbox."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from wfnb.maildesk.demo import open_desk
from wfnb.maildesk.desk import Desk
from wfnb.registry.actions import ActionContext

MAILBOX = Path(__file__).parents[3] / "data" / "mailbox"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = open_desk(tmp_path / "desk")
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def mailbox() -> Path:
    return MAILBOX


@pytest.fixture(scope="session")
def expected() -> dict[str, Any]:
    return json.loads((MAILBOX / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def ctx():
    """Context of a call with a key of its own; `ctx(key)` for a certain one."""

    def make(key: str = "key") -> ActionContext:
        return ActionContext("run", "root.steps[0]", key, 1, "2026-11-06T12:00:00.000Z")

    return make
