"""Snapshots: what people see of a state. Computed on reading, redacted and capped; never what a run goes on from."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from wfnb.machine.state import State
from wfnb.model.values import JsonValue
from wfnb.rows import Step
from wfnb.security.escape import escape_html
from wfnb.security.redact import cap, redact, redactions

__all__ = ["Snapshot", "public_envelope"]


def public_envelope(state: State, pointers: Iterable[str] = ()) -> dict[str, JsonValue]:
    """The envelope for people: secrets masked, and a marker instead when it is larger than the cap.

    `pointers` are masked too: what a run calls a secret later was one before.
    """
    shown = cap(redact(state.envelope, (*redactions(state.envelope), *pointers)))
    return shown if isinstance(shown, dict) else {"redacted": shown}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run after one macrostep: its status, the envelope, and the step that had ended last."""

    run_id: str
    seq: int
    status: str
    envelope: dict[str, JsonValue]
    step: Step | None

    def __repr__(self) -> str:
        behind = f" behind {self.step.id}" if self.step else ""
        return f"<Snapshot {self.run_id} at {self.seq}: {self.status}{behind}>"

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        parts = "".join(
            f"<details open><summary>{root}</summary><pre>{_pretty(self.envelope[root])}</pre></details>"
            for root in ("payload", "vars", "meta", "error")
            if root in self.envelope
        )
        return {"text/plain": repr(self), "text/html": f"<p><b>{escape_html(repr(self))}</b></p>{parts}"}


def _pretty(value: JsonValue) -> str:
    return escape_html(json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True), 20_000)
