"""The part of a run that edits it while it is under way: set a value, skip a step, supply what it asked for, jump to another one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Self

from wfnb.engine.engine import Engine
from wfnb.errors import CommandError, NotAllowedError, ValidationError
from wfnb.machine.messages import Error
from wfnb.machine.pipeline.changes import Change
from wfnb.model.arguments import check_text
from wfnb.model.values import JsonValue
from wfnb.roles import ROLES, may
from wfnb.services import edits
from wfnb.services.audit import Actor, check_reason
from wfnb.services.changes import given
from wfnb.services.edits import Wanted
from wfnb.stand_ins.fixtures import Fixtures
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Editing"]


class Editing:
    """The part of a run that edits it.

    A fork on record, and a run that is held in this process (``ws.debug``), may be edited freely. Any other run is edited only
    with ``live=True``, by who may operate, and with a reason; whoever drives it is stopped for that and goes on behind it.
    """

    id: str
    _by: Actor
    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def set(
        self,
        path: str,
        value: JsonValue,
        *,
        item: str | None = None,
        reason: str | None = None,
        live: bool = False,
    ) -> Self:
        """Give a value another content, or remove it with `wfnb.DELETE`.

        Parameters
        ----------
        path
            ``payload.a.b``, ``vars.a``, ``meta.a``, ``vars.list.0``, or a JSON pointer into the payload.
        value
            Its new content.
        item
            Instance path of an item of a parallel loop; without it the run and all of its open items.
        reason, live
            Why, and that a run of the world is meant: see `Editing`.

        Raises
        ------
        CommandError
            ``EDIT_NOT_LIVE``, ``EDIT_RUN_OVER``, ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
        ValidationError
            ``INVALID_ASSIGN_PATH``, ``NOT_JSON``, ``REASON_MISSING``.
        NotAllowedError
            When the role may not.
        """
        change = given(check_text(path, "path"), value)
        if item is not None:
            change = Change(change.path, value, check_text(item, "item"))
        return self._edit(Wanted("set", change), reason, live)

    def skip(self, step: str | None = None, *, reason: str | None = None, live: bool = False) -> Self:
        """Let the step that is under way or next count as done; it leaves nothing.

        Parameters
        ----------
        step
            Its id or instance path; may be left out when there is only one.
        reason, live
            Why, and that a run of the world is meant: see `Editing`.

        Raises
        ------
        CommandError
            ``EDIT_NOT_LIVE``, ``EDIT_RUN_OVER``, ``EDIT_NOT_NEXT``, ``EDIT_AMBIGUOUS``.
        NotFoundError
            ``NO_SUCH_STEP``.
        ValidationError
            ``REASON_MISSING``.
        NotAllowedError
            When the role may not.
        """
        return self._edit(Wanted("skip", step=_named(step)), reason, live)

    def supply(
        self,
        step: str | None = None,
        *,
        output: JsonValue = None,
        error: str | Mapping[str, JsonValue] | None = None,
        reason: str | None = None,
        live: bool = False,
    ) -> Self:
        """Say what the step that is under way or next was given: nothing is called, and nothing is waited for.

        Parameters
        ----------
        step
            Its id or instance path; may be left out when there is only one.
        output
            What the action gave (checked against its output model), what the event or the person answered, or what the called
            workflow left.
        error
            Instead: what it failed with, as a message or as an object of message, category and code.
        reason, live
            Why, and that a run of the world is meant: see `Editing`. A call that is under way is not undone.

        Raises
        ------
        CommandError
            As for `skip`; ``EDIT_NOT_A_CALL``, ``EDIT_NOTHING_ASKED``.
        NotFoundError
            ``NO_SUCH_STEP``.
        ValidationError
            ``VALIDATION_ERROR`` when the output is not what the action gives; ``INVALID_FIXTURE``, ``INVALID_ARGUMENT``.
        NotAllowedError
            When the role may not.
        """
        if output is not None and error is not None:
            raise ValidationError("Say output= or error=, not both.", code="INVALID_ARGUMENT")
        failed = None if error is None else _error(error)
        return self._edit(Wanted("supply", step=_named(step), output=output, error=failed), reason, live)

    def jump(
        self,
        step: str,
        *,
        item: str | None = None,
        reason: str | None = None,
        live: bool = False,
    ) -> Self:
        """Go on with another step of the same block, forwards or back. What was written stays as it is.

        Parameters
        ----------
        step
            Id or definition path of the step that is to come next.
        item
            Instance path of the step to jump from, when several items of a parallel loop are under way.
        reason, live
            Why, and that a run of the world is meant: see `Editing`.

        Raises
        ------
        CommandError
            As for `skip`; ``EDIT_JUMP_UNSOUND`` when the step stands in another block.
        NotFoundError
            ``NO_SUCH_STEP``.
        NotAllowedError
            When the role may not.
        """
        target = check_text(step, "step")
        return self._edit(Wanted("jump", step=_named(item), target=target), reason, live)

    def _edit(self, wanted: Wanted, reason: str | None, live: bool) -> Self:
        row = self.row
        free = edits.is_free(self._engine, row)
        if not free and live is not True:
            raise CommandError(
                "This run is one of the world: what is edited in it has effects.",
                code="EDIT_NOT_LIVE",
                where=self.id,
                hint="Edit a fork: run.fork(at, edits=...). Or say live=True, and why.",
            )
        if not free and not may(self._by.role, "operate"):
            able = ", ".join(role for role, held in ROLES.items() if "operate" in held)
            raise NotAllowedError(
                f"The role {self._by.role} may not operate.",
                where=wanted.kind,
                hint=f"This needs one of these roles: {able}. A fork on record needs none of them.",
            )
        why = None if free and reason is None else check_reason(reason or "")
        edits.edit(self._store, self._engine, row, self._by, replace(wanted, reason=why))
        return self


def _named(step: str | None) -> str | None:
    return None if step is None else check_text(step, "step")


def _error(error: str | Mapping[str, JsonValue]) -> Error:
    """An error as data, with what was not said of it."""
    said: JsonValue = {"message": error} if isinstance(error, str) else dict(error)
    found = Fixtures({"error": {"$error": said}}).take("error")
    if found is None or found.error is None:
        raise AssertionError("an error was given")
    return found.error
