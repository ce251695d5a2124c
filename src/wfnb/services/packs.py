"""Packs: a recorded run taken out of a store, without secrets, and put into a store of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from wfnb.errors import BundleError, CommandError, LimitExceeded, StoreError, ValidationError
from wfnb.limits import LIMITS
from wfnb.machine.state import State, fold
from wfnb.machine.writers import split
from wfnb.model.values import JsonValue, Write
from wfnb.security.redact import redact, redactions, scrub, secret_texts
from wfnb.services import pack_format as f
from wfnb.store.packed import PackedRows, write_packed
from wfnb.store.port import Store, state_at
from wfnb.store.records import InvocationRow, RunRow, StepRow, VersionRow
from wfnb.store.redactions import Declared, declared, hide
from wfnb.store.sqlite import SqliteStore
from wfnb.store.text import dump
from wfnb.validate.raw import walk_raw

__all__ = ["Missing", "make", "missing_names", "put"]

_PAGE = 2_000


def make(store: Store, row: RunRow, made_at: str) -> f.RunPack:
    """A run and all runs that it called, masked.

    Raises
    ------
    LimitExceeded
        ``TOO_LARGE`` for more runs than a pack may hold.
    """
    rows = list(_with_children(store, row))
    if len(rows) > LIMITS.pack_files // 2:
        raise LimitExceeded(
            "The run has called too many others for a pack.", code="TOO_LARGE", where=row.run_id
        )
    mask = _Mask(store, rows, declared(store.database))
    places = {one.run_no: number for number, one in enumerate(rows)}
    versions = list(_versions(store, rows))
    names = missing_names(version.definition for version in versions)
    runs = [_packed(store, one, places, mask) for one in rows]
    called = {(call.action_id, call.action_version) for run in runs for call in run.calls}
    actions = sorted({*names.actions, *called})
    return f.RunPack(
        made_at=made_at,
        versions=versions,
        actions=[f.PackedAction(id=name, version=number, side_effect=True) for name, number in actions],
        node_types=sorted(names.node_types),
        schema_refs=sorted(names.schema_refs),
        runs=runs,
    )


def _with_children(store: Store, row: RunRow) -> Iterator[RunRow]:
    yield row
    for child in store.children(row.run_no):
        yield from _with_children(store, child)


def _versions(store: Store, rows: Iterable[RunRow]) -> Iterator[f.PackedVersion]:
    for workflow_id, number in sorted({(row.workflow_id, row.workflow_version) for row in rows}):
        version = store.version(workflow_id, number)
        if version is None:
            raise CommandError(
                "The version of a run is not in the tables.", code="NOT_REPLAYABLE", where=workflow_id
            )
        yield f.PackedVersion(
            workflow_id=workflow_id, version=number, name=version.name, definition=version.definition,
            definition_hash=version.definition_hash, payload_schema_ref=version.payload_schema_ref,
            published_by=version.published_by, published_us=version.published_us,
        )  # fmt: skip


class _Mask:
    """Masks a run and those it called together: what one of them calls a secret is one in all of them."""

    def __init__(self, store: Store, rows: Iterable[RunRow], hidden: Declared) -> None:
        self.hidden = hidden
        self._pointers: dict[int, tuple[str, ...]] = {}
        known: set[str] = set()
        for row in rows:
            first, last = state_at(store, row, 0).envelope, state_at(store, row).envelope
            pointers = self._pointers[row.run_no] = redactions(last)
            known |= secret_texts(first, pointers) | secret_texts(last, pointers)
            for call in store.invocations(row.run_no):
                rule = hidden.get((call.action_id, call.action_version))
                for value, places in (
                    (call.input, rule.input if rule else ()), (call.output, rule.output if rule else ()),
                ):  # fmt: skip
                    known |= secret_texts(value, places)
            for macrostep in store.macrosteps(row.run_no, 0, row.seq):
                for write in macrostep.writes:
                    known |= secret_texts(_under_its_name(write))
        self._known = known

    def data(self, value: JsonValue) -> JsonValue:
        """Any value: what secret names hold, and texts that quote a secret."""
        return scrub(redact(value), self._known)

    def text(self, text: str) -> str:
        """A text that may quote a secret."""
        return str(scrub(text, self._known))

    def tree(self, tree: JsonValue, run_no: int) -> JsonValue:
        """A state tree, or a part of one that holds an envelope."""
        if isinstance(tree, dict) and isinstance(tree.get("envelope"), dict):
            tree = {**tree, "envelope": redact(tree["envelope"], self._pointers[run_no])}
        return self.data(tree)

    def write(self, write: Write, run_no: int) -> list[JsonValue]:
        """A write in its stored form."""
        entry = write.to_json()
        if len(entry) == 1:
            return entry
        _, rest = split(write.path)
        if rest[:1] != ("envelope",) or len(rest) < 2:
            return [entry[0], self.tree(write.value, run_no)]
        nested: JsonValue = write.value
        for name in reversed(rest[1:]):
            nested = {str(name): nested}
        nested = redact(nested, self._pointers[run_no])
        for name in rest[1:]:
            nested = nested[str(name)] if isinstance(nested, dict) else nested
        return [entry[0], scrub(nested, self._known)]


def _under_its_name(write: Write) -> JsonValue:
    """What a write sets, below the last name of its path, which may say that it is secret."""
    return {str(write.path[-1]): write.value} if isinstance(write.value, str | dict | list) else None


def _packed(store: Store, row: RunRow, places: dict[int, int], mask: _Mask) -> f.PackedRun:
    macrosteps = [
        (one.at_us, one.command, [mask.write(write, row.run_no) for write in one.writes])
        for start in range(0, row.seq, _PAGE)
        for one in store.macrosteps(row.run_no, start, min(start + _PAGE, row.seq))
    ]
    return f.PackedRun(
        run_id=row.run_id, workflow_id=row.workflow_id, workflow_version=row.workflow_version,
        definition_hash=row.definition_hash, kind=row.kind, status=row.status,
        label=None if row.label is None else mask.text(row.label), cursor=row.cursor,
        error=mask.data(row.error), trigger=row.trigger, parent=places.get(row.parent_run_no or 0),
        parent_effect=row.parent_effect if (row.parent_run_no or 0) in places else None, depth=row.depth, seq=row.seq,
        started_us=row.started_us, updated_us=row.updated_us, completed_us=row.completed_us, tenant="local",
        start=mask.tree(state_at(store, row, 0).tree, row.run_no), macrosteps=macrosteps,
        steps=[_step(step, mask) for step in store.steps(row.run_no)],
        calls=[_call(call, mask) for call in hide(store.invocations(row.run_no), mask.hidden)],
        waits=list(_waits(store, row, mask)),
        events=[
            f.PackedEvent(seq=event.seq, at_us=event.at_us, kind=event.kind, data=mask.data(event.data))
            for event in store.events(row.run_no)
        ],
    )  # fmt: skip


def _step(row: StepRow, mask: _Mask) -> f.PackedStep:
    return f.PackedStep(
        seq=row.seq, instance=row.instance, step_id=row.step_id, type=row.type, attempt=row.attempt, status=row.status,
        branch=row.branch, error=mask.data(row.error), handled_by=row.handled_by, end_seq=row.end_seq,
        started_us=row.started_us, ended_us=row.ended_us,
    )  # fmt: skip


def _call(row: InvocationRow, mask: _Mask) -> f.PackedCall:
    return f.PackedCall(
        effect_id=row.effect_id, instance=row.instance, action_id=row.action_id, action_version=row.action_version,
        key=mask.text(row.key), status=row.status, attempt=row.attempt, input=mask.data(row.input), output=mask.data(row.output),
        error=mask.data(row.error), shared=row.shared_with is not None, scheduled_us=row.scheduled_us, ended_us=row.ended_us,
        source=row.source,
    )  # fmt: skip


def _waits(store: Store, row: RunRow, mask: _Mask) -> Iterator[f.PackedWait]:
    for wait in store.waits(row.run_no):
        found = store.wait(row.run_no, wait.effect_id)
        came = found[1] if found is not None else None
        yield f.PackedWait(
            effect_id=wait.effect_id, instance=wait.instance, wait_type=wait.wait_type, status=wait.status, due_us=wait.due_us,
            created_us=wait.created_us, resolved_us=wait.resolved_us, event_name=wait.event_name,
            key=None if wait.key is None else mask.text(wait.key), filters=mask.data(wait.filters), task=mask.data(wait.task),
            answered_us=wait.answered_us, source=wait.source, answer=mask.data(wait.answer),
            answered=None if came is None else f.PackedAnswer(
                name=came.name, key=None if came.key is None else mask.text(came.key), payload=mask.data(came.payload),
                received_us=came.received_us,
            ),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Missing:
    """Names that definitions refer to."""

    actions: frozenset[tuple[str, int]]
    node_types: frozenset[str]
    schema_refs: frozenset[str]


def missing_names(definitions: Iterable[dict[str, JsonValue]]) -> Missing:
    """Every action, node type and schema that definitions name."""
    actions: set[tuple[str, int]] = set()
    types: set[str] = set()
    refs: set[str] = set()
    for definition in definitions:
        ref = definition.get("payloadSchemaRef")
        refs |= {ref} if isinstance(ref, str) else set()
        for step in walk_raw(definition):
            if not step.type.startswith("control."):
                types.add(step.type)
            name, number = step.config.get("actionId"), step.config.get("version")
            if step.type == "action.call" and isinstance(name, str) and type(number) is int:
                actions.add((name, number))
    return Missing(frozenset(actions), frozenset(types), frozenset(refs))


# --- into a store of its own


def put(pack: f.RunPack, store: SqliteStore) -> None:
    """Put a pack into an empty store, after its states were folded once.

    Raises
    ------
    BundleError
        ``INVALID_PACK`` when its rows contradict each other.
    """
    strays = (run for place, run in enumerate(pack.runs) if run.parent is not None and run.parent >= place)
    if (stray := next(strays, None)) is not None:
        raise _contradicts(f"{stray.run_id} stands before the run that called it.")
    try:
        write_packed(store, [_version(version) for version in pack.versions], map(_rows, pack.runs))
    except (ValidationError, LimitExceeded, StoreError) as error:
        raise _contradicts(error.message) from None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError):
        raise _contradicts("a state cannot be made from it.") from None


def _version(packed: f.PackedVersion) -> VersionRow:
    return VersionRow(
        packed.workflow_id, packed.version, packed.name, packed.definition, packed.definition_hash, packed.payload_schema_ref, None, None,
        packed.published_by, packed.published_us,
    )  # fmt: skip


def _rows(run: f.PackedRun) -> PackedRows:
    if len(run.macrosteps) != run.seq:
        raise ValidationError(f"{run.run_id} has {len(run.macrosteps)} of {run.seq} macrosteps.")
    state = State(run.run_id, dict(run.start))
    _check_tree(state.tree)
    checkpoints = [(0, dump(state.tree))]
    macrosteps = []
    for seq, (at_us, command, entries) in enumerate(run.macrosteps, 1):
        writes = [Write.from_json(entry) for entry in entries]
        if any(
            isinstance(part, bool) or not isinstance(part, str | int)
            for write in writes
            for part in write.path
        ):
            raise ValidationError("A path of a write is none.")
        state = fold(state, writes)
        macrosteps.append((seq, at_us, command, dump(entries)))
        if seq % LIMITS.checkpoint_every == 0:
            checkpoints.append((seq, dump(state.tree)))
    _check_tree(state.tree)
    if state.status != run.status:
        raise ValidationError(f"{run.run_id} does not end as {run.status}.")
    return PackedRows(run, tuple(checkpoints), tuple(macrosteps))


def _check_tree(tree: dict[str, JsonValue]) -> None:
    envelope = tree["envelope"]
    shaped = isinstance(envelope, dict) and all(
        isinstance(envelope[root], dict) for root in ("run", "vars", "meta")
    )
    if (
        not shaped
        or "payload" not in envelope
        or not isinstance(tree["frames"], list)
        or not isinstance(tree["pending"], dict)
    ):
        raise ValidationError("A state has not the form of one.")


def _contradicts(message: str) -> BundleError:
    return BundleError(f"The rows of the pack contradict each other: {message}", code="INVALID_PACK")
