"""Calls in doubt: which there are, and saying what became of one."""

from __future__ import annotations

from typing import Any

from wfnb.errors import CommandError, NotFoundError
from wfnb.machine.pipeline.doubts import SETTLED
from wfnb.model.values import JsonValue, check_json
from wfnb.registry.actions import ActionRegistry
from wfnb.security.escape import visible
from wfnb.store.port import Store
from wfnb.store.records import InvocationRow, NewEvent, Submitted, WaitRow

__all__ = ["call_of", "in_doubt", "settle"]

_PAGE = 500


def in_doubt(store: Store, *, tenant: str) -> list[tuple[WaitRow, InvocationRow]]:
    """Open doubts with the calls they are about, oldest first."""
    found: list[tuple[WaitRow, InvocationRow]] = []
    after = 0
    while page := store.open_waits("doubt", tenant=tenant, after=after, limit=_PAGE):
        after = page[-1].wait_no
        found += [(wait, call_of(store, wait)) for wait in page]
    return found


def call_of(store: Store, wait: WaitRow) -> InvocationRow:
    """The call that a doubt is about."""
    effect_id = wait.effect_id.rpartition("!")[0]
    calls = store.invocations(wait.run_no)
    return next(call for call in calls if call.effect_id == effect_id)


def settle(
    store: Store,
    actions: ActionRegistry,
    doubt_id: str,
    said: dict[str, JsonValue],
    *,
    source: str,
    tenant: str,
    now_us: int,
) -> Submitted:
    """Say what became of a call: ``{"decision": "repeat" | "output" | "error", ...}``; its run goes on.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_DOUBT``.
    CommandError
        ``WAIT_OVER`` when somebody has said so before.
    ValidationError
        When an output is not what the action promises.
    """
    wait = _open(store, doubt_id, tenant)
    if said["decision"] == "output":
        said = {**said, "output": _checked(actions, call_of(store, wait), said["output"])}
    event = NewEvent(
        SETTLED, check_json(said, where="answer"), now_us, key=wait.key, source=source, tenant=tenant,
        wait_no=wait.wait_no,
    )  # fmt: skip
    return store.submit(event)


def _open(store: Store, doubt_id: str, tenant: str) -> WaitRow:
    run_id, _, effect_id = doubt_id.partition("/")
    run = store.run(run_id)
    found = store.wait(run.run_no, effect_id) if run is not None and run.tenant == tenant else None
    if found is None or found[0].wait_type != "doubt":
        raise NotFoundError(
            f"There is no call in doubt {visible(doubt_id, 120)}.",
            code="NO_SUCH_DOUBT",
            hint="ws.in_doubt() lists them.",
        )
    if found[0].status != "WAITING" or found[0].answered_us is not None:
        raise CommandError("Somebody has said before what became of it.", code="WAIT_OVER", where=doubt_id)
    return found[0]


def _checked(actions: ActionRegistry, call: InvocationRow, output: Any) -> JsonValue:
    action = actions.get(call.action_id, call.action_version)
    return output if action is None else action.dump_output(output)
