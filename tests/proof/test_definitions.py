"""R6. Whatever is written ends in findings or in a program, soon, and never in anything else."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from proof.effort import count
from proof.spoiled import GOOD, definition
from sim.ending import BENCH
from wfnb.validate.check import check
from wfnb.validate.findings import has_errors
from wfnb.validate.link import link

DEFINITIONS = count("DEFINITIONS", short=3_000, long=100_000)
PARTS = 10
LONGEST_MS = 100.0
UNLINKED = "CANNOT_LINK"


def outcome(number: int) -> str:
    """What becomes of definition `number`: a program, or findings."""
    checked = check(definition(number), BENCH.catalog)
    assert (checked.definition is None) == has_errors(checked.findings), number
    assert all(finding.message and finding.code != UNLINKED for finding in checked.findings), number
    if checked.definition is None:
        return "findings"
    assert link(checked.definition, BENCH.catalog).hash
    return "programs"


def test_the_good_definitions_are_good() -> None:
    assert not any(has_errors(check(written, BENCH.catalog).findings) for written in GOOD)


def used_ms(number: int) -> tuple[str, float]:
    """What becomes of a definition, and the CPU time it takes."""
    started = time.thread_time()
    try:
        found = outcome(number)
    except Exception as error:
        raise AssertionError(f"definition {number} ended in {type(error).__name__}: {error}") from error
    return found, (time.thread_time() - started) * 1000


@pytest.mark.parametrize("part", range(PARTS))
def test_a_spoiled_definition_ends_in_findings_or_a_program(part: int, note: Callable[..., None]) -> None:
    counts = {"findings": 0, "programs": 0}
    longest_ms = 0.0
    for number in range(part, DEFINITIONS, PARTS):
        found, used = used_ms(number)
        if used >= LONGEST_MS:  # the garbage of all definitions before may have been collected in that time
            used = used_ms(number)[1]
        assert used < LONGEST_MS, (number, used)
        counts[found] += 1
        longest_ms = max(longest_ms, used)
    assert all(counts.values()), counts
    note("R6", definitions=sum(counts.values()), **counts, longest_ms=round(longest_ms, 1))
