"""The workflow kinds there are, by name. A further kind is one more folder and one more line here."""

from __future__ import annotations

from wfnb.machine import pipeline
from wfnb.machine.protocol import Machine

__all__ = ["MACHINES"]

MACHINES: dict[str, Machine] = {"pipeline": pipeline}
