"""Laws of the debugger, over films of generated pipelines: stepping is running, going back undoes it, jumping is folding."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from laws.test_machine_laws import pipelines
from proof.effort import examples
from unit.debug.films import Recorded, recorded
from wfnb.debug import commands as c
from wfnb.debug.breakpoints import Breakpoint
from wfnb.debug.session import Place, Session, reduce
from wfnb.errors import ActionError, TransientError
from wfnb.machine.state import fold

BEGUN = Session(Place("run-0001"))


def _stop(given: tuple[tuple[str, str], Any, Any, Any]) -> Breakpoint:
    (on, what), condition, hits, log = given
    return Breakpoint.of(on, what, condition=condition, hits=hits, log=log)


breakpoints = st.tuples(
    st.sampled_from(
        [
            ("type", "*"),
            ("type", "transform.assign"),
            ("type", "control.*"),
            ("error", "*"),
            ("path", "vars.x"),
            ("action", "ok"),
        ]
    ),
    st.sampled_from([None, "coalesce(vars.x, 0) > 1", "vars.x + 'a' = 1"]),
    st.sampled_from([None, 2, "== 2", "every 2"]),
    st.sampled_from([None, None, None, "x is {vars.x}"]),
).map(_stop)

moves = st.one_of(
    st.sampled_from(
        [
            c.Step(), c.StepBack(), c.StepInto(), c.StepBackInto(), c.StepOver(), c.StepOut(), c.Continue(), c.ReverseContinue(),
            c.Restart(), c.RunToEnd(), c.SetGranularity("event"), c.SetGranularity("step"), c.ClearBreakpoints(),
        ]
    ),
    st.builds(c.GoTo, st.integers(-2, 40)),
    st.builds(c.AddBreakpoint, breakpoints),
    st.builds(c.EnableBreakpoint, st.integers(1, 3), st.booleans()),
)  # fmt: skip


def film_of(steps: list[dict[str, Any]]) -> Recorded:
    tries: dict[str, int] = {}

    def fails(_data: Any) -> Any:
        raise ActionError("Fails.")

    def busy(_data: Any) -> Any:
        tries["n"] = tries.get("n", 0) + 1
        if tries["n"] % 3:
            raise TransientError("Busy.")
        return {}

    return recorded(steps, {"ok": lambda data: {"n": 1}, "fails": fails, "busy": busy})


def do(run: Recorded, session: Session, *commands: c.Command) -> Session:
    for command in commands:
        session = reduce(session, lambda _: run.reel, command)
    return session


@settings(max_examples=examples(60), deadline=None)
@given(pipelines)
def test_stepping_to_the_end_is_running_to_the_end(steps: list[dict[str, Any]]) -> None:
    run = film_of(steps)
    end = do(run, BEGUN, c.RunToEnd()).at
    assert do(run, BEGUN, *[c.Step()] * run.reel.length).at == end
    session, count = BEGUN, 0
    while session.at != end:
        session, count = do(run, session, c.StepInto()), count + 1
    assert count == sum(max(len(run.reel.inside(position)), 1) for position in range(run.reel.length))


@settings(max_examples=examples(60), deadline=None)
@given(pipelines)
def test_back_undoes_a_step_and_a_microstep(steps: list[dict[str, Any]]) -> None:
    run = film_of(steps)
    for position in range(run.reel.length):
        here = do(run, BEGUN, c.GoTo(position))
        assert do(run, here, c.Step(), c.StepBack()).at == here.at
        session = here
        for _ in run.reel.inside(position):
            assert do(run, session, c.StepInto(), c.StepBackInto()).at == session.at
            session = do(run, session, c.StepInto())
        assert session.at == Place("run-0001", position + 1)


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, st.data())
def test_going_to_a_position_is_folding_what_lies_before_it(
    steps: list[dict[str, Any]], data: st.DataObject
) -> None:
    run = film_of(steps)
    for position in data.draw(st.lists(st.integers(0, run.reel.length), max_size=8)):
        before = (write for seq in range(run.film.seq_at(position)) for write in run.written[seq])
        assert run.film.state(position).tree == fold(run.start, before).tree
    for position in range(run.reel.length):
        inside = run.reel.inside(position)
        assert inside[-1].state.tree == run.film.state(position + 1).tree, (
            "and so is stepping through the inside"
        )


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, st.lists(moves, max_size=12))
def test_a_session_is_what_its_commands_make_of_the_film(
    steps: list[dict[str, Any]], commands: list[c.Command]
) -> None:
    run = film_of(steps)
    session = do(run, BEGUN, *commands)
    fresh = Recorded(run.world, run.start)  # a second film of the same run, of which nothing is known yet
    assert do(fresh, BEGUN, *commands) == session
    assert 0 <= session.at.position <= run.reel.length
    assert 0 <= session.at.microstep <= len(run.reel.inside(session.at.position))


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, st.lists(breakpoints, min_size=1, max_size=3))
def test_going_back_from_one_breakpoint_leads_to_the_one_before(
    steps: list[dict[str, Any]], given_stops: list[Breakpoint]
) -> None:
    run = film_of(steps)
    session = do(run, BEGUN, *map(c.AddBreakpoint, given_stops))
    there = []
    while (session := do(run, session, c.Continue())).stop.why == "breakpoint":
        there.append((session.at, session.stop))
    back = []
    while (session := do(run, session, c.ReverseContinue())).stop.why == "breakpoint":
        back.append((session.at, session.stop))
    back = [
        (at, stop) for at, stop in back if at.position > 0
    ]  # it may stand before the first step, where going on begins
    end = [place for place in there if place[0].position == run.reel.length]
    assert back[::-1] == [place for place in there if place not in end]


@settings(max_examples=examples(60), deadline=None)
@given(pipelines, st.lists(breakpoints, min_size=1, max_size=3))
def test_what_is_ruled_out_at_a_glance_is_not_there_at_a_second_look(
    steps: list[dict[str, Any]], given_stops: list[Breakpoint]
) -> None:
    run = film_of(steps)
    for stop in given_stops:
        for position in range(run.reel.length + 1):
            if run.reel.rules_out(position, stop):
                assert stop.found(run.reel.moment(position, stop)) is None
