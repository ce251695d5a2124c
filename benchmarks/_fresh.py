"""Call a function in a process of its own, so that no contender pays for the threads and caches of another one."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_MISSING = 3


class MissingPeerError(Exception):
    """A package that is only measured against is not installed."""


@contextmanager
def folder() -> Iterator[Path]:
    """An empty folder on the checkout's own disk: a temporary folder may lie in memory, where fsync costs nothing."""
    base = ROOT / "build" / "bench"
    base.mkdir(parents=True, exist_ok=True)
    path = Path(tempfile.mkdtemp(dir=base))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def call(function: str, *arguments: Any) -> Any:
    """What ``benchmarks.<module>.<name>`` gives for JSON arguments, in a fresh process.

    Raises
    ------
    MissingPeerError
        When a module that it imports is not installed.
    """
    command = [sys.executable, "-m", "benchmarks._fresh", function, json.dumps(arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == _MISSING:
        raise MissingPeerError(done.stdout)
    if done.returncode:
        raise RuntimeError(f"{function} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def _main(function: str, arguments: str) -> None:
    answer = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not stand in the answer
    module, _, name = function.rpartition(".")
    try:
        result = json.dumps(
            getattr(importlib.import_module(f"benchmarks.{module}"), name)(*json.loads(arguments))
        )
    except ModuleNotFoundError as error:
        os.write(answer, str(error.name).encode())
        sys.exit(_MISSING)
    os.write(answer, result.encode())


if __name__ == "__main__":
    _main(*sys.argv[1:])
