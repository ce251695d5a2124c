"""What people are shown of a simulation: secrets are masked and sizes capped, as everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from wfnb.machine.messages import Error
from wfnb.model.values import JsonValue
from wfnb.security.redact import cap, redact, redactions, scrub, secret_texts
from wfnb.simulate.trace import StubbedCall, TraceEntry
from wfnb.stand_ins.sample import SAMPLE_TEXTS

__all__ = ["Mask"]

_PREVIEW_BYTES = 32_768  # pipeline specification, 4.14: preview of an invocation


class Mask:
    """Masks what secret names hold and what ``meta.redactions`` points at, wherever it was handed on to.

    Parameters
    ----------
    first, last
        The envelope before the simulation and after it: what it calls a secret later was one before.
    """

    def __init__(self, first: Mapping[str, JsonValue], last: Mapping[str, JsonValue]) -> None:
        self._last = last
        self._shown: dict[int, JsonValue] = {}
        self._pointers = redactions(last)
        secrets = (secret_texts(dict(envelope), self._pointers) for envelope in (first, last))
        # What every sample holds is no secret, even under a secret name: masked everywhere it would hide the rest.
        self._known = frozenset[str]().union(*secrets) - SAMPLE_TEXTS

    def envelope(self) -> dict[str, JsonValue]:
        """The last envelope; each part of it is capped by itself."""
        shown = scrub(redact(dict(self._last), self._pointers), self._known)
        return {root: cap(shown[root] if isinstance(shown, dict) else shown) for root in self._last}

    def entry(self, entry: TraceEntry) -> TraceEntry:
        """An entry of the trace."""
        message = None if entry.message is None else scrub(entry.message, self._known)
        return replace(
            entry, input=self._value(entry.input), output=self._value(entry.output), message=message
        )

    def call(self, call: StubbedCall) -> StubbedCall:
        """A stubbed call."""
        error = None if call.error is None else self.error(call.error)
        return replace(call, input=self._value(call.input), output=self._value(call.output), error=error)

    def error(self, error: Error) -> Error:
        """An error as data."""
        masked: Error = scrub(error, self._known)
        return masked

    def _value(self, value: JsonValue) -> JsonValue:
        # The trace and the calls share their values, which live as long as this.
        if id(value) not in self._shown:
            shown = cap(value, _PREVIEW_BYTES)  # first, because masking what is not shown takes long
            self._shown[id(value)] = scrub(redact(shown), self._known)
        return self._shown[id(value)]
