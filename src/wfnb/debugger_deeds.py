"""The part of a debugger that does what its widget offers beside stepping: why, fork, compare. Answers are bounded JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from wfnb.comparing import Comparing
from wfnb.debug.film import Film
from wfnb.debug.session import Session
from wfnb.debugger_pairs import comparison_json, replay_json
from wfnb.engine.engine import Engine
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
_DEPTH: Final = 12
_INPUTS: Final = 20


class DebuggerDeeds:
    """The part of a debugger that asks why, forks and compares."""

    run: Run
    _engine: Engine
    _session: Session
    _store: Store

    @property
    def attached(self) -> tuple[str, ...]:
        """Who holds the run."""
        raise NotImplementedError

    def fork(
        self,
        *,
        edits: Mapping[str, JsonValue] | None = None,
        version: int | None = None,
        live: bool = False,
        confirm: bool = False,
        reason: str | None = None,
    ) -> Debugger:
        """A debugger on a fork at the cursor."""
        raise NotImplementedError

    @property
    def holding(self) -> bool:
        """Whether this kernel holds the run."""
        raise NotImplementedError

    @property
    def _film(self) -> Film:
        raise NotImplementedError

    def features(self) -> frozenset[str]:
        """What the widget may offer here."""
        role = self.run._by.role  # noqa: SLF001 - a part of the run's own debugger
        forks = {"fork"} if may(role, "run") else set()
        edits = {"edit"} if self._engine.holds(self._seen.id) and may(role, "run") else set()
        replays = {"replay"} if may(role, "inspect") else set()
        return frozenset({"why", "compare"} | forks | edits | replays | self._holds())

    def _holds(self) -> set[str]:
        """Whether a run that somebody else drives may be held."""
        run = self._seen
        able = may(self.run._by.role, "operate") and not run.row.over  # noqa: SLF001 - a part of the run's own debugger
        return {"hold"} if able and not self._engine.holds(run.id) else set()

    def held(self) -> dict[str, JsonValue] | None:
        """Who holds the run, and whether this kernel is one of them."""
        names = list(self.attached)
        return {"by": [visible(name, _TEXT) for name in names], "mine": self.holding} if names else None

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
        return self.fork(edits=edits or None, version=version, live=live, confirm=live, reason=reason or None)

    def compare_page(self, other: str) -> dict[str, JsonValue]:
        """The run that is looked at beside another one."""
        run = self._seen
        found = _Pairs(self._store, run.row.tenant).compare(other, run.id)
        return comparison_json(found, fork=self.parent == other)

    def replay_page(self, version: int | None) -> dict[str, JsonValue]:
        """The record of the run beside its replay against a version."""
        return replay_json(self._seen.replay(version))


class _Pairs(Comparing):
    """Compares without a workspace."""

    def __init__(self, store: Store, tenant: str) -> None:
        self._store = store
        self.tenant = tenant


def _source(origin: Origin) -> str:
    words = origin.source.replace("_", " ")
    by = f"{words} of {origin.id}" if origin.id else words
    return f"{by}: {origin.detail}" if origin.detail and origin.detail != origin.id else by


def _said(value: Any) -> str:
    return "not there" if value is DELETE else visible(canonical_json(value), _TEXT)
