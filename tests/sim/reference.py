"""Small reference workflows for crash schedules, and the actions they call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.crashing import Outside
from unit.machine.world import Anything, assign, attempt, call, each, when
from wfnb.engine.programs import Programs
from wfnb.errors import ActionError, TransientError
from wfnb.registry.actions import ActionContext
from wfnb.services.definitions import publish
from wfnb.store.memory import MemoryStore
from wfnb.store.records import VersionRow
from wfnb.validate.catalog import Catalog


def pay(step_id: str, amount: str = "1", **extra: Any) -> dict[str, Any]:
    """A call with an effect outside."""
    return call(step_id, "pay", save_as=step_id, inputs={"amount": {"$expr": amount}}, **extra)


def child_call(step_id: str) -> dict[str, Any]:
    """A call of the workflow ``child``."""
    return {
        "id": step_id, "type": "control.callWorkflow", "workflowId": "child", "workflowVersion": 1,
        "inputMapping": {"n": {"$expr": "payload.n"}}, "outputMapping": {f"vars.{step_id}": {"$expr": "vars.childRun.vars.paid"}},
    }  # fmt: skip


RETRY = {"maxAttempts": 3, "backoffMs": 1000, "jitter": True}

WORKFLOWS: dict[str, list[dict[str, Any]]] = {
    "action": [assign("a", n="payload.n + 1"), pay("paid", "vars.n"), assign("b", sum="vars.n + vars.paid.amount")],
    "retry": [call("late", "late", save_as="late", inputs={"n": 1}, retry=RETRY), pay("paid")],
    "loop": [
        each("each", "[1, 2, 3]", [call("even", "odd_only", inputs={"n": {"$expr": "vars.item"}}), pay("paid", "vars.item")],
             onItemError="continue"),
        assign("done", last="vars.paid.amount"),
    ],
    "try": [
        attempt("try", [pay("first"), call("no", "refuse", inputs={"n": 1})], [pay("refund", "-1"), assign("why", text="error.message")]),
        when("ok", "vars.refund.amount = -1", [assign("after", x="1")]),
    ],
    "child": [child_call("one"), pay("own")],
    "shared": [
        pay("first", config={"idempotencyKey": {"$expr": "'k' & payload.n"}}),
        pay("second", config={"idempotencyKey": {"$expr": "'k' & payload.n"}}),
    ],
    "unhandled": [pay("paid"), call("no", "refuse", inputs={"n": 1}), pay("never")],
}  # fmt: skip
"""Steps by workflow id. `child` calls a workflow of one step; `shared` gives two steps one key; `unhandled` fails."""


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
        inner = {"child": [pay("paid", "payload.n")]}
        for name, steps in {**inner, **{f"{name}-run": steps for name, steps in WORKFLOWS.items()}}.items():
            written = {"id": name, "name": name, "steps": steps}
            published = publish(shelf, self.catalog, written, actor="test", now_us=0)
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
