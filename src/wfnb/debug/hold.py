"""The hold on a run: who holds it, how far it may go, and where it stops. Plain data that stands in the row of the run.

Whoever drives a run reads it with every commit; the rules here say what it means, the same for a worker on another machine and
for the kernel in which somebody looks on.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue

__all__ = ["EndedStep", "Go", "Hold", "Holder", "Mode"]

Mode: TypeAlias = Literal["step", "to", "on"]
"""How far a held run goes: to the end of one step, to the end of a named one, or on until it comes to a breakpoint."""

_PATIENT: Final = frozenset({"retry", "time", "child"})


class EndedStep(NamedTuple):
    """A step that has ended, and the macrostep that ended it."""

    seq: int
    id: str
    instance: str
    error: dict[str, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a run.

    `key` tells one from another: the engine of a kernel that renews its hold while it lives, or a person who holds the run for
    a time. The hold of each ends at `until_us` by itself.
    """

    key: str
    name: str
    reason: str
    since_us: int
    until_us: int


@dataclass(frozen=True, slots=True)
class Go:
    """Leave to go on. It begins behind macrostep `after`, so that asking twice from one place is one step.

    `step` is the id, definition path or instance path of the step that ``to`` means.
    """

    mode: Mode
    after: int
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """All that is agreed about a held run; `go` is None while it is to stand still.

    Examples
    --------
    >>> hold = Hold((Holder("k", "ann", "a wrong price", 0, 9),))
    >>> Hold.of(hold.text) == hold, hold.stands
    (True, True)
    >>> hold.going(Go("step", 4)).stops(6, EndedStep(6, "price", "root.steps[0]"))
    True
    """

    holders: tuple[Holder, ...]
    go: Go | None = None
    breakpoints: tuple[dict[str, JsonValue], ...] = ()

    @classmethod
    def of(cls, text: str | None) -> Hold | None:
        """From the row of a run; None when nobody holds it."""
        return None if text is None else _read(text)

    @property
    def text(self) -> str:
        """What stands in the row of the run. The same hold gives the same text."""
        holders = [
            [holder.key, holder.name, holder.reason, holder.since_us, holder.until_us]
            for holder in self.holders
        ]
        go = None if self.go is None else [self.go.mode, self.go.after, self.go.step]
        tree = {"holders": holders, "go": go, "breakpoints": list(self.breakpoints)}
        return json.dumps(tree, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def stands(self) -> bool:
        """Whether the run is to stand still."""
        return self.go is None

    @property
    def until_us(self) -> int:
        """When it is over, unless somebody prolongs it."""
        return max(holder.until_us for holder in self.holders)

    @property
    def names(self) -> tuple[str, ...]:
        """Who holds the run, in the order in which they came."""
        return tuple(dict.fromkeys(holder.name for holder in self.holders))

    def at(self, now_us: int) -> Hold | None:
        """What is left of it at a moment: those whose time is over hold nothing any more."""
        left = tuple(holder for holder in self.holders if holder.until_us > now_us)
        return replace(self, holders=left) if left else None

    def joined(self, holder: Holder) -> Hold:
        """With one more who holds it, or with what one who does has to say now."""
        known = next((other for other in self.holders if other.key == holder.key), None)
        if known is None:
            return replace(self, holders=(*self.holders, holder))
        newer = replace(holder, since_us=known.since_us, reason=holder.reason or known.reason)
        return replace(self, holders=tuple(newer if other is known else other for other in self.holders))

    def without(self, *keys: str) -> Hold | None:
        """Without some who held it; None when nobody is left."""
        left = tuple(holder for holder in self.holders if holder.key not in keys)
        return replace(self, holders=left) if left else None

    def going(self, go: Go) -> Hold:
        """With leave to go on."""
        return replace(self, go=go)

    def stopped(self) -> Hold:
        """To stand still."""
        return replace(self, go=None)

    def stops(self, seq: int, ended: EndedStep | None) -> bool:
        """Whether the run is to stand still where it is: at macrostep `seq`, behind the step that ended last."""
        if self.go is None:
            return True
        if ended is None or ended.seq <= self.go.after or seq <= self.go.after:
            return False
        match self.go.mode:
            case "step":
                return True
            case "to":
                return self.go.step in (ended.id, ended.instance, definition_path(ended.instance))
            case "on":
                return False

    def waits(self, wait_types: AbstractSet[str]) -> bool:
        """Whether the run keeps its leave while it waits: one for a step only if nobody has to answer."""
        return self.go is not None and (self.go.mode == "on" or wait_types <= _PATIENT)


@lru_cache(maxsize=64)
def _read(text: str) -> Hold:
    tree = json.loads(text)
    holders = tuple(Holder(*holder) for holder in tree["holders"])
    go = tree["go"]
    return Hold(
        holders,
        None if go is None else Go(cast("Mode", go[0]), go[1], go[2]),
        tuple(tree["breakpoints"]),
    )
