"""A recorded run of an order workflow, behind the protocol that the stepper knows."""

from __future__ import annotations

import copy
from typing import Any

from wfnb.errors import CommandError
from wfnb.viz import Overlay, pipeline_svg

R = "root.steps"

ORDER: dict[str, Any] = {
    "id": "order-intake",
    "version": 3,
    "name": "Order intake",
    "trigger": {"type": "event", "eventName": "ORDER_RECEIVED"},
    "steps": [
        {"id": "validate-order", "type": "action.call", "config": {"actionId": "check_order", "version": 1}},
        {
            "id": "check-stock",
            "name": "Enough in stock?",
            "type": "control.if",
            "condition": {"$expr": "payload.quantity <= vars.stock"},
            "then": [
                {"id": "reserve", "type": "action.call", "config": {"actionId": "reserve", "version": 2}}
            ],
            "else": [
                {"id": "backorder", "type": "action.call", "config": {"actionId": "reorder", "version": 1}}
            ],
        },
        {
            "id": "each-line",
            "type": "control.forEach",
            "items": {"$expr": "payload.lines"},
            "itemVar": "line",
            "body": [{"id": "price-line", "type": "transform.assign"}],
        },
        {"id": "charge", "type": "action.call", "config": {"actionId": "charge_card", "version": 1}},
        {"id": "confirm", "type": "state.set", "config": {"state": "ORDERED"}},
    ],
}

LINES = [{"sku": f"A-{index}", "quantity": index + 1, "price": 9.5 * (index + 1)} for index in range(3)]

# One for every frame: instance path, type, status, what it wrote (None: removed).
SCRIPT: list[tuple[str, str, str, dict[tuple[Any, ...], Any]]] = [
    (f"{R}[0]", "action.call", "SUCCEEDED", {("vars", "stock"): 12, ("vars", "check"): {"valid": True, "score": 0.97}}),
    (f"{R}[1]", "control.if", "SUCCEEDED", {}),
    (f"{R}[1].then.steps[0]", "action.call", "SUCCEEDED", {("vars", "stock"): 6, ("vars", "reservation"): "res-81"}),
    (f"{R}[2]", "control.forEach", "SUCCEEDED", {}),
    (f"{R}[2].body{{0}}.steps[0]", "transform.assign", "SUCCEEDED", {("vars", "line"): LINES[0], ("vars", "total"): 9.5}),
    (f"{R}[2].body{{1}}.steps[0]", "transform.assign", "SUCCEEDED", {("vars", "line"): LINES[1], ("vars", "total"): 47.5}),
    (f"{R}[2].body{{2}}.steps[0]", "transform.assign", "SUCCEEDED", {("vars", "line"): LINES[2], ("vars", "total"): 133.0}),
    (f"{R}[3]", "action.call", "RETRY_SCHEDULED", {("vars", "line"): None, ("meta", "retries"): 1}),
    (f"{R}[3]", "action.call", "SUCCEEDED", {("payload", "receipt"): {"id": "rc-4", "amount": 133.0}}),
    (f"{R}[4]", "state.set", "SUCCEEDED", {("meta", "state"): "ORDERED"}),
]  # fmt: skip

START: dict[str, Any] = {
    "payload": {"customer": {"name": "Ann Lee", "email": "ann@example.com"}, "quantity": 6, "lines": LINES},
    "vars": {},
    "meta": {"state": "RECEIVED", "tags": []},
    "error": None,
}
NAMES = {f"{R}[{index}]": step["id"] for index, step in enumerate(ORDER["steps"])} | {
    f"{R}[1].then.steps[0]": "reserve",
    f"{R}[2].body.steps[0]": "price-line",
}


def definition_path(instance: str) -> str:
    return "".join(
        part.partition("}")[2] if index else part for index, part in enumerate(instance.split("{"))
    )


class ScriptedDebugger:
    """Plays `SCRIPT`; the last `ahead` frames are discovered only when they are stepped onto."""

    def __init__(self, ahead: int = 0, bulk: int = 0) -> None:
        self.position = 0
        self.known = len(SCRIPT) - ahead
        self.states: list[dict[str, Any]] = [copy.deepcopy(START)]
        if bulk:
            self.states[0]["vars"]["bulk"] = {"items": [{"n": n, "text": f"item {n}"} for n in range(bulk)]}
        self.changes: list[list[dict[str, Any]]] = [[]]
        for _, _, _, writes in SCRIPT:
            state, changes = copy.deepcopy(self.states[-1]), []
            for (scope, name), value in writes.items():
                had = {"old": state[scope][name]} if name in state[scope] else {}
                if value is None:
                    del state[scope][name]
                    changes.append({"op": "delete", "path": [scope, name], **had})
                else:
                    state[scope][name] = value
                    changes.append({"op": "set", "path": [scope, name], "new": value, **had})
            self.states.append(state)
            self.changes.append(changes)

    def frames_count(self) -> int:
        return self.known

    @property
    def finished(self) -> bool:
        return self.known == len(SCRIPT)

    def step(self) -> None:
        self.goto(min(self.position + 1, len(SCRIPT)))

    def back(self) -> None:
        if self.position == 0:
            raise CommandError("There is no step before the first one.", hint="Step on instead.")
        self.goto(self.position - 1)

    def goto(self, position: int) -> None:
        self.position = position
        self.known = max(self.known, position)

    def run_to_end(self) -> None:
        self.goto(len(SCRIPT))

    def restart(self) -> None:
        self.goto(0)

    def _step(self, index: int) -> dict[str, Any] | None:
        if not 0 <= index < len(SCRIPT):
            return None
        instance, kind, status, _ = SCRIPT[index]
        path = definition_path(instance)
        attempt = 2 if index == 8 else 1
        error = "The card service did not answer." if status == "RETRY_SCHEDULED" else None
        return {
            "id": NAMES[path], "path": path, "instance": instance, "type": kind,
            "status": status, "attempt": attempt, "error": error,
        }  # fmt: skip

    def view(self) -> dict[str, Any]:
        done = self.position == len(SCRIPT)
        return {
            "position": self.position,
            "length": self.known,
            "live": not self.finished,
            "title": "Order intake · run-0001",
            "status": "SUCCEEDED" if done else "RUNNING",
            "step": self._step(self.position - 1),
            "next": self._step(self.position),
            "state": self.states[self.position],
            "changes": self.changes[self.position],
            "marks": [{"at": 8, "kind": "retry"}] if self.known >= 8 else [],
        }

    def outline(self) -> dict[str, Any]:
        return ORDER

    def overlay(self) -> dict[str, Any]:
        status: dict[str, str] = {}
        counts: dict[str, int] = {}
        for instance, _, result, _ in SCRIPT[: self.position]:
            path = definition_path(instance)
            status[path] = result
            counts[path] = counts.get(path, 0) + 1
        current = definition_path(SCRIPT[self.position - 1][0]) if self.position else None
        taken = [[f"{R}[1]", "then"]] if self.position > 1 else []
        return {"status": status, "counts": counts, "taken": taken, "current": current}

    def static_picture(self) -> str:
        return pipeline_svg(self.outline(), Overlay.from_json(self.overlay()))
