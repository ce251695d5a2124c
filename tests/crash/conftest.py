"""Kills are a proof, too, and note their figures."""

from __future__ import annotations

from proof.notes import note

__all__ = ["note"]
