"""wfnb: write durable workflows, run them, step through any run, and ask SQL questions of every run there ever was.

Importing this package loads nothing heavy; each public name is fetched when it is first used (PEP 562).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wfnb.browsing import RunList
    from wfnb.debugger import Debugger
    from wfnb.engine.clock import SimulatedClock
    from wfnb.errors import (
        ActionError,
        DefinitionError,
        ExpressionError,
        StepTimeoutError,
        TransientError,
        ValidationError,
        WfnbError,
    )
    from wfnb.model.values import DELETE
    from wfnb.opening import open  # noqa: A004 - the name people write: wfnb.open
    from wfnb.publication import Publication
    from wfnb.registry.actions import ActionContext
    from wfnb.run import Run
    from wfnb.simulation import Coverage, Simulation
    from wfnb.snapshot import Snapshot
    from wfnb.validate.findings import Finding
    from wfnb.workspace import Workspace

__version__ = "0.1.0"

_HOMES = {
    "DELETE": "wfnb.model.values",
    "ActionContext": "wfnb.registry.actions",
    "ActionError": "wfnb.errors",
    "Coverage": "wfnb.simulation",
    "Debugger": "wfnb.debugger",
    "DefinitionError": "wfnb.errors",
    "ExpressionError": "wfnb.errors",
    "Finding": "wfnb.validate.findings",
    "Publication": "wfnb.publication",
    "Run": "wfnb.run",
    "RunList": "wfnb.browsing",
    "SimulatedClock": "wfnb.engine.clock",
    "Simulation": "wfnb.simulation",
    "Snapshot": "wfnb.snapshot",
    "StepTimeoutError": "wfnb.errors",
    "TransientError": "wfnb.errors",
    "ValidationError": "wfnb.errors",
    "WfnbError": "wfnb.errors",
    "Workspace": "wfnb.workspace",
    "open": "wfnb.opening",
}

__all__ = [
    "DELETE",
    "ActionContext",
    "ActionError",
    "Coverage",
    "Debugger",
    "DefinitionError",
    "ExpressionError",
    "Finding",
    "Publication",
    "Run",
    "RunList",
    "SimulatedClock",
    "Simulation",
    "Snapshot",
    "StepTimeoutError",
    "TransientError",
    "ValidationError",
    "WfnbError",
    "Workspace",
    "__version__",
    "open",
]


def __getattr__(name: str) -> Any:
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module 'wfnb' has no attribute {name!r}") from None
    value = getattr(importlib.import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(ipython: Any) -> None:
    """Register the magics: ``%load_ext wfnb``."""
    from wfnb.magics import load

    load(ipython)
