"""Rule: a value in vars is written before it is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from wfnb.validate.findings import Finding
from wfnb.validate.sites import Site
from wfnb.validate.source import Source
from wfnb.validate.targets import WriteSite

__all__ = ["check"]


def check(source: Source) -> Iterator[Finding]:
    """A warning for every read that comes before the first write."""
    writes: dict[str, list[WriteSite]] = {}
    for write in source.writes:
        if write.path is not None and write.path[0] == "vars":
            writes.setdefault(str(write.path[1]), []).append(write)
    rounds = {(name, loop.body) for name, those in writes.items() for one in those for loop in one.step.loops}
    for site in source.sites:
        for name in site.vars_read():
            later = _later_write(site, writes.get(name, []))
            # A loop comes round: what is written late in one round is there early in the next.
            carried = any((name, loop.body) in rounds for loop in site.step.loops)
            if later is not None and not carried and not site.step.has_item(name):
                yield site.step.warning(
                    "READS_LATER_RESULT",
                    f"“vars.{name}” is read before any step has written it; “{later.step.id}” writes it later.",
                    "Move that step up, or guard the value with coalesce(…).",
                    site.field,
                )


def _later_write(site: Site, writes: list[WriteSite]) -> WriteSite | None:
    """The first write, when all of them come after the read."""
    for write in takewhile(lambda write: write.step.order <= site.step.order, writes):
        same = write.step is site.step and write.entry == site.entry
        if same or write.is_before(site.step, site.moment):
            return None
    return writes[0] if writes else None
