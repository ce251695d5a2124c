"""The session: where every command leads, over loops, branches, parallel items, errors and retries."""

from __future__ import annotations

from typing import Any

import pytest

from unit.debug.films import Recorded, ahead, recorded
from unit.machine.world import assign, attempt, call, each, when
from wfnb.debug import commands as c
from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.places import block_of, item_of
from wfnb.debug.session import Place, Session, reduce
from wfnb.errors import ActionError, TransientError

BEGUN = Session(Place("run-0001"))
LOOP = [
    assign("a", x="0"),
    each("l", "[1, 2, 3]", [assign("i", x="vars.item"), when("w", "vars.item = 2", [assign("t", y="1")])]),
    assign("z", done="true"),
]


def do(run: Recorded, *commands: c.Command, begun: Session = BEGUN) -> Session:
    session = begun
    for command in commands:
        session = reduce(session, lambda _: run.reel, command)
    return session


def at(run: Recorded, position: int) -> Session:
    return do(run, c.GoTo(position))


def next_id(run: Recorded, session: Session) -> str | None:
    step = run.reel.ahead(session.at.position)
    return step.id if step else None


def test_a_step_goes_on_and_back_and_stays_on_the_film() -> None:
    run = recorded(LOOP)
    assert ahead(run.reel) == ["a", "l", "i", "w", "i", "w", "t", "i", "w", "z", None]
    assert do(run, c.Step(), c.Step(), c.StepBack()).at == Place("run-0001", 1)
    assert do(run, c.StepBack()).stop.why == "beginning"
    assert do(run, c.RunToEnd(), c.Step()).at.position == 10
    assert do(run, c.GoTo(-3)).at.position == 0
    assert do(run, c.GoTo(99), c.Restart()).at.position == 0


def test_over_a_step_is_behind_everything_inside_it() -> None:
    run = recorded(LOOP)
    assert next_id(run, do(run, c.StepOver())) == "l"
    assert next_id(run, do(run, c.StepOver(), c.StepOver())) == "z", "a whole loop"
    branch = do(run, c.GoTo(5), c.StepOver())
    assert (next_id(run, branch), branch.at.position) == ("i", 7), "a whole branch"
    assert do(run, c.GoTo(9), c.StepOver()).stop.why == "end"


def test_out_of_a_block_is_behind_its_item_or_branch() -> None:
    run = recorded(LOOP)
    assert do(run, c.GoTo(2), c.StepOut()).at.position == 4, "the second item begins"
    assert do(run, c.GoTo(6), c.StepOut()).at.position == 7, "out of the branch, into the third item"
    assert next_id(run, do(run, c.GoTo(7), c.StepOut())) == "z"
    assert do(run, c.GoTo(1), c.StepOut()).at.position == 10, "out of the run is its end"


def test_parallel_items_are_stepped_over_and_out_of_one_by_one() -> None:
    body = [call("p", "act"), call("q", "act"), assign("r", x="1")]
    steps = [each("l", "[1, 2]", body, concurrency=2), assign("z", x="2")]
    run = recorded(steps, {"act": lambda data: {}}, together=True)
    ended = [f"{step.id}{item_of(block_of(step.instance))}" for step in run.film.steps(run.reel.length)]
    assert ended == ["lNone", "p0", "p1", "q0", "r0", "q1", "r1", "zNone"], "the items take turns"

    def moved(position: int, command: c.Command) -> str:
        return ended[do(run, c.GoTo(position), command).at.position - 1]

    assert moved(1, c.StepOver()) == "p1", "the next step of the same item is q0"
    assert moved(3, c.StepOver()) == "q0", "before r0"
    assert moved(4, c.StepOver()) == "r0", "the item is over"
    assert moved(1, c.StepOut()) == "r0"
    assert moved(2, c.StepOut()) == "r1"
    assert moved(0, c.StepOver()) == "r1"


