"""Roles: every public method says what it needs, and is refused to whoever does not hold it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

import wfnb
from wfnb.errors import NotAllowedError, ValidationError
from wfnb.roles import PERMISSIONS, ROLES, may
from wfnb.run import Run
from wfnb.store.memory import MemoryStore
from wfnb.workflow import Workflow
from wfnb.workspace import Workspace

KINDS = {kind.__name__: kind for kind in (Workspace, Run, Workflow)}
DONE = {"id": "hello", "name": "Hello", "steps": [{"id": "d", "type": "control.return"}]}


class Number(BaseModel):
    n: int


def public(kind: type) -> set[str]:
    """Names of the methods and properties that people use."""
    return {name for name, _ in inspect.getmembers_static(kind) if not name.startswith("_")} - set(
        getattr(kind, "__annotations__", {})
    )


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_public_method_says_which_permission_it_needs(kind: type) -> None:
    assert public(kind) == set(PERMISSIONS[kind.__name__])


def test_every_permission_is_one_that_roles_hold() -> None:
    needed = {permission for methods in PERMISSIONS.values() for permission in methods.values()}
    assert needed <= ROLES["admin"]
    assert set().union(*ROLES.values()) == ROLES["admin"]


@pytest.mark.defect("D-25")
def test_no_role_holds_what_its_line_does_not_name() -> None:
    assert {role: sorted(held) for role, held in ROLES.items()} == {
        "viewer": ["view"],
        "operator": ["inspect", "operate", "run", "view"],
        "author": ["draft", "inspect", "run", "view"],
        "publisher": ["draft", "inspect", "publish", "run", "view"],
        "admin": ["admin", "draft", "inspect", "operate", "publish", "run", "view"],
    }


@pytest.fixture
def store() -> Iterator[MemoryStore]:
    """A store with a run that is over and one that failed."""
    store = MemoryStore()
    with wfnb.open(store=Kept(store), clock="2026-01-01", seed=1) as ws:  # type: ignore[arg-type]  # looks like a store
        ws.action("double")(double)
        call = {
            "id": "c",
            "type": "action.call",
            "config": {"actionId": "double", "version": 1, "inputMapping": {"n": 4}},
        }
        assert ws.publish(DONE).ok
        assert ws.publish({"id": "call", "name": "Call", "steps": [call]}).ok
        ws.start("call").wait(60)
    yield store
    store.close()


class Kept:
    """A store that stays open when its workspace is closed."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def close(self) -> None:
        """Stay open."""


def double(data: Number) -> Number:
    return Number(n=data.n * 2)


def opened(store: MemoryStore, role: str) -> wfnb.Workspace:
    return wfnb.open(store=Kept(store), clock="2026-01-01", seed=1, role=role, actor="ann")  # type: ignore[arg-type]  # looks like a store


ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "complete_task": ("1",),
    "bulk": ("cancel", "because"),
    "publish": (DONE,),
    "schedule": ("hello",),
    "start": ("hello",),
    "debug": ("hello",),
    "submit_event": ("GO",),
    "sql": ("SELECT 1",),
    "export_bundle": ("bundle.json",),
    "import_bundle": ("bundle.json",),
    "export": ("runs", "runs.csv"),
}


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_role_does_what_it_may_and_nothing_else(store: MemoryStore, role: str) -> None:
    with opened(store, role) as ws:
        held: list[tuple[str, object]] = [
            ("Workspace", ws),
            ("Run", ws.run("run-0001")),
            ("Workflow", ws.workflow("hello")),
        ]
        for kind, thing in held:
            for name, permission in PERMISSIONS[kind].items():
                if permission == "view" or may(role, permission):
                    continue
                with pytest.raises(NotAllowedError) as caught:
                    _use(thing, name)
                assert (caught.value.code, caught.value.where) == ("NOT_ALLOWED", name)
                assert role not in (caught.value.hint or "")


def _use(thing: object, name: str) -> None:
    member = getattr(thing, name)
    member(*ARGUMENTS.get(name, ("because",)))


def test_what_a_role_may_do_it_can_do(store: MemoryStore) -> None:
    with opened(store, "operator") as ws:
        ws.workflow("hello").pause("stock-taking").unpause("done")
        assert ws.start("hello").wait(60).status == "SUCCEEDED"
        assert len(ws.sql("SELECT run_id FROM runs")) == 2
    with opened(store, "admin") as ws:
        pauses = ws.audit("workflow", "hello", operation="workflow.paused")
        assert [(entry.actor, entry.role) for entry in pauses] == [("ann", "operator")]


def test_who_may_only_look_sees_no_inputs_and_outputs(store: MemoryStore) -> None:
    with opened(store, "viewer") as ws:
        (call,) = ws.run("run-0001").invocations()
        assert (call.action, call.input, call.output) == ("double", {"redacted": True}, {"redacted": True})
        assert ws.runs().total == 1
    with opened(store, "author") as ws:
        (call,) = ws.run("run-0001").invocations()
        assert (call.input, call.output) == ({"n": 4}, {"n": 8})


@pytest.mark.parametrize("role", ["root", "", None, 3])
def test_a_role_that_does_not_exist_is_refused(role: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        wfnb.open(store="memory", role=role)
    assert caught.value.code == "INVALID_ARGUMENT"
