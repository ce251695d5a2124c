"""The part of a workspace that carries workflows from one place to another: bundles."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.errors import BundleError, DefinitionError, LimitExceeded, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_text
from wfnb.model.json_reader import load_json
from wfnb.model.times import iso
from wfnb.operator_rows import columns_of
from wfnb.services import bundle_format, bundles
from wfnb.services.audit import Actor, record
from wfnb.services.bundles import Imported
from wfnb.store.port import Store
from wfnb.tables import Rows
from wfnb.validate.catalog import Catalog

__all__ = ["Bundling"]


class Bundling:
    """The part of a workspace that writes and reads bundles."""

    _by: Actor
    _catalog: Catalog
    _clock: Clock
    _engine: Engine
    _store: Store

    def export_bundle(
        self, path: str | os.PathLike[str], workflows: Iterable[str] | None = None, *, overwrite: bool = False
    ) -> Path:
        """Write workflows into one file: all their versions, the draft, the settings, and what they need to be registered.

        Parameters
        ----------
        path
            The file. Its text is canonical, so that two bundles can be compared line by line.
        workflows
            Ids; all published ones without it.
        overwrite
            Whether a file that is there may be replaced.

        Raises
        ------
        BundleError
            ``INVALID_BUNDLE`` when there is no such workflow, or none at all.
        ValidationError
            ``FILE_EXISTS``, ``INVALID_ARGUMENT``.
        """
        file = _file(path)
        if file.exists() and not overwrite:
            raise ValidationError(
                "There is such a file already.",
                code="FILE_EXISTS",
                where=file.name,
                hint="Say overwrite=True.",
            )
        if workflows is None:
            keys = sorted({row.workflow_id for row in self._store.versions()})
        else:
            given = (workflows,) if isinstance(workflows, str) else tuple(workflows)
            keys = [check_text(key, "workflows") for key in given]
        at_us = self._clock.lease_us()
        tree = bundles.bundle(self._store, keys, iso(self._clock.ready_us()))
        try:
            file.write_text(bundles.text_of(tree), encoding="utf-8")
        except OSError as error:
            raise BundleError(f"The file cannot be written: {error.strerror}.", where=file.name) from None
        facts = {"workflows": list(keys), "file": file.name}
        record(
            self._store.database,
            self._by,
            "bundle.exported",
            ("bundle", file.name),
            at_us=at_us,
            changes=facts,
        )
        return file

    def import_bundle(self, path: str | os.PathLike[str], *, force: bool = False) -> Rows[Imported]:
        """Take in all workflows of a file, or none of them.

        Parameters
        ----------
        path
            A bundle of wfnb, or one of the runtime whose pipelines wfnb runs.
        force
            Also when there are such workflows: versions that are new are added, drafts and settings replaced. A version that is
            there with another content is refused all the same: versions never change.

        Raises
        ------
        BundleError
            ``INVALID_BUNDLE``, ``UNSUPPORTED_FORMAT``, ``UNSUPPORTED_FORMAT_VERSION``, ``WORKFLOW_KEY_CONFLICT``,
            ``MISSING_DEPENDENCIES``.
        """
        given = bundle_format.read(_read(_file(path)))
        at_us, from_us = self._clock.lease_us(), self._clock.ready_us()
        done = bundles.import_bundle(
            self._store, self._catalog, given, self._by, at_us=at_us, from_us=from_us, force=force
        )
        self._engine.scan()
        return Rows(done, columns=columns_of(Imported))


def _file(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike) or not os.fspath(path) or "\0" in os.fspath(path):
        raise ValidationError("“path” must be the path of a file.", code="INVALID_ARGUMENT", where="path")
    return Path(path)


def _read(file: Path) -> object:
    try:
        if file.exists() and not file.is_file():
            raise BundleError("This is not a file.", where=file.name)
        with file.open("rb") as opened:
            data = opened.read(LIMITS.bundle_size_bytes + 1)
        if len(data) > LIMITS.bundle_size_bytes:
            raise BundleError("The file is too large for a bundle.", where=file.name)
        return load_json(data.decode("utf-8"), file.name)
    except OSError as error:
        raise BundleError(f"The file cannot be read: {error.strerror}.", where=file.name) from None
    except UnicodeDecodeError:
        raise BundleError("The file is not UTF-8 text.", where=file.name) from None
    except (DefinitionError, LimitExceeded) as error:
        raise BundleError(error.message, where=error.where) from None