def test_into_a_step_goes_through_its_evaluations_and_events() -> None:
    steps = [
        {
            "id": "a",
            "type": "transform.assign",
            "config": {"assign": {"vars.x": {"$expr": "1 + 1"}, "vars.y": {"$expr": "vars.x * 2"}}},
        }
    ]
    run = recorded(steps)
    inside = run.reel.inside(0)
    assert [(one.what.kind, getattr(one.what, "name", None) or one.what.source) for one in inside] == [
        ("event", "RunStarted"), ("event", "StepStarted"), ("evaluation", "1 + 1"), ("evaluation", "vars.x * 2"),
        ("event", "StepSucceeded"), ("event", "RunSucceeded"),
    ]  # fmt: skip
    assert [one.what.value for one in inside if one.what.kind == "evaluation"] == [2, 4]
    assert inside[3].envelope["vars"] == {"x": 2}, "the second assignment sees the first one"
    assert [do(run, *[c.StepInto()] * n).at for n in (1, 5, 6)] == [
        Place("run-0001", 0, 1), Place("run-0001", 0, 5), Place("run-0001", 1, 0)
    ]  # fmt: skip
    assert do(run, *[c.StepInto()] * 6, c.StepBackInto()).at == Place("run-0001", 0, 5)
    assert do(run, c.StepInto(), c.StepBack()).at == Place("run-0001", 0, 0)
    assert do(run, c.StepInto(), c.Step()).at == Place("run-0001", 1, 0)


def test_every_field_of_an_input_is_an_evaluation_of_its_own() -> None:
    inputs = {"a": {"$expr": "payload.n"}, "deep": {"list": [{"$expr": "payload.n + 1"}, 5]}}
    run = recorded(
        [call("c", "act", inputs=inputs, save_as="vars.out")], {"act": lambda data: {"n": 7}}, {"n": 1}
    )
    seen = [one.what for one in run.reel.inside(0)]
    evaluated = [
        (what.field.rpartition("inputMapping.")[2], what.value) for what in seen if what.kind == "evaluation"
    ]
    assert [value for _, value in evaluated] == [1, 2]
    assert [what.name for what in seen if what.kind == "event"] == [
        "RunStarted", "StepStarted", "InvocationScheduled", "InvocationSucceeded", "StepSucceeded", "RunSucceeded"
    ]  # fmt: skip


def test_an_evaluation_that_fails_is_seen_with_its_error() -> None:
    run = recorded([attempt("t", [assign("bad", x="payload.absent")], [assign("c", why="error.message")])])
    [failed] = [one.what for one in run.reel.inside(1) if one.what.kind == "evaluation"]
    assert failed.error
    assert "payload.absent" in failed.error


def test_the_inside_of_every_step_ends_where_the_next_position_begins() -> None:
    tries: list[int] = []

    def busy(_data: Any) -> Any:
        tries.append(1)
        if len(tries) < 3:
            raise TransientError("Busy.")
        return {}

    def no(_data: Any) -> Any:
        raise ActionError("No.")

    steps = [
        *LOOP,
        call("b", "busy", retry={"maxAttempts": 3, "backoffMs": 5}),
        attempt("t", [call("n", "no")], [assign("c", why="error.message")]),
        each("p", "[1, 2]", [call("q", "ok", save_as="vars.q"), assign("r", x="vars.item")], concurrency=2),
        {"id": "wait", "type": "time.wait", "config": {"mode": "duration", "durationMs": 5}},
    ]
    run = recorded(steps, {"busy": busy, "no": no, "ok": lambda data: {"n": 1}}, together=True)
    for position in range(run.reel.length):
        inside = run.reel.inside(position)
        assert inside[-1].state.tree == run.film.state(position + 1).tree
        assert not any("recorded" in getattr(one.what, "facts", {}) for one in inside), position


def test_it_goes_on_and_back_between_breakpoints() -> None:
    run = recorded(LOOP)
    begun = do(run, c.AddBreakpoint(Breakpoint.of("step", "i")))
    positions = []
    session = begun
    while (session := do(run, c.Continue(), begun=session)).stop.why == "breakpoint":
        positions.append(session.at.position)
        assert session.stop.breakpoint == 1
    assert positions == [2, 4, 7]
    back = []
    while (session := do(run, c.ReverseContinue(), begun=session)).stop.why == "breakpoint":
        back.append(session.at.position)
    assert back == [7, 4, 2]
    assert (session.at.position, session.stop.why) == (0, "beginning")


