"""What a person may do to a run: retry it, let it go on without an answer, run it again, find those that are beyond help."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from wfnb.engine.engine import Engine
from wfnb.errors import CommandError, NotFoundError, StaleWriterError
from wfnb.machine import kinds
from wfnb.machine.messages import Retry
from wfnb.machine.pipeline.waits import RESUMED
from wfnb.machine.protocol import evaluate
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.services.audit import Actor, record
from wfnb.store.port import Store, state_at
from wfnb.store.records import Commit, Macrostep, NewEvent, RunFilter, RunRow, StepRow, WaitRow

__all__ = ["DeadLetter", "chosen", "dead_letters", "requeue_event", "resume", "retry"]

_PAGE = 200
_ROUNDS = 20  # two people at once; more is a fault


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A failed run that was tried again and again: the highest attempt, and the steps that failed."""

    run: RunRow
    attempts: int
    failed_steps: tuple[str, ...]


def retry(store: Store, engine: Engine, run: RunRow, by: Actor, reason: str, *, step: str | None) -> RunRow:
    """Let a failed run go on before the step that failed, or before an earlier one.

    Parameters
    ----------
    store, engine, run
        The tables, who drives, and the run.
    by, reason
        Who wants it, and why.
    step
        Id or instance path of a step that was begun; the last execution of it counts. None: the step that failed.

    Raises
    ------
    CommandError
        ``RUN_NOT_FAILED``.
    NotFoundError
        ``NO_SUCH_STEP``.
    """
    for _ in range(_ROUNDS):
        _check_failed(run)
        steps = store.steps(run.run_no)
        begun = chosen(run, steps, step)
        try:
            begun = _outside_of_lanes(store, run, steps, begun)
            _reopen(store, engine, run, _command(store, engine, run, steps, begun, by, reason))
        except StaleWriterError:
            run = store.run_by_no(run.run_no) or run
            continue
        facts = {"step": begun.step_id, "instance": begun.instance, "error": (run.error or {}).get("code")}
        _note(store, engine, by, "run.retried", run, reason, facts)
        engine.scan()
        return store.run_by_no(run.run_no) or run
    raise CommandError("The run changes faster than it can be retried.", where=run.run_id)


def requeue_event(store: Store, engine: Engine, run: RunRow, by: Actor, reason: str) -> RunRow:
    """Let a failed run wait once more for the event that it waited for last.

    Raises
    ------
    CommandError
        ``RUN_NOT_FAILED``; ``NO_EVENT_WAIT`` when it never waited for one.
    """
    _check_failed(run)
    waits = [wait for wait in store.waits(run.run_no) if wait.wait_type == "event"]
    if not waits:
        raise CommandError("The run has never waited for an event.", code="NO_EVENT_WAIT", where=run.run_id)
    return retry(store, engine, run, by, reason, step=waits[-1].instance)


def resume(
    store: Store, engine: Engine, run: RunRow, by: Actor, reason: str, *, payload: JsonValue
) -> list[int]:
    """Let a run go on without what it waits for; the numbers of the waits that this ended.

    Raises
    ------
    CommandError
        ``NOTHING_TO_RESUME`` when it waits for nothing that a person can stand in for.
    """
    waits = [wait for wait in store.waits(run.run_no) if _can_resume(wait)]
    for wait in waits:
        store.submit(_override(run, wait, by, reason, payload, engine.clock.lease_us()))
    if not waits:
        raise CommandError(
            "The run waits for nothing that a person could let it go on without.",
            code="NOTHING_TO_RESUME",
            where=run.run_id,
            hint="run.waits() says what it waits for; a run that another one waits for is resumed itself.",
        )
    facts = {"waits": [{"instance": wait.instance, "type": wait.wait_type} for wait in waits]}
    _note(store, engine, by, "run.resumed", run, reason, facts)
    engine.scan()
    return [wait.wait_no for wait in waits]


def dead_letters(store: Store, chosen: RunFilter, least: int, limit: int) -> list[DeadLetter]:
    """Chosen runs with a step that was tried `least` times or more, newest first."""
    found: list[DeadLetter] = []
    for run in _every(store, chosen):
        steps = store.steps(run.run_no)
        attempts = max((step.attempt for step in steps), default=0)
        if attempts >= least:
            failed = dict.fromkeys(step.step_id for step in steps if step.status == "FAILED")
            found.append(DeadLetter(run, attempts, tuple(failed)))
            if len(found) == limit:
                break
    return found


