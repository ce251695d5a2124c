"""Rule: the error is read where there can be one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from wfnb.model.paths import block_path
from wfnb.validate.findings import Finding
from wfnb.validate.raw import RawStep, object_of
from wfnb.validate.source import Source

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A warning for every read of the error where nothing before it can have failed and gone on."""
    handlers = [step for step in source.steps if _lets_errors_pass(step)]
    rounds = {loop.body for step in handlers for loop in step.loops}
    writes = [write for write in source.writes if write.path is not None and write.path[0] == "error"]
    for site in source.sites:
        if not any(path[0] == "error" for path in site.paths_read()) or site.step.in_catch:
            continue
        # A loop comes round: what fails late in one round is there early in the next.
        if any(loop.body in rounds for loop in site.step.loops) or _was_let_pass(handlers, site.step):
            continue
        earlier = takewhile(lambda write: write.step.order <= site.step.order, writes)  # noqa: B023 - used at once
        if not any(write.is_before(site.step, site.moment) for write in earlier):
            yield site.step.warning(
                "ERROR_OUTSIDE_CATCH",
                "The error is read where no step before can have failed.",
                "Read it in a catch block, or after a step that goes on when it fails.",
                site.field,
            )


def _lets_errors_pass(step: RawStep) -> bool:
    if step.type == "control.forEach":
        return step.raw.get("onItemError") == "continue"
    policies = (step.raw.get("onError"), step.config.get("onError"))
    return step.type == "control.tryCatch" or any(
        object_of(one).get("policy") == "continue" for one in policies
    )


def _was_let_pass(handlers: list[RawStep], reader: RawStep) -> bool:
    """Whether a step before `reader` may have let an error pass; a try around it has not done so yet."""
    earlier = takewhile(lambda step: step.order < reader.order, handlers)
    return any(not reader.path.startswith(block_path(step.path, "try") + ".") for step in earlier)
