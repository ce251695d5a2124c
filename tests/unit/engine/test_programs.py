"""Programs: linked once, refused with the first thing that is missing, payloads checked before a run exists."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, Field

from unit.machine.world import any_action, assign, call
from wfnb.engine.programs import Programs
from wfnb.errors import DefinitionError, NotFoundError, ValidationError, WfnbError
from wfnb.limits import LIMITS
from wfnb.services.audit import Actor
from wfnb.services.definitions import publish
from wfnb.store.memory import MemoryStore
from wfnb.validate.catalog import Catalog


class Order(BaseModel):
    number: int = Field(alias="orderNumber")
    note: str = "none"


def made(*steps: Any, **extra: Any) -> tuple[MemoryStore, Catalog]:
    store, catalog = MemoryStore(), Catalog()
    catalog.actions.add(any_action, id="act")
    catalog.schemas.add("payload.Order.v1", Order)
    written = {"id": "w", "name": "W", "steps": list(steps) or [assign("a", x="1")], **extra}
    assert publish(store, catalog, written, by=Actor("test"), now_us=0).ok
    return store, catalog


def test_a_program_is_linked_once() -> None:
    programs = Programs(*made())
    assert programs.get("w", 1) is programs.get("w", 1)


def test_a_version_that_is_not_there_is_told() -> None:
    with pytest.raises(NotFoundError) as caught:
        Programs(*made()).get("w", 2)
    assert caught.value.code == "NO_SUCH_VERSION"


def test_what_is_missing_here_is_named_and_can_be_registered_later() -> None:
    store, _ = made(call("a", "act"))
    catalog = Catalog()
    programs = Programs(store, catalog)
    with pytest.raises(DefinitionError, match="act") as caught:
        programs.get("w", 1)
    assert (caught.value.code, caught.value.where) == ("CANNOT_LINK", "root.steps[0]")
    catalog.actions.add(any_action, id="act")
    assert programs.get("w", 1).step("root.steps[0]").id == "a"


def payload(given: Any, **extra: Any) -> Any:
    programs = Programs(*made(**extra))
    return programs.payload(programs.get("w", 1), given)


def test_without_a_schema_any_object_will_do() -> None:
    assert payload({"x": [1, None]}) == {"x": [1, None]}
    assert payload(None) == {}


def test_a_schema_checks_and_fills_by_the_names_that_people_write() -> None:
    assert payload({"orderNumber": 7}, payloadSchemaRef="payload.Order.v1") == {
        "orderNumber": 7,
        "note": "none",
    }


def test_a_field_at_fault_is_named_and_its_value_is_not() -> None:
    with pytest.raises(ValidationError, match="orderNumber") as caught:
        payload({"orderNumber": "hunter2"}, payloadSchemaRef="payload.Order.v1")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("given", [[], "x", 0, False, {"x": {1}}, {"x": "x" * LIMITS.payload_size_bytes}])
def test_what_is_no_payload_is_refused(given: Any) -> None:
    with pytest.raises(WfnbError):
        payload(given)
