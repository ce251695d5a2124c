"""A recorded order of three lines, of which the card was charged at the second attempt; and a debugger on it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

import wfnb

R = "root.steps"
SECRETS = ("Ann Lee", "ann@example.com", "res-81", "rc-4")
HOSTILE = '</style></script><img src=x onerror="window.__bad = 1"><svg onload="window.__bad = 1">'

ORDER: dict[str, Any] = {
    "id": "order-intake",
    "name": "Order intake",
    "trigger": {"type": "event", "eventName": "ORDER_RECEIVED"},
    "steps": [
        {
            "id": "check-stock",
            "type": "transform.assign",
            "config": {"assign": {"vars.stock": 12, "vars.total": 0}},
        },
        {
            "id": "enough",
            "name": "Enough in stock?",
            "type": "control.if",
            "condition": {"$expr": "payload.quantity <= vars.stock"},
            "then": [
                {
                    "id": "reserve",
                    "type": "transform.assign",
                    "config": {
                        "assign": {
                            "vars.reservation": "res-81",
                            "vars.stock": {"$expr": "vars.stock - payload.quantity"},
                        }
                    },
                }
            ],
            "else": [{"id": "backorder", "type": "state.set", "config": {"state": "BACKORDER"}}],
        },
        {
            "id": "each-line",
            "type": "control.forEach",
            "items": {"$expr": "payload.lines"},
            "itemVar": "line",
            "body": [
                {
                    "id": "price-line",
                    "type": "transform.assign",
                    "config": {"assign": {"vars.total": {"$expr": "vars.total + vars.line.price"}}},
                }
            ],
        },
        {
            "id": "charge",
            "type": "action.call",
            "config": {
                "actionId": "charge_card",
                "version": 1,
                "inputMapping": {"amount": {"$expr": "vars.total"}},
                "saveAs": "payload.receipt",
            },
        },
        {"id": "confirm", "type": "state.set", "config": {"state": "ORDERED"}},
    ],
}
PAYLOAD: dict[str, Any] = {
    "customer": {"name": "Ann Lee", "email": "ann@example.com"},
    "quantity": 6,
    "lines": [{"sku": f"A-{index}", "price": 9.5 * (index + 1)} for index in range(3)],
}
LENGTH = 10
"""Positions of the recorded order."""


class Charge(BaseModel):
    amount: float


class Receipt(BaseModel):
    id: str
    amount: float


def order_desk(store: str = "memory", name: str = "Order intake") -> wfnb.Workspace:
    """A workspace with the order workflow; its card service does not answer at first."""
    ws = wfnb.open(store=store, clock="2026-01-01", seed=1)
    calls = []

    @ws.action(
        "charge_card", side_effect=True, idempotency="engine", retry={"maxAttempts": 3, "backoffMs": 1_000}
    )
    def _charge_card(charge: Charge) -> Receipt:
        calls.append(charge)
        if len(calls) == 1:
            raise wfnb.TransientError("The card service did not answer.")
        return Receipt(id="rc-4", amount=charge.amount)

    published = ws.publish(ORDER | {"name": name})
    assert published.ok, published.findings
    return ws


def order(bulk: int = 0, name: str = "Order intake") -> wfnb.Debugger:
    """A debugger on the recorded order; `bulk` entries more stand in its payload."""
    ws = order_desk(name=name)
    more = {"bulk": {"items": [{"n": n, "text": f"item {n}"} for n in range(bulk)]}} if bulk else {}
    return ws.start("order-intake", PAYLOAD | more).wait().debug()
