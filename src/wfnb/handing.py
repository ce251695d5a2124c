"""The part of a run that keeps what was found: as a pytest regression, and as a notebook that tells its story."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from wfnb.engine.engine import Engine
from wfnb.engine.programs import Programs
from wfnb.errors import CommandError, MissingExtraError, ValidationError
from wfnb.expr import EXTENDED
from wfnb.model.times import iso
from wfnb.packing import stand_in, write_new
from wfnb.replay import Replay
from wfnb.replaying import against, replay_of
from wfnb.services import pack_format, packs, retelling
from wfnb.services.pack_format import RunPack
from wfnb.services.retelling import Expect
from wfnb.store.port import Store
from wfnb.store.records import RunRow
from wfnb.store.sqlite import SqliteStore
from wfnb.validate.catalog import Catalog

__all__ = ["Handing"]


class Handing:
    """The part of a run that keeps what was found."""

    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def to_test(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        definition: str | os.PathLike[str] | None = None,
        registry: str | None = None,
        expect: Expect = "identical",
        overwrite: bool = False,
    ) -> Path:
        """Write a pytest regression: the recorded run beside a test that replays it. It needs neither this store nor its actions.

        The record is masked as in a `Workspace.pack`, and the test is refused when the masked record does not replay as it went.

        Parameters
        ----------
        path
            The test file, such as ``tests/test_order.py``; the record is written beside it, with the ending ``.json``.
        definition
            Path of the definition file that the test replays against; without it the definition in the record.
        registry
            ``module:function`` that registers your actions on a workspace, when steps should be checked against their models.
        expect
            ``"identical"``: the run goes as it was recorded. ``"success"``: it comes to a good end, as after a mend.
        overwrite
            Whether files that are there may be replaced.

        Raises
        ------
        CommandError
            ``RECORD_HIDES_TOO_MUCH`` when what is masked decides how the run goes; ``NOT_REPLAYABLE``.
        ValidationError
            ``FILE_EXISTS``, ``INVALID_ARGUMENT``.
        BundleError
            ``INVALID_PACK`` when a file cannot be written.
        """
        if expect not in ("identical", "success"):
            raise ValidationError(
                "“expect” must be identical or success.", code="INVALID_ARGUMENT", where="expect"
            )
        made = self._made()
        first = _replayed(made, self._engine.programs.catalog)
        if not first.identical:
            raise CommandError(
                "The run goes another way when its secrets are masked, so it cannot be kept as a test.",
                code="RECORD_HIDES_TOO_MUCH",
                where=made.runs[0].run_id,
                hint=f"An expression looks into a masked value. {first.divergence}",
            )
        file = Path(f"test_{retelling.file_name(made.runs[0])}.py" if path is None else path)
        if file.suffix != ".py":
            raise ValidationError("A test file ends in .py.", code="INVALID_ARGUMENT", where="path")
        record = file.with_suffix(".json")
        against_file = None if definition is None else _relative(definition, file.parent)
        text = retelling.regression(
            made,
            record.name,
            definition=against_file,
            registry=registry,
            expect=expect,
            functions=self._functions(),
        )
        write_new(record, pack_format.text_of(made).encode("utf-8"), overwrite=overwrite)
        write_new(file, text.encode("utf-8"), overwrite=overwrite)
        return file

    def to_notebook(self, path: str | os.PathLike[str] | None = None, *, overwrite: bool = False) -> Path:
        """Write a notebook that tells the run's story, and its pack beside it: two files that need nothing else.

        The picture, the steps that matter, the state at the failure, why it failed, and what to try. The notebook is executed when it
        is written, so that `nbval` can check it anywhere.

        Parameters
        ----------
        path
            The notebook; the pack is written beside it, with the ending ``.wfnb``.
        overwrite
            Whether files that are there may be replaced.

        Raises
        ------
        ValidationError
            ``FILE_EXISTS``, ``INVALID_ARGUMENT``.
        MissingExtraError
            Without nbclient.
        """
        made = self._made()
        file = Path(f"{retelling.file_name(made.runs[0])}.ipynb" if path is None else path)
        if file.suffix != ".ipynb":
            raise ValidationError("A notebook ends in .ipynb.", code="INVALID_ARGUMENT", where="path")
        pack = file.with_suffix(".wfnb")
        replays = _replayed(made, Catalog(profile=self._engine.programs.catalog.profile)).identical
        cells = retelling.cells_of(made, pack.name, functions=self._functions(), replays=replays)
        write_new(pack, pack_format.zipped(made, {}), overwrite=overwrite)
        text = _executed(retelling.notebook(cells), pack.parent)
        write_new(file, text.encode("utf-8"), overwrite=overwrite)
        return file

    def _made(self) -> RunPack:
        return packs.make(self._store, self.row, iso(self.row.updated_us))

    def _functions(self) -> str:
        return "extended" if self._engine.programs.catalog.profile is EXTENDED else "standard"


def _replayed(made: RunPack, known: Catalog) -> Replay:
    """The masked record, led through its own definition."""
    with (
        tempfile.TemporaryDirectory(prefix="wfnb-pack-") as folder,
        SqliteStore(Path(folder) / "pack.sqlite") as store,
    ):
        packs.put(made, store)
        catalog = Catalog(
            profile=known.profile, versions_of=lambda key: tuple(one.version for one in store.versions(key))
        )
        stand_in(catalog, known, made)
        programs = Programs(store, catalog)
        row = store.run(made.runs[0].run_id)
        if row is None:
            raise AssertionError("a pack begins with its run")
        target = against(programs, row.workflow_id, row.workflow_version, None, None)
        return replay_of(store, programs, row, target, None, deep=True)


def _relative(path: str | os.PathLike[str], folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _executed(notebook: dict[str, Any], folder: Path) -> str:
    """The text of a notebook with its outputs."""
    try:
        import nbformat
        from nbclient import NotebookClient
    except ImportError:
        raise MissingExtraError("Notebooks are written with nbclient.", hint="Install wfnb[lab].") from None
    node = nbformat.from_dict(notebook)  # type: ignore[no-untyped-call]  # nbformat has no types
    NotebookClient(
        node,
        timeout=300,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    ).execute()
    node.metadata.pop("language_info", None)
    text: str = nbformat.writes(node)  # type: ignore[no-untyped-call]  # nbformat has no types
    return text + "\n"
