"""Open a workspace: which store it writes to, and which time it goes by."""

from __future__ import annotations

import os
from pathlib import Path

from wfnb.engine.clock import Clock, SimulatedClock, SystemClock
from wfnb.engine.pace import Pace
from wfnb.errors import DefinitionError, MissingExtraError, RegistryError, StoreError, ValidationError
from wfnb.expr import EXTENDED, STANDARD
from wfnb.model.arguments import check_text, check_whole
from wfnb.roles import check_role
from wfnb.services.audit import Actor
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.store.sqlite import SqliteStore
from wfnb.workspace import Workspace

__all__ = ["open"]


def open(  # noqa: A001 - the name people write: wfnb.open
    path: str | os.PathLike[str] = ".",
    *,
    store: str | Store | None = None,
    clock: str | Clock | None = None,
    seed: int | None = None,
    functions: str = "standard",
    tenant: str = "local",
    actor: str = "local",
    role: str = "admin",
    starts_per_minute: int | None = None,
    drive: bool = True,
    checksums: bool = False,
) -> Workspace:
    """Open the workspace of a folder, or make one.

    Parameters
    ----------
    path
        The folder. State is kept in ``.wfnb/`` inside it.
    store
        ``"postgresql://user:password@host/database"`` for runs that several machines work on, ``"memory"`` keeps nothing after
        the process; a `Store` of your own is used as it is. Without it: SQLite in the folder.
    clock
        An ISO moment makes time simulated: runs get the same times in every execution, and waiting takes no real time.
    seed
        Makes run ids (``run-0001`` ...), simulated times and retry jitter repeatable.
    functions
        ``"standard"`` for the five functions of the expression language, ``"extended"`` for JSONata's safe built-ins as well.
    tenant
        Whose runs these are: events, tasks and idempotency keys of one tenant never meet those of another in the same store.
    actor
        Who works in it: stands in the audit beside everything that is done.
    role
        What they may do: ``"viewer"``, ``"operator"``, ``"author"``, ``"publisher"`` or ``"admin"`` (see `wfnb.roles`).
    starts_per_minute
        Runs that a tenant may start within 60 seconds of real time; None for any number. Simulated time has no such limit.
    drive
        Whether runs are driven in this process; without it they are left to workers, and this process starts them and looks.
    checksums
        A state file that is created carries checksums over its pages: a value that was changed on the disk is refused
        (``STORE_DAMAGED``). From then on only wfnb may write to it. A file that is there already stays as it is.

    Raises
    ------
    StoreError
        When the state file or the server cannot be opened or trusted.
    DefinitionError
        ``UNKNOWN_STORE``.
    ValidationError
        ``INVALID_TIME`` for a clock that is no moment, ``INVALID_ARGUMENT`` for a path or seed that is none.

    Examples
    --------
    >>> import wfnb
    >>> with wfnb.open(store="memory", clock="2026-01-01", seed=1) as ws:
    ...     done = {"id": "done", "type": "control.return"}
    ...     publication = ws.publish({"id": "hello", "name": "Hello", "steps": [done]})
    ...     ws.start("hello").wait()
    <Run run-0001 of hello v1: SUCCEEDED>
    """
    profile = next((known for name, known in _PROFILES if name == functions), None)
    if profile is None:
        raise RegistryError("There is no such function profile.", hint="Say standard or extended.")
    if not isinstance(path, str | os.PathLike) or "\0" in os.fspath(path):
        raise ValidationError("“path” must be the path of a folder.", code="INVALID_ARGUMENT", where="path")
    if seed is not None:
        check_whole(seed, "seed")
    check_text(tenant, "tenant")
    time = _clock(clock, seed)
    if starts_per_minute is not None:
        check_whole(starts_per_minute, "starts_per_minute", least=1)
    return Workspace(
        Path(path),
        _store(Path(path), store, checksums=checksums),
        time,
        profile,
        seed,
        tenant=tenant,
        by=Actor(check_text(actor, "actor"), check_role(role)),
        starts_per_minute=None if time.simulated else starts_per_minute,
        pace=None if drive else Pace(runs=0),
    )


_PROFILES = (("standard", STANDARD), ("extended", EXTENDED))


def _clock(clock: str | Clock | None, seed: int | None) -> Clock:
    if clock is None:
        return SystemClock()
    if isinstance(clock, str):
        return SimulatedClock(clock, seed=seed or 0)
    if not hasattr(clock, "moment_us"):
        raise ValidationError(
            "“clock” must be an ISO moment or a clock.", code="INVALID_TIME", hint='Say clock="2026-01-31".'
        )
    return clock


def _store(path: Path, store: str | Store | None, *, checksums: bool) -> Store:
    if store is None:
        folder = path / ".wfnb"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder of the workspace cannot be made: {error.strerror}.",
                code="STORE_UNREACHABLE",
                where=str(path),
            ) from None
        return SqliteStore(folder / "state.sqlite", checksums=checksums)
    if store == "memory":
        return MemoryStore()
    if not isinstance(store, str) and hasattr(store, "commit"):
        return store
    if isinstance(store, str) and store.startswith(("postgresql://", "postgres://")):
        return _postgres(store)
    kind = store.partition(":")[0] if isinstance(store, str) else type(store).__name__
    raise DefinitionError(
        f"“{kind}” is not a kind of store of this version.",
        code="UNKNOWN_STORE",
        hint='Leave store out for SQLite in the folder, or say store="memory" or store="postgresql://...".',
    )


def _postgres(url: str) -> Store:
    try:
        from wfnb.store.postgres import PostgresStore
    except ModuleNotFoundError:
        raise MissingExtraError(
            "A PostgreSQL store needs psycopg.", hint="Install it with: pip install 'wfnb[postgres]'"
        ) from None
    return PostgresStore(url)
