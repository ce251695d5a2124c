"""The machine for pipelines: structured steps, run from top to bottom."""

from __future__ import annotations

from wfnb.machine.pipeline.decide import cursor, microsteps

__all__ = ["cursor", "microsteps"]
