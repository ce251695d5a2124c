"""Starting runs: the state a run begins with, and clear words when there is nothing to start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from wfnb.engine.engine import Engine
from wfnb.engine.ids import CountedIds
from wfnb.errors import NotFoundError, StoreError
from wfnb.machine.state import initial_state
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.store.port import Store
from wfnb.store.records import NewRun, RunFilter, RunRow
from wfnb.validate.findings import nearest
from wfnb.validate.program import Program

__all__ = ["begin", "last_counted", "under_next_id", "unknown"]

_PAGE = 200


def begin(
    engine: Engine,
    program: Program,
    version: int,
    payload: JsonValue,
    *,
    key: str | None,
    hold: bool,
    tenant: str = "local",
    trigger: str = "manual",
) -> RunRow:
    """Create a run that `engine` owns, and have it driven or held."""

    def make(run_id: str, number: int) -> NewRun:
        new = _new_run(engine, (run_id, number), program, version, payload, key=key, tenant=tenant)
        return replace(new, trigger=trigger)

    return under_next_id(engine, make, hold=hold)


def under_next_id(engine: Engine, make: Callable[[str, int], NewRun], *, hold: bool) -> RunRow:
    """Create a run with the next id, which `make` is given with its number, and have it driven or held.

    Counted ids may be taken by another process that counts in the same store; then the next one is tried. After any other
    fault the id is given back: the next start counts on as if there had been none.
    """
    while True:
        run_id, number = engine.ids.next()
        try:
            return engine.start(make(run_id, number), hold=hold)[0]
        except Exception as error:
            if not (isinstance(error, StoreError) and error.code == "RUN_EXISTS"):
                engine.ids.unused(run_id)
                raise


def _new_run(
    engine: Engine,
    counted: tuple[str, int],
    program: Program,
    version: int,
    payload: JsonValue,
    *,
    key: str | None,
    tenant: str,
) -> NewRun:
    """A run that `engine` will own, ready to be created; `counted` is its id and its number."""
    run_id, number = counted
    started_us = engine.clock.start_us(run_id, number)
    owner, until_us = engine.lease()
    state = initial_state(
        run_id,
        workflow_id=program.definition.id,
        workflow_version=version,
        started_at_us=started_us,
        payload=payload,
        meta={},
        tenant=tenant,
    )
    return NewRun(
        run_id, program.definition.id, version, program.hash, state, started_us, key=key, owner=owner,
        lease_until_us=until_us, tenant=tenant,
    )  # fmt: skip


def unknown(store: Store, workflow: str, version: int | None) -> NotFoundError:
    """The error for a workflow or a version that is not there."""
    numbers = [known.version for known in store.versions(workflow)]
    if numbers:
        have = ", ".join(map(str, numbers))
        return NotFoundError(
            f"{workflow} has no version {version}.", code="NO_SUCH_VERSION", hint=f"It has {have}."
        )
    names = {known.workflow_id for known in store.versions()}
    return NotFoundError(
        f"There is no published workflow “{visible(workflow, 80)}”.",
        code="NO_SUCH_WORKFLOW",
        hint=nearest(workflow, names) or "Publish it first: ws.publish(definition).",
    )


def last_counted(store: Store) -> int:
    """The highest number among counted run ids, so that counting goes on where it stopped."""
    before: int | None = None
    while page := store.runs(RunFilter(before=before, limit=_PAGE)):
        for row in page:
            number = CountedIds.number_of(row.run_id)
            if number is not None:
                return number
        before = page[-1].run_no
    return 0
