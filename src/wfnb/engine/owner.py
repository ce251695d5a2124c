"""Who owns a run: a name for this process and engine, and whether the process behind another name still lives."""

from __future__ import annotations

import os
import secrets
import socket
from pathlib import Path

__all__ = ["is_dead", "new_owner"]


def new_owner() -> str:
    """A name no other engine has: host, process, when the process began, and a random part.

    The process's beginning tells a dead owner from a living process that happens to have its number.
    """
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_began(pid)}/{secrets.token_hex(4)}"


def is_dead(owner: str) -> bool:
    """Whether an owner is a process of this machine that has ended. Owners elsewhere are never called dead: their leases run out."""
    parts = owner.split("/")
    if len(parts) != 4 or parts[0] != socket.gethostname() or not parts[1].isdigit():
        return False
    began = _began(int(parts[1]))
    return began != parts[2] if began else not _exists(int(parts[1]))


def _began(pid: int) -> str:
    """Start time of a process in clock ticks (field 22 of Linux's stat file); empty where there is no such file.

    A process that has ended and is only waiting to be collected by its parent gives “ended”.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "ended" if fields[0] in "ZX" else fields[19]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
