"""What a proof notes of itself, and how the notes of many tests are summed up."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator

import pytest

__all__ = ["NOTE", "Figures", "note", "summed"]

Figures = dict[str, dict[str, float]]
NOTE = "proof"


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