@pytest.mark.parametrize(("hits", "stops"), [("== 2", [4]), ("every 2", [4]), (">= 2", [4, 7]), (3, [7])])
def test_counts_are_of_the_film_and_not_of_the_way(hits: Any, stops: list[int]) -> None:
    run = recorded(LOOP)
    session = do(run, c.AddBreakpoint(Breakpoint.of("step", "i", hits=hits)))
    for _ in range(2):
        positions = []
        session = do(run, c.Restart(), begun=session)
        while (session := do(run, c.Continue(), begun=session)).stop.why == "breakpoint":
            positions.append(session.at.position)
        assert positions == stops
    assert do(run, c.ReverseContinue(), begun=session).at.position == stops[-1]


def test_conditions_paths_and_errors_stop_where_they_should() -> None:
    run = recorded([*LOOP, attempt("t", [assign("bad", x="payload.absent")], [])])
    for stop, position in (
        (Breakpoint.of("step", "i", condition="vars.item = 3"), 7),
        (Breakpoint.of("path", "vars.y"), 7),
        (Breakpoint.of("path", "vars.done"), 10),
        (Breakpoint.of("error", "*"), 12),
        (Breakpoint.of("type", "control.if"), 3),
    ):
        assert do(run, c.AddBreakpoint(stop), c.Continue()).at.position == position, stop
    actions = recorded([assign("a", x="1"), call("c", "act")], {"act": lambda data: {}})
    assert do(actions, c.AddBreakpoint(Breakpoint.of("action", "act@1")), c.Continue()).at.position == 1


def test_a_log_point_says_its_line_and_a_fault_is_a_line() -> None:
    run = recorded(LOOP)
    log = c.AddBreakpoint(Breakpoint.of("step", "i", log="item {vars.item}"))
    bad = c.AddBreakpoint(Breakpoint.of("step", "z", condition="vars.item + 'x'"))
    session = do(run, log, bad, c.Continue())
    assert session.stop.why == "end"
    lines = [(line.position, line.breakpoint, line.kind) for line in session.log]
    assert lines == [(2, 1, "log"), (4, 1, "log"), (7, 1, "log"), (9, 2, "fault")]
    assert [line.text for line in session.log][:3] == ["item 1", "item 2", "item 3"]


def test_breakpoints_are_turned_off_and_taken_away() -> None:
    run = recorded(LOOP)
    one, two = (c.AddBreakpoint(Breakpoint.of("step", name)) for name in ("i", "z"))
    assert do(run, one, two, c.EnableBreakpoint(1, False), c.Continue()).at.position == 9
    assert [stop.id for stop in do(run, one, c.RemoveBreakpoint(1), two).breakpoints] == [2]
    assert do(run, one, two, c.ClearBreakpoints()).breakpoints == ()


def test_run_to_a_step_is_behind_it_and_nowhere_when_there_is_none() -> None:
    run = recorded(LOOP)
    assert do(run, c.RunTo("t")).at.position == 7
    assert do(run, c.RunTo("root.steps[1].body{2}.steps[0]")).at.position == 8
    assert do(run, c.GoTo(8), c.RunTo("t")) == at(run, 8)


def test_watches_frames_and_granularity_are_kept() -> None:
    run = recorded(LOOP)
    session = do(
        run, c.AddWatch("vars.x"), c.AddWatch("vars.x"), c.AddWatch("1"), c.RemoveWatch("1"), c.SelectFrame(2)
    )
    assert (session.watches, session.frame) == (("vars.x",), 2)
    assert do(run, c.Step(), begun=session).frame == 0
    fine = do(run, c.SetGranularity("event"), c.Step(), c.Step(), c.StepBack())
    assert fine.at == Place("run-0001", 0, 1)
