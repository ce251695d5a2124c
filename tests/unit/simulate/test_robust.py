"""Whatever is given, a simulation ends with a result or with a typed error."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from unit.machine.world import assign, attempt, each, when
from unit.simulate.rehearsal import definition, loose, reserve, stage
from wfnb.errors import WfnbError

keys = st.sampled_from(
    ["reserve", "loose", "wait", "GO", "ask", "check", "reserve@1", "parse", "hold", "workflow:x", "?"]
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
names = st.sampled_from(
    ["held", "$error", "$each", "message", "category", "token", "payload", "vars", "$secret", ""]
)
values = st.recursive(
    scalars | st.just({"$error": {"message": "No."}}) | st.just({"held": 2}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=3)
        | st.lists(inner, min_size=1, max_size=3).map(lambda entries: {"$each": entries})
    ),
    max_leaves=6,
)
EVERYTHING = definition(
    attempt("try", [each("loop", "payload.items", [reserve(), loose("loose", a="vars.reserve")], concurrency=2)], []),
    {"id": "hold", "type": "shop.hold", "config": {"sku": "x", "saveAs": "vars.hold"}},
    {"id": "parse", "type": "email.parseBody", "config": {"text": "Hello"}},
    {"id": "wait", "type": "event.wait", "config": {"eventName": "GO", "correlationKey": {"$expr": "1"}}},
    {"id": "ask", "type": "human.task", "config": {"taskType": "check", "title": "?"}},
    when("big", "vars.hold.held > 0", [assign("a", n="vars.event.held")]),
)  # fmt: skip
STAGE = stage()


@settings(max_examples=150)
@given(st.dictionaries(keys, values, max_size=4), st.lists(values, max_size=3))
def test_any_fixtures_end_in_a_result_or_in_a_typed_error(fixtures: dict[str, Any], items: list[Any]) -> None:
    try:
        made = STAGE.simulate(EVERYTHING, {"items": items}, fixtures=fixtures)
    except WfnbError:
        return
    assert made.status in ("completed", "paused", "failed")
    assert (made.status == "failed") == bool(made.errors)
    assert made.to_json()["status"] == made.status
    assert made == STAGE.simulate(EVERYTHING, {"items": items}, fixtures=fixtures)
    assert repr(made)


@settings(max_examples=100)
@given(values, values, values)
def test_any_arguments_end_in_a_result_or_in_a_typed_error(payload: Any, fixtures: Any, limits: Any) -> None:
    for given_limits in (None, limits):
        try:
            made = STAGE.simulate(EVERYTHING, payload, fixtures=fixtures, limits=given_limits)
        except WfnbError:
            continue
        assert made.status in ("completed", "paused", "failed")
