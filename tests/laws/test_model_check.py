"""Laws of checking: whatever is written ends in findings or in a definition that links."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from laws.test_model import JSON
from unit.validate.examples import assign, attempt, call, definition, ends, expr, loop, make_catalog, when
from wfnb.model.definition import Definition
from wfnb.validate.check import check
from wfnb.validate.findings import has_errors
from wfnb.validate.link import link

CATALOG = make_catalog()
GOOD = definition(
    call("make", saveAs="made", idempotencyKey=expr("payload.id"), onError={"policy": "continue"}),
    when(
        expr("payload.paid = true"),
        loop(assign("line", vars__total=expr("coalesce(vars.total, 0) + vars.line.qty")), onItemError="continue"),
        **{"else": [{"id": "state", "type": "state.set", "config": {"state": "UNPAID"}}]},
    ),
    attempt(
        {"id": "wrap", "type": "text.wrap", "config": {"text": expr("payload.id"), "width": 4, "saveAs": "wrapped"}},
        {"id": "ship", "type": "control.callWorkflow", "workflowId": "ship-order", "workflowVersion": 2,
         "inputMapping": {"id": expr("payload.id")}, "outputMapping": {"vars.shipped": expr("vars.childRun.payload.id")}},
        catch=[assign("note", vars__problem=expr("error.message"))],
        captureErrorAs="caught",
    ),
    ends(),
    trigger={"type": "event", "eventName": "ORDER", "sourcePayloadSchemaRef": "event.Received.v1",
             "payloadMapping": {"id": expr("event.payload.number"), "paid": expr("false")}},
)  # fmt: skip

WORDS = st.sampled_from(
    ["", "root", "payload.id", "vars.", "control.if", "control.forEach", "action.call", "transform.assign", "state.set", "text.wrap",
     "email.parseBody", "create_ticket", "ship-order", "$expr", "1 +", "payload.lines[sku = vars.x]", "config", "id", "\ud800", "__proto__"]
)  # fmt: skip
ODD = st.sampled_from(
    [None, True, 0, -1, 3, 1.5, 10**400, float("nan"), float("inf"), [], {}, (), {1}, b"x", object()]
)
ANYTHING = st.recursive(
    WORDS | ODD | JSON,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["$expr", "$secret", "id", "type", "config", "then", "steps", "assign", "body"])
            | WORDS,
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(inner, (*path, key))


PLACES = st.sampled_from(list(places(GOOD))[1:])
MUTATIONS = st.lists(
    st.tuples(PLACES, st.sampled_from(["replace", "remove", "rename", "double"]), ANYTHING),
    min_size=1,
    max_size=4,
)


def mutated(written: Any, changes: list[tuple[tuple[Any, ...], str, Any]]) -> Any:
    written = copy.deepcopy(written)
    for path, how, value in changes:
        holder = written
        for key in path[:-1]:
            usable = isinstance(holder, dict) and key in holder
            usable = usable or (isinstance(holder, list) and isinstance(key, int) and key < len(holder))
            if not usable:
                break
            holder = holder[key]
        else:
            change(holder, path[-1], how, value)
    return written


def change(holder: Any, key: Any, how: str, value: Any) -> None:
    if isinstance(holder, dict) and key in holder:
        if how == "replace":
            holder[key] = value
        elif how == "double":
            holder[f"{key}x"] = holder[key]
        else:
            old = holder.pop(key)
            if how == "rename":
                holder[str(value)[:20]] = old
    elif isinstance(holder, list) and isinstance(key, int) and key < len(holder):
        if how == "remove":
            del holder[key]
        elif how == "double":
            holder.append(holder[key])
        else:
            holder[key] = value


def ends_well(written: Any) -> None:
    checked = check(written, CATALOG)
    assert (checked.definition is None) == has_errors(checked.findings)
    for finding in checked.findings:
        assert finding.message
        assert finding.code != "CANNOT_LINK", finding
    if checked.definition is not None:
        assert isinstance(checked.definition, Definition)
        assert link(checked.definition, CATALOG).hash


def test_the_good_definition_has_no_finding() -> None:
    assert check(GOOD, CATALOG).findings == ()


@given(ANYTHING)
@example("[" * 100)
@example({"steps": [{"type": "control.if", "then": [{"type": "control.if", "then": 5}]}]})
@example({"trigger": {"payloadMapping": {"$expr": {"$expr": 1}}}})
def test_anything_at_all_ends_in_findings_or_a_definition(written: Any) -> None:
    ends_well(written)


@given(MUTATIONS)
def test_a_good_definition_changed_anywhere_ends_in_findings_or_a_definition(changes: Any) -> None:
    ends_well(mutated(GOOD, changes))


@given(st.text(max_size=60) | st.text(st.sampled_from("{}[]:,\"'&*!|>-?#%@ \n\tab1$."), max_size=60))
def test_any_text_ends_in_findings_or_a_definition(text: str) -> None:
    ends_well(text)


@given(MUTATIONS)
def test_checking_twice_says_the_same(changes: Any) -> None:
    written = mutated(GOOD, changes)
    assert check(written, CATALOG) == check(written, CATALOG)
