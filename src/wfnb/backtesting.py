"""The part of a workspace that backtests: the runs there were, replayed against another version."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from wfnb.backtest.batch import OVER, Chosen, spans
from wfnb.backtest.journal import Journal
from wfnb.backtest.plan import Plan, plan_of
from wfnb.backtest.supply import Supply
from wfnb.backtest.ways import Way, cluster, here, pool
from wfnb.backtested import Backtest, Subject, Told, bar
from wfnb.engine.programs import Programs
from wfnb.errors import NotFoundError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.arguments import check_whole
from wfnb.model.values import JsonValue, content_hash
from wfnb.replay import Replay
from wfnb.replaying import Against, against, replay_of
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.store.records import RunFilter, RunRow, VersionRow

__all__ = ["Backtesting"]


class Backtesting:
    """The part of a workspace that backtests."""

    _programs: Programs
    _store: Store
    path: Path
    tenant: str

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def run(self, run_id: str) -> Any:
        """A run by its id."""
        raise NotImplementedError

    def backtest(
        self,
        workflow: str,
        version: int | None = None,
        *,
        definition: dict[str, JsonValue] | str | os.PathLike[str] | None = None,
        runs: Iterable[Any] | Mapping[str, Any] | int | None = None,
        client: Any = None,
        processes: int | None = None,
        fixtures: Mapping[str, JsonValue] | None = None,
        progress: Told | bool | None = None,
        wait: bool = True,
    ) -> Backtest:
        """Replay the runs of a workflow against a version, and count what becomes of them, by cause.

        Each run is replayed as `Run.replay` does it. A run that cannot be replayed is counted as such and stops nothing. When it
        is cancelled, interrupted or cut short, the same call goes on where it was.

        Parameters
        ----------
        workflow
            Id of a published workflow.
        version, definition
            A published version, the latest one without it; or a definition that need not be published.
        runs
            Which of its runs: None for all that are over; a number for the newest; ids or runs; or an object of ``status`` (one
            or several) and ``version``.
        client
            A ``dask.distributed.Client``: batches are replayed on its cluster, whose workers open the store by its address. The
            address of a server holds its password.
        processes
            Replay in so many processes of this machine.
        fixtures
            Answers for steps that records do not know, as for `Workspace.simulate`; every run has all of them.
        progress
            Is told how many numbers of runs are done, and how many there are; True shows a bar of text.
        wait
            False goes on in the background: `Backtest.progress`, `Backtest.wait`, `Backtest.cancel`.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW``, ``NO_SUCH_VERSION``, ``NO_SUCH_RUN``.
        DefinitionError
            ``CANNOT_LINK``, ``NOT_SIMULATED``.
        CommandError
            ``STORE_NOT_SHARED`` when other processes cannot read the store.
        MissingExtraError
            A client without Dask.
        ValidationError
            ``INVALID_ARGUMENT``, ``INVALID_FIXTURE``.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
        >>> def version(text):
        ...     step = {"id": "rate", "type": "transform.assign", "config": {"assign": {"vars.high": {"$expr": text}}}}
        ...     return {"id": "rating", "name": "Rating", "steps": [step]}
        >>> _ = ws.publish(version("payload.n > 5"))
        >>> for n in range(10):
        ...     _ = ws.start("rating", {"n": n}).wait()
        >>> ws.backtest("rating", definition=version("payload.n > 7")).counts["other values"]
        2
        """
        latest = self._known(workflow, version)
        target = against(
            self._programs,
            workflow,
            latest.version,
            latest.version if definition is None else None,
            definition,
        )
        Supply(fixtures, {})  # a fixture that cannot be is refused now, not by every worker
        given = None if fixtures is None else dict(fixtures)
        plan = plan_of(target.program, target.number, self._programs.catalog, given)
        chosen = self._chosen(workflow, runs)
        newest = self._store.last_run_no()
        made = Backtest(
            Subject(
                workflow,
                target.name,
                target.program.definition.to_json(),
                self._replay(target, given),
                self._open,
            ),
            spans(chosen, newest, LIMITS.backtest_batch),
            self._way(plan, chosen, client, processes),
            Journal(self._journal(plan, chosen)),
            bar if progress is True else progress or None,
        )
        return made.run() if wait else made.start()

    def _replay(self, target: Against, fixtures: dict[str, JsonValue] | None) -> Any:
        def replay(run_id: str) -> Replay:
            row: RunRow = self.run(run_id).row
            return replay_of(self._store, self._programs, row, target, fixtures)

        return replay

    def _open(self, run_id: str) -> Any:
        return self.run(run_id).debug()

    def _way(self, plan: Plan, chosen: Chosen, client: Any, processes: int | None) -> Way:
        if client is not None and processes is not None:
            raise ValidationError(
                "A backtest runs on a cluster or in processes, not both.",
                code="INVALID_ARGUMENT",
                where="processes",
            )
        if client is not None:
            return cluster(self._store, plan, chosen, client)
        if processes is not None:
            return pool(self._store, plan, chosen, check_whole(processes, "processes", least=1))
        return here(self._store, plan, chosen)

    def _journal(self, plan: Plan, chosen: Chosen) -> Path | None:
        """Where the journal of this backtest is; a store in memory has none."""
        if isinstance(self._store, MemoryStore):
            return None
        name = content_hash(
            [plan.id, chosen.numbers, chosen.statuses, chosen.version, self.tenant, self._store.location]
        )
        return self.path / ".wfnb" / "backtests" / f"{name[:32]}.jsonl"

    def _chosen(self, workflow: str, runs: Any) -> Chosen:
        if runs is None:
            return Chosen(tenant=self.tenant)
        if isinstance(runs, Mapping):
            return _filtered(runs, self.tenant)
        if isinstance(runs, int):
            limit = check_whole(runs, "runs", least=1)
            rows = self._store.runs(RunFilter(OVER, workflow, limit=limit, tenant=self.tenant))
        else:
            rows = [self._row(workflow, run) for run in runs]
        return Chosen(tuple(sorted(row.run_no for row in rows)), tenant=self.tenant)

    def _row(self, workflow: str, run: Any) -> RunRow:
        row: RunRow = self.run(getattr(run, "id", run)).row
        if row.workflow_id != workflow:
            raise NotFoundError(
                f"The run {row.run_id} is one of {row.workflow_id}.", code="NO_SUCH_RUN", where="runs"
            )
        return row


def _filtered(runs: Mapping[str, Any], tenant: str) -> Chosen:
    """The runs that an object of status and version chooses."""
    status, version = runs.get("status", OVER), runs.get("version")
    statuses = (status,) if isinstance(status, str) else tuple(status)
    known = {"SUCCEEDED", "FAILED", "CANCELED", "RUNNING", "WAITING"}
    if not runs.keys() <= {"status", "version"} or not set(statuses) <= known:
        raise ValidationError(
            "Runs are chosen by status and version.",
            code="INVALID_ARGUMENT",
            where="runs",
            hint='Say runs={"status": "FAILED", "version": 2}.',
        )
    made = None if version is None else check_whole(version, "version", least=1)
    return Chosen(None, statuses, made, tenant)
