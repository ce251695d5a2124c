"""Retelling: the text of a pytest regression and of a notebook that a packed run is kept in."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from wfnb.errors import ValidationError
from wfnb.model.paths import definition_path
from wfnb.model.times import iso
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.services.pack_format import PackedRun, PackedStep, RunPack

__all__ = ["Expect", "cells_of", "file_name", "notebook", "regression"]

Expect = Literal["identical", "success"]
"""What a regression asserts: that the run goes as it was recorded, or that it now comes to a good end."""

_REGISTRY: Final = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<function>[A-Za-z_]\w*)")
_SHOWN = 12  # steps that the story of a run names


def file_name(run: PackedRun) -> str:
    """A name for files about a run.

    Examples
    --------
    >>> re.sub("[^A-Za-z0-9]+", "_", "order desk/run-0001").strip("_").lower()
    'order_desk_run_0001'
    """
    return re.sub("[^A-Za-z0-9]+", "_", f"{run.workflow_id}_{run.run_id}").strip("_").lower()[:120]


def regression(
    pack: RunPack,
    record: str,
    *,
    definition: str | None,
    registry: str | None,
    expect: Expect,
    functions: str,
) -> str:
    """The text of a test file.

    Parameters
    ----------
    pack, record
        What was recorded, and the name of the file that holds it, beside the test.
    definition
        Path of the definition that it is replayed against, relative to the test; None for the one in the record.
    registry
        ``module:function`` that registers actions on a workspace; None when nothing needs to be.
    expect, functions
        What is asserted, and the functions that expressions may use.
    """
    run = pack.runs[0]
    imported, called = _registration(registry)
    against = "" if definition is None else ", definition=DEFINITION"
    where = "" if definition is None else f"DEFINITION = Path(__file__).parent / {json.dumps(definition)}\n"
    profile = "" if functions == "standard" else f", functions={json.dumps(functions)}"
    name, check = {
        "identical": ("goes_as_recorded", "replay.identical"),
        "success": ("comes_to_a_good_end", 'replay.outcome == "SUCCEEDED"'),
    }[expect]
    head = _plain(
        f"{run.run_id} of {run.workflow_id} v{run.workflow_version}: {run.status} on {iso(run.updated_us)}"
    )
    return f'''"""A recorded run, kept as a test: {head}.

