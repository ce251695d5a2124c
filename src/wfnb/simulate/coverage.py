"""Coverage: which steps and branches simulations took, and which they never did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from wfnb.simulate.trace import TraceEntry
from wfnb.validate.program import LinkedStep, Program

__all__ = ["BRANCHES", "StepCoverage", "cover"]

BRANCHES = {"if": ("then", "else"), "forEach": ("body",), "tryCatch": ("catch",)}
"""Blocks that may or may not be taken once a step is reached. A try always is."""


@dataclass(frozen=True, slots=True)
class StepCoverage:
    """How often a step began, and the branches of it that were taken and missed; a try that was entered counts as its step."""

    step_id: str
    path: str
    type: str
    times: int
    taken: tuple[str, ...] = ()
    missed: tuple[str, ...] = ()


def cover(
    program: Program, traces: Iterable[tuple[Sequence[TraceEntry], Iterable[tuple[str, str]]]]
) -> tuple[StepCoverage, ...]:
    """Coverage of every step, from top to bottom.

    Parameters
    ----------
    program
        What was simulated.
    traces
        The entries of each simulation, and the branches it took.
    """
    times: Counter[str] = Counter()
    taken: set[tuple[str, str]] = set()
    for entries, branches in traces:
        times.update(entry.path for entry in entries)
        taken.update(branches)
    return tuple(_covered(step, times[step.path], taken) for step in _in_order(program, "root"))


def _covered(step: LinkedStep, times: int, taken: set[tuple[str, str]]) -> StepCoverage:
    names = BRANCHES.get(step.kind, ())
    hit = tuple(name for name in names if (step.path, name) in taken)
    missed = tuple(name for name in names if name not in hit)
    return StepCoverage(step.id, step.path, step.type, times, hit, missed)


def _in_order(program: Program, block: str) -> Iterable[LinkedStep]:
    for step in program.blocks[block]:
        yield step
        for inner in step.blocks.values():
            yield from _in_order(program, inner)
