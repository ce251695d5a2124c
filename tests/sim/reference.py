"""Small reference workflows for crash schedules, and the actions they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.crashing import Outside
from sim.waiting import CHILD, KEY, event, pause, waits
from unit.machine.world import Anything, assign, attempt, call, each, state, when
from wfnb.engine.programs import Programs
from wfnb.errors import ActionError, TransientError
from wfnb.registry.actions import ActionContext
from wfnb.services.audit import Actor
from wfnb.services.definitions import publish
from wfnb.store.memory import MemoryStore
from wfnb.store.records import VersionRow
from wfnb.validate.catalog import Catalog


def pay(step_id: str, amount: str = "1", **extra: Any) -> dict[str, Any]:
    """A call with an effect outside."""
    return call(step_id, "pay", save_as=step_id, inputs={"amount": {"$expr": amount}}, **extra)


def child_call(step_id: str, workflow: str = "child", n: str = "payload.n", **extra: Any) -> dict[str, Any]:
    """A call of another workflow."""
    return {
        "id": step_id, "type": "control.callWorkflow", "workflowId": workflow, "workflowVersion": 1,
        "inputMapping": {"n": {"$expr": n}}, "outputMapping": {f"vars.{step_id}": {"$expr": "vars.childRun.vars.paid"}}, **extra,
    }  # fmt: skip


def refuse(step_id: str, **extra: Any) -> dict[str, Any]:
    """A call that has an effect and then fails, always."""
    return call(step_id, "refuse", inputs={"n": 1}, **extra)


def odd(step_id: str, n: str, **extra: Any) -> dict[str, Any]:
    """A call that has an effect and then fails for even numbers."""
    return call(step_id, "odd_only", inputs={"n": {"$expr": n}}, **extra)


def keyed(step_id: str, key: str, amount: str = "1") -> dict[str, Any]:
    """A payment with a key of its own."""
    return pay(step_id, amount, config={"idempotencyKey": {"$expr": key}})


RETRY = {"maxAttempts": 3, "backoffMs": 1000, "jitter": True}
PERSIST = {"maxAttempts": 3, "backoffMs": 10, "retryOn": ["ActionError"]}
GO_ON = {"onError": {"policy": "continue"}}
NEXT = {"onItemError": "continue"}
END = {"id": "end", "type": "control.return"}

BLOCKS: dict[str, list[dict[str, Any]]] = {
    "action": [assign("a", n="payload.n + 1"), pay("paid", "vars.n"), assign("b", sum="vars.n + vars.paid.amount")],
    "loop": [
        each("each", "[1, 2, 3]", [odd("even", "vars.item"), pay("paid", "vars.item")], **NEXT),
        assign("done", last="vars.paid.amount"),
    ],
    "try": [
        attempt("try", [pay("first"), refuse("no")], [pay("refund", "-1"), assign("why", text="error.message")]),
        when("ok", "vars.refund.amount = -1", [assign("after", x="1")]),
    ],
    "unhandled": [pay("paid"), refuse("no"), pay("never")],
    "empty": [
        when("nothing", "true", []), each("none", "[]", [pay("never")]), attempt("quiet", [], [pay("never_too")]),
        attempt("caught", [refuse("no")], []), pay("paid"),
    ],
    "else": [when("one", "payload.n = 1", [pay("never")], [when("two", "payload.n > 1", [pay("paid")], [])]), assign("a", x="vars.paid.amount")],
    "if_in_loop": [each("each", "[1, 2, 3]", [when("small", "vars.item < 2", [pay("little", "vars.item")], [pay("much", "vars.item * 10")])])],
    "loop_in_loop": [
        each("rows", "[[1, 2], [3]]", [each("cells", "vars.row", [odd("cell", "vars.one"), pay("paid", "vars.one")], var="one")], var="row", **NEXT),
        pay("total"),
    ],
    "try_in_loop_in_try": [
        attempt("outer", [
            each("each", "[1, 2]", [attempt("inner", [odd("step", "vars.item"), pay("fine", "vars.item")], [pay("mend", "vars.item")])]),
            refuse("no"),
        ], [pay("refund", "-1")]),
    ],
    "loop_in_try": [attempt("try", [each("each", "[1, 2, 3]", [odd("step", "vars.item")])], [assign("why", text="error.message"), pay("refund", "-1")])],
    "try_in_catch": [attempt("try", [refuse("no")], [attempt("again", [refuse("no_again")], [pay("last")])]), pay("paid")],
    "error_in_catch": [attempt("outer", [attempt("inner", [refuse("no")], [refuse("no_again"), pay("never")])], [pay("refund", "-1")])],
    "return_from_depth": [
        attempt("try", [each("each", "[1, 2, 3]", [pay("paid", "vars.item"), when("enough", "vars.item = 2", [END])])], [pay("never")]),
        pay("never_too"),
    ],
    "go_on": [refuse("no", **GO_ON), each("each", "[1, 2]", [odd("step", "vars.item", **GO_ON), pay("paid", "vars.item")]), pay("after")],
    "bad_expression": [
        attempt("try", [assign("bad", x="payload.absent")], [pay("refund", "-1")]),
        each("each", "[1, 2]", [assign("half", x="vars.item = 1 ? vars.gone : vars.item"), pay("paid", "vars.item")], **NEXT),
    ],
    "states": [state("one", "NEW"), pay("paid"), when("is", "meta.state = 'NEW'", [state("two", "PAID")]), pay("again")],
}  # fmt: skip
"""Every control block inside every other one, empty blocks, and each way out of them."""

REPEATED: dict[str, list[dict[str, Any]]] = {
    "retry": [call("late", "late", save_as="late", inputs={"n": 1}, retry=RETRY), pay("paid")],
    "retry_in_loop": [each("each", "[1, 2]", [call("late", "late", inputs={"n": {"$expr": "vars.item"}}, retry=RETRY), pay("paid", "vars.item")], **NEXT)],
    "retry_in_vain": [attempt("try", [refuse("no", retry=PERSIST)], [pay("refund", "-1")])],
    "retry_then_next": [each("each", "[1, 2]", [odd("step", "vars.item", retry=PERSIST), pay("paid", "vars.item")], **NEXT)],
    "shared": [keyed("first", "'k' & payload.n"), keyed("second", "'k' & payload.n")],
    "keyed_loop": [each("each", "[1, 2, 1]", [keyed("paid", "'item ' & vars.item", "vars.item")])],
}  # fmt: skip
"""Attempts after attempts, and calls that are recognised by their key."""

CALLS: dict[str, list[dict[str, Any]]] = {
    "child": [child_call("one"), pay("own")],
    "child_in_loop": [each("each", "[1, 2]", [child_call("one", n="vars.item"), pay("own", "vars.item")])],
    "grandchild": [child_call("one", "parent"), pay("own")],
    "child_fails": [attempt("try", [child_call("one", "failing", retry=PERSIST)], [pay("refund", "-1")]), pay("own")],
}  # fmt: skip
"""Runs that call runs. `child_fails` calls one three times, and each ends badly after an effect of its own."""

WAITS = waits(pay, child_call)
"""Runs that wait for an event, a moment or a person."""

WORKFLOWS = {**BLOCKS, **REPEATED, **CALLS, **WAITS}
"""Steps of all reference workflows by name."""

CHILDREN: dict[str, list[dict[str, Any]]] = {
    "child": [pay("paid", "payload.n")],
    "parent": [child_call("inner"), pay("paid", "payload.n")],
    "failing": [pay("paid", "payload.n"), refuse("no")],
    CHILD: [event("answer", KEY), pause("rest"), pay("paid", "payload.n")],
}


class Bench:
    """Everything that schedules share: published versions, linked programs and actions; and the outside of the schedule at hand."""

    def __init__(self) -> None:
        self.outside = Outside()
        self.catalog = Catalog(versions_of=lambda _workflow: (1,))
        for function in (self.pay, self.late, self.odd_only, self.refuse):
            self.catalog.actions.add(
                _plain(function), id=function.__name__, side_effect=True, idempotency="engine"
            )
        shelf = MemoryStore()
        for name, steps in {
            **CHILDREN,
            **{f"{name}-run": steps for name, steps in WORKFLOWS.items()},
        }.items():
            written = {"id": name, "name": name, "steps": steps}
            published = publish(shelf, self.catalog, written, by=Actor("test"), now_us=0)
            assert published.ok, published.findings
        self.versions: list[VersionRow] = shelf.versions()
        self.programs = Programs(shelf, self.catalog)

    def pay(self, data: Anything, context: ActionContext) -> Anything:
        self.outside.apply("pay", data.model_dump(), context)
        return data

    def late(self, data: Anything, context: ActionContext) -> Anything:
        """Busy for the first seconds of the year, whoever asks and however often."""
        if context.now < "2026-01-01T00:00:02":
            self.outside.calls.append(("late", context.idempotency_key))
            raise TransientError("Not yet.")
        self.outside.apply("late", data.model_dump(), context)
        return data

    def odd_only(self, data: Anything, context: ActionContext) -> Anything:
        self.outside.apply("odd_only", data.model_dump(), context)
        if data.model_dump()["n"] % 2 == 0:
            raise ActionError("Even.", code="EVEN")
        return data

    def refuse(self, data: Anything, context: ActionContext) -> Anything:
        self.outside.apply("refuse", data.model_dump(), context)
        raise ActionError("No.", code="NO")


def _plain(method: Callable[[Anything, ActionContext], Anything]) -> Callable[..., Anything]:
    def act(data: Anything, ctx: ActionContext) -> Anything:
        return method(data, ctx)

    return act
