"""Processes that tests start: none outlives its test, whatever becomes of the test, and however deep the process sleeps.

A process that is left over makes an innocent test fail later: Python complains where it collects what nobody waited for.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Self

__all__ = ["Processes", "told"]

TESTS = Path(__file__).parent


class Processes(ExitStack):
    """Processes that are ended with the block that started them, with all that they have started themselves."""

    def python(self, *words: object, **options: Any) -> subprocess.Popen[str]:
        """Python with these words, in the folder of the tests: ``python("-c", text, path)``."""
        return self.start(sys.executable, *words, **{"cwd": TESTS, **options})

    def start(self, *words: object, **options: Any) -> subprocess.Popen[str]:
        """A process in a session of its own. What it says is kept in pipes, unless the options say something else."""
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        process = subprocess.Popen([*map(str, words)], start_new_session=True, **{**pipes, **options})
        return self.enter_context(_ended(process))

    def __enter__(self) -> Self:
        return self


@contextmanager
def _ended(process: subprocess.Popen[str]) -> Iterator[subprocess.Popen[str]]:
    with process:  # at its end: the pipes are closed, and the process is waited for
        try:
            yield process
        finally:
            # Also when it has ended: what it has started may still be there, and it may be stopped.
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def told(module: str, *words: object) -> Any:
    """What a module of the tests has to say as JSON. It is a process of its own: it forks, which a test's process must not."""
    with Processes() as processes:
        process = processes.python("-m", module, *words)
        said, errors = process.communicate()
        assert process.returncode == 0, errors[-3000:]
        return json.loads(said)
