"""Two runs, or a run and its replay, side by side as the widget shows them: bounded JSON, with the first difference in view."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile
from typing import Any, Final, TypeVar

from wfnb.comparison import Comparison, StateChange, StepPair
from wfnb.model.values import DELETE, JsonValue, canonical_json
from wfnb.replay import Replay, ReplayedStep, StateDifference, told
from wfnb.security.escape import visible

__all__ = ["comparison_json", "replay_json"]

_TEXT: Final = 200
_PAIRS: Final = 200
_BEFORE: Final = 5  # pairs that are the same, in front of the first one that is not

P = TypeVar("P")


def comparison_json(found: Comparison, *, fork: bool = False) -> dict[str, JsonValue]:
    """A comparison as the widget shows it: the first pair that differs is among the first ones.

    Parameters
    ----------
    found
        As ``ws.compare`` gives it.
    fork
        Whether the second run is a fork of the first: then what was done before it is left out.
    """
    steps = list(dropwhile(lambda pair: fork and pair.kind == "a", found.steps))
    count = sum(pair.kind != "same" for pair in steps)
    shown = _from_first(steps, [pair.kind != "same" for pair in steps])
    values = len(found.state)
    told = [
        f"{count} of {len(steps)} steps differ" if count else "The same steps",
        "1 value differs" if values == 1 else f"{values} values differ",
        f"{found.a.run} {found.a.status.lower()}, {found.b.run} {found.b.status.lower()}",
    ]
    return {
        "title": f"Steps{' since the fork' if fork else ''}",
        "summary": "The same." if not count and not values else f"{'; '.join(told)}.",
        "left": found.a.run,
        "right": found.b.run,
        "pairs": [_pair(pair) for pair in shown],
        "more": len(steps) - len(shown),
        "differences": [_change(change) for change in found.state[:_PAIRS]],
    }


_MARKS: Final = {"same": "same", "differs": "differs", "a": "left", "b": "right"}


def _pair(pair: StepPair) -> dict[str, JsonValue]:
    name = pair.id + (f" (attempt {pair.attempt})" if pair.attempt > 1 else "")
    sides = [
        None if side is None else visible(f"{name}: {_status(side)}", _TEXT) for side in (pair.a, pair.b)
    ]
    note = "" if not pair.differs else f"other {', '.join(pair.differs)}"
    return {
        "left": sides[0] or "",
        "right": sides[1] or "",
        "mark": _MARKS[pair.kind],
        "note": note,
        "at": None,
    }


def _status(told: str) -> str:
    """A status in small letters; the branch or the error behind it stays as it is."""
    status, _, rest = told.partition(" ")
    return f"{status.lower().replace('_', ' ')} {rest}".rstrip()


def _change(change: StateChange) -> dict[str, JsonValue]:
    return {"place": visible(change.place, _TEXT), "left": _said(change.a), "right": _said(change.b)}


def replay_json(replay: Replay) -> dict[str, JsonValue]:
    """A replay as the widget shows it.

    Parameters
    ----------
    replay
        As ``run.replay`` gives it.
    """
    steps = list(replay.steps)
    shown = _from_first(steps, [step.differs is not None for step in steps])
    said = "It goes the same way." if replay.divergence is None else "; ".join(told(replay.divergence))
    ends = f"recorded: {_status(replay.recorded_outcome)}, now: {_status(replay.outcome)}"
    return {
        "title": f"{replay.run} against version {replay.version}",
        "summary": visible(f"{said} ({ends})", 3 * _TEXT),
        "left": f"recorded, v{replay.recorded_version}",
        "right": f"now, v{replay.version}" if isinstance(replay.version, int) else "now, the draft",
        "pairs": [_replayed(step) for step in shown],
        "more": len(steps) - len(shown),
        "differences": [_difference(change) for change in replay.diff[:_PAIRS]],
    }


def _replayed(step: ReplayedStep) -> dict[str, JsonValue]:
    name = step.id + (f" (attempt {step.attempt})" if step.attempt > 1 else "")
    left, right = (
        None if side is None else visible(f"{name}: {_status(side)}", _TEXT)
        for side in (step.recorded, step.now)
    )
    mark = "right" if left is None else "left" if right is None else "differs" if step.differs else "same"
    source = f"answered: {step.answered}" if step.answered and step.answered != "recorded" else ""
    note = "; ".join(part for part in (step.differs or "", source) if part)
    return {"left": left or "", "right": right or "", "mark": mark, "note": visible(note, _TEXT), "at": None}


def _difference(change: StateDifference) -> dict[str, JsonValue]:
    return {"place": visible(change.place, _TEXT), "left": _said(change.recorded), "right": _said(change.now)}


def _from_first(steps: Sequence[P], differ: Sequence[bool]) -> Sequence[P]:
    begin = max(0, next((number for number, other in enumerate(differ) if other), 0) - _BEFORE)
    return steps[begin : begin + _PAIRS]


def _said(value: Any) -> str:
    return "not there" if value is DELETE else visible(canonical_json(value), _TEXT)
