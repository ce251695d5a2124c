"""The secrets of a workspace: stored, listed, used and deleted by name. No method gives a value back."""

from __future__ import annotations

import getpass
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

from wfnb.errors import SecretError
from wfnb.model.times import iso
from wfnb.security.vault import MasterKey
from wfnb.services.audit import Actor
from wfnb.services.secrets import Keeper, SecretRow, UseRow
from wfnb.tables import Rows

__all__ = ["SecretInfo", "SecretUse", "Secrets"]


@dataclass(frozen=True)
class SecretInfo:
    """What may be known of a secret: everything but its value. `key_id` names the master key it is stored with."""

    name: str
    description: str | None
    updated_at: str
    updated_by: str
    accessed_at: str | None
    created_at: str
    created_by: str
    key_id: str

    @classmethod
    def of(cls, row: SecretRow) -> SecretInfo:
        """From the tables."""
        accessed = None if row.accessed_us is None else iso(row.accessed_us)
        made, changed = iso(row.created_us), iso(row.updated_us)
        return cls(
            row.name, row.description, changed, row.updated_by, accessed, made, row.created_by, row.key_id
        )


@dataclass(frozen=True)
class SecretUse:
    """One place where a published workflow asks for a secret."""

    workflow: str
    version: int
    step: str | None
    path: str
    field: str

    @classmethod
    def of(cls, row: UseRow) -> SecretUse:
        """From the tables."""
        return cls(row.workflow_id, row.version, row.step_id, row.path, row.field)


class Secrets:
    """The secrets of a workspace. Made by `wfnb.Workspace.secrets`.

    A definition asks for one by name, as ``{"$secret": "SMTP_PASSWORD"}`` in the ``inputMapping`` of an action. Only that call
    sees the value. Values are stored encrypted with the master key in ``WFNB_MASTER_KEY``, or in the system's keyring.
    """

    def __init__(self, keeper: Keeper, by: Actor) -> None:
        self._keeper = keeper
        self._by = by

    def set(self, name: str, value: str, description: str | None = None) -> None:
        """Store a value, in place of the one that was there.

        Written into a cell, a value stays in the notebook: read it from somewhere, or use `ask`.

        Parameters
        ----------
        name
            Capitals, digits and ``_``, beginning with a letter, 255 characters at most.
        value
            Text of 1 byte to 64 KB.
        description
            What it is for; without it the description stays as it is.

        Raises
        ------
        ValidationError
            ``INVALID_SECRET_NAME``, or ``INVALID_ARGUMENT`` for a value that is no text or empty.
        LimitExceeded
            ``TOO_LARGE``.
        SecretError
            ``MASTER_KEY_MISSING`` or ``MASTER_KEY_INVALID``.
        """
        self._keeper.put(name, value, description, self._by)

    def ask(self, name: str, description: str | None = None) -> None:
        """Ask whoever sits here for a value, without showing it, and store it.

        Raises
        ------
        SecretError
            ``NO_PROMPT`` where nobody can be asked unseen.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            try:
                value = getpass.getpass(f"{name}: ")
            except (EOFError, OSError, RuntimeError, getpass.GetPassWarning):
                raise SecretError(
                    "Nobody can be asked for a secret here without showing it.",
                    code="NO_PROMPT",
                    hint="Read the value from a file or the environment, and use ws.secrets.set.",
                ) from None
        self.set(name, value, description)

    def names(self) -> tuple[str, ...]:
        """Names of all secrets, sorted."""
        return tuple(row.name for row in self._keeper.every())

    def uses(self, name: str) -> Rows[SecretUse]:
        """Where published workflows ask for a secret: in the latest version of each, and in those of open runs.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_SECRET``.
        """
        columns = ("workflow", "version", "step", "path", "field")
        return Rows(map(SecretUse.of, self._keeper.uses(name)), columns=columns)

    def delete(self, name: str, *, force: bool = False) -> None:
        """Forget a secret. Runs that ask for it later fail at that step.

        Parameters
        ----------
        name
            Its name.
        force
            Also while a published workflow uses it.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_SECRET``.
        SecretError
            ``SECRET_IN_USE``.
        """
        self._keeper.delete(name, self._by, force=force)

    def rotate_master(self, new_key: str) -> int:
        """Wrap every secret of the store with a new master key, in one transaction; how many there were.

        The values stay as they are. Put the new key where the old one was afterwards, for every process.

        Parameters
        ----------
        new_key
            32 random bytes in base64.

        Raises
        ------
        SecretError
            ``MASTER_KEY_INVALID``, ``MASTER_KEY_WRONG`` or ``SECRET_DAMAGED``: nothing was changed then.
        """
        return self._keeper.rotate(MasterKey(new_key), self._by)

    def list(self) -> Rows[SecretInfo]:
        """All secrets by name, with who changed them when, and when one was last used; never with values."""
        return self._rows(self._keeper.every())

    def _rows(self, rows: Iterable[SecretRow]) -> Rows[SecretInfo]:
        columns = ("name", "description", "updated_at", "updated_by", "accessed_at")
        return Rows(map(SecretInfo.of, rows), columns=columns)

    def __repr__(self) -> str:
        return f"<Secrets: {', '.join(self.names()) or 'none'}>"
