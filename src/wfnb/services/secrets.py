"""Secrets: kept encrypted, given out to calls only, and every use and change of one written into the audit."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from wfnb.engine.secrets import Call, not_found
from wfnb.errors import LimitExceeded, NotFoundError, SecretError, StoreError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_text
from wfnb.model.secret_names import SECRET, valid_name
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.security.vault import MasterKey, Sealed, find_master_key, rewrap, seal, unseal
from wfnb.services.audit import Actor, note
from wfnb.store.database import Session
from wfnb.store.port import Store
from wfnb.store.records import VersionRow
from wfnb.store.statements import SECRETS
from wfnb.validate.catalog import Usage
from wfnb.validate.findings import nearest
from wfnb.validate.raw import walk_raw
from wfnb.validate.sites import step_values
from wfnb.validate.template import is_secret

__all__ = ["Keeper", "SecretRow", "UseRow"]

_DAY_US = 86_400 * 1_000_000
_ENGINE = Actor("engine", "engine", "engine")
_log = logging.getLogger("wfnb.secrets")


@dataclass(frozen=True, slots=True)
class SecretRow:
    """What may be known of a secret: everything but its value."""

    name: str
    description: str | None
    key_id: str
    created_by: str
    created_us: int
    updated_by: str
    updated_us: int
    accessed_us: int | None


@dataclass(frozen=True, slots=True)
class UseRow:
    """One place where a published version asks for a secret."""

    workflow_id: str
    version: int
    step_id: str | None
    path: str
    field: str


class Keeper:
    """The secrets of one tenant in one store.

    Parameters
    ----------
    store
        Whose table they are kept in.
    now_us
        Tells the time.
    tenant
        Whose secrets they are. A call gets those of its own run's tenant.
    """

    def __init__(self, store: Store, now_us: Callable[[], int], tenant: str) -> None:
        self._store = store
        self._now_us = now_us
        self._tenant = tenant
        self._newer: dict[str, MasterKey] = {}

    # --- what people do

    def put(self, name: str, value: str, description: str | None, by: Actor) -> None:
        """Keep a value under a name, in place of the one before.

        Raises
        ------
        ValidationError, LimitExceeded
            For a name or value that cannot be one.
        SecretError
            Without a master key.
        """
        sealed = seal(self._master(), _checked(_named(name), value), _about(self._tenant, name))
        if description is not None:
            check_text(description, "description")
        now_us = self._now_us()
        with self._store.database.writing() as session:
            known = bool(session.execute(SECRETS.get, (self._tenant, name)))
            row = (sealed.ciphertext, sealed.wrapped_key, sealed.key_id, by.name, now_us, by.name, now_us)
            session.execute(SECRETS.put, (self._tenant, name, description, *row))
            self._note(session, by, "updated" if known else "created", name, {"key_id": sealed.key_id})

    def every(self) -> list[SecretRow]:
        """All secrets by name, without values."""
        with self._store.database.reading() as session:
            return [SecretRow(*row) for row in session.execute(SECRETS.every, (self._tenant,))]

    def delete(self, name: str, by: Actor, *, force: bool) -> None:
        """Forget a secret.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_SECRET``.
        SecretError
            ``SECRET_IN_USE`` while a published workflow asks for it, unless forced.
        """
        used = sorted({use.workflow_id for use in self.uses(name)})
        if used and not force:
            raise SecretError(
                f"The secret {name} is used by {visible(', '.join(used), 200)}.",
                code="SECRET_IN_USE",
                where=name,
                hint=f'Publish them without it, or say force=True. ws.secrets.uses("{name}") shows where.',
            )
        with self._store.database.writing() as session:
            session.execute(SECRETS.remove, (self._tenant, name))
            self._note(session, by, "deleted", name, {"used_by": list(used)})

    def uses(self, name: str) -> list[UseRow]:
        """Where published workflows ask for a secret: in the latest version of each, and in those that open runs belong to.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_SECRET``.
        """
        known = [row.name for row in self.every()]
        if _named(name) not in known:
            hint = nearest(name, known) or "ws.secrets.names() lists them."
            raise NotFoundError(f"There is no secret {name}.", code="NO_SUCH_SECRET", hint=hint)
        return [use for version in self._in_force() for use in _uses(version, name)]

    def rotate(self, new: MasterKey, by: Actor) -> int:
        """Wrap every secret of the store with a new master key, of every tenant, in one transaction; how many.

        Raises
        ------
        SecretError
            ``MASTER_KEY_WRONG`` or ``SECRET_DAMAGED``: nothing was changed then.
        """
        old, count = self._master(), 0
        with self._store.database.writing() as session:
            for tenant, name, *parts in session.execute(SECRETS.of_all_tenants):
                sealed = _sealed(parts)
                if sealed.key_id != new.id:
                    again = rewrap(old, new, sealed, _about(tenant, name))
                    session.execute(SECRETS.rewrap, (again.wrapped_key, again.key_id, tenant, name))
                    self._note(session, by, "updated", name, {"key_id": again.key_id, "was": sealed.key_id})
                    count += 1
        self._newer = {**dict.fromkeys(self._newer, new), old.id: new}
        return count

    # --- what the engine and validation ask

    def reveal(self, names: Sequence[str], call: Call) -> Mapping[str, str]:
        """See `wfnb.engine.secrets.Secrets.reveal`."""
        with self._store.database.reading() as session:
            found = {name: session.execute(SECRETS.get, (call.tenant, name)) for name in names}
        for name, rows in found.items():
            if not rows:
                raise not_found(name, call.instance)
        master = self._master()
        values = {
            name: unseal(master, _sealed(rows[0]), _about(call.tenant, name)) for name, rows in found.items()
        }
        self._accessed(names, call)
        return values

    def usage(self) -> dict[str, Usage]:
        """How each secret is used, for `wfnb.validate.catalog.Catalog.secret_names`."""
        before_us = self._now_us() - LIMITS.secret_stale_days * _DAY_US
        return {row.name: _usage(row, before_us) for row in self.every()}

    # --- inside

    def _master(self) -> MasterKey:
        """The key of this process; after a rotation the new one, also where the environment still has the old one."""
        found = find_master_key()
        return self._newer.get(found.id, found)

    def _in_force(self) -> Iterator[VersionRow]:
        versions = {(version.workflow_id, version.version): version for version in self._store.versions()}
        latest: dict[str, int] = {}
        for workflow, number in versions:
            latest[workflow] = max(number, latest.get(workflow, number))
        open_runs = {(run.workflow_id, run.workflow_version) for run in self._store.open_runs()}
        return (versions[key] for key in sorted({*latest.items(), *open_runs}) if key in versions)

    def _accessed(self, names: Sequence[str], call: Call) -> None:
        now_us = self._now_us()
        facts: dict[str, JsonValue] = {"run": call.run_id, "instance": call.instance}
        try:
            with self._store.database.writing() as session:
                for name in names:
                    session.execute(SECRETS.access, (now_us, call.tenant, name))
                    note(session, _ENGINE, "secret.accessed", ("secret", name), at_us=now_us, changes=facts)
        except StoreError as error:  # the audit never fails a run
            _log.warning("The use of a secret by %s could not be recorded: %s", call.run_id, error.code)

    def _note(
        self, session: Session, by: Actor, what: str, name: str, changes: Mapping[str, JsonValue]
    ) -> None:
        note(session, by, f"secret.{what}", ("secret", name), at_us=self._now_us(), changes=changes)


def _about(tenant: str, name: str) -> str:
    return f"{tenant}/{name}"


def _sealed(parts: Sequence[object]) -> Sealed:
    ciphertext, wrapped_key, key_id = parts
    return Sealed(bytes(ciphertext), bytes(wrapped_key), str(key_id))  # type: ignore[call-overload]  # columns of bytes


def _named(name: str) -> str:
    if not valid_name(name):
        raise ValidationError(
            "This is not the name of a secret.",
            code="INVALID_SECRET_NAME",
            where="name",
            hint="Write capitals, digits and _, beginning with a letter, such as SMTP_PASSWORD.",
        )
    return name


def _checked(name: str, value: str) -> str:
    most = LIMITS.secret_size_bytes
    size = len(check_text(value, "value", longest=max(most, len(str(value)))).encode())
    if size > most:
        raise LimitExceeded(
            f"The value has {size:,} bytes; a secret may have {most:,}.", code="TOO_LARGE", where=name
        )
    return value


def _usage(row: SecretRow, before_us: int) -> Usage:
    if row.accessed_us is None:
        return "never"
    return "stale" if max(row.accessed_us, row.updated_us) < before_us else "used"


def _uses(version: VersionRow, name: str) -> Iterator[UseRow]:
    for step in walk_raw(version.definition):
        for field, _, value in step_values(step):
            if is_secret(value) and value[SECRET] == name:
                yield UseRow(version.workflow_id, version.version, step.id, step.path, field)
