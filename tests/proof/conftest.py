"""Figures of the proofs: each test notes its own; they are summed up in build/proof.json, and as a table at the end of the session."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from proof.effort import LONG
from proof.notes import NOTE, Figures, note, summed

__all__ = ["note"]

BUILD = Path(__file__).parents[2] / "build"
SO_FAR: list[Figures] = []
FAILED: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Write down the figures of every test that ends: of a long proof that is cut short it is known how far it came."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return  # the controller hears of this report, too
    if report.failed:
        FAILED.append(report.nodeid)
    noted = [value for name, value in report.user_properties if name == NOTE]
    if report.when == "teardown" and noted:
        SO_FAR.extend(noted)
        written = {"version": "long" if LONG else "short", "failed": FAILED, "figures": summed(SO_FAR)}
        BUILD.mkdir(exist_ok=True)
        (BUILD / "proof.json").write_text(json.dumps(written, indent=2) + "\n", encoding="utf-8")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table."""
    if not SO_FAR:
        return
    terminalreporter.section("proofs" if LONG else "proofs, short version")
    for proof, figures in summed(SO_FAR).items():
        shown = "  ".join(f"{name} {value:,}" for name, value in sorted(figures.items()))
        terminalreporter.write_line(f"{proof:<18} {shown}")
