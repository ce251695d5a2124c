"""Publishing: from what was written to an immutable version."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from wfnb.errors import DefinitionError
from wfnb.limits import LIMITS
from wfnb.model.codec import load_text
from wfnb.model.definition import Definition, EventTrigger
from wfnb.model.values import JsonValue, content_hash
from wfnb.services import workflow_settings
from wfnb.services.audit import Actor, note
from wfnb.services.schedules import follow_trigger
from wfnb.store.database import Session
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.findings import Finding, has_errors

__all__ = ["Prepared", "Published", "conclude", "prepare", "publish", "read", "version_row", "written"]


class Published(NamedTuple):
    """What publishing gave; see `wfnb.publication.Publication`."""

    ok: bool
    workflow: str | None
    version: int | None
    findings: tuple[Finding, ...]
    definition: JsonValue


def written(definition: JsonValue | os.PathLike[str]) -> JsonValue:
    """What was written: a dict as it is, a file's text, or text.

    Text of one line that does not begin like JSON and names a file is the path of one.

    Raises
    ------
    DefinitionError
        ``NO_SUCH_FILE`` or ``FILE_TOO_LARGE``.
    """
    if isinstance(definition, os.PathLike):
        return _read(Path(definition))
    if isinstance(definition, str) and _looks_like_path(definition):
        return _read(Path(definition))
    return definition


def read(definition: JsonValue | os.PathLike[str]) -> JsonValue:
    """What was written, as JSON: text is read as JSON or YAML.

    Raises
    ------
    DefinitionError, LimitExceeded
        When it cannot be read.
    """
    given = written(definition)
    return load_text(given) if isinstance(given, str) else given


def _looks_like_path(text: str) -> bool:
    one_line = "\n" not in text and not text.lstrip().startswith(("{", "["))
    return one_line and text.endswith((".json", ".yaml", ".yml"))


def _read(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():  # a device or a pipe may never end
            raise DefinitionError("This is not a file.", code="NO_SUCH_FILE", where=path.name)
        with path.open("rb") as file:
            data = file.read(LIMITS.definition_size_bytes + 1)
        if len(data) > LIMITS.definition_size_bytes:
            raise DefinitionError(
                "The file is too large for a definition.", code="FILE_TOO_LARGE", where=path.name
            )
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise DefinitionError("The file is not UTF-8 text.", code="BROKEN_TEXT", where=path.name) from None
    except OSError as error:
        raise DefinitionError(
            f"The file cannot be read: {error.strerror}.", code="NO_SUCH_FILE", where=path.name
        ) from None
    except ValueError:  # a name with NUL
        raise DefinitionError("This is not the name of a file.", code="NO_SUCH_FILE") from None


class Prepared(NamedTuple):
    """A definition that was checked: what publishing it gives, and the row to be stored when it is a new version."""

    published: Published
    definition: Definition | None = None
    digest: str = ""
    row: VersionRow | None = None

    @property
    def version(self) -> int | None:
        """The version that the definition has, or gets."""
        return self.published.version


def publish(
    store: Store, catalog: Catalog, text: JsonValue, *, by: Actor, now_us: int, from_us: int | None = None
) -> Published:
    """Check and store a definition, and audit it; the same content again gives the version it has.

    A trigger by time makes a schedule that begins at `from_us`, which is `now_us` unless time is simulated.
    """
    prepared = prepare(store, catalog, text, by=by, now_us=now_us)
    if prepared.row is not None:
        store.save_versions((prepared.row,))
        with store.database.writing() as session:
            conclude(session, prepared, by, now_us=now_us, from_us=now_us if from_us is None else from_us)
    return prepared.published


def prepare(
    store: Store, catalog: Catalog, text: JsonValue, *, by: Actor, now_us: int, current: bool = False
) -> Prepared:
    """Check a definition and find the version it is; nothing is stored.

    `current`: what an older version said, and the latest one does not, becomes a new version, so that runs start with it.
    """
    checked = check(text, catalog)
    definition = checked.definition
    raw = definition.to_json() if definition else text if isinstance(text, dict) else None
    name = definition.id if definition else raw.get("id") if isinstance(raw, dict) else None
    if definition is None or has_errors(checked.findings):
        return Prepared(Published(False, name, None, checked.findings, raw))
    content = {key: value for key, value in definition.to_json().items() if key != "version"}
    digest = content_hash(content)
    earlier = store.versions(definition.id)
    among = earlier[-1:] if current else earlier
    same = next((version for version in among if version.definition_hash == digest), None)
    if same is not None:
        return Prepared(
            Published(True, definition.id, same.version, checked.findings, raw), definition, digest
        )
    taken = {version.version for version in earlier}
    wanted = definition.version or 1
    number = max(taken) + 1 if wanted in taken or (current and taken) else wanted
    row = version_row(definition, number, digest, catalog, by=(by.name, now_us))
    return Prepared(Published(True, definition.id, number, checked.findings, raw), definition, digest, row)


def conclude(session: Session, prepared: Prepared, by: Actor, *, now_us: int, from_us: int) -> None:
    """What goes with a version that was stored: the workflow's settings, the audit, and its schedule."""
    definition = prepared.definition
    if definition is None:
        return
    workflow_settings.ensure(session, definition.id, by, now_us)
    facts = {"version": prepared.version, "hash": prepared.digest}
    note(session, by, "workflow.published", ("workflow", definition.id), at_us=now_us, changes=facts)
    follow_trigger(session, definition, from_us)


def version_row(
    definition: Definition, number: int, digest: str, catalog: Catalog, *, by: tuple[str, int]
) -> VersionRow:
    """A definition as a version to be stored; `by` is who publishes, and when."""
    ref = definition.payload_schema_ref
    schema = catalog.schemas.json_schema(ref) if ref and catalog.schemas.get(ref) else None
    return VersionRow(
        definition.id,
        number,
        definition.name,
        {**definition.to_json(), "version": number},
        digest,
        ref,
        schema,
        definition.trigger.event_name if isinstance(definition.trigger, EventTrigger) else None,
        *by,
    )
