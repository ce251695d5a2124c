"""Places: definition paths, instance paths, and the paths that assignments may write.

A *definition path* names a place in the definition: ``root.steps[2].body.steps[1]``. An *instance path* names one execution
of it, with the iteration of every loop around it: ``root.steps[2].body{3}.steps[1]``.
"""

from __future__ import annotations

import re

from wfnb.errors import ValidationError
from wfnb.model.values import Path

__all__ = ["ROOT", "block_path", "definition_path", "parse_pointer", "parse_target", "pointer", "step_path"]

ROOT = "root"

_ITERATION = re.compile(r"\{\d+\}")
_SCOPES = ("payload", "vars", "meta", "error")
_FORBIDDEN = frozenset({"__proto__", "prototype", "constructor", ""})


def step_path(block: str, index: int) -> str:
    """Path of the step at `index` in a block.

    Examples
    --------
    >>> step_path("root", 2)
    'root.steps[2]'
    """
    return f"{block}.steps[{index}]"


def block_path(step: str, block: str) -> str:
    """Path of a block (``then``, ``else``, ``try``, ``catch``, ``body``) inside a control step."""
    return f"{step}.{block}"


def definition_path(instance: str) -> str:
    """Definition path of an instance path.

    Examples
    --------
    >>> definition_path("root.steps[2].body{3}.steps[1]")
    'root.steps[2].body.steps[1]'
    """
    return _ITERATION.sub("", instance) if "{" in instance else instance


def parse_target(target: str, *, default_scope: str | None = None) -> Path:
    """Path in the envelope that an assignment writes.

    Parameters
    ----------
    target
        ``payload.a.b``, ``vars.a``, ``meta.a``, ``error.a``, or a JSON pointer ``/a/b`` into the payload.
    default_scope
        Scope of a name without one (``saveAs`` allows ``name`` for ``vars.name``); without it such a name is an error.

    Raises
    ------
    ValidationError
        ``INVALID_ASSIGN_PATH``.

    Examples
    --------
    >>> parse_target("vars.ticket.id")
    ('vars', 'ticket', 'id')
    >>> parse_target("/customer/name")
    ('payload', 'customer', 'name')
    """
    if target.startswith("/"):
        parts: Path = ("payload", *parse_pointer(target))
    else:
        parts = tuple(target.split("."))
        if parts[0] not in _SCOPES and default_scope is not None:
            parts = (default_scope, *parts)
    if parts[0] not in _SCOPES or len(parts) < 2 or any(part in _FORBIDDEN for part in parts):
        raise ValidationError(
            f"“{target}” is not a place that can be assigned.",
            code="INVALID_ASSIGN_PATH",
            hint="Write payload.name, vars.name, meta.name, error.name or a JSON pointer such as /name.",
        )
    return parts


def parse_pointer(text: str) -> tuple[str, ...]:
    """Keys of a JSON pointer (RFC 6901).

    Examples
    --------
    >>> parse_pointer("/a~1b/0")
    ('a/b', '0')
    """
    if text in ("", "/", "#"):
        return ()
    body = text.removeprefix("#").removeprefix("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in body.split("/"))


def pointer(path: Path) -> str:
    """JSON pointer (RFC 6901) of a path.

    Examples
    --------
    >>> pointer(("vars", "a/b", 0))
    '/vars/a~1b/0'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)
