"""Human tasks: which are open, and completing one with a form that was filled in."""

from __future__ import annotations

from wfnb.errors import CommandError, NotFoundError, ValidationError
from wfnb.machine.pipeline.waits import TASK_COMPLETED
from wfnb.model.values import JsonValue, check_json
from wfnb.security.escape import visible
from wfnb.store.port import Store
from wfnb.store.records import NewEvent, Submitted, WaitRow

__all__ = ["complete", "open_tasks"]

_PAGE = 500
_RANK = {"urgent": 0, "high": 1, "medium": 2, "low": 3}


def open_tasks(
    store: Store, *, tenant: str, task_type: str | None = None, assignee: str | None = None
) -> list[WaitRow]:
    """Tasks that nobody has completed: urgent ones first, then those that have waited longest."""
    found: list[WaitRow] = []
    after = 0
    while page := store.open_waits("human", tenant=tenant, after=after, limit=_PAGE):
        after = page[-1].wait_no
        found += page
    tasks = [wait for wait in found if _fits(wait, task_type, assignee)]
    return sorted(
        tasks, key=lambda wait: (_RANK.get(str((wait.task or {}).get("priority")), 2), wait.wait_no)
    )


def _fits(wait: WaitRow, task_type: str | None, assignee: str | None) -> bool:
    task = wait.task or {}
    return task_type in (None, task.get("taskType")) and assignee in (None, task.get("assignee"))


def complete(
    store: Store, task_id: str, data: JsonValue, *, actor: str, tenant: str, now_us: int
) -> Submitted:
    """Complete a task; the run goes on with what was filled in.

    Raises
    ------
    NotFoundError
        ``NO_SUCH_TASK``.
    ValidationError
        ``FORM_INVALID`` when the data do not fit the form; the task stays open.
    CommandError
        ``WAIT_OVER`` when it was completed or ran out before.
    """
    wait = _task(store, task_id, tenant)
    if wait.status != "WAITING" or wait.answered_us is not None:
        raise CommandError(
            "The task is not open any more: it was completed, ran out, or its run is over.",
            code="WAIT_OVER",
            where=task_id,
        )
    given = check_json(data, where="data")
    _check_form((wait.task or {}).get("form"), given)
    event = NewEvent(
        TASK_COMPLETED, given, now_us, key=wait.key, source=actor, tenant=tenant, wait_no=wait.wait_no
    )
    return store.submit(event)


def _task(store: Store, task_id: str, tenant: str) -> WaitRow:
    run_id, _, effect_id = task_id.partition("/")
    run = store.run(run_id)
    found = store.wait(run.run_no, effect_id) if run is not None and run.tenant == tenant else None
    if found is None or found[0].wait_type != "human":
        raise NotFoundError(
            f"There is no task {visible(task_id, 120)}.", code="NO_SUCH_TASK", hint="ws.tasks() lists them."
        )
    return found[0]


def _check_form(form: JsonValue, data: JsonValue) -> None:
    """Data against a form; what was filled in is never quoted, because it may be secret."""
    if form is None:
        return
    from jsonschema import Draft202012Validator

    faults = sorted(
        Draft202012Validator(form).iter_errors(data), key=lambda fault: list(map(str, fault.path))
    )
    if faults:
        raise ValidationError(
            f"What was filled in does not fit the form: {_describe(faults[0])}.",
            code="FORM_INVALID",
            where=".".join(map(str, faults[0].absolute_path)) or None,
            hint=f"{len(faults)} fields do not fit." if len(faults) > 1 else None,
        )


def _describe(fault: object) -> str:
    rule, wanted = getattr(fault, "validator", ""), getattr(fault, "validator_value", None)
    place = ".".join(map(str, getattr(fault, "absolute_path", ()))) or "the form"
    if rule == "required" and isinstance(wanted, list):
        given = getattr(fault, "instance", {})
        missing = [name for name in wanted if name not in given]
        return f"{place} needs {', '.join(missing)}"
    if rule == "type":
        return f"{place} must be of type {wanted}"
    if rule == "enum":
        return f"{place} must be one of the values that the form lists"
    return f"{place} breaks the rule “{rule}”"
