"""Figures of the proofs: each test notes its own, and the end of the session sums them up as a table and in build/proof.json."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from proof.effort import LONG

Figures = dict[str, dict[str, float]]
NOTE = "proof"
BUILD = Path(__file__).parents[2] / "build"


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Iterator[Callable[..., None]]:
    """Note figures of a proof: ``note("R1", schedules=812)``. Those that begin with “longest” keep the largest, others are added."""
    noted: Figures = defaultdict(dict)
    started = time.process_time()

    def add(proof: str, **figures: float) -> None:
        take(noted, proof, figures)

    yield add
    for number in {proof.partition(",")[0] for proof in noted}:
        noted[number]["cpu_s"] = time.process_time() - started
    record_property(
        NOTE, {proof: dict(figures) for proof, figures in noted.items()}
    )  # workers send plain values


def take(total: Figures, proof: str, figures: dict[str, float]) -> None:
    """Add figures to those of a proof."""
    for name, value in figures.items():
        known = total[proof].get(name, 0)
        total[proof][name] = max(known, value) if name.startswith("longest") else round(known + value, 2)


def summed(notes: list[Figures]) -> Figures:
    """The figures of all tests by proof; they come in the properties of test reports, also from other processes."""
    total: Figures = defaultdict(dict)
    for noted in notes:
        for proof, figures in noted.items():
            take(total, proof, figures)
    return dict(sorted(total.items()))


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
