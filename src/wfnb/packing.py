"""The part of a workspace that packs runs into files, and opens such files for looking, debugging, comparing and replaying."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from wfnb.engine.clock import Clock
from wfnb.engine.pace import Pace
from wfnb.errors import ActionError, BundleError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.times import iso
from wfnb.pictures import run_picture, timeline_picture
from wfnb.registry.nodes import NodeType
from wfnb.security.escape import escape_html
from wfnb.services import comparisons, pack_format, packs
from wfnb.services.audit import Actor, record
from wfnb.services.pack_format import RunPack
from wfnb.store.frozen import frozen
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.store.sqlite import SqliteStore
from wfnb.validate.catalog import Catalog

__all__ = ["Packing", "UnpackedRun"]


class Packing:
    """The part of a workspace that packs runs and opens packs."""

    _by: Actor
    _catalog: Catalog
    _clock: Clock
    _store: Store
    tenant: str

    def pack(self, run: Any, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> Path:
        """Write a run into one file, with the runs that it called, their definitions and pictures, and without secrets.

        Whatever has a secret's name, whatever the run or an action says is one, and every text that quotes one of those is masked
        in the file. A replay of a masked run is the same unless its expressions look into what is masked.

        Parameters
        ----------
        run
            A run or its id.
        path
            The file; ``RUN.wfnb`` in the current folder without it. With the ending ``.json`` it is the record alone, as text.
        overwrite
            Whether a file that is there may be replaced.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_RUN``.
        ValidationError
            ``FILE_EXISTS``, ``INVALID_ARGUMENT``.
        BundleError
            ``INVALID_PACK`` when the file cannot be written.
        LimitExceeded
            ``TOO_LARGE``.
        """
        row, _ = comparisons.point_of(self._store, run, "run", self.tenant)
        file = _file(f"{row.run_id}.wfnb" if path is None else path)
        made = packs.make(self._store, row, iso(self._clock.ready_us()))
        as_text = file.suffix == ".json"
        data = (
            pack_format.text_of(made).encode("utf-8")
            if as_text
            else pack_format.zipped(made, self._pictures(row))
        )
        write_new(file, data, overwrite=overwrite)
        facts = {"run": row.run_id, "file": file.name}
        at_us = self._clock.lease_us()
        record(self._store.database, self._by, "run.packed", ("run", row.run_id), at_us=at_us, changes=facts)
        return file

    def _pictures(self, row: RunRow) -> dict[str, str]:
        version = self._store.version(row.workflow_id, row.workflow_version)
        steps, waits = self._store.steps(row.run_no), self._store.waits(row.run_no)
        title = f"{row.run_id} in {row.workflow_id}: {row.status}"
        drawn = {"pipeline": run_picture(version.definition if version else {}, steps, waits, title)}
        if len(steps) <= _MOST_BARS:
            drawn["timeline"] = timeline_picture(steps, waits, title)
        return {name: picture.svg for name, picture in drawn.items()}

    def unpack(self, path: str | os.PathLike[str]) -> UnpackedRun:
        """Open a packed run, read-only: nothing of it comes into this workspace.

        What is registered here is used to link its definitions; for every action, node and schema that is not, something stands
        in that can be replayed and not performed. Replays, comparisons, `why` and the debugger work without any of them.

        Parameters
        ----------
        path
            A file that `pack` wrote.

        Raises
        ------
        BundleError
            ``INVALID_PACK``, ``PACK_DAMAGED``, ``UNSUPPORTED_FORMAT``, ``UNSUPPORTED_FORMAT_VERSION``.
        """
        file = _file(path)
        given = pack_format.read(_read(file), file.name)
        folder = tempfile.TemporaryDirectory(prefix="wfnb-pack-")
        try:
            made = self._opened(given, Path(folder.name))
        except BaseException:
            folder.cleanup()
            raise
        return UnpackedRun(given, made, folder, missing_here(self._catalog, given))

    def _opened(self, given: RunPack, folder: Path) -> Any:
        """A workspace over the rows of a pack."""
        store = SqliteStore(folder / "pack.sqlite")
        try:
            packs.put(given, store)
            made: Any = type(self)(  # type: ignore[call-arg]  # this is a part of a workspace
                folder,
                frozen(store),
                self._clock,
                self._catalog.profile,
                None,
                by=Actor(self._by.name),
                pace=Pace(runs=0),
            )
        except BaseException:
            store.close()
            raise
        stand_in(made._catalog, self._catalog, given)  # noqa: SLF001 - another one of its own kind
        return made


_MOST_BARS = 2_000


class UnpackedRun:
    """A packed run, opened: read-only, and gone when it is closed. A context manager.

    Attributes
    ----------
    workspace
        A workspace that holds nothing else: `compare`, `test_step`, `runs` and so on work in it, everything that writes is refused.
    missing
        Actions, nodes and schemas that are not registered here, and that something stands in for.
    """

    def __init__(
        self, given: RunPack, workspace: Any, folder: tempfile.TemporaryDirectory[str], missing: list[str]
    ) -> None:
        self.workspace = workspace
        self.missing = missing
        self._given = given
        self._close = weakref.finalize(self, _close, workspace, folder)

    def close(self) -> None:
        """Forget it."""
        self._close()

    @property
    def run(self) -> Any:
        """The `Run` that was packed."""
        return self.workspace.run(self._given.runs[0].run_id)

    @property
    def runs(self) -> list[Any]:
        """It and the runs that it called."""
        return [self.workspace.run(run.run_id) for run in self._given.runs]

    @property
    def made_at(self) -> str:
        """When it was packed."""
        return self._given.made_at

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        run = self._given.runs[0]
        others = f", and {len(self._given.runs) - 1} that it called" if len(self._given.runs) > 1 else ""
        missing = f"\nnot registered here: {', '.join(self.missing)}" if self.missing else ""
        return f"<UnpackedRun {run.run_id} of {run.workflow_id} v{run.workflow_version}: {run.status}{others}>{missing}"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        html = f"<p>{escape_html(repr(self))}</p>{self.run.picture()._repr_mimebundle_()['text/html']}"
        return {"text/plain": repr(self), "text/html": html}


def _close(workspace: Any, folder: tempfile.TemporaryDirectory[str]) -> None:
    workspace.close()
    folder.cleanup()


class _Anything(BaseModel):
    """Input and output of what stands in for an action."""

    model_config = ConfigDict(extra="allow")


def _not_here(data: _Anything) -> _Anything:  # noqa: ARG001 - an action takes data
    """Stands in for an action that is not registered here."""
    raise ActionError("This action is not registered here.")


def missing_here(catalog: Catalog, given: RunPack) -> list[str]:
    """What a pack names and a catalog does not have."""
    actions = [
        f"action {action.id}@{action.version}"
        for action in given.actions
        if not action.id.startswith("node:") and catalog.actions.get(action.id, action.version) is None
    ]
    nodes = [f"node {name}" for name in given.node_types if catalog.nodes.get(name) is None]
    return (
        actions + nodes + [f"schema {ref}" for ref in given.schema_refs if catalog.schemas.get(ref) is None]
    )


def stand_in(catalog: Catalog, known: Catalog, given: RunPack) -> None:
    """Register what there is, and stand-ins for the rest."""
    for action in known.actions:
        if catalog.actions.get(action.id, action.version) is None:
            catalog.actions.adopt(action)
    for node in known.nodes:
        if catalog.nodes.get(node.name) is None:
            catalog.nodes.add(node)
    for name in given.node_types:
        if catalog.nodes.get(name) is None:
            catalog.nodes.add(NodeType(name, _Anything, function=_not_here))
            _stand_in_for(catalog, f"node:{name}", 1)
    for packed in given.actions:
        _stand_in_for(catalog, packed.id, packed.version)
    for ref in given.schema_refs:
        catalog.schemas.add(ref, known.schemas.get(ref) or _Anything)


def _stand_in_for(catalog: Catalog, name: str, version: int) -> None:
    if catalog.actions.get(name, version) is None:
        catalog.actions.add(_not_here, id=name, version=version, side_effect=True, idempotency="engine")


def _file(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in os.fspath(path):
        raise ValidationError("“path” must be the path of a file.", code="INVALID_ARGUMENT", where="path")
    return Path(path)


def write_new(file: Path, data: bytes, *, overwrite: bool) -> None:
    """Write a file that is not there yet.

    Raises
    ------
    ValidationError
        ``FILE_EXISTS``.
    BundleError
        ``INVALID_PACK`` when it cannot be written.
    """
    try:
        with file.open("wb" if overwrite else "xb") as opened:
            opened.write(data)
    except FileExistsError:
        raise ValidationError(
            "There is such a file already.", code="FILE_EXISTS", where=file.name, hint="Say overwrite=True."
        ) from None
    except OSError as error:
        raise BundleError(
            f"The file cannot be written: {error.strerror}.", code="INVALID_PACK", where=file.name
        ) from None


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LIMITS.pack_size_bytes + 1)
    except OSError as error:
        raise BundleError(
            f"The file cannot be read: {error.strerror}.", code="INVALID_PACK", where=file.name
        ) from None
