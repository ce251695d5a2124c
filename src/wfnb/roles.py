"""Roles: who may do what. One table of roles, one of public methods, and the one place that compares them.

No role holds a permission that its line does not name: whoever publishes does not thereby operate, and the other way round.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, TypeVar

from wfnb.errors import NotAllowedError, ValidationError
from wfnb.services.audit import Actor

__all__ = ["PERMISSIONS", "ROLES", "check_role", "guarded", "may"]

C = TypeVar("C", bound=type)

ROLES: Final = {
    "viewer": frozenset({"view"}),
    "operator": frozenset({"view", "inspect", "run", "operate"}),
    "author": frozenset({"view", "inspect", "run", "draft"}),
    "publisher": frozenset({"view", "inspect", "run", "draft", "publish"}),
    "admin": frozenset({"view", "inspect", "run", "draft", "publish", "operate", "admin"}),
}
"""What each role may do. ``view``: see runs, with calls masked; ``inspect``: see inputs and outputs of calls, and ask the
history; ``run``: start runs, answer events and tasks; ``draft``, ``publish``: definitions; ``operate``: intervene and set
limits; ``admin``: secrets, the audit, retention, bundles."""

PERMISSIONS: Final[dict[str, dict[str, str]]] = {
    "Workspace": {
        "action": "view",  # registering tells this process what it can do; it changes nothing that others see
        "actions": "view",
        "alerts": "inspect",
        "audit": "admin",
        "backtest": "inspect",
        "bulk": "operate",
        "close": "view",
        "compare": "view",
        "compare_versions": "view",
        "complete_task": "run",
        "coverage": "view",
        "coverage_of": "view",
        "dead_letters": "view",
        "debug": "run",
        "delete_draft": "draft",
        "draft": "view",
        "drafts": "view",
        "export": "admin",
        "export_bundle": "admin",
        "graph": "view",
        "history": "inspect",
        "holds": "view",
        "in_doubt": "inspect",
        "import_bundle": "admin",
        "inbox": "inspect",
        "logs": "inspect",
        "metrics": "inspect",
        "node": "view",
        "nodes": "view",
        "pack": "inspect",
        "pass_time": "run",
        "picture": "view",
        "pins": "inspect",
        "publish": "publish",
        "publish_draft": "publish",
        "purge": "admin",
        "queue": "view",
        "resync": "publish",
        "run": "view",
        "runs": "view",
        "save_draft": "draft",
        "schedule": "operate",
        "schedules": "view",
        "schema": "view",
        "secrets": "admin",
        "settle": "operate",
        "simulate": "view",
        "sql": "inspect",
        "start": "run",
        "submit_event": "run",
        "summary": "view",
        "tasks": "view",
        "test_step": "inspect",
        "unpack": "view",
        "unschedule": "operate",
        "validate": "view",
        "worker": "operate",
        "workers": "view",
        "workflow": "view",
        "workflow_files": "view",
        "workflows": "view",
    },
    "Run": {
        "at": "view",
        "cancel": "operate",
        "debug": "view",
        "definition": "view",
        "diff": "view",
        "done": "view",
        "envelope": "view",
        "error": "view",
        "events": "view",
        "family": "view",
        "fork": "run",
        "fork_plan": "view",
        "held_by": "view",
        "hold": "operate",
        "invocations": "view",
        "jump": "run",
        "logs": "inspect",
        "picture": "view",
        "release": "operate",
        "replay": "inspect",
        "requeue_event": "operate",
        "rerun": "operate",
        "resume": "operate",
        "retry": "operate",
        "row": "view",
        "set": "run",
        "skip": "run",
        "state": "view",
        "status": "view",
        "steps": "view",
        "supply": "run",
        "timeline": "view",
        "to_notebook": "inspect",
        "to_test": "inspect",
        "version": "view",
        "wait": "view",
        "waits": "view",
        "why": "view",
        "workflow": "view",
    },
    "Pins": {
        "clear": "run",
        "rows": "inspect",
        "set": "run",
        "take_from": "run",
    },
    "Workflow": {
        "archive": "operate",
        "archived": "view",
        "coverage": "view",
        "limits": "operate",
        "pause": "operate",
        "paused": "view",
        "restore": "operate",
        "settings": "view",
        "unpause": "operate",
        "versions": "view",
    },
}
"""What every public method and property of these classes needs; a test compares."""


def may(role: str, permission: str) -> bool:
    """Whether a role holds a permission.

    Examples
    --------
    >>> may("publisher", "publish"), may("publisher", "operate")
    (True, False)
    """
    return permission in ROLES.get(role, frozenset())


def check_role(role: str) -> str:
    """A role that there is.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT``.
    """
    if not isinstance(role, str) or role not in ROLES:
        raise ValidationError(
            "There is no such role.",
            code="INVALID_ARGUMENT",
            where="role",
            hint=f"Say one of {', '.join(ROLES)}.",
        )
    return role


def guarded(kind: C) -> C:
    """Have a class refuse what the role of its ``_by`` may not do, for every method that `PERMISSIONS` says it of."""
    for name, permission in PERMISSIONS[kind.__name__].items():
        member = getattr(kind, name, None) if name in dir(kind) else None
        if permission != "view" and member is not None:
            _guard(kind, name, permission)
    return kind


def _guard(kind: type, name: str, permission: str) -> None:
    member = next(vars(base)[name] for base in kind.__mro__ if name in vars(base))
    if isinstance(member, property) and member.fget is not None:
        setattr(kind, name, property(_checked(member.fget, permission), doc=member.__doc__))
    elif isinstance(member, cached_property):
        checked: cached_property[Any] = cached_property(_checked(member.func, permission))
        checked.__set_name__(kind, name)
        setattr(kind, name, checked)
    else:
        setattr(kind, name, _checked(member, permission))


def _checked(function: Callable[..., Any], permission: str) -> Callable[..., Any]:
    @functools.wraps(function)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        by: Actor = self._by
        if not may(by.role, permission):
            able = ", ".join(role for role, held in ROLES.items() if permission in held)
            raise NotAllowedError(
                f"The role {by.role} may not {permission}.",
                where=function.__name__,
                hint=f"This needs one of these roles: {able}.",
            )
        return function(self, *args, **kwargs)

    return checked
