"""Definitions the tests of pictures draw."""

from __future__ import annotations

from typing import Any

R = "root.steps"


def step(id_: str, kind: str = "state.set", **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": kind, **more}


def plain(count: int) -> dict[str, Any]:
    return {"id": "plain", "name": "Plain", "steps": [step(f"s{index}") for index in range(count)]}


def branching() -> dict[str, Any]:
    """An if, a loop and a try, with a return in the else branch."""
    return {
        "id": "orders",
        "version": 2,
        "name": "Orders",
        "trigger": {"type": "event", "eventName": "ORDER"},
        "steps": [
            step("check", "action.call", config={"actionId": "check_order", "version": 1}),
            step(
                "decide",
                "control.if",
                condition={"$expr": "payload.total > 10"},
                then=[step("big")],
                **{"else": [step("small"), step("stop", "control.return")]},
            ),
            step(
                "lines",
                "control.forEach",
                items={"$expr": "payload.lines"},
                itemVar="line",
                body=[step("price")],
            ),
            step(
                "guard",
                "control.tryCatch",
                captureErrorAs="problem",
                catch=[step("rescue")],
                **{"try": [step("pay")]},
            ),
            step("end"),
        ],
    }
