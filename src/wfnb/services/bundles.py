"""Bundles: workflows carried from one place to another, complete or not at all."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from wfnb.errors import BundleError, WfnbError
from wfnb.model.definition import Definition
from wfnb.model.values import JsonValue, content_hash
from wfnb.services import drafts, workflow_settings
from wfnb.services.audit import Actor, note
from wfnb.services.bundle_format import Bundle, BundledVersion, BundledWorkflow
from wfnb.services.definitions import version_row
from wfnb.services.schedules import follow_trigger
from wfnb.store.database import MemoryDatabase, Session
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.store.statements import DRAFTS, VERSIONS
from wfnb.store.text import dump
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.raw import walk_raw

__all__ = ["Imported", "bundle", "import_bundle", "text_of"]


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did with a workflow: versions that are new, whether it was there before, and whether a draft came."""

    key: str
    versions: tuple[int, ...]
    existed: bool
    draft: bool


def bundle(store: Store, keys: Iterable[str], exported_at: str) -> dict[str, JsonValue]:
    """A bundle of published workflows and drafts, as JSON.

    Raises
    ------
    BundleError
        ``INVALID_BUNDLE`` when one of them is not there.
    """
    made = [_bundled(store, key) for key in sorted(set(keys))]
    if not made:
        raise BundleError("A bundle holds one workflow at least.", hint="Publish one first, or name one.")
    whole = Bundle.model_validate({"exportedAt": exported_at, "workflows": made})
    tree: dict[str, JsonValue] = whole.model_dump(mode="json", by_alias=True)
    return tree


