"""The part of a workspace that compares: two runs, two versions, and many runs with the definition they took."""

from __future__ import annotations

from typing import Any

from wfnb.comparison import Comparison, Side, StateChange, StepPair, VersionComparison, columns_of
from wfnb.machine.compare import align, differing
from wfnb.machine.version_diff import StepChange, changes_of_steps, changes_outside
from wfnb.model.values import JsonValue
from wfnb.run_coverage import RunCoverage, recorded_coverage
from wfnb.services import comparisons
from wfnb.services.masks import RunMask
from wfnb.store.port import Store, state_at
from wfnb.store.records import RunRow, VersionRow
from wfnb.tables import Rows

__all__ = ["Comparing"]


class Comparing:
    """The part of a workspace that compares."""

    _store: Store
    tenant: str

    def _known(self, workflow: str, version: int | None) -> VersionRow:
        """A published version; a workspace knows them."""
        raise NotImplementedError

    def compare(self, a: Any, b: Any) -> Comparison:
        """Two runs side by side: the path each took, what their states do not share, how long it took them, how they ended.

        Steps are the same one when step, loop items and attempt are, so that runs of two versions can be compared as well.
        Times are shown and make no difference.

        Parameters
        ----------
        a, b
            A run or its id; or a pair of that and a macrostep, for the run as it was then.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_RUN``, ``NO_SUCH_STEP``.
        ValidationError
            ``INVALID_ARGUMENT``.

        Examples
        --------
        >>> import wfnb
        >>> ws = wfnb.open(store="memory", clock="2026-01-01", seed=1)
        >>> double = {"id": "double", "type": "transform.assign", "config": {"assign": {"vars.n": {"$expr": "payload.n * 2"}}}}
        >>> _ = ws.publish({"id": "twice", "name": "Twice", "steps": [double]})
        >>> one, other = ws.start("twice", {"n": 4}).wait(), ws.start("twice", {"n": 5}).wait()
        >>> [(change.place, change.a, change.b) for change in ws.compare(one, other).state]
        [('payload.n', 4, 5), ('vars.n', 8, 10)]
        >>> ws.compare(one, one).identical
        True
        """
        points = [
            comparisons.point_of(self._store, given, name, self.tenant)
            for given, name in ((a, "a"), (b, "b"))
        ]
        paths = [comparisons.executions(self._store, row, seq) for row, seq in points]
        envelopes = [state_at(self._store, row, seq).envelope for row, seq in points]
        masks = [RunMask.of(self._store, row) for row, _ in points]
        state = [
            StateChange(".".join(map(str, path)), masks[0].value(path, old), masks[1].value(path, new))
            for path, old, new in differing(envelopes[0], envelopes[1])
        ]
        one, other = (self._side(row, seq, mask) for (row, seq), mask in zip(points, masks, strict=True))
        return Comparison(
            one,
            other,
            Rows(map(StepPair.of, align(*paths)), columns=columns_of(StepPair)),
            Rows(state, columns=columns_of(StateChange)),
            (self._definition(points[0][0]), self._definition(points[1][0])),
        )

    def compare_versions(self, workflow: str, old: int, new: int | None = None) -> VersionComparison:
        """Two versions of a workflow: steps added, removed, moved and changed, field by field, with the text of expressions.

        Parameters
        ----------
        workflow
            Id of a published workflow.
        old, new
            Versions; the latest one without the second.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW`` or ``NO_SUCH_VERSION``.
        """
        one, other = self._known(workflow, old), self._known(workflow, new)
        return VersionComparison(
            workflow,
            one.version,
            other.version,
            Rows(changes_of_steps(one.definition, other.definition), columns=columns_of(StepChange)),
            changes_outside(one.definition, other.definition),
            (one.definition, other.definition),
        )

    def coverage_of(self, workflow: str, version: int | None = None, *, runs: Any = None) -> RunCoverage:
        """What recorded runs took of a version: branches that none ever took, how often each step was done, and where it fails.

        Runs are read one after the other, so that any number of them can be asked about.

        Parameters
        ----------
        workflow, version
            A published workflow; its latest version unless another one is named.
        runs
            Which runs: an object of ``status``, ``since`` and ``until`` as for `runs`; or runs or their ids. All of them without it.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_WORKFLOW``, ``NO_SUCH_VERSION``, ``NO_SUCH_RUN``.
        ValidationError
            ``INVALID_ARGUMENT``, also for a run of another version.
        """
        return recorded_coverage(self._store, self._known(workflow, version), runs, self.tenant)

    def _side(self, row: RunRow, seq: int, mask: RunMask) -> Side:
        state = state_at(self._store, row, seq)
        ended = seq == row.seq
        error = str(mask.data(row.error["message"])) if ended and row.error else None
        end_us = self._moment(row, seq)
        label = state.envelope["meta"].get("state") if isinstance(state.envelope["meta"], dict) else None
        return Side(
            row.run_id,
            seq,
            row.workflow_id,
            row.workflow_version,
            row.status if ended else state.status,
            None if label is None else str(mask.value(("meta", "state"), label)),
            None if end_us is None else round((end_us - row.started_us) / 1000, 3),
            error,
        )

    def _moment(self, row: RunRow, seq: int) -> int | None:
        if seq == row.seq and row.completed_us is not None:
            return row.completed_us
        made = self._store.macrosteps(row.run_no, seq - 1, seq)
        return made[0].at_us if made else None

    def _definition(self, row: RunRow) -> dict[str, JsonValue]:
        version = self._store.version(row.workflow_id, row.workflow_version)
        return version.definition if version else {}