def _every(store: Store, chosen: RunFilter) -> Iterator[RunRow]:
    chosen = replace(chosen, limit=_PAGE)
    while page := store.runs(chosen):
        yield from page
        chosen = replace(chosen, before=page[-1].run_no)


def _check_failed(run: RunRow) -> None:
    if run.status != "FAILED":
        raise CommandError(
            f"Only a run that has failed can be retried; this one is {run.status}.",
            code="RUN_NOT_FAILED",
            where=run.run_id,
            hint="run.rerun(reason) begins a new run with the same payload.",
        )


def chosen(run: RunRow, steps: Sequence[StepRow], step: str | None) -> StepRow:
    """The attempt with which the last execution of a step began."""
    if step is None:
        failed = [row for row in steps if row.status == "FAILED" and row.handled_by is None]
        wanted = failed[-1].instance if failed else None
    else:
        named = [row.instance for row in steps if step in (row.step_id, row.instance)]
        wanted = named[-1] if named else None
    executions = [row for row in steps if row.instance == wanted]
    if not executions:
        raise NotFoundError(
            f"The run has not come to a step {visible(step or '', 80)}.",
            code="NO_SUCH_STEP",
            where=run.run_id,
            hint="run.steps() lists those that were begun.",
        )
    first = executions[-1]
    for row in reversed(executions[:-1]):
        if row.status != "RETRY_SCHEDULED":
            break
        first = row
    return first


def _outside_of_lanes(store: Store, run: RunRow, steps: Sequence[StepRow], begun: StepRow) -> StepRow:
    """Items that are done in parallel are done again together: the loop around the step, when it is such a one."""
    while "lanes" in state_at(store, run, begun.seq - 1).frames[-1]:
        around = [row for row in steps if begun.instance.startswith(f"{row.instance}.")]
        begun = max(around, key=lambda row: (len(row.instance), row.seq))
    return begun


def _command(  # noqa: PLR0917 - a command is made of these
    store: Store,
    engine: Engine,
    run: RunRow,
    steps: Sequence[StepRow],
    begun: StepRow,
    by: Actor,
    reason: str,
) -> Retry:
    tried: dict[str, int] = dict(state_at(store, run).tree.get("tried", {}))
    for row in steps:
        if row.seq >= begun.seq:
            tried[row.instance] = max(row.attempt, tried.get(row.instance, 0))
    return Retry(
        at_us=engine.clock.moment_us(run.run_id, run.seq + 1, run.updated_us, acted=False),
        tree=state_at(store, run, begun.seq - 1).tree,
        tried=tried,
        reason=reason,
        actor=by.name,
    )


def _reopen(store: Store, engine: Engine, run: RunRow, command: Retry) -> None:
    """Commit the command; the fence is the run's seq and epoch, as for every other commit."""
    program = engine.programs.get(run.workflow_id, run.workflow_version)
    machine, state = kinds.MACHINES[run.kind], state_at(store, run)
    microsteps = list(machine.microsteps(program, state, command, evaluate))
    after = microsteps[-1][1]
    cursor = machine.cursor(program, after)
    macrostep = Macrostep(command.at_us, "Retry", tuple(event for event, _ in microsteps))
    place = definition_path(cursor) if cursor else None
    store.commit(Commit(run.run_no, run.epoch, run.seq, (macrostep,), after, place, reopens=True))


def _can_resume(wait: WaitRow) -> bool:
    return wait.status == "WAITING" and wait.answered_us is None and wait.wait_type != "child"


def _override(  # noqa: PLR0917 - an event is made of these
    run: RunRow, wait: WaitRow, by: Actor, reason: str, payload: JsonValue, now_us: int
) -> NewEvent:
    told = {"__admin_override": True, "reason": reason, "waitId": wait.wait_no, "waitType": wait.wait_type}
    return NewEvent(
        name=RESUMED,
        payload=told if payload is None else payload,
        received_us=now_us,
        key=run.run_id,
        source=by.name,
        tenant=run.tenant,
        wait_no=wait.wait_no,
    )


def _note(  # noqa: PLR0917 - an entry is made of these
    store: Store,
    engine: Engine,
    by: Actor,
    operation: str,
    run: RunRow,
    reason: str,
    facts: dict[str, JsonValue],
) -> None:
    target = ("run", run.run_id)
    record(store.database, by, operation, target, at_us=engine.clock.lease_us(), reason=reason, changes=facts)