def text_of(tree: JsonValue) -> str:
    """Canonical text: sorted keys, two spaces, a final newline; so that two bundles can be compared line by line."""
    return json.dumps(tree, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def import_bundle(
    store: Store, catalog: Catalog, given: Bundle, by: Actor, *, at_us: int, from_us: int, force: bool
) -> list[Imported]:
    """Take in all workflows of a bundle in one transaction.

    Raises
    ------
    BundleError
        ``WORKFLOW_KEY_CONFLICT``, ``MISSING_DEPENDENCIES``, ``INVALID_BUNDLE``: nothing was taken in.
    """
    _check_dependencies(given, catalog)
    known = {one.key: {row.version: row for row in store.versions(one.key)} for one in given.workflows}
    if not force:
        _check_new(store, given, known)
    rows = {one.key: list(_new_versions(one, known, given, catalog, by, at_us)) for one in given.workflows}
    in_memory = isinstance(store.database, MemoryDatabase)
    with store.database.writing() as session:
        done = []
        for one in given.workflows:
            if not in_memory:
                for row, _ in rows[one.key]:
                    session.execute(VERSIONS.add, _columns(row))
            _take_in(session, one, by, at_us)
            if rows[one.key]:
                follow_trigger(session, rows[one.key][-1][1], from_us)
            numbers = tuple(row.version for row, _ in rows[one.key])
            done.append(Imported(one.key, numbers, bool(known[one.key]), one.draft is not None))
            facts = {"versions": list(numbers), "draft": one.draft is not None, "force": force}
            note(session, by, "workflow.imported", ("workflow", one.key), at_us=at_us, changes=facts)
    if in_memory:
        for row, _ in (pair for made in rows.values() for pair in made):
            store.save_version(row)
    return done


def _bundled(store: Store, key: str) -> dict[str, JsonValue]:
    rows = store.versions(key)
    draft = _draft(store, key)
    if not rows and draft is None:
        raise BundleError("There is no such workflow.", where=key)
    known = workflow_settings.settings(store.database, key)
    names = (
        "status",
        "paused",
        "concurrency_limit",
        "auto_pause",
        "failure_threshold",
        "failure_min_runs",
        "retention_days",
    )
    settings = {_camel(name): getattr(known, name) for name in names}
    versions = [
        {"version": row.version, "definition": row.definition, "payloadSchemaJson": row.payload_schema}
        for row in rows
    ]
    written = [row.definition for row in rows] + ([draft["definition"]] if draft is not None else [])
    made = {"key": key, "settings": settings, "publishedVersions": versions, "draft": draft}
    return {**made, "dependencies": _dependencies(written)}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _draft(store: Store, key: str) -> dict[str, JsonValue] | None:
    try:
        row = drafts.find(store.database, key)
    except WfnbError:
        return None
    return {"draftVersion": row.version, "definition": row.definition}


def _dependencies(definitions: Iterable[dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """What definitions need to be registered; control steps need nothing."""
    actions: set[tuple[str, int]] = set()
    types: set[str] = set()
    schemas: set[str] = set()
    for definition in definitions:
        ref = definition.get("payloadSchemaRef")
        schemas |= {ref} if isinstance(ref, str) else set()
        for step in walk_raw(definition):
            kind, config = step.raw.get("type"), step.raw.get("config")
            if isinstance(kind, str) and not kind.startswith("control."):
                types.add(kind)
            if kind == "action.call" and isinstance(config, dict):
                name, number = config.get("actionId"), config.get("version")
                if isinstance(name, str) and type(number) is int:
                    actions.add((name, number))
    listed = [{"actionId": name, "version": number} for name, number in sorted(actions)]
    return {"actions": listed, "nodeTypes": sorted(types), "schemaRefs": sorted(schemas)}


def _check_dependencies(given: Bundle, catalog: Catalog) -> None:
    missing = sorted({name for one in given.workflows for name in _missing(one, catalog)})
    if missing:
        raise BundleError(
            f"The bundle needs what is not registered here: {', '.join(missing)}.",
            code="MISSING_DEPENDENCIES",
            hint="Register all of these, then import it again.",
        )


def _missing(one: BundledWorkflow, catalog: Catalog) -> Iterator[str]:
    needs = one.dependencies
    yield from (
        f"action {ref.action_id}@{ref.version}"
        for ref in needs.actions
        if catalog.actions.get(ref.action_id, ref.version) is None
    )
    types = (name for name in needs.node_types if not name.startswith("control."))
    yield from (f"node {name}" for name in types if catalog.nodes.get(name) is None)
    yield from (f"schema {ref}" for ref in needs.schema_refs if catalog.schemas.get(ref) is None)


def _check_new(store: Store, given: Bundle, known: dict[str, dict[int, VersionRow]]) -> None:
    there = [one.key for one in given.workflows if known[one.key] or _draft(store, one.key) is not None]
    if there:
        raise BundleError(
            f"There are such workflows already: {', '.join(there)}.",
            code="WORKFLOW_KEY_CONFLICT",
            hint="Say force=True to add the versions that are new, and to replace drafts and settings.",
        )


def _new_versions(  # noqa: PLR0917 - a version is made of these
    one: BundledWorkflow,
    known: dict[str, dict[int, VersionRow]],
    given: Bundle,
    catalog: Catalog,
    by: Actor,
    at_us: int,
) -> Iterator[tuple[VersionRow, Definition]]:
    """Versions that are not there yet, checked as for publishing, the oldest first."""
    coming = {
        other.key: tuple(version.version for version in other.published_versions) for other in given.workflows
    }
    seen = replace(catalog, versions_of=lambda key: (*catalog.versions_of(key), *coming.get(key, ())))
    for version in sorted(one.published_versions, key=lambda version: version.version):
        row, definition = _checked(one.key, version, seen, by, at_us)
        there = known[one.key].get(version.version)
        if there is not None and there.definition_hash != row.definition_hash:
            raise BundleError(
                f"Version {version.version} is there with another content; versions never change.",
                code="WORKFLOW_KEY_CONFLICT",
                where=one.key,
            )
        if there is None:
            yield row, definition


def _checked(
    key: str, version: BundledVersion, catalog: Catalog, by: Actor, at_us: int
) -> tuple[VersionRow, Definition]:
    checked = check({**version.definition, "id": key, "version": version.version}, catalog)
    if checked.definition is None:
        first = next(finding for finding in checked.findings if finding.severity == "error")
        raise BundleError(
            f"A version cannot be published here: {first.message}",
            where=f"{key}, version {version.version}, {first.path}",
        )
    content = {name: value for name, value in checked.definition.to_json().items() if name != "version"}
    author = (by.name, at_us)
    row = version_row(checked.definition, version.version, content_hash(content), catalog, by=author)
    if version.payload_schema_json is not None:
        row = replace(row, payload_schema=version.payload_schema_json)
    return row, checked.definition


def _take_in(session: Session, one: BundledWorkflow, by: Actor, at_us: int) -> None:
    """The settings and the draft of a workflow, in the place of those that are there."""
    settings = one.settings.model_dump()
    if settings["paused"]:
        settings["pause_reason"] = "It was paused where it comes from."
    workflow_settings.put(session, one.key, by, at_us, settings)
    if one.draft is not None:
        definition = {**one.draft.definition, "id": one.key}
        session.execute(DRAFTS.delete, (one.key,))
        text, digest = dump(definition), content_hash(definition)
        session.execute(DRAFTS.add, (one.key, text, digest, by.name, at_us, by.name, at_us))


def _columns(row: VersionRow) -> tuple[JsonValue, ...]:
    schema = None if row.payload_schema is None else dump(row.payload_schema)
    head = (row.workflow_id, row.version, row.name, dump(row.definition), row.definition_hash)
    return (*head, row.payload_schema_ref, schema, row.trigger_event, row.published_by, row.published_us)
