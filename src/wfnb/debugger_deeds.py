"""The part of a debugger that does what its widget offers beside stepping: why, fork, compare. Answers are bounded JSON."""

from __future__ import annotations

from itertools import dropwhile
from typing import TYPE_CHECKING, Any, Final

from wfnb.comparing import Comparing
from wfnb.comparison import Comparison, StateChange, StepPair
from wfnb.debug.film import Film
from wfnb.debug.session import Session
from wfnb.model.paths import pointer
from wfnb.model.values import DELETE, JsonValue, Path, canonical_json
from wfnb.origin import Origin
from wfnb.roles import may
from wfnb.security.escape import visible
from wfnb.store.port import Store

if TYPE_CHECKING:
    from wfnb.debugger import Debugger
    from wfnb.run import Run

__all__ = ["DebuggerDeeds"]

_TEXT: Final = 200
_PAIRS: Final = 200
_BEFORE: Final = 5  # pairs that are the same, in front of the first one that is not
_DEPTH: Final = 12
_INPUTS: Final = 20


class DebuggerDeeds:
    """The part of a debugger that asks why, forks and compares."""

    run: Run
    _session: Session
    _store: Store

    @property
    def _film(self) -> Film:
        raise NotImplementedError

    def features(self) -> frozenset[str]:
        """What the widget may offer here."""
        role = self.run._by.role  # noqa: SLF001 - a part of the run's own debugger
        forks = {"fork"} if may(role, "run") else set()
        return frozenset({"why", "compare"} | forks)

    @property
    def _seen(self) -> Run:
        """The run that is looked at."""
        run_id = self._session.at.run_id
        return self.run if run_id == self.run.id else self.run._of(run_id)  # noqa: SLF001 - as above

    @property
    def parent(self) -> str | None:
        """The run that the one that is looked at is a fork of."""
        row = self._seen.row
        return row.trigger.removeprefix("fork:") if row.forked_from is not None else None

    def why_page(self, path: Path) -> dict[str, JsonValue]:
        """Why a value is what it is at the cursor, as a tree."""
        seq = self._film.seq_at(self._session.at.position)
        origin = self._seen.why(pointer(path), at=seq)
        place = ".".join(map(str, path))
        if origin is None:
            nothing: dict[str, JsonValue] = {
                "title": place,
                "source": "not there",
                "expression": None,
                "value": "",
                "position": None,
                "inputs": [],
            }
            return {"place": visible(place, _TEXT), "origin": nothing}
        return {"place": visible(place, _TEXT), "origin": self._origin(origin, _DEPTH)}

    def _origin(self, origin: Origin, depth: int) -> dict[str, JsonValue]:
        here = origin.run == self._seen.id and origin.seq is not None
        inputs = origin.inputs[:_INPUTS] if depth else ()
        return {
            "title": visible(origin.place, _TEXT),
            "source": visible(_source(origin), _TEXT),
            "expression": visible(origin.expression, 2 * _TEXT) if origin.expression else None,
            "value": _said(origin.value),
            "position": self._film.position_of(origin.seq) if here and origin.seq is not None else None,
            "inputs": [self._origin(one, depth - 1) for one in inputs],
        }

    def fork_form(self) -> dict[str, JsonValue]:
        """What the form for a fork at the cursor has to know."""
        run = self._seen
        seq = self._film.seq_at(self._session.at.position)
        versions = [row.version for row in self._store.versions(run.workflow)]
        live = may(self.run._by.role, "operate")  # noqa: SLF001 - a part of the run's own debugger
        effects = run.fork_plan(seq).effects if live else ()
        told = [f"{visible(one.step, 80)} ({visible(one.action, 80)})" for one in effects[:_INPUTS]]
        return {"versions": versions, "version": run.version, "effects": told, "live": live}

    def fork_here(
        self, edits: dict[str, JsonValue], version: int | None, reason: str, *, live: bool
    ) -> Debugger:
        """A debugger on a fork at the cursor; whoever asks for a live one has seen what it may cause."""
        seq = self._film.seq_at(self._session.at.position)
        fork = self._seen.fork(
            seq, edits=edits or None, version=version, live=live, confirm=live, reason=reason or None
        )
        return fork.debug()

    def compare_page(self, other: str) -> dict[str, JsonValue]:
        """The run that is looked at beside another one."""
        run = self._seen
        found = _Pairs(self._store, run.row.tenant).compare(other, run.id)
        return comparison_json(found, fork=self.parent == other)


class _Pairs(Comparing):
    """Compares without a workspace."""

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self.tenant = tenant


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
    begin = max(0, next((number for number, pair in enumerate(steps) if pair.kind != "same"), 0) - _BEFORE)
    shown = steps[begin : begin + _PAIRS]
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


def _source(origin: Origin) -> str:
    words = origin.source.replace("_", " ")
    by = f"{words} of {origin.id}" if origin.id else words
    return f"{by}: {origin.detail}" if origin.detail and origin.detail != origin.id else by


def _said(value: Any) -> str:
    return "not there" if value is DELETE else visible(canonical_json(value), _TEXT)
