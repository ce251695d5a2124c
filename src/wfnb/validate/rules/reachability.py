"""Rule: every step can be reached, and every block does something."""

from __future__ import annotations

from collections.abc import Iterator

from wfnb.model.paths import ROOT, block_path, step_path
from wfnb.model.values import JsonValue
from wfnb.validate.findings import Finding
from wfnb.validate.raw import BLOCKS, RawStep, list_of, object_of
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A warning for the first step of a block that is never reached, and for every empty try or body."""
    steps = {step.path: step for step in source.steps}
    yield from _unreachable(ROOT, list_of(source.raw.get("steps")), steps)
    for step in source.steps:
        for name in BLOCKS.get(step.type, ()):
            written = step.raw.get(name)
            yield from _unreachable(block_path(step.path, name), list_of(written), steps)
            if written == [] and name in ("try", "body"):
                message = f"The block “{name}” is empty, so the step does nothing."
                yield step.warning("EMPTY_BLOCK", message, "Put steps into it, or remove the step.", name)


def _unreachable(block: str, written: list[JsonValue], steps: dict[str, RawStep]) -> Iterator[Finding]:
    end = next((index for index, step in enumerate(written) if _always_returns(step)), len(written))
    following = next(
        (steps[path] for i in range(end + 1, len(written)) if (path := step_path(block, i)) in steps), None
    )
    if following is not None:
        last = object_of(written[end]).get("id")
        message = f"The step is never reached: the run always ends at “{last}” before it."
        hint = "Remove this step and those after it, or put the return into a branch."
        yield following.warning("UNREACHABLE_STEP", message, hint)


def _always_returns(written: JsonValue) -> bool:
    """Whether a step ends the run on every way through it."""
    step = object_of(written)
    kind = step.get("type")
    if kind == "control.return":
        return True
    if kind not in ("control.if", "control.tryCatch"):
        return False
    return all(any(map(_always_returns, list_of(step.get(name)))) for name in BLOCKS[kind])
