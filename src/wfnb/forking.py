"""The part of a run that forks it: a new run that begins where this one stood, with other values or another version."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from wfnb.engine.engine import Engine
from wfnb.errors import NotAllowedError, ValidationError
from wfnb.forks import Family, ForkPlan
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.values import JsonValue
from wfnb.roles import ROLES, may
from wfnb.services import forks
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor, check_reason
from wfnb.services.changes import given
from wfnb.services.forks import Asked
from wfnb.snapshot import Snapshot
from wfnb.stand_ins.fixtures import Fixtures
from wfnb.store.port import Store
from wfnb.store.records import RunRow

__all__ = ["Forking"]


class Forking:
    """The part of a run that forks it."""

    id: str
    _admission: Admission
    _by: Actor
    _engine: Engine
    _store: Store

    @property
    def row(self) -> RunRow:
        """The run's row in the tables, read now."""
        raise NotImplementedError

    def _of(self, run_id: str) -> Self:
        """Another run of the same workspace."""
        raise NotImplementedError

    def fork(
        self,
        at: int | str | Snapshot,
        *,
        edits: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
        live: bool = False,
        confirm: bool = False,
        reason: str | None = None,
        fixtures: Mapping[str, JsonValue] | None = None,
    ) -> Self:
        """Begin a new run where this one stood; this one stays as it is.

        Unless it is `live`, the fork touches nothing outside: its effects are answered from this run's record, else from
        `fixtures`, else with a sample of what the action gives; `Run.invocations` and `Run.waits` say which. A wait that this run
        has not come through is not answered: supply it, or resume the fork.

        Parameters
        ----------
        at
            A macrostep, a snapshot, or a step: then the fork stands before the last execution of it. Steps that were under way
            are begun anew.
        edits
            New values by place, such as ``{"vars.total": 90, "payload.coupon": wfnb.DELETE}``. For one item of a parallel loop say
            ``"vars.x@root.steps[1].body{2}"``.
        version
            Another version of the workflow; steps are recognised by their ids.
        live
            Cause effects, under idempotency keys of the fork's own. Needs the permission to operate, and `confirm`.
        confirm
            You have seen what `fork_plan` lists.
        reason
            Why; a live fork wants one.
        fixtures
            Answers by step, action, ``workflow:ID`` or event, as for `Workspace.simulate`.

        Raises
        ------
        CommandError
            ``FORK_RUN_OVER``, ``FORK_NOT_CONFIRMED``; ``FORK_STEP_GONE`` and ``FORK_STEP_DIFFERS`` when the other version has no
            such place; ``EDIT_NO_SUCH_ITEM``, ``EDIT_NO_SUCH_PLACE``.
        NotFoundError
            ``NO_SUCH_STEP``, ``NO_SUCH_VERSION``.
        ValidationError
            ``INVALID_ASSIGN_PATH``, ``INVALID_FIXTURE``, ``INVALID_ARGUMENT``, ``NOT_JSON``, ``REASON_MISSING``.
        NotAllowedError
            For a live fork, when the role may not operate.
        """
        return self._of(self._fork(self._asked(at, edits, version, live, reason, fixtures), confirm).run_id)

    def fork_plan(self, at: int | str | Snapshot, *, version: int | None = None) -> ForkPlan:
        """What a live fork from a point on may cause. Nothing happens; arguments and errors are those of `fork`."""
        row = self.row
        asked = Asked(self._place(row, at), version=_checked_version(version))
        effects = forks.ahead(self._store, self._engine, row, asked)
        return ForkPlan(self.id, asked.at, asked.version or row.workflow_version, effects)

    def family(self) -> Family:
        """All runs that come from the same one by forking, as a tree with a picture."""
        return Family(forks.family(self._store, self.row))

    def _asked(  # noqa: PLR0917 - the arguments of `fork`
        self,
        at: int | str | Snapshot,
        edits: Mapping[str, JsonValue] | None,
        version: int | None,
        live: bool,
        reason: str | None,
        fixtures: Mapping[str, JsonValue] | None,
    ) -> Asked:
        """What was asked for, checked."""
        if edits is not None and not isinstance(edits, Mapping):
            raise ValidationError(
                "“edits” must be an object of values by place.", code="INVALID_ARGUMENT", where="edits"
            )
        Fixtures(fixtures)  # refused here, and not when the fork comes to it
        changes = tuple(given(check_text(place, "edits"), value) for place, value in (edits or {}).items())
        why = check_reason(reason or "") if live or reason is not None else None
        return Asked(self._place(self.row, at), changes, _checked_version(version), bool(live), fixtures, why)

    def _fork(self, asked: Asked, confirm: bool) -> RunRow:
        row = self.row
        if asked.live:
            self._check_operates()
            effects = forks.ahead(self._store, self._engine, row, asked)
            if confirm is not True:
                raise forks.not_confirmed(effects, row)
            self._admission.check(row.workflow_id, row.tenant)
        return forks.begin(self._store, self._engine, row, self._by, asked)

    def _check_operates(self) -> None:
        if not may(self._by.role, "operate"):
            able = ", ".join(role for role, held in ROLES.items() if "operate" in held)
            raise NotAllowedError(
                f"The role {self._by.role} may not operate, and what is live causes effects.",
                where="live",
                hint=f"This needs one of these roles: {able}. A fork on record needs none of them.",
            )

    def _place(self, row: RunRow, at: int | str | Snapshot) -> int:
        """The macrostep after which a fork begins."""
        if isinstance(at, Snapshot):
            if at.run_id != self.id:
                raise ValidationError(
                    f"The snapshot is of {at.run_id}, not of {self.id}.", code="INVALID_ARGUMENT", where="at"
                )
            return at.seq
        if isinstance(at, str):
            return forks.place_before(self._store, row, check_text(at, "at"))
        return check_whole(at, "at")


def _checked_version(version: int | None) -> int | None:
    return None if version is None else check_whole(version, "version", least=1)
