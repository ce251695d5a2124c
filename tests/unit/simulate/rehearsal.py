"""A workspace for simulations: its actions must never be called."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

import wfnb
from wfnb.simulation import Simulation


class Line(BaseModel):
    """Input of ``reserve``."""

    sku: str
    quantity: int = Field(default=1, ge=1)


class Held(BaseModel):
    """Output of ``reserve``."""

    held: int
    place: str = "A1"
    token: str | None = None


class Anything(BaseModel):
    """Input and output of actions that take everything."""

    model_config = ConfigDict(extra="allow")


class Order(BaseModel):
    """A payload schema."""

    id: int = Field(ge=100)
    lines: list[str]


def never(*_args: Any) -> Any:
    """Any call is an effect, and a simulation has none."""
    raise AssertionError("a simulation called somebody's code")


def stage(**options: Any) -> wfnb.Workspace:
    """A workspace with three actions, a node type and a payload schema."""
    ws = wfnb.open(store="memory", **options)

    @ws.action(
        "reserve", side_effect=True, idempotency=never, retry={"maxAttempts": 5, "retryOn": ["ActionError"]}
    )
    def reserve(data: Line) -> Held:
        return never(data)

    @ws.action("loose")
    def loose(data: Anything) -> Anything:
        return never(data)

    @ws.action("parse_email_reply")
    def parse(data: Anything) -> Anything:
        return never(data)

    @ws.action("convert_html_to_blocks")
    def convert(data: Anything) -> Anything:
        return never(data)

    @ws.node("shop.hold")
    def hold(data: Line) -> Held:
        return never(data)

    ws.schema("payload.Order.v1", Order)
    return ws


def definition(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A definition of these steps."""
    return {"id": "order", "name": "Order", "steps": list(steps), **more}


def reserve(step_id: str = "reserve", sku: str = "'x'", **extra: Any) -> dict[str, Any]:
    """A step that calls ``reserve`` and saves what it gives under the step's id."""
    config = {
        "actionId": "reserve",
        "version": 1,
        "inputMapping": {"sku": {"$expr": sku}},
        "saveAs": f"vars.{step_id}",
    }
    return {"id": step_id, "type": "action.call", "config": {**config, **extra.pop("config", {})}, **extra}


def loose(step_id: str, **inputs: str) -> dict[str, Any]:
    """A step that calls ``loose`` with expressions as inputs."""
    mapping = {name: {"$expr": text} for name, text in inputs.items()}
    config = {"actionId": "loose", "version": 1, "inputMapping": mapping, "saveAs": f"vars.{step_id}"}
    return {"id": step_id, "type": "action.call", "config": config}


def outcomes(simulation: Simulation) -> list[tuple[str, str]]:
    """Id and outcome of every entry."""
    return [(entry.step_id, entry.outcome) for entry in simulation.trace]
