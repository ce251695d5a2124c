"""Publishing: from what was written to an immutable version."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from unit.machine.world import assign
from wfnb.errors import DefinitionError
from wfnb.limits import LIMITS
from wfnb.services.audit import Actor
from wfnb.services.definitions import Published, publish, written
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.validate.catalog import Catalog

TEXT = "id: w\nname: W\nsteps:\n  - {id: a, type: control.return}\n"


@pytest.fixture
def store() -> Store:
    return MemoryStore()


def put(store: Store, *steps: Any, catalog: Catalog | None = None, **extra: Any) -> Published:
    definition = {"id": "w", "name": "W", "steps": list(steps) or [assign("a", x="1")], **extra}
    return publish(store, catalog or Catalog(), definition, by=Actor("ann"), now_us=5)


def test_a_dict_and_text_are_taken_as_they_are() -> None:
    given = {"id": "w"}
    assert written(given) is given
    assert written(TEXT) == TEXT
    assert written('{"id": "x.json"}') == '{"id": "x.json"}'


@pytest.mark.parametrize("as_text", [True, False])
def test_a_path_is_read(tmp_path: Path, as_text: bool) -> None:
    path = tmp_path / "w.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert written(str(path) if as_text else path) == TEXT


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfe", "BROKEN_TEXT"), (b"x" * (LIMITS.definition_size_bytes + 1), "FILE_TOO_LARGE"), (None, "NO_SUCH_FILE")],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_told_by_its_name_alone(
    tmp_path: Path, content: bytes | None, code: str
) -> None:
    path = tmp_path / "w.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DefinitionError) as caught:
        written(path)
    assert (caught.value.code, caught.value.where) == (code, "w.json")
    assert str(tmp_path) not in str(caught.value)


def test_a_file_of_the_largest_size_is_read(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_bytes(b" " * LIMITS.definition_size_bytes)
    assert len(written(path)) == LIMITS.definition_size_bytes


def test_a_pipe_that_never_ends_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "w.json")
    with pytest.raises(DefinitionError, match="not a file"):
        written(tmp_path / "w.json")


@pytest.mark.behaviour(46, 53)
def test_a_version_holds_what_was_written_and_who_published_it(store: Store) -> None:
    assert put(store, trigger={"type": "event", "eventName": "ORDER"}).version == 1
    version = store.version("w")
    assert version is not None
    assert (version.name, version.published_by, version.published_us, version.trigger_event) == (
        "W",
        "ann",
        5,
        "ORDER",
    )
    assert version.definition["version"] == 1


def test_the_same_content_keeps_its_version(store: Store) -> None:
    assert [put(store, assign("a", x=text)).version for text in ("1", "2", "1")] == [1, 2, 1]
    assert len(store.versions("w")) == 2


def test_a_number_that_is_taken_gives_the_next_free_one(store: Store) -> None:
    numbers = [
        put(store, assign("a", x=str(n)), version=wanted).version for n, wanted in enumerate([5, 5, 2, None])
    ]
    assert numbers == [5, 6, 2, 1]


def test_what_is_refused_is_not_stored(store: Store) -> None:
    published = put(store, {"id": "a", "type": "nope"})
    assert (published.ok, published.workflow, published.version) == (False, "w", None)
    assert store.versions() == []


@pytest.mark.behaviour(45)
def test_a_payload_schema_is_stored_beside_the_version(store: Store) -> None:
    class Order(BaseModel):
        id: str

    catalog = Catalog()
    catalog.schemas.add("payload.Order.v1", Order)
    put(store, catalog=catalog, payloadSchemaRef="payload.Order.v1")
    version = store.version("w")
    assert version is not None
    assert version.payload_schema is not None
    assert set(version.payload_schema["properties"]) == {"id"}


@pytest.mark.behaviour(47)
def test_a_version_stays_as_it_was_published(store: Store) -> None:
    given = {"id": "w", "name": "W", "steps": [assign("a", x="1")]}
    assert publish(store, Catalog(), given, by=Actor("ann"), now_us=5).version == 1
    first = store.version("w", 1)
    given["name"] = "Changed"
    given["steps"].append(assign("b", y="2"))
    assert publish(store, Catalog(), given, by=Actor("ben"), now_us=6).version == 2
    assert store.version("w", 1) == first
    assert first is not None
    assert (first.name, len(first.definition["steps"])) == ("W", 1)
