"""Masks: single values of a run as people may see them, wherever in the envelope they stand and wherever they were handed on to."""

from __future__ import annotations

from wfnb.model.values import DELETE, JsonValue, Path, Write, apply_writes, get_path
from wfnb.security.redact import cap, redact, redactions, scrub, secret_texts
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow

__all__ = ["RunMask"]

_PREVIEW_BYTES = 4_096


class RunMask:
    """Masks what secret names hold, what the run itself calls a secret, and texts that quote either.

    Parameters
    ----------
    first, last
        The envelope of the run at its beginning and at its end; what it calls a secret at its end was one before.
    """

    def __init__(self, first: dict[str, JsonValue], last: dict[str, JsonValue]) -> None:
        self._pointers = redactions(last)
        self._secrets = secret_texts(first, self._pointers) | secret_texts(last, self._pointers)

    @classmethod
    def of(cls, store: Store, row: RunRow) -> RunMask:
        """The mask of a recorded run."""
        return cls(state_at(store, row, 0).envelope, state_at(store, row).envelope)

    def value(self, path: Path, value: JsonValue, limit_bytes: int = _PREVIEW_BYTES) -> JsonValue:
        """A value of the envelope; `DELETE` stays what it is, and what is too large becomes a marker."""
        if value is DELETE:
            return DELETE
        names = tuple(str(part) for part in path)  # a tree of one value needs no lists around it
        tree = redact(apply_writes({}, [Write(names, value)]), self._pointers)
        return scrub(cap(get_path(tree, names, DELETE), limit_bytes), self._secrets)

    def text(self, text: str) -> str:
        """A text that may quote a secret."""
        return str(scrub(text, self._secrets))

    def data(self, value: JsonValue) -> JsonValue:
        """Any value, such as an error."""
        return scrub(redact(value), self._secrets)
