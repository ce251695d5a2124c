"""The file of a packed run: a zip with a manifest of hashes, the record as closed models, and pictures. Everything in it is bounded."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticError
from pydantic.alias_generators import to_camel

from wfnb.errors import BundleError
from wfnb.limits import LIMITS
from wfnb.model.values import JsonValue

__all__ = [
    "FORMAT", "PackedCall", "PackedEvent", "PackedRun", "PackedStep", "PackedVersion", "PackedWait", "RunPack", "read", "text_of", "zipped",
]  # fmt: skip

FORMAT: Final = "wfnb.run-pack"
VERSION: Final = 1
_RECORD: Final = "pack.json"
_MANIFEST: Final = "manifest.json"
_NAMES: Final = re.compile(r"pack\.json|manifest\.json|pictures/[A-Za-z0-9._-]{1,200}\.svg")
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the earliest moment of a zip: the same run gives the same bytes


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, strict=True
    )


_Number = Annotated[int, Field(ge=0)]
_Object = dict[str, Any]


class PackedVersion(_Model):
    """A version of a workflow."""

    workflow_id: str
    version: Annotated[int, Field(ge=1)]
    name: str
    definition: _Object
    definition_hash: str
    payload_schema_ref: str | None
    published_by: str
    published_us: int


class PackedStep(_Model):
    """An attempt at a step."""

    seq: _Number
    instance: str
    step_id: str
    type: str
    attempt: int
    status: str
    branch: str | None
    error: _Object | None
    handled_by: str | None
    end_seq: int | None
    started_us: int
    ended_us: int | None


class PackedCall(_Model):
    """A call of an action."""

    effect_id: str
    instance: str
    action_id: str
    action_version: int
    key: str
    status: str
    attempt: int
    input: Any
    output: Any
    error: _Object | None
    shared: bool
    scheduled_us: int
    ended_us: int | None
    source: str | None


class PackedAnswer(_Model):
    """What answered a wait."""

    name: str
    key: str | None
    payload: Any
    received_us: int


class PackedWait(_Model):
    """A wait."""

    effect_id: str
    instance: str
    wait_type: str
    status: str
    due_us: int | None
    created_us: int
    resolved_us: int | None
    event_name: str | None
    key: str | None
    filters: list[Any] | None
    task: _Object | None
    answered_us: int | None
    source: str | None
    answer: Any
    answered: PackedAnswer | None


class PackedEvent(_Model):
    """Something that happened to the run as a whole."""

    seq: _Number
    at_us: int
    kind: str
    data: _Object


class PackedRun(_Model):
    """A run. `parent` is the place in the list of the run that called it."""

    run_id: Annotated[str, Field(min_length=1, max_length=500)]
    workflow_id: str
    workflow_version: int
    definition_hash: str
    kind: str
    status: str
    label: str | None
    cursor: str | None
    error: _Object | None
    trigger: str
    parent: _Number | None
    parent_effect: str | None
    depth: _Number
    seq: _Number
    started_us: int
    updated_us: int
    completed_us: int | None
    tenant: str
    start: _Object
    macrosteps: list[tuple[int, str, list[list[Any]]]]
    steps: list[PackedStep]
    calls: list[PackedCall]
    waits: list[PackedWait]
    events: list[PackedEvent]


class PackedAction(_Model):
    """An action that the runs called."""

    id: str
    version: Annotated[int, Field(ge=1)]
    side_effect: bool


class RunPack(_Model):
    """A run with the runs that it called, and everything that is needed to look at them, and to replay them."""

    format: Literal["wfnb.run-pack"] = FORMAT
    format_version: Literal[1] = VERSION
    made_at: str
    versions: Annotated[list[PackedVersion], Field(min_length=1)]
    actions: list[PackedAction]
    node_types: list[str]
    schema_refs: list[str]
    runs: Annotated[list[PackedRun], Field(min_length=1, max_length=10_000)]


def text_of(pack: RunPack) -> str:
    """The record as text: one line for each macrostep and row, so that two of them can be compared."""
    tree = pack.model_dump(mode="json", by_alias=True)
    # Keys keep their order: expressions can see it.
    return json.dumps(tree, indent=1, ensure_ascii=False) + "\n"


def zipped(pack: RunPack, pictures: Mapping[str, str]) -> bytes:
    """The file."""
    files = {_RECORD: text_of(pack), **{f"pictures/{name}.svg": svg for name, svg in pictures.items()}}
    data = {name: text.encode("utf-8") for name, text in files.items()}
    facts = {
        name: {"sha256": hashlib.sha256(body).hexdigest(), "sizeBytes": len(body)}
        for name, body in data.items()
    }
    manifest = json.dumps(
        {"format": FORMAT, "formatVersion": VERSION, "files": facts}, indent=1, sort_keys=True
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in {_MANIFEST: manifest.encode() + b"\n", **data}.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), body, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def read(data: bytes, where: str) -> RunPack:
    """The record of a file: a zip, or the text of a record by itself (a fixture).

    Raises
    ------
    BundleError
        ``INVALID_PACK``, ``PACK_DAMAGED``, ``UNSUPPORTED_FORMAT``, ``UNSUPPORTED_FORMAT_VERSION``.
    """
    if len(data) > LIMITS.pack_size_bytes:
        raise _refused("The file is larger than a pack may be.", where)
    text = _unzipped(data, where) if data[:2] == b"PK" else data
    try:
        raw = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _refused("The record is not JSON.", where) from None
    return _parsed(raw, where)


def _parsed(raw: JsonValue, where: str) -> RunPack:
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BundleError("The file is no pack of a run.", code="UNSUPPORTED_FORMAT", where=where)
    if raw.get("formatVersion") != VERSION:
        raise BundleError(
            f"The pack is of a version that cannot be read; this is version {VERSION}.",
            code="UNSUPPORTED_FORMAT_VERSION",
            where=where,
            hint="Update wfnb.",
        )
    raw["runs"] = [_tuples(run) for run in raw["runs"]] if isinstance(raw.get("runs"), list) else None
    try:
        return RunPack.model_validate(raw, by_alias=True, by_name=False)
    except PydanticError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(map(str, first["loc"]))[:200]
        raise _refused(f"The record is not as it should be: {first['msg']}.", f"{where}, {place}") from None
    except RecursionError:
        raise _refused("The record is nested too deeply.", where) from None


def _tuples(run: JsonValue) -> JsonValue:
    """Macrosteps as the model wants them: JSON has no tuples."""
    if isinstance(run, dict) and isinstance(run.get("macrosteps"), list):
        rows = [tuple(row) if isinstance(row, list) else row for row in run["macrosteps"]]
        return {**run, "macrosteps": rows}
    return run


def _unzipped(data: bytes, where: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _checked(archive, where)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError):
        raise _refused("The file is no zip that can be read.", where) from None


def _checked(archive: zipfile.ZipFile, where: str) -> bytes:
    """The record, after every file was held against the manifest. No name is ever used as a path."""
    infos = archive.infolist()
    names = [info.filename for info in infos]
    odd = next((name for name in names if not _NAMES.fullmatch(name)), None)
    if odd is not None or len(set(names)) != len(names) or len(names) > LIMITS.pack_files:
        raise _refused("The pack holds a file that does not belong into one.", where)
    if sum(info.file_size for info in infos) > LIMITS.pack_content_bytes:
        raise _refused("The pack unfolds to more than a pack may hold.", where)
    room = LIMITS.pack_content_bytes
    bodies: dict[str, bytes] = {}
    for info in infos:
        with archive.open(info) as opened:
            body = opened.read(room + 1)  # sizes in the directory of a zip are only said
        room -= len(body)
        if room < 0:
            raise _refused("The pack unfolds to more than a pack may hold.", where)
        bodies[info.filename] = (
            body if info.filename in (_RECORD, _MANIFEST) else hashlib.sha256(body).digest()
        )
    return _held_against(bodies, where)


def _held_against(bodies: dict[str, bytes], where: str) -> bytes:
    try:
        manifest = json.loads(bodies.pop(_MANIFEST, b""))
        said = {name: facts["sha256"] for name, facts in manifest["files"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _refused("The pack has no manifest that can be read.", where) from None
    found = {
        name: hashlib.sha256(body).hexdigest() if name == _RECORD else body.hex()
        for name, body in bodies.items()
    }
    if _RECORD not in found or found != said:
        wrong = next((name for name in sorted({*found, *said}) if found.get(name) != said.get(name)), _RECORD)
        raise BundleError(
            "A file of the pack is not the one that its manifest names.",
            code="PACK_DAMAGED",
            where=f"{where}, {wrong}"[:300],
            hint="Ask for the pack once more.",
        )
    return bodies[_RECORD]


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _refused(message: str, where: str) -> BundleError:
    return BundleError(message, code="INVALID_PACK", where=where)
