"""Standing still: whether a run, with those that it has called, goes on only when somebody answers or time passes."""

from __future__ import annotations

from wfnb.debug.hold import Hold
from wfnb.engine.clock import Clock
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["is_parked", "needs_an_answer"]


def is_parked(store: Store, clock: Clock, run: RunRow) -> bool:
    """Whether a run, with those that it waits for, stands still until somebody answers, lets it go on, or its time comes."""
    ready = run.ready_us is not None and run.ready_us <= clock.ready_us() and not _is_held(store, clock, run)
    if run.over or run.owner is not None or ready:
        return False
    return all(child.over or is_parked(store, clock, child) for child in store.children(run.run_no))


def _is_held(store: Store, clock: Clock, run: RunRow) -> bool:
    hold = None if run.hold is None else Hold.of(run.hold)
    return hold is not None and hold.stands and hold.until_us > store.now_us(clock.lease_us())


def needs_an_answer(store: Store, clock: Clock, run: RunRow) -> bool:
    """Whether a parked run cannot go on by itself, and none of the runs that it waits for can."""
    if not is_parked(store, clock, run):
        return False
    called = [child for child in store.children(run.run_no) if not child.over]
    if called:
        return all(needs_an_answer(store, clock, child) for child in called)
    return run.ready_us is None or clock.simulated
