"""A recorded run of any number of steps, made by the machine and stored many steps at a time: the record is the same."""

from __future__ import annotations

from pathlib import Path

import wfnb
from wfnb.machine.kinds import MACHINES
from wfnb.machine.messages import Advance, Command, Start
from wfnb.machine.protocol import evaluate
from wfnb.store.port import state_at
from wfnb.store.records import Commit, Macrostep

_INNER = 1_000  # items of the inner loop
_COMMIT = 500
_TICK_US = 1_000


def record(folder: Path, steps: int) -> str:
    """The id of a run of about so many steps in a workspace at a folder."""
    count = {
        "id": "count",
        "type": "transform.assign",
        "config": {"assign": {"vars.n": {"$expr": "vars.item"}}},
    }
    with wfnb.open(folder) as ws:
        inner = _loop("inner", "item", count)
        assert ws.publish({"id": "long", "name": "Long", "steps": [_loop("outer", "round", inner)]}).ok
        held = ws.debug("long", {"inner": list(range(_INNER)), "outer": list(range(steps // _INNER))}).run
        _drive(ws, held.id)
        return held.id


def _loop(name: str, item: str, body: object) -> dict[str, object]:
    items = {"$expr": f"payload.{name}"}
    return {"id": name, "type": "control.forEach", "items": items, "itemVar": item, "body": [body]}


def _drive(ws: wfnb.Workspace, run_id: str) -> None:
    store, engine = ws._store, ws._engine
    row = store.run(run_id)
    assert row is not None
    program, machine = engine.programs.get(row.workflow_id, row.workflow_version), MACHINES[row.kind]
    state, at_us, seq = state_at(store, row), row.updated_us, 0
    command: Command = Start(at_us=at_us)
    while not state.terminal:
        made: list[Macrostep] = []
        while not state.terminal and len(made) < _COMMIT:
            at_us += _TICK_US
            events = []
            for event, after in machine.microsteps(program, state, command, evaluate):
                events.append(event)
                state = after
            made.append(Macrostep(at_us, type(command).__name__, tuple(events)))
            command = Advance(at_us=at_us)
        store.commit(Commit(row.run_no, row.epoch, seq, tuple(made), state, None, release=state.terminal))
        seq += len(made)
