"""The debugger on long runs: opening, jumping, stepping back, and going from breakpoint to breakpoint in both directions.

``WFNB_DEBUGGER_STEPS=1000000`` measures a run of that many steps as well.
"""

from __future__ import annotations

import os
import random
from pathlib import Path

from benchmarks import _fresh, _loop
from benchmarks.state_at import line

import wfnb
from wfnb.machine.kinds import MACHINES
from wfnb.machine.messages import Advance, Command, Start
from wfnb.machine.protocol import evaluate
from wfnb.model.paths import definition_path
from wfnb.store.port import state_at
from wfnb.store.records import Commit, Macrostep

INNER = 1_000
SAMPLES = 100
COMMIT = 500
TICK_US = 1_000


def run() -> list[dict[str, object]]:
    """The table."""
    lengths = [10_000, 100_000, *map(int, filter(None, [os.environ.get("WFNB_DEBUGGER_STEPS")]))]
    return [row for steps in lengths for row in measured(steps)]


def measured(steps: int) -> list[dict[str, object]]:
    """The lines of a run of so many steps."""
    with _fresh.folder() as path:
        run_id = record(path, steps)
        with wfnb.open(path) as ws:
            made = ws.run(run_id)
            goal = 1_000 if steps <= 100_000 else 10_000
            rows = [line(f"{steps:,} steps: open", goal, 3, made.debug)]
            debugger = made.debug()
            chosen = random.Random(1)
            goal = 50 if steps <= 10_000 else 2_000

            def anywhere() -> int:
                return chosen.randrange(debugger.length + 1)

            rows += [
                line("go to a step: state there", goal, SAMPLES, lambda: debugger.goto(anywhere()).state),
                line(
                    "go to a step: the whole view and picture",
                    100,
                    SAMPLES,
                    lambda: shown(debugger.goto(anywhere())),
                ),
                line("step back: the whole view and picture", 100, SAMPLES, lambda: shown(debugger.back())),
                line(
                    "step into: the whole view and picture", 100, SAMPLES, lambda: shown(debugger.step_into())
                ),
                line("marks of the whole run in 200 bins", 50, 10, debugger.marks),
                line("a page of 100 steps", 50, SAMPLES, lambda: debugger.steps_page(anywhere(), 100)),
            ]
            debugger.break_at("add", condition=f"vars.total = {INNER - 1} and vars.outer = -1")
            reach = min(steps, 10_000)
            rows += [
                line(
                    f"go on over {reach:,} steps with a condition",
                    3_000,
                    1,
                    lambda: debugger.goto(debugger.length - reach).continue_(),
                ),
            ]
            debugger.breakpoints.clear()
            debugger.break_at("each", hits="== 1")
            rows += [
                line(
                    f"reverse-continue over {steps:,} steps",
                    10_000,
                    1,
                    lambda: debugger.run_to_end().reverse_continue(),
                )
            ]
            return rows


def shown(debugger: wfnb.Debugger) -> object:
    """What the widget asks after every move."""
    return debugger.view(), debugger.overlay()


def record(path: Path, steps: int) -> str:
    """A run of a loop in a loop, made by the machine and stored many steps at a time: the record is the same."""
    with wfnb.open(path) as ws:
        definition = _loop.definition(_loop.PURE)
        inner = definition["steps"][0]
        outer = {
            "id": "outer",
            "type": "control.forEach",
            "items": {"$expr": "payload.outer"},
            "itemVar": "outer",
            "body": [inner],
        }
        ws.publish(definition | {"steps": [outer]})
        payload = {"start": 0, "items": list(range(INNER)), "outer": list(range(steps // INNER))}
        held = ws.debug(_loop.NAME, payload).run
        row, store, engine = held.row, ws._store, ws._engine  # noqa: SLF001 - the driver's own work is done here, in larger bites
        program, machine = engine.programs.get(row.workflow_id, row.workflow_version), MACHINES[row.kind]
        state = state_at(store, row)
        at_us, seq = row.updated_us, 0
        command: Command = Start(at_us=at_us)
        while not state.terminal:
            made: list[Macrostep] = []
            while not state.terminal and len(made) < COMMIT:
                at_us += TICK_US
                events = []
                for event, after in machine.microsteps(program, state, command, evaluate):
                    events.append(event)
                    state = after
                made.append(Macrostep(at_us, type(command).__name__, tuple(events)))
                command = Advance(at_us=at_us)
            place = machine.cursor(program, state)
            cursor = definition_path(place) if place else None
            store.commit(
                Commit(row.run_no, row.epoch, seq, tuple(made), state, cursor, release=state.terminal)
            )
            seq += len(made)
        return held.id
