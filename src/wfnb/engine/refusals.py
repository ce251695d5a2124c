"""What an engine says when it cannot do what it is asked."""

from __future__ import annotations

from wfnb.errors import CommandError, WfnbError

__all__ = ["engine_fault", "not_held", "run_held", "run_waits"]


def run_waits(run_id: str) -> CommandError:
    """Nobody should wait for a run that waits itself, for nobody knows how long."""
    return CommandError(
        "The run waits for an answer, and nothing says when it comes.",
        code="RUN_WAITS",
        where=run_id,
        hint='run.waits says for what. Give a timeout, or say until="parked".',
    )


def run_held(run_id: str) -> CommandError:
    """Who holds a run should not wait for its end."""
    return CommandError(
        "The run stands still, because it is held here.",
        code="RUN_HELD",
        where=run_id,
        hint="run.release() lets it go on.",
    )


def not_held(run_id: str) -> CommandError:
    """Only a run that is held for a debugger is stepped."""
    return CommandError("The run is not held by a debugger here.", code="NOT_HELD", where=run_id)


def engine_fault(error: BaseException) -> WfnbError:
    """Driving ended with an error that is none of ours.

    Examples
    --------
    >>> print(engine_fault(KeyError("x")))
    The engine failed: KeyError: 'x' [ENGINE_FAULT]
    """
    return WfnbError(f"The engine failed: {type(error).__name__}: {error}", code="ENGINE_FAULT")
