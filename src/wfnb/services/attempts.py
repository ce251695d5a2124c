"""Attempts: one recorded execution of a step, with the state it began with and what it got from the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from wfnb.machine.messages import Error
from wfnb.machine.writers import LANE, base_of
from wfnb.model.values import JsonValue, Path, get_path
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow, StepRow

__all__ = ["Recorded", "recorded"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One execution of a step.

    Parameters
    ----------
    run_id, seq, at_us
        The run, the macrostep before it, and the moment at which it began.
    envelope, items
        What its expressions read, and index and items of the loops around it, by id.
    result
        Output and error of what it asked; None when it asked nothing, or was not answered.
    """

    run_id: str
    seq: int
    at_us: int
    envelope: dict[str, JsonValue]
    items: Mapping[str, tuple[int, Sequence[JsonValue]]]
    result: tuple[JsonValue, Error | None] | None


def recorded(store: Store, row: RunRow, step_id: str, at: int | None) -> Recorded | None:
    """The last execution of a step in a run, or the one that was under way at a macrostep; None when there is none."""
    attempts = [step for step in store.steps(row.run_no) if step.step_id == step_id]
    if at is not None:
        attempts = [
            step for step in attempts if step.seq <= at and (step.end_seq is None or at <= step.end_seq)
        ]
    if not attempts:
        return None
    # Among parallel items several are under way at once: the one that began or ended just then is meant.
    chosen = next((step for step in attempts if at in (step.end_seq, step.seq)), attempts[-1])
    before = state_at(store, row, chosen.seq - 1)
    base = base_of(before.tree, chosen.instance)
    tree = get_path(before.tree, base)
    return Recorded(
        row.run_id,
        chosen.seq - 1,
        chosen.started_us,
        tree["envelope"],
        {**_items(before.tree), **_lanes(before.tree, base), **_items(tree)},
        _result(store, row, chosen),
    )


def _lanes(tree: JsonValue, base: Path) -> dict[str, tuple[int, Sequence[JsonValue]]]:
    """Loops with parallel items by id, on the way to a lane."""
    found: dict[str, tuple[int, Sequence[JsonValue]]] = {}
    for end in range(LANE, len(base) + 1, LANE):
        lanes = get_path(tree, base[: end - 2])
        found[lanes["id"]] = (int(base[end - 1]), lanes["items"])
    return found


def _items(tree: dict[str, JsonValue]) -> dict[str, tuple[int, Sequence[JsonValue]]]:
    """Loops under way by id."""
    found: dict[str, tuple[int, Sequence[JsonValue]]] = {}
    for frame in tree["frames"]:
        loop = frame.get("loop")
        if loop is not None:
            found[loop["id"]] = (loop["index"], loop["items"])
    return found


def _result(store: Store, row: RunRow, step: StepRow) -> tuple[JsonValue, Error | None] | None:
    effect_id = f"{step.instance}#{step.attempt}"
    for call in store.invocations(row.run_no):
        if call.effect_id == effect_id:
            if call.status == "SUCCEEDED":
                return call.output, None
            return None if call.error is None else (None, call.error)
    waited = store.wait(row.run_no, effect_id)
    if waited is not None and waited[1] is not None:
        return waited[1].payload, None
    child = store.child(row.run_no, effect_id)
    if child is None or child.status != "SUCCEEDED":
        return None if child is None or step.error is None else (None, step.error)
    envelope = state_at(store, child).envelope
    return {root: envelope[root] for root in ("payload", "vars", "meta")}, None