The record stands beside this file, without secrets. It is replayed; nothing is performed and nothing is stored.
"""

from __future__ import annotations

from pathlib import Path

import wfnb
{imported}
RECORD = Path(__file__).with_name({json.dumps(record)})
{where}

def test_{file_name(run)}_{name}() -> None:
    with wfnb.open(store="memory"{profile}) as ws:
{called}        with ws.unpack(RECORD) as packed:
            replay = packed.run.replay(deep=True{against})
            assert {check}, f"\\n{{replay}}"
'''


def _registration(registry: str | None) -> tuple[str, str]:
    if registry is None:
        return "", ""
    found = _REGISTRY.fullmatch(registry)
    if found is None:
        raise ValidationError(
            "A registry is named as module:function.",
            code="INVALID_ARGUMENT",
            where="registry",
            hint="The function takes a workspace and registers actions on it: registry='shop.actions:register'.",
        )
    return f"from {found['module']} import {found['function']} as register\n", "        register(ws)\n"


def _plain(text: str) -> str:
    """Text that can stand in a docstring."""
    return visible(text, 300).replace("\\", "/").replace('"', "'").replace("\n", " ")


# --- the notebook


def cells_of(pack: RunPack, file: str, *, functions: str, replays: bool) -> list[tuple[str, str]]:
    """Kind and text of every cell of the story of a run.

    Parameters
    ----------
    pack, file
        The run, and the name of its pack, beside the notebook.
    functions
        The functions that expressions may use.
    replays
        Whether its masked record replays as it went.
    """
    run = pack.runs[0]
    profile = "" if functions == "standard" else f", functions={json.dumps(functions)}"
    opening = f'import wfnb\n\nws = wfnb.open(store="memory"{profile})\npacked = ws.unpack({json.dumps(file)})\nrun = packed.run'
    cells = [
        ("markdown", _title(pack)),
        ("code", opening),
        ("code", "run.picture()"),
        ("markdown", _steps_that_matter(run)),
    ]
    if len(run.steps) <= 500:
        cells.append(("code", "run.timeline()"))
    failed = _failed(run)
    if failed is not None:
        cells += [
            (
                "markdown",
                f"## Before the failure\n\nThe state with which `{_code(failed.step_id)}` began, and what its error was made from.",
            ),
            ("code", f"run.at({failed.seq - 1})"),
            ("code", 'run.why("error")'),
            ("markdown", _tries(run, failed)),
            (
                "code",
                f"packed.workspace.test_step({run.workflow_id!r}, {failed.step_id!r}, run=run, at={failed.end_seq})",
            ),
        ]
    else:
        cells += [("markdown", "## At the end"), ("code", f"run.at({run.seq})")]
    if replays:
        text = "## Is it still so?\n\nThe recorded run, led through its definition once more; nothing is performed."
        cells += [
            ("markdown", text),
            ("code", "replay = run.replay()\nassert replay.identical\nreplay"),
            ("code", "packed.close()\nws.close()"),
        ]
    else:
        cells.append(("code", "packed.close()\nws.close()"))
    return cells


def notebook(cells: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A notebook that was not run yet; ids are numbers, so that the same run gives the same file."""
    made: list[dict[str, JsonValue]] = []
    for number, (kind, text) in enumerate(cells):
        cell: dict[str, JsonValue] = {
            "id": f"run-{number:02}",
            "cell_type": kind,
            "metadata": {},
            "source": text,
        }
        made.append({**cell, "outputs": [], "execution_count": None} if kind == "code" else cell)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return {"cells": made, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


def _title(pack: RunPack) -> str:
    run = pack.runs[0]
    seconds = ((run.completed_us or run.updated_us) - run.started_us) / 1_000_000
    others = f" It called {len(pack.runs) - 1} other runs." if len(pack.runs) > 1 else ""
    error = f"\n\n> {_code(str(run.error.get('message')))}" if run.error else ""
    return (
        f"# {_code(run.run_id)} of {_code(run.workflow_id)}: {run.status}\n\nVersion {run.workflow_version}, begun {iso(run.started_us)}, "
        f"{len(run.steps):,} attempts at steps in {seconds:,.3f} s.{others}{error}"
    )


def _steps_that_matter(run: PackedRun) -> str:
    """Failures, retries, branches, and the last steps, as a table."""
    marked = [step for step in run.steps if step.error is not None or step.branch is not None]
    chosen = {step.seq: step for step in (*marked[-_SHOWN:], *run.steps[-_SHOWN // 2 :])}
    rows = "".join(f"\n| {_row(chosen[seq])} |" for seq in sorted(chosen))
    return f"## The steps that matter\n\n| step | type | status | |\n|---|---|---|---|{rows}"


def _row(step: PackedStep) -> str:
    told = step.error.get("message") if step.error else f"took {step.branch}" if step.branch else ""
    return " | ".join(map(_code, (step.step_id, step.type, step.status, str(told or ""))))


def _failed(run: PackedRun) -> PackedStep | None:
    """The step that ended the run."""
    if run.status != "FAILED":
        return None
    return next(
        (step for step in reversed(run.steps) if step.status == "FAILED" and step.end_seq is not None), None
    )


def _tries(run: PackedRun, failed: PackedStep) -> str:
    return (
        f"## What to try\n\n- The step by itself, with what it got: the next cell. `envelope=` and `results=` change either.\n"
        f'- A mended definition: `run.replay(definition="{_code(run.workflow_id)}.yaml")` tells whether the run would now end well.\n'
        f'- In the workspace that it ran in: `run.fork({failed.seq - 1}, edits={{...}})`, or `run.retry("why")`.\n\n'
        f"The step stands at `{definition_path(failed.instance)}`."
    )


def _code(text: str) -> str:
    """Text in Markdown that is only ever text."""
    shown = visible(text, 300).replace("\n", " ")
    return re.sub(r"([\\`*_{}\[\]<>()#+!|$~&])", r"\\\1", shown)
