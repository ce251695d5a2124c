"""Holding a run that others drive, and having it go on step by step: what attached debuggers, scripts and the command line do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wfnb.debug.hold import Go, Hold, Mode
from wfnb.engine.engine import Engine
from wfnb.errors import CommandError, WfnbError
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.services.audit import Actor, record
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["HeldRun", "go", "go_on", "held_runs", "hold", "release", "stood"]

_OTHERS_S = 1.0  # how long others have to take up a step before it is performed here; a worker looks four times as often
_PATIENCE_US = 5_000_000  # how long a step waits for a retry or a pause
_PATIENT = frozenset({"retry", "time", "child"})


@dataclass(frozen=True, slots=True)
class HeldRun:
    """A run that somebody holds; `standing`: nobody is at work on it any more."""

    run: RunRow
    hold: Hold
    standing: bool


def hold(
    store: Store, engine: Engine, run: RunRow, by: Actor, reason: str, *, keep_ms: int | None = None
) -> Hold | None:
    """Hold a run at the end of the step that it is in; None when it is over.

    Somebody who holds it already holds it together with whoever comes. `keep_ms`: for so long, also when this process ends;
    without it as long as this engine lives.
    """
    before = engine.attached.on(run)
    joined = engine.attached.join(run.run_no, by.name, reason, keep_ms)
    if joined is not None and (before is None or len(joined.holders) > len(before.holders)):
        facts = {"with": list(joined.names), "minutes": None if keep_ms is None else keep_ms / 60_000}
        _note(store, engine, by, "run.held", run, reason, facts)
    return joined


def release(
    store: Store, engine: Engine, run: RunRow, by: Actor, reason: str | None, *, everybody: bool = False
) -> Hold | None:
    """Hold a run no longer; what is left of the hold. `everybody`: nor may anybody else."""
    before = engine.attached.on(run)
    left = engine.attached.leave(run.run_no, by.name, everybody=everybody)
    if before is not None and left != before:
        operation = "run.hold_broken" if everybody else "run.released"
        names = list(before.names) if everybody else []
        _note(store, engine, by, operation, run, reason, {"held_by": names})
    engine.wake()
    return left


def held_runs(store: Store, engine: Engine) -> list[HeldRun]:
    """Runs that somebody holds, oldest first."""
    pairs = [(row, engine.attached.on(row)) for row in store.held_runs()]
    return [HeldRun(row, agreed, engine.attached.stands(row)) for row, agreed in pairs if agreed is not None]


def stood(engine: Engine, run_id: str, timeout_s: float) -> RunRow:
    """Wait until a held run stands still, or is over.

    Raises
    ------
    CommandError
        ``HOLD_NOT_TAKEN`` when whoever drives it has not come to the end of a step by then.
    """
    held = engine.attached
    run = engine.until(run_id, lambda row: row.over or held.stands(row) or held.on(row) is None, timeout_s)
    if run is None:
        raise CommandError(
            f"The run has not come to the end of a step within {timeout_s:g} s.",
            code="HOLD_NOT_TAKEN",
            where=run_id,
            hint="It is held as soon as the step under way ends. dbg.release() takes the hold back.",
        )
    return run


def go(  # noqa: PLR0917 - how far, and how long that may take
    store: Store, engine: Engine, run_id: str, mode: Mode, step: str | None, timeout_s: float
) -> RunRow:
    """Have a held run go on, and wait until it stands still again, waits for somebody, or is over.

    Raises
    ------
    CommandError
        ``HOLD_NOT_TAKEN`` when nobody performs it; ``STILL_UNDER_WAY`` when it takes longer than `timeout_s`.
    """
    run = stood(engine, run_id, timeout_s)
    held = engine.attached
    if run.over or not held.mine(run) or _waits_for_somebody(store, engine, run):
        return run
    if mode == "on":
        held.mark(run.run_no, ())
    held.let(run.run_no, Go(mode, run.seq, step))
    engine.wake()

    def settled(row: RunRow) -> bool:
        return row.over or held.on(row) is None or held.stands(row) or _waits_long(engine, row)

    def begun(row: RunRow) -> bool:
        return row.seq > run.seq or held.driven(row) or settled(row)

    fault = None
    if engine.until(run_id, begun, _OTHERS_S) is None:
        fault = engine.perform(run_id)
    found = None if fault is not None else engine.until(run_id, settled, timeout_s)
    if found is not None:
        return found
    if engine.until(run_id, held.driven, 0.0) is None:
        held.stop(run.run_no)
        raise _not_taken(run_id, fault)
    raise CommandError(
        f"The step is still under way after {timeout_s:g} s.",
        code="STILL_UNDER_WAY",
        where=run_id,
        hint="Ask for the step again to go on waiting for it: it is not begun twice.",
    )


def go_on(engine: Engine, run_id: str, breakpoints: tuple[dict[str, JsonValue], ...]) -> None:
    """Let a held run go on to the next breakpoint, without waiting for what comes of it."""
    run = engine.until(run_id, lambda _: True, 0.0)
    if run is not None:
        engine.attached.mark(run.run_no, breakpoints)
        engine.attached.let(run.run_no, Go("on", run.seq))
        engine.wake()


def _waits_for_somebody(store: Store, engine: Engine, run: RunRow) -> bool:
    """Whether a run waits, and neither an answer nor a moment that is near lets it go on."""
    if not _waits_long(engine, run):
        return False
    waits = [wait for wait in store.waits(run.run_no) if wait.status == "WAITING"]
    return not all(wait.wait_type in _PATIENT for wait in waits)


def _waits_long(engine: Engine, run: RunRow) -> bool:
    if run.status != "WAITING" or run.owner is not None:
        return False
    return run.ready_us is None or run.ready_us > engine.clock.ready_us() + _PATIENCE_US


def _not_taken(run_id: str, fault: WfnbError | None) -> CommandError:
    why = "" if fault is None else f" Here it cannot be performed: {visible(fault.message, 300)}"
    return CommandError(
        f"Nobody performs the step.{why}",
        code="HOLD_NOT_TAKEN",
        where=run_id,
        hint="Start a worker that knows the actions, or register them here. The run stands still again.",
    )


def _note(  # noqa: PLR0917 - an entry is made of these
    store: Store,
    engine: Engine,
    by: Actor,
    operation: str,
    run: RunRow,
    reason: str | None,
    facts: Mapping[str, JsonValue],
) -> None:
    target = ("run", run.run_id)
    record(store.database, by, operation, target, at_us=engine.clock.lease_us(), reason=reason, changes=facts)
