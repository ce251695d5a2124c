"""The workspace: one folder with its runs, its registries and its engine. Everything people do begins here."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from wfnb.answering import Answering
from wfnb.attaching import AttachingAll
from wfnb.backtesting import Backtesting
from wfnb.browsing import Browsing
from wfnb.bundling import Bundling
from wfnb.comparing import Comparing
from wfnb.drafting import Drafting
from wfnb.engine.clock import Clock
from wfnb.engine.engine import Engine
from wfnb.engine.ids import CountedIds, TimeIds
from wfnb.engine.pace import Pace
from wfnb.engine.performers import InlinePerformer, ThreadPerformer
from wfnb.engine.programs import Programs
from wfnb.errors import DefinitionError, NotFoundError
from wfnb.exporting import Exporting
from wfnb.expr import Profile
from wfnb.keeping import Keeping
from wfnb.model.arguments import check_text, check_whole
from wfnb.model.values import JsonValue
from wfnb.operating import Operating
from wfnb.packing import Packing
from wfnb.publication import Publication
from wfnb.registering import Registering
from wfnb.registry.actions import Action
from wfnb.registry.email_nodes import EMAIL_NODES
from wfnb.resyncing import Resyncing
from wfnb.roles import guarded
from wfnb.run import Run
from wfnb.scheduling import Scheduling
from wfnb.secrets import Secrets
from wfnb.security.escape import visible
from wfnb.services import definitions, run_search, starts
from wfnb.services.admission import Admission
from wfnb.services.audit import Actor
from wfnb.services.schedules import Schedules
from wfnb.services.secrets import Keeper
from wfnb.settling import Settling
from wfnb.simulating import Simulating
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store
from wfnb.store.records import RunFilter, VersionRow
from wfnb.store.redactions import Redaction, declare
from wfnb.telling import TellingAll
from wfnb.trying import Trying
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.findings import Finding
from wfnb.watching import Watching
from wfnb.working import Working

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd

    from wfnb.debugger import Debugger
    from wfnb.history.history import History
    from wfnb.pictures import Picture

__all__ = ["Workspace"]


@guarded
class Workspace(
    Registering,
    Simulating,
    Backtesting,
    Answering,
    Scheduling,
    Settling,
    Operating,
    Watching,
    Browsing,
    TellingAll,
    Working,
    AttachingAll,
    Drafting,
    Keeping,
    Exporting,
    Bundling,
    Comparing,
    Trying,
    Packing,
    Resyncing,
):
    """A folder with runs, registries and an engine; made by `wfnb.open`. A context manager."""

    def __init__(
        self,
        path: Path,
        store: Store,
        clock: Clock,
        profile: Profile,
        seed: int | None,
        *,
        tenant: str = "local",
        by: Actor | None = None,
        starts_per_minute: int | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.path = path
        self.tenant = tenant
        self._by = by or Actor()
        self._admission = Admission(store, clock, starts_per_minute)
        self._closed = False
        self._store = store
        self._clock = clock
        self._keeper = Keeper(store, clock.lease_us, tenant)
        self._catalog = Catalog(
            profile=profile, versions_of=self._versions_of, secret_names=self._keeper.usage
        )
        for node in EMAIL_NODES:
            self._catalog.nodes.add(node)
        # Whether a secret is there is the matter of the call that asks for it, not of linking.
        self._programs = Programs(store, replace(self._catalog, secret_names=None))
        ids = CountedIds(starts.last_counted(store)) if seed is not None else TimeIds()
        self._schedules = Schedules(
            store, self._programs, self._admission, clock=clock, ids=ids, tenant=tenant
        )
        self._engine = Engine(
            store,
            self._programs,
            self._catalog.actions,
            clock=clock,
            performer=InlinePerformer() if clock.simulated else ThreadPerformer(),
            ids=ids,
            seed=seed,
            failed=self._admission.failed,
            secrets=self._keeper,
            fire=self._schedules.fire,
            pace=pace,
        )

    # --- definitions

    def validate(self, definition: dict[str, JsonValue] | str | os.PathLike[str]) -> list[Finding]:
        """Every problem of a definition, errors and warnings, in order of their place.

        Parameters
        ----------
        definition
            A dict, the path of a file, or JSON or YAML text.
        """
        text = self._written(definition)
        return [text] if isinstance(text, Finding) else list(check(text, self._catalog).findings)

    def _written(self, definition: JsonValue | os.PathLike[str]) -> JsonValue | Finding:
        """What was written, or the finding that it cannot be read."""
        try:
            return definitions.written(definition)
        except DefinitionError as error:
            return Finding("error", error.code, "root", error.message, error.hint)

    def publish(
        self, definition: dict[str, JsonValue] | str | os.PathLike[str], *, actor: str | None = None
    ) -> Publication:
        """Check a definition and, when it has no errors, store it as a new version.

        The same content again gives the version it has already. The number of a new version is the one written in the
        definition, or the next free one when that is taken.

        Parameters
        ----------
        definition
            A dict, the path of a file, or JSON or YAML text.
        actor
            Who publishes, when it is not the person the workspace was opened for; stored with the version.
        """
        by = self._by if actor is None else replace(self._by, name=check_text(actor, "actor"))
        text = self._written(definition)
        if isinstance(text, Finding):
            return Publication(False, None, None, (text,))
        return self._publish(text, by)

    def _publish(self, definition: JsonValue, by: Actor) -> Publication:
        published = definitions.publish(
            self._store,
            self._catalog,
            definition,
            by=by,
            now_us=self._clock.lease_us(),
            from_us=self._clock.ready_us(),
        )
        self._engine.scan()
        return Publication(*published)

    def workflows(self) -> list[str]:
        """Ids of all published workflows, sorted."""
        return sorted({version.workflow_id for version in self._store.versions()})

    @property
    def secrets(self) -> Secrets:
        """What calls are given by name and nobody is shown: stored encrypted, listed without values."""
        return Secrets(self._keeper, self._by)

    # --- runs

    def start(
        self, workflow: str, payload: JsonValue = None, *, version: int | None = None, key: str | None = None
    ) -> Run:
        """Begin a run and return at once; the engine drives it.

        Parameters
        ----------
        workflow
            Id of a published workflow.
        payload
            An object; checked against the workflow's payload schema before a run exists.
        version
            A version, or the latest one.
        key
            A second start with the same key begins nothing and returns the first run.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW`` or ``NO_SUCH_VERSION``.
        ValidationError, LimitExceeded
            When the payload does not fit, or is too large.
        CommandError
            ``WORKFLOW_PAUSED`` or ``WORKFLOW_ARCHIVED``.
        LimitExceeded
            ``LIMIT_REACHED`` when as many runs of the workflow are under way as may be, ``RATE_LIMIT`` when too many were started
            within a minute.
        """
        return self._start(workflow, payload, version=version, key=key, hold=False)

    def debug(self, workflow: str, payload: JsonValue = None, *, version: int | None = None) -> Debugger:
        """Begin a run that is held before its first step: every `Debugger.step` performs one step for real."""
        return self._start(workflow, payload, version=version, key=None, hold=True).debug()

    def _start(
        self, workflow: str, payload: JsonValue, *, version: int | None, key: str | None, hold: bool
    ) -> Run:
        known = self._known(workflow, version)
        if key is not None:
            check_text(key, "key")
        program = self._programs.get(workflow, known.version)
        checked = self._programs.payload(program, payload)
        refused = self._admission.refusal(workflow, self.tenant)
        if refused is not None:
            first = None if key is None else run_search.by_key(self._store, workflow, key)
            if first is None or hold:
                raise refused
            return Run(self._store, self._engine, first.run_id, self._by, self._admission)
        row = starts.begin(
            self._engine, program, known.version, checked, key=key, hold=hold, tenant=self.tenant
        )
        return Run(self._store, self._engine, row.run_id, self._by, self._admission)

    def run(self, run_id: str) -> Run:
        """A run by its id.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_RUN``.
        """
        known = self._store.run(check_text(run_id, "run_id"))
        if known is None or known.tenant != self.tenant:
            raise NotFoundError(
                f"There is no run {visible(run_id, 80)}.", code="NO_SUCH_RUN", hint="ws.runs() lists them."
            )
        return Run(self._store, self._engine, run_id, self._by, self._admission)

    # --- questions and pictures

    @cached_property
    def history(self) -> History:
        """Every run there ever was, as columns: `History.sql` and the named analyses.

        Raises
        ------
        MissingExtraError
            Without duckdb and pandas (``wfnb[history]``).
        """
        from wfnb.history.history import History

        folder = None if isinstance(self._store, MemoryStore) else self.path / ".wfnb"
        return History(self._store, folder, now_us=None if self._clock.simulated else self._clock.lease_us)

    @property
    def _watched(self) -> History:
        return self.history

    def sql(self, query: str, **params: JsonValue) -> pd.DataFrame:
        """Ask the history a question: one SELECT over the views runs, steps, invocations, waits and events.

        Parameters
        ----------
        query
            SQL of DuckDB; it can read nothing but the history.
        params
            Values for ``$name`` in the query.

        Raises
        ------
        QueryError
            When the query is refused, wrong, too slow or its answer too large.
        """
        return self.history.sql(query, **params)

    def picture(self, workflow: str, *, version: int | None = None) -> Picture:
        """The pipeline of a published workflow.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW`` or ``NO_SUCH_VERSION``.
        """
        from wfnb.pictures import definition_picture

        return definition_picture(self._known(workflow, version).definition)

    def graph(self, workflow: str, *, version: int | None = None) -> nx.DiGraph[str]:
        """The steps of a published workflow and the ways between them, for networkx to compute with.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW`` or ``NO_SUCH_VERSION``.
        """
        from wfnb.viz.graph import definition_graph

        return definition_graph(self._known(workflow, version).definition)

    # --- the workspace itself

    def close(self) -> None:
        """Stop the engine and close the store. Runs under way go on when the workspace is opened again."""
        self._closed = True
        self._engine.close()
        if "history" in vars(self):  # a cached property: only there when somebody asked
            self.history.close()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def __repr__(self) -> str:
        if self._closed:
            return f"<Workspace {visible(self._store.location)}: closed>"
        count = self._store.count_runs(RunFilter(tenant=self.tenant))
        return f"<Workspace {self._store.location}: {len(self.workflows())} workflows, {count} runs>"

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        check_text(workflow, "workflow")
        if version is not None:
            check_whole(version, "version")
        known = self._store.version(workflow, version)
        if known is None:
            raise starts.unknown(self._store, workflow, version)
        return known

    def _hides(self, action: Action) -> None:
        hidden = Redaction(action.redact_input, action.redact_output)
        declare(self._store.database, action.id, action.version, hidden)

    def _registered(self) -> None:
        self._engine.scan()

    def _versions_of(self, workflow: str) -> tuple[int, ...]:
        return tuple(version.version for version in self._store.versions(workflow))
