"""Settings that every test shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from postgres_server import postgres_database, postgres_server, postgres_url
from replays import _replays_are_identical, watch_workspaces

__all__ = ["_replays_are_identical", "postgres_database", "postgres_server", "postgres_url"]

# Two cores are often shared with a browser: a slow example is not a broken one. The same examples are drawn on
# every machine in CI, so that a red build is red for its change and not by luck.
settings.register_profile(
    "everyday", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("ci", parent=settings.get_profile("everyday"), derandomize=True, database=None)
settings.register_profile("thorough", parent=settings.get_profile("everyday"), max_examples=5_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "everyday"))

watch_workspaces()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say how many behaviours a run of all tests has shown; the controller hears of every worker's tests."""
    asked = {config.invocation_params.dir / argument for argument in config.args}
    narrowed = config.option.keyword or config.option.markexpr or config.option.collectonly
    if asked == {Path(__file__).parent} and not narrowed:
        from behaviours import summary

        nodes = {
            outcome: [report.nodeid for report in terminalreporter.getreports(outcome)]
            for outcome in ("passed", "failed", "error")
        }
        terminalreporter.write_line(summary(nodes["passed"], nodes["failed"] + nodes["error"]))
