"""Forks: new runs that begin where another one stood, what they may cause, and who comes from whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from wfnb.engine.engine import Engine
from wfnb.errors import CommandError
from wfnb.machine.ahead import steps_ahead
from wfnb.machine.fork import Branch, forked
from wfnb.machine.pipeline.changes import Change
from wfnb.machine.state import State
from wfnb.model.values import JsonValue
from wfnb.services import starts
from wfnb.services.audit import Actor, note
from wfnb.services.changes import shown, to_json
from wfnb.services.operations import chosen
from wfnb.store.port import Store, state_at
from wfnb.store.records import NewRun, RunRow
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Asked", "Effect", "Relative", "ahead", "begin", "family", "not_confirmed", "place_before"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a fork is to be: where it begins, what is changed, which version it runs, and how it lives.

    `hold`: it waits in this process to be stepped. `state` is the state at that point, when somebody knows it already.
    """

    at: int
    changes: tuple[Change, ...] = ()
    version: int | None = None
    live: bool = False
    fixtures: Mapping[str, JsonValue] | None = None
    reason: str | None = None
    hold: bool = False
    state: State | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """A step that a run may come to and that calls an action with side effects."""

    step: LinkedStep
    workflow_id: str


@dataclass(frozen=True, slots=True)
class Relative:
    """A run of a family: how many forks lie between it and the first one, and the step before which it left its origin."""

    run: RunRow
    depth: int
    before: str | None


def place_before(store: Store, run: RunRow, step: str) -> int:
    """The macrostep after which a run stood before the last execution of a step.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_STEP`` when the run has not come to it.
    """
    return chosen(run, store.steps(run.run_no), step).seq - 1


def begin(store: Store, engine: Engine, run: RunRow, by: Actor, asked: Asked) -> RunRow:
    """Create a fork of a run, and have it driven or held. The run itself stays as it is.

    Raises
    ------
    CommandError
        ``FORK_RUN_OVER``, ``FORK_STEP_GONE``, ``FORK_STEP_DIFFERS``, ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
    NotFoundError
        ``NO_SUCH_STEP``, ``NO_SUCH_VERSION``.
    """
    state = state_at(store, run, asked.at) if asked.state is None else asked.state
    branch = _branch(engine, run, asked)

    def make(run_id: str, number: int) -> NewRun:
        started_us = engine.clock.start_us(run_id, number)
        first = forked(state, branch, asked.changes, run_id=run_id, started_us=started_us)
        owner, until_us = engine.lease()
        return NewRun(
            run_id, run.workflow_id, branch.version, branch.target.hash, first, started_us, kind=run.kind,
            trigger=f"fork:{run.run_id}", depth=run.depth, owner=owner, lease_until_us=until_us, tenant=run.tenant,
            forked_from=run.run_no, forked_seq=asked.at, live=asked.live, edits=to_json(asked.changes) or None,
            fixtures=dict(asked.fixtures) if asked.fixtures else None,
        )  # fmt: skip

    new = starts.under_next_id(engine, make, hold=asked.hold)
    _note(store, engine, run, new, by, asked, shown(_before(state, branch), asked.changes))
    return new


def _branch(engine: Engine, run: RunRow, asked: Asked) -> Branch:
    version = run.workflow_version if asked.version is None else asked.version
    source = engine.programs.get(run.workflow_id, run.workflow_version)
    target = engine.programs.get(run.workflow_id, version)
    return Branch(run.run_id, asked.at, asked.live, source, target, version)


def _before(state: State, branch: Branch) -> State:
    """The fork's state without the changes."""
    return forked(state, branch, (), run_id=state.run_id, started_us=0)


def _note(  # noqa: PLR0917 - an entry is made of these
    store: Store,
    engine: Engine,
    run: RunRow,
    new: RunRow,
    by: Actor,
    asked: Asked,
    told: dict[str, JsonValue],
) -> None:
    at_us = engine.clock.lease_us()
    facts = {"at": asked.at, "version": new.workflow_version, "live": asked.live, "edits": told}
    with store.database.writing() as session:
        for operation, target, other in (
            ("run.forked", run, {"new": new.run_id}),
            ("run.began_as_fork", new, {"of": run.run_id}),
        ):
            note(
                session, by, operation, ("run", target.run_id), at_us=at_us, reason=asked.reason,
                changes=other | facts,
            )  # fmt: skip


def ahead(store: Store, engine: Engine, run: RunRow, asked: Asked) -> list[Effect]:
    """The effects that a live fork may cause: those of its own steps, and of the workflows that it may call.

    Raises
    ------
    CommandError, NotFoundError
        When there can be no such fork: see `begin`.
    """
    branch = _branch(engine, run, asked)
    state = forked(state_at(store, run, asked.at), branch, asked.changes, run_id=run.run_id, started_us=0)
    steps = steps_ahead(branch.target, state)
    return list(_effects(engine, branch.target, steps, set()))


def _effects(
    engine: Engine, program: Program, steps: Sequence[LinkedStep], seen: set[tuple[str, int]]
) -> Iterator[Effect]:
    for step in steps:
        if step.action is not None and step.action.side_effect:
            yield Effect(step, program.definition.id)
        if step.child is not None and step.child not in seen:
            seen.add(step.child)
            called = engine.programs.get(*step.child)
            inner = [one for block in called.blocks.values() for one in block]
            yield from _effects(engine, called, inner, seen)


def family(store: Store, run: RunRow) -> list[Relative]:
    """All runs that come from the same one, that one first, each followed by its forks."""
    first = run
    while first.forked_from is not None:
        before = store.run_by_no(first.forked_from)
        if before is None:
            break  # it was deleted for its age
        first = before
    return list(_descendants(store, first, 0))


def _descendants(store: Store, run: RunRow, depth: int) -> Iterator[Relative]:
    yield Relative(run, depth, _step_at(store, run))
    for fork in store.forks(run.run_no):
        yield from _descendants(store, fork, depth + 1)


def _step_at(store: Store, run: RunRow) -> str | None:
    """The step before which a fork left its origin, when that one has begun it."""
    if run.forked_from is None or run.forked_seq is None:
        return None
    behind = (row for row in store.steps(run.forked_from) if (row.end_seq or 0) > run.forked_seq)
    return next((row.step_id for row in behind), None)


def not_confirmed(effects: Sequence[Effect], run: RunRow) -> CommandError:
    """The error for a live fork that nobody has confirmed: it says what that may cause."""
    names = dict.fromkeys(
        f"{effect.step.id} ({effect.step.action.id}@{effect.step.action.version})"
        for effect in effects
        if effect.step.action is not None
    )
    listed = ", ".join(names) or "no action with side effects"
    return CommandError(
        "A live fork causes effects, and nobody has confirmed them.",
        code="FORK_NOT_CONFIRMED",
        where=run.run_id,
        hint=f"It may call {listed}. Say confirm=True, or leave out live=True: then it lives on the record.",
    )
