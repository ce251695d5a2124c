"""Waits in a simulation: what a fixture says to one, and why it stays open otherwise."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.errors import ValidationError
from wfnb.machine.filters import matches
from wfnb.machine.messages import Command, Fired, Signaled, WaitOpened
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.stand_ins.fixtures import Fixture

__all__ = ["Open", "Reply", "reply", "wait_names"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A wait is over: its time has come, or this came."""

    by_time: bool
    payload: JsonValue = None

    def command(self, opened: WaitOpened, at_us: int) -> Command:
        """What the machine is told."""
        if self.by_time:
            return Fired(at_us=at_us, effect_id=opened.effect_id)
        name = opened.event_name or ""
        return Signaled(at_us=at_us, effect_id=opened.effect_id, name=name, payload=self.payload)


@dataclass(frozen=True, slots=True)
class Open:
    """A wait stays open, and why."""

    message: str


def wait_names(opened: WaitOpened) -> tuple[str, ...]:
    """Keys of fixtures that answer a wait, beside the id of its step: the event, or the type of the task."""
    if opened.wait_type == "event" and opened.event_name:
        return (opened.event_name,)
    return (str(opened.task["taskType"]),) if opened.task else ()


def reply(step_id: str, opened: WaitOpened, fixture: Fixture | None) -> Reply | Open:
    """What a fixture says to a wait.

    Any fixture ends a pause. An error of the category TimeoutError lets another wait run out; everything else is what came.

    Raises
    ------
    ValidationError
        ``INVALID_FIXTURE`` when the fixture can be neither.
    """
    if fixture is None:
        names = " or ".join(f"“{visible(name, 80)}”" for name in (*wait_names(opened), step_id))
        return Open(f"{_subject(opened)} Give a fixture {names}.")
    if fixture.error is not None:
        if fixture.error["category"] != "TimeoutError" or opened.wait_type == "time":
            raise _refused(
                fixture, "A wait fails only by running out: an error has the category TimeoutError."
            )
        if opened.due_at_us is None:
            return Open("It has no timeout, so it does not run out.")
        return Reply(by_time=True)
    if opened.wait_type == "time":
        return Reply(by_time=True)
    return _answer(opened, fixture)


def _answer(opened: WaitOpened, fixture: Fixture) -> Reply | Open:
    payload = {} if fixture.output is None else fixture.output
    if opened.wait_type == "event" and not isinstance(payload, dict):
        raise _refused(fixture, "The payload of an event is an object of fields.")
    if not matches(opened.filters, payload):
        return Open(f"The fixture “{fixture.key}” does not pass the filters of the wait, which stays open.")
    if not _fits_form(opened, payload):
        return Open(f"The fixture “{fixture.key}” does not fit the form of the task, which stays open.")
    return Reply(by_time=False, payload=payload)


def _fits_form(opened: WaitOpened, payload: JsonValue) -> bool:
    form = (opened.task or {}).get("form")
    if form is None:
        return True
    from jsonschema import Draft202012Validator

    return bool(Draft202012Validator(form).is_valid(payload))


def _subject(opened: WaitOpened) -> str:
    match opened.wait_type:
        case "event":
            return f"It waits for the event {visible(opened.event_name or '', 80)}."
        case "human":
            return f"It waits for somebody to complete the task {visible(str((opened.task or {})['taskType']), 80)}."
        case _:
            return "It pauses."


def _refused(fixture: Fixture, message: str) -> ValidationError:
    return ValidationError(message, code="INVALID_FIXTURE", where=f"fixtures.{visible(fixture.key, 80)}")
