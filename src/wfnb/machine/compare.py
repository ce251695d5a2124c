"""Comparing two runs: which steps both took, which only one, and where they did something else. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from wfnb.machine.writers import split
from wfnb.model.paths import definition_path
from wfnb.model.values import JsonValue, Path, Write, content_hash, diff

__all__ = ["Execution", "Kind", "Pair", "align", "differing", "signature"]

Kind: TypeAlias = Literal["same", "differs", "a", "b"]
"""What became of a step: the same in both runs, something else in each, or there in one of them only."""

_ITERATION = re.compile(r"\{(\d+)\}")
_ROOTS = ("payload", "vars", "meta", "error")  # the others are the run itself: two runs differ in them always


@dataclass(frozen=True, slots=True)
class Execution:
    """One attempt at a step.

    Parameters
    ----------
    step_id, type, instance, attempt
        Which.
    status, branch, error, handled_by
        What became of it; `error` is a code.
    wrote
        A digest of what it wrote, see `signature`.
    duration_us
        How long it took; None while it is under way.
    """

    step_id: str
    type: str
    instance: str
    attempt: int
    status: str
    branch: str | None
    error: str | None
    handled_by: str | None
    wrote: str
    duration_us: int | None

    @property
    def path(self) -> str:
        """Definition path."""
        return definition_path(self.instance)

    @property
    def key(self) -> tuple[str, tuple[str, ...], int]:
        """What makes it the same one in another run, also of another version: step, items of the loops around it, attempt."""
        return self.step_id, tuple(_ITERATION.findall(self.instance)), self.attempt


@dataclass(frozen=True, slots=True)
class Pair:
    """An execution in both runs, or in one of them. `differs` names what is not the same."""

    kind: Kind
    a: Execution | None
    b: Execution | None
    differs: tuple[str, ...] = ()

    @property
    def either(self) -> Execution:
        """The one that there is; that of `a` when there are two."""
        found = self.a or self.b
        if found is None:
            raise AssertionError("a pair has one execution at least")
        return found


def align(a: Sequence[Execution], b: Sequence[Execution]) -> list[Pair]:
    """Executions side by side: in the order of `a`, those of `b` alone behind what they followed.

    The order of what happened at once makes no difference.

    Examples
    --------
    >>> one = Execution("s", "state.set", "root.steps[0]", 1, "SUCCEEDED", None, None, None, "", 5)
    >>> [pair.kind for pair in align([one], [one])]
    ['same']
    """
    known = {one.key: one for one in b}
    there = {one.key for one in a}
    behind = _only_after(b, there)
    pairs = [Pair("b", None, one) for one in behind.get(None, ())]
    for one in a:
        pairs.append(_pair(one, known.get(one.key)))
        pairs += [Pair("b", None, other) for other in behind.get(one.key, ())]
    return pairs


def _only_after(
    b: Iterable[Execution], there: set[tuple[str, tuple[str, ...], int]]
) -> Mapping[tuple[str, tuple[str, ...], int] | None, list[Execution]]:
    """Executions of `b` alone, by the shared one before them."""
    found: dict[tuple[str, tuple[str, ...], int] | None, list[Execution]] = {}
    last = None
    for one in b:
        if one.key in there:
            last = one.key
        else:
            found.setdefault(last, []).append(one)
    return found


def _pair(a: Execution, b: Execution | None) -> Pair:
    if b is None:
        return Pair("a", a, None)
    names = ("type", "status", "branch", "error", "wrote")
    differs = tuple(name for name in names if getattr(a, name) != getattr(b, name))
    return Pair("differs" if differs else "same", a, b, differs)


def signature(writes: Iterable[Write]) -> str:
    """A digest of what a macrostep wrote in the envelope, wherever that hangs; empty when it wrote nothing there."""
    made = [write.to_json() for write in _in_envelope(writes)]
    return content_hash(made)[:32] if made else ""


def _in_envelope(writes: Iterable[Write]) -> Iterator[Write]:
    for write in writes:
        _, rest = split(write.path)
        if rest[:1] == ("envelope",):
            yield Write(rest[1:], write.value)


def differing(
    a: Mapping[str, JsonValue], b: Mapping[str, JsonValue]
) -> list[tuple[Path, JsonValue, JsonValue]]:
    """Every place where two envelopes differ, but for what they say of the run itself."""
    one, other = ({root: envelope[root] for root in _ROOTS if root in envelope} for envelope in (a, b))
    return diff(one, other)
