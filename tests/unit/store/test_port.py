"""What every store promises: the same tests for each of them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from unit.store.story import ERROR, START_US, STEP, Story, new_run, version
from wfnb.errors import CommandError, NotFoundError, StaleWriterError, StoreError, ValidationError
from wfnb.limits import LIMITS
from wfnb.machine.messages import StepCanceled, StepStarted, StepSucceeded
from wfnb.model.values import Write
from wfnb.store.port import Store, film, state_at
from wfnb.store.records import RunFilter, RunRow

OTHER_STEP = "root.steps[1]"

# --- versions


def test_a_version_is_given_back_as_it_was_stored(store: Store) -> None:
    bare = replace(version(2), payload_schema_ref=None, payload_schema=None, trigger_event="order.placed")
    store.save_version(bare)
    assert store.version("orders", 1) == version(1)
    assert store.version("orders", 2) == bare


def test_without_a_number_the_latest_version_is_given(store: Store) -> None:
    store.save_version(version(10))
    store.save_version(version(9))
    latest = store.version("orders")
    assert latest is not None
    assert latest.version == 10


def test_versions_are_listed_by_workflow_and_number(store: Store) -> None:
    for number, name in ((2, "orders"), (1, "zebra"), (1, "apple")):
        store.save_version(version(number, name))
    everything = [(row.workflow_id, row.version) for row in store.versions()]
    assert everything == [("apple", 1), ("orders", 1), ("orders", 2), ("zebra", 1)]
    assert [row.version for row in store.versions("orders")] == [1, 2]


@pytest.mark.behaviour(47)
def test_a_version_never_changes(store: Store) -> None:
    with pytest.raises(StoreError) as caught:
        store.save_version(replace(version(1), name="Other"))
    assert caught.value.code == "VERSION_EXISTS"
    assert store.version("orders", 1) == version(1)


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.version("nothing") is None
    assert store.version("orders", 7) is None
    assert store.run("nothing") is None
    assert store.run_by_no(1) is None
    assert store.child(1, "effect") is None
    assert store.invocation(1, "effect") is None
    assert store.checkpoint(1, 0) is None
    assert store.last_run_no() == 0
    assert (store.steps(1), store.waits(1), store.events(1), store.invocations(1)) == ([], [], [], [])
    assert store.macrosteps(1, 0, 9) == []


# --- new runs


def test_a_new_run_is_given_back_as_it_was_created(store: Store) -> None:
    row, created = store.create_run(
        new_run(key="k", owner="me", lease_until_us=START_US + 1, trigger="event")
    )
    assert created
    assert row == RunRow(
        run_no=1,
        run_id="run-1",
        workflow_id="orders",
        workflow_version=1,
        definition_hash="hash",
        kind="pipeline",
        status="PENDING",
        label="NEW",
        cursor=None,
        error=None,
        key="k",
        trigger="event",
        parent_run_no=None,
        parent_effect=None,
        depth=0,
        seq=0,
        epoch=0,
        owner="me",
        lease_until_us=START_US + 1,
        started_us=START_US,
        updated_us=START_US,
        completed_us=None,
        tenant="local",
        ready_us=0,
        rev=row.rev,
    )
    assert store.run("run-1") == store.run_by_no(1) == row
    assert store.last_run_no() == 1
    assert state_at(store, row).tree == new_run().state.tree


def test_a_key_starts_a_workflow_once(store: Store) -> None:
    store.save_version(version(1, "returns"))
    first, _ = store.create_run(new_run("run-1", key="order-7"))
    assert store.create_run(new_run("run-2", key="order-7")) == (first, False)
    assert store.create_run(new_run("run-3", key="order-8"))[1]
    assert store.create_run(new_run("run-4", key="order-7", workflow_id="returns"))[1]
    assert store.create_run(new_run("run-5"))[1]
    assert store.run("run-2") is None


def test_a_step_starts_one_child(store: Store) -> None:
    parent = Story(store).row
    child, _ = store.create_run(
        new_run("child", parent_run_no=parent.run_no, parent_effect="call#1", depth=1)
    )
    again = new_run("other", parent_run_no=parent.run_no, parent_effect="call#1", depth=1)
    assert store.create_run(again) == (child, False)
    assert store.child(parent.run_no, "call#1") == child
    assert store.create_run(replace(again, parent_effect="call#2"))[1]


def test_a_run_id_is_given_once(store: Store) -> None:
    store.create_run(new_run("run-1"))
    with pytest.raises(StoreError) as caught:
        store.create_run(new_run("run-1"))
    assert caught.value.code == "RUN_EXISTS"
    assert store.last_run_no() == 1


def test_a_run_needs_its_version_and_its_parent(store: Store) -> None:
    with pytest.raises(NotFoundError) as caught:
        store.create_run(new_run(workflow_version=9))
    assert caught.value.code == "NO_SUCH_VERSION"
    with pytest.raises(StoreError) as refused:
        store.create_run(new_run(parent_run_no=99, parent_effect="call#1"))
    assert refused.value.code == "STORE_REFUSED"
    assert store.last_run_no() == 0


def test_a_label_that_is_not_text_is_not_shown(store: Store) -> None:
    new = new_run()
    tree = {**new.state.tree, "envelope": {**new.state.envelope, "meta": {"state": 7}}}
    row, _ = store.create_run(replace(new, state=replace(new.state, tree=tree)))
    assert row.label is None


# --- commits


def test_a_commit_moves_the_run_on(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.pure())
    row = story.row
    assert (row.seq, row.status, row.cursor, row.label) == (2, "RUNNING", STEP, "NEW")
    assert row.updated_us == START_US + 2000
    assert row.completed_us is None


def test_a_pure_step_is_one_row_with_its_end(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.pure())
    (step,) = store.steps(1)
    assert (step.seq, step.end_seq, step.status, step.instance) == (2, 2, "SUCCEEDED", STEP)
    assert (step.step_id, step.type, step.attempt) == ("set", "transform.assign", 1)
    assert step.started_us == step.ended_us == START_US + 2000


def test_a_step_ends_in_a_later_commit(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    assert [(s.status, s.end_seq, s.ended_us) for s in store.steps(1)] == [("STARTED", None, None)]
    story.commit(story.answer())
    (step,) = store.steps(1)
    assert (step.seq, step.end_seq, step.status) == (2, 3, "SUCCEEDED")
    assert step.ended_us == START_US + 3000


@pytest.mark.behaviour(85, 164)
def test_a_step_that_is_tried_again_has_a_row_for_each_attempt(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.failure(handled_by="retry"))
    story.commit(story.call(attempt=2))
    story.commit(story.failure(attempt=2), story.fail())
    first, second = store.steps(1)
    assert (first.attempt, first.status, first.handled_by) == (1, "RETRY_SCHEDULED", "retry")
    assert (second.attempt, second.status, second.error) == (2, "FAILED", ERROR)


@pytest.mark.behaviour(80)
def test_an_error_that_its_own_step_handles_is_kept_with_its_success(store: Store) -> None:
    story = Story(store)
    begun, ended = story.pure()
    assert isinstance(ended, StepSucceeded)
    story.commit(story.start(), (begun, replace(ended, error=ERROR, handled_by="onError", branch="then")))
    (step,) = store.steps(1)
    assert (step.status, step.error, step.handled_by, step.branch) == ("SUCCEEDED", ERROR, "onError", "then")


def test_the_last_commit_completes_the_run_and_gives_the_lease_back(store: Store) -> None:
    story = Story(store, owner="me", lease_until_us=START_US)
    story.commit(story.start())
    story.commit(story.succeed(), release=True)
    row = story.row
    assert (row.status, row.owner, row.lease_until_us, row.cursor) == ("SUCCEEDED", None, None, None)
    assert row.completed_us == row.updated_us == START_US + 2000


def test_what_happened_to_the_run_is_recorded(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.failure(handled_by="retry"))
    story.commit(story.fail())
    events = store.events(1)
    assert [(event.kind, event.seq) for event in events] == [
        ("run.started", 1),
        ("retry.scheduled", 3),
        ("run.failed", 4),
    ]
    assert events[1].data["dueAt"] == "2026-09-21T14:13:20.008Z"
    assert events[2].data == {"error": ERROR}
    assert story.row.error == ERROR


def test_a_canceled_run_leaves_nothing_open(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    gone = StepCanceled(at_us=story.now(), instance=STEP, attempt=1)
    story.commit((gone, *story.cancel()))
    assert [step.status for step in store.steps(1)] == ["CANCELED"]
    (call,) = store.invocations(1)
    assert (call.status, call.ended_us) == ("CANCELED", story.row.completed_us)
    assert store.events(1)[-1].data == {"reason": "enough", "actor": "anna"}


@pytest.mark.behaviour(145)
def test_waits_are_opened_and_resolved(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.wait("a"))
    (wait,) = store.waits(1)
    assert (wait.status, wait.wait_type, wait.due_us) == ("WAITING", "retry", wait.created_us + 5_000)
    assert wait.resolved_us is None
    story.commit(story.go_on("a"), story.wait("b"))
    first, second = store.waits(1)
    assert (first.status, first.resolved_us) == ("RESOLVED", START_US + 3000)
    assert (second.status, second.effect_id) == ("WAITING", "b")


def test_a_wait_that_is_over_stays_as_it_was(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.wait("a"), story.go_on("a"))
    before = store.waits(1)
    story.commit(story.go_on("a"))
    assert store.waits(1) == before


def test_the_answer_of_a_child_changes_no_invocation(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.answer())
    assert store.invocations(1) == []


@pytest.mark.parametrize("change", [{"epoch": 1}, {"expected_seq": 0}, {"expected_seq": 2}, {"run_no": 5}])
def test_a_writer_that_is_not_up_to_date_changes_nothing(store: Store, change: dict[str, int]) -> None:
    story = Story(store)
    story.commit(story.start())
    before = store.changes(0, 1000)
    with pytest.raises(StaleWriterError):
        store.commit(replace(story.plan(story.call(), story.pure()), **change))
    assert store.changes(0, 1000) == before
    assert store.macrosteps(1, 0, 99)[-1].seq == 1
    story.commit(story.pure())


@pytest.mark.behaviour(87)
def test_a_new_owner_shuts_the_old_one_out(store: Store) -> None:
    story = Story(store, owner="me", lease_until_us=START_US)
    story.commit(story.start())
    assert store.claim_run(1, "you", START_US + 1, START_US + 100)
    with pytest.raises(StaleWriterError):
        story.commit(story.pure())
    assert store.steps(1) == []


@pytest.mark.defect("D-9")
def test_a_run_that_is_over_never_changes_again(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.succeed())
    with pytest.raises(StaleWriterError):
        story.commit(story.pure())
    assert story.reload() == story.row


def test_a_commit_without_a_macrostep_is_refused(store: Store) -> None:
    story = Story(store)
    with pytest.raises(CommandError):
        story.commit()


def test_a_value_that_is_not_json_is_refused_and_nothing_is_changed(store: Store) -> None:
    story = Story(store)
    plan = story.plan(story.start(), story.pure(float("nan")))
    with pytest.raises(ValidationError) as caught:
        store.commit(plan)
    assert caught.value.code == "NOT_JSON"
    assert story.reload().seq == 0


@pytest.mark.parametrize("name", ["wait", "call", "pure"])
def test_a_row_that_contradicts_another_is_refused_and_nothing_is_changed(store: Store, name: str) -> None:
    story = Story(store)
    other = Story(store, "run-2")
    other.commit(other.start(), other.call())
    story.commit(story.start(), story.wait(), story.call("own"), story.answer())
    before = store.changes(0, 1000)
    double = {
        "wait": story.plan(story.wait()),
        "call": story.plan(story.call()),
        "pure": story.plan((*story.pure(), *story.pure(instance=OTHER_STEP))),
    }
    with pytest.raises(StoreError) as caught:
        store.commit(double[name])
    assert caught.value.code == "STORE_REFUSED"
    assert store.changes(0, 1000) == before


def test_what_a_store_gives_is_nobody_elses(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    output = {"list": [1]}
    story.commit(story.answer(output))
    output["list"].append(2)
    store.invocations(1)[0].output["list"].append(3)
    assert store.invocations(1)[0].output == {"list": [1]}


# --- claims of keys


def test_a_new_key_is_performed(store: Store) -> None:
    story = Story(store)
    claims = story.commit(story.start(), story.call())
    claim = claims[f"{STEP}#1"]
    (call,) = store.invocations(1)
    assert (claim.mode, claim.attempt, claim.invocation_no) == ("perform", 1, call.invocation_no)
    assert (call.status, call.input, call.output, call.shared_with) == ("STARTED", {"amount": 1}, None, None)
    assert (call.action_id, call.action_version, call.key, call.instance) == ("pay", 1, "key", STEP)


@pytest.mark.behaviour(155)
def test_a_key_that_has_succeeded_is_answered_from_it(store: Store) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    first.commit(first.answer({"receipt": 1}))
    claim = second.commit(second.start(), second.call())[f"{STEP}#1"]
    assert (claim.mode, claim.output) == ("cached", {"receipt": 1})
    second.commit(second.answer(claim.output, cached=True))
    (call,) = store.invocations(2)
    assert (call.status, call.output, call.shared_with) == ("SUCCEEDED", {"receipt": 1}, 1)


def test_a_key_is_answered_within_its_run_as_well(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.answer(7), story.call(instance=OTHER_STEP))
    found = store.invocation(1, f"{OTHER_STEP}#1")
    assert found is not None
    assert (found[1].mode, found[1].output) == ("cached", 7)


@pytest.mark.behaviour(154, 158)
def test_a_key_that_is_under_way_elsewhere_is_busy(store: Store) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    claim = second.commit(second.start(), second.call())[f"{STEP}#1"]
    assert (claim.mode, claim.output) == ("busy", None)
    second.commit(second.failure())
    assert [call.status for call in store.invocations(2)] == ["FAILED"]
    first.commit(first.answer())
    assert [call.status for call in store.invocations(1)] == ["SUCCEEDED"]


@pytest.mark.defect("D-8")
def test_a_retry_goes_on_in_the_same_row(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.failure(handled_by="retry"))
    claim = story.commit(story.call(attempt=2))[f"{STEP}#2"]
    (call,) = store.invocations(1)
    assert (claim.mode, claim.attempt, claim.invocation_no) == ("perform", 2, call.invocation_no)
    assert (call.status, call.attempt, call.effect_id, call.input) == (
        "STARTED",
        2,
        f"{STEP}#2",
        {"amount": 2},
    )
    assert (call.error, call.ended_us, call.scheduled_us) == (None, None, START_US + 4000)
    story.commit(story.answer("paid", attempt=2))
    assert store.invocations(1)[0].output == "paid"


@pytest.mark.defect("D-8")
@pytest.mark.parametrize("end", ["failure", "cancel"])
def test_a_key_that_did_not_succeed_elsewhere_is_performed_and_leaves_that_history_alone(
    store: Store, end: str
) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    first.commit(getattr(first, end)())
    before = store.invocations(1)
    claim = second.commit(second.start(), second.call())[f"{STEP}#1"]
    assert (claim.mode, claim.attempt) == ("perform", 2)
    second.commit(second.answer())
    assert store.invocations(1) == before
    assert [(c.status, c.attempt, c.shared_with) for c in store.invocations(2)] == [("SUCCEEDED", 2, None)]


def test_another_step_with_a_key_that_failed_gets_its_own_row(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.failure(handled_by="root.steps"), story.call(instance=OTHER_STEP))
    assert [(c.status, c.attempt) for c in store.invocations(1)] == [("FAILED", 1), ("STARTED", 2)]


def test_a_call_of_a_run_that_is_over_is_given_up(store: Store) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    first.commit(first.fail())
    assert store.invocations(1)[0].status == "STARTED"
    claim = second.commit(second.start(), second.call())[f"{STEP}#1"]
    assert (claim.mode, claim.attempt) == ("perform", 2)
    (call,) = store.invocations(1)
    assert (call.status, call.ended_us) == ("CANCELED", first.row.completed_us)


def test_attempts_at_a_key_go_on_counting_over_many_runs(store: Store) -> None:
    attempts = []
    for number in range(4):
        story = Story(store, f"run-{number}")
        attempts.append(story.commit(story.start(), story.call())[f"{STEP}#1"].attempt)
        story.commit(story.failure(), story.fail())
    assert attempts == [1, 2, 3, 4]


@pytest.mark.behaviour(156)
def test_a_key_belongs_to_one_version_of_one_action(store: Store) -> None:
    story, other = Story(store), Story(store, "run-2")
    begun, scheduled = story.call()
    story.commit(story.start(), (begun, scheduled))
    changed = replace(scheduled, action_version=2)  # type: ignore[call-arg]  # it is an InvocationScheduled
    assert other.commit(other.start(), (begun, changed))[f"{STEP}#1"].mode == "perform"


# --- recovery


@pytest.mark.behaviour(72, 158)
def test_recovery_performs_what_was_its_own(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    found = store.invocation(1, f"{STEP}#1")
    assert found is not None
    assert (found[0], found[1].mode, found[1].attempt) == (store.invocations(1)[0], "perform", 1)
    assert store.begin_attempt(found[1].invocation_no, START_US + 9) == 2
    assert store.invocations(1)[0].attempt == 2
    assert store.events(1)[-1].data == {"instance": STEP, "action": "pay", "attempt": 2}
    assert store.events(1)[-1].at_us == START_US + 9


def test_recovery_takes_the_answer_that_came_meanwhile(store: Store) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    second.commit(second.start(), second.call())
    assert _mode(store, 2) == ("busy", None)
    first.commit(first.answer("paid"))
    assert _mode(store, 2) == ("cached", "paid")


@pytest.mark.parametrize("end", ["failure", "cancel", "fail"])
def test_recovery_takes_over_what_did_not_succeed_meanwhile(store: Store, end: str) -> None:
    first, second = Story(store, "run-1"), Story(store, "run-2")
    first.commit(first.start(), first.call())
    second.commit(second.start(), second.call())
    first.commit(getattr(first, end)())
    found = store.invocation(2, f"{STEP}#1")
    assert found is not None
    row, claim = found
    assert (claim.mode, claim.attempt, claim.invocation_no) == ("perform", 2, row.invocation_no)
    assert (row.shared_with, row.attempt, row.status) == (None, 2, "STARTED")
    assert store.invocations(1)[0].status in ("FAILED", "CANCELED")
    third = Story(store, "run-3")
    assert third.commit(third.start(), third.call())[f"{STEP}#1"].mode == "busy"


def test_recovery_shares_with_whoever_has_the_key_now(store: Store) -> None:
    first, second, third = (Story(store, f"run-{number}") for number in (1, 2, 3))
    first.commit(first.start(), first.call())
    second.commit(second.start(), second.call())
    first.commit(first.failure())
    third.commit(third.start(), third.call())
    assert _mode(store, 2) == ("busy", None)
    assert store.invocations(2)[0].shared_with == store.invocations(3)[0].invocation_no
    third.commit(third.failure())
    again = store.invocation(2, f"{STEP}#1")
    assert again is not None
    assert again[1].attempt == 3
    second.commit(second.failure())
    fourth = Story(store, "run-4")
    assert fourth.commit(fourth.start(), fourth.call())[f"{STEP}#1"].attempt == 4


def test_an_answer_that_is_there_is_given_again(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.answer("paid"))
    assert _mode(store, 1) == ("cached", "paid")


def test_an_invocation_that_ended_without_an_answer_is_not_taken_up(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call())
    story.commit(story.failure())
    assert store.invocation(1, f"{STEP}#1") is None
    with pytest.raises(StaleWriterError):
        store.begin_attempt(1, START_US)


def _mode(store: Store, run_no: int) -> tuple[str, object]:
    found = store.invocation(run_no, f"{STEP}#1")
    assert found is not None
    return found[1].mode, found[1].output


# --- leases


@pytest.mark.behaviour(87, 88, 160)
@pytest.mark.defect("D-10")
@pytest.mark.parametrize(
    ("owner", "until", "dead", "taken"),
    [
        (None, None, (), True),
        ("me", 100, (), True),
        ("you", 100, (), False),
        ("you", 50, (), False),
        ("you", 49, (), True),
        ("you", 100, ("she", "you"), True),
        ("you", None, (), False),
        ("you", None, ("you",), True),
    ],
)
def test_a_run_is_claimed_when_nobody_holds_it(
    store: Store, owner: str | None, until: int | None, dead: tuple[str, ...], taken: bool
) -> None:
    before, _ = store.create_run(new_run(owner=owner, lease_until_us=until))
    claimed = store.claim_run(1, "me", 50, 200, dead)
    if taken:
        assert claimed == replace(before, owner="me", lease_until_us=200, epoch=before.epoch + 1)
    else:
        assert claimed is None
        assert store.run_by_no(1) == before


def test_a_run_that_is_over_is_not_claimed(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.succeed(), release=True)
    assert store.claim_run(1, "me", 50, 200) is None
    assert store.claim_run(2, "me", 50, 200) is None


@pytest.mark.behaviour(161)
@pytest.mark.defect("D-10")
def test_leases_of_one_owner_are_renewed_and_released(store: Store) -> None:
    for number, owner in enumerate(("me", "you", "me")):
        store.create_run(new_run(f"run-{number}", owner=owner, lease_until_us=10))
    over = Story(store, "over", owner="me", lease_until_us=10)
    over.commit(over.start(), over.succeed())
    assert store.renew_leases("me", 99) == 2
    assert [run.lease_until_us for run in store.open_runs()] == [99, 10, 99]
    assert store.release_leases("me") == 2
    assert [run.owner for run in store.open_runs()] == [None, "you", None]
    assert store.release_leases("me") == 0


def test_open_runs_are_listed_from_old_to_new(store: Store) -> None:
    stories = [Story(store, f"run-{number}") for number in range(4)]
    stories[1].commit(stories[1].start(), stories[1].succeed())
    stories[2].commit(stories[2].start(), stories[2].wait())
    assert [run.run_no for run in store.open_runs()] == [1, 3, 4]


# --- lists


def test_pages_hold_every_run_once_newest_first(store: Store) -> None:
    for number in range(7):
        store.create_run(new_run(f"run-{number}"))
    seen: list[int] = []
    page = RunFilter(limit=3)
    while rows := store.runs(page):
        seen += [row.run_no for row in rows]
        page = replace(page, before=rows[-1].run_no)
    assert seen == [7, 6, 5, 4, 3, 2, 1]


@pytest.mark.defect("D-22")
def test_runs_that_come_meanwhile_do_not_move_a_page(store: Store) -> None:
    for number in range(4):
        store.create_run(new_run(f"run-{number}"))
    first = store.runs(RunFilter(limit=2))
    store.create_run(new_run("late"))
    assert [row.run_no for row in store.runs(RunFilter(limit=2, before=first[-1].run_no))] == [2, 1]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (RunFilter(), [6, 5, 4, 3, 2, 1]),
        (RunFilter(status=("SUCCEEDED",)), [4, 2]),
        (RunFilter(status=("SUCCEEDED", "FAILED", "FAILED")), [5, 4, 2]),
        (RunFilter(status=("SUCCEEDED", "FAILED"), limit=2), [5, 4]),
        (RunFilter(status=("SUCCEEDED", "FAILED"), before=5), [4, 2]),
        (RunFilter(status=("SUCCEEDED",), workflow_id="returns"), [4]),
        (RunFilter(status=("SUCCEEDED",), workflow_version=2), [2]),
        (RunFilter(workflow_id="returns"), [4, 3]),
        (RunFilter(workflow_id="orders", workflow_version=2, before=6), [2]),
        (RunFilter(workflow_version=2), [6, 2]),
        (RunFilter(status=("WAITING",)), []),
        (RunFilter(workflow_id="nothing"), []),
        (RunFilter(limit=0), []),
        (RunFilter(tenant="red"), [6, 3]),
        (RunFilter(tenant="local", status=("SUCCEEDED",)), [4, 2]),
        (RunFilter(tenant="red", status=("SUCCEEDED",)), []),
        (RunFilter(tenant="red", workflow_id="returns"), [3]),
    ],
)
def test_lists_show_what_is_asked_for(store: Store, wanted: RunFilter, expected: list[int]) -> None:
    store.save_version(version(2))
    store.save_version(version(1, "returns"))
    chosen = [("orders", 1), ("orders", 2), ("returns", 1), ("returns", 1), ("orders", 1), ("orders", 2)]
    stories = [
        Story(
            store,
            f"run-{number}",
            workflow_id=name,
            workflow_version=of,
            tenant="local" if number % 3 else "red",
        )
        for number, (name, of) in enumerate(chosen, 1)
    ]
    for number, end in ((2, "succeed"), (4, "succeed"), (5, "fail")):
        story = stories[number - 1]
        story.commit(story.start(), getattr(story, end)())
    assert [row.run_no for row in store.runs(wanted)] == expected
    everything = replace(wanted, before=None, limit=100)
    assert store.count_runs(wanted) == len(store.runs(everything))


# --- states


def test_the_state_at_any_macrostep_is_what_it_was(store: Store) -> None:
    every = LIMITS.checkpoint_every
    story = Story(store)
    trees = [story.state.tree]
    story.commit(story.start())
    trees.append(story.state.tree)
    while story.row.seq < 2 * every + 7:
        story.commit(story.pure(story.row.seq, f"root.steps[{story.row.seq}]"))
        trees.append(story.state.tree)
    for seq in (0, 1, 2, every - 1, every, every + 1, 2 * every, len(trees) - 1):
        assert state_at(store, story.row, seq).tree == trees[seq]
    assert [state.tree for _, state in film(store, story.row)] == trees[1:]


def test_a_checkpoint_is_written_when_a_commit_passes_a_multiple(store: Store) -> None:
    every = LIMITS.checkpoint_every
    story = Story(store)
    story.commit(*[story.start(), *(story.pure(n, f"root.steps[{n}]") for n in range(every - 2))])
    assert store.checkpoint(1, every - 1) == (0, story.new.state.tree)
    story.commit(*(story.pure(n, f"root.steps[{n}]") for n in range(every, every + 3)))
    assert store.checkpoint(1, every + 2) == (every + 2, story.state.tree)
    assert store.checkpoint(1, every + 1) == (0, story.new.state.tree)


def test_macrosteps_hold_the_writes_of_their_events_in_order(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call(), story.answer())
    started, scheduled, answered = store.macrosteps(1, 0, 3)
    assert started.writes == (Write(("status",), "RUNNING"),)
    assert scheduled.writes == (Write(("pending", f"{STEP}#1"), {"kind": "action", "instance": STEP}),)
    assert answered.writes == (Write(("pending", f"{STEP}#1")),)
    assert [row.command for row in (started, scheduled, answered)] == ["Advance"] * 3
    assert all(a.at_us < b.at_us for a, b in pairwise((started, scheduled, answered)))
    assert [row.seq for row in store.macrosteps(1, 1, 2)] == [2]
    assert [row.seq for row in store.macrosteps(1, -5, 99)] == [1, 2, 3]


def test_there_is_no_state_outside_the_run(store: Store) -> None:
    story = Story(store)
    for seq in (-1, 1):
        with pytest.raises(NotFoundError) as caught:
            state_at(store, story.row, seq)
        assert caught.value.code == "NO_SUCH_STEP"


# --- changes


def test_changes_are_the_rows_that_changed_after_a_revision(store: Store) -> None:
    story = Story(store)
    story.commit(story.start(), story.call(), story.wait())
    first = store.changes(0, 1000)
    assert (len(first.runs), len(first.steps), len(first.invocations)) == (1, 1, 1)
    assert (len(first.waits), len(first.events)) == (1, 1)
    assert store.changes(first.rev, 1000) == replace(store.changes(first.rev, 1000), rev=first.rev)
    story.commit(story.answer())
    second = store.changes(first.rev, 1000)
    assert second.rev > first.rev
    assert (second.runs, second.steps) == ((story.row,), tuple(store.steps(1)))
    assert (second.invocations, second.waits, second.events) == (tuple(store.invocations(1)), (), ())
    assert store.changes(second.rev + 5, 1000).rev == second.rev


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 8])
def test_changes_in_pieces_are_the_changes_as_a_whole(store: Store, limit: int) -> None:
    stories = [Story(store, f"run-{number}") for number in range(4)]
    for story in stories:
        story.commit(story.start(), story.call(key=story.row.run_id))
    for story in stories[::2]:
        story.commit(story.answer(), story.pure(instance=OTHER_STEP))
    whole = store.changes(0, 1000)
    rev, rows = 0, []
    while (piece := store.changes(rev, limit)).rev > rev:
        found = [*piece.runs, *piece.steps, *piece.invocations, *piece.waits, *piece.events]
        assert all(rev < row.rev <= piece.rev for row in found)
        assert len(found) >= limit or piece.rev == whole.rev
        assert len(found) < limit or sum(row.rev < piece.rev for row in found) < limit
        rows += found
        rev = piece.rev
    assert rev == whole.rev
    expected = [*whole.runs, *whole.steps, *whole.invocations, *whole.waits, *whole.events]
    assert sorted(rows, key=repr) == sorted(expected, key=repr)


def test_leases_change_nothing_that_history_shows(store: Store) -> None:
    Story(store, owner="me", lease_until_us=10)
    rev = store.changes(0, 1000).rev
    store.claim_run(1, "me", 1, 20)
    store.renew_leases("me", 30)
    store.release_leases("me")
    assert store.changes(0, 1000).rev == rev


# --- threads and the end


def test_threads_share_a_store(store: Store) -> None:
    def work(number: int) -> None:
        story = Story(store, f"run-{number}")
        story.commit(story.start())
        for n in range(20):
            story.commit(story.pure(n, f"root.steps[{n}]"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, range(4)))
    assert [run.seq for run in store.open_runs()] == [21] * 4
    revisions = [row.rev for row in store.changes(0, 1000).steps]
    assert len(set(revisions)) == 80


@pytest.mark.behaviour(154)
def test_a_key_is_owned_once_when_threads_race_for_it(store: Store) -> None:
    stories = [Story(store, f"run-{number}") for number in range(4)]
    together = threading.Barrier(4)

    def work(story: Story) -> str:
        plan = story.plan(story.start(), story.call())
        together.wait()
        return store.commit(plan).claims[f"{STEP}#1"].mode

    with ThreadPoolExecutor(4) as threads:
        modes = list(threads.map(work, stories))
    assert sorted(modes) == ["busy", "busy", "busy", "perform"]


def test_a_closed_store_says_so(store: Store) -> None:
    story = Story(store)
    store.close()
    store.close()
    for call in (lambda: store.run("run-1"), lambda: story.commit(story.start()), store.open_runs):
        with pytest.raises(StoreError) as caught:
            call()
        assert caught.value.code == "STORE_CLOSED"


def test_a_started_step_without_an_end_is_one_row(store: Store) -> None:
    story = Story(store)
    begun = StepStarted(
        at_us=story.now(), instance=STEP, step_id="child", type="control.callWorkflow", attempt=1
    )
    story.commit(story.start(), (begun,))
    assert [(step.status, step.seq) for step in store.steps(1)] == [("STARTED", 2)]


def test_the_step_before_a_macrostep_is_the_last_that_had_ended(store: Store) -> None:
    story = Story(store)
    assert story.store.step_before(story.row.run_no, 0) is None
    for number in range(3):
        story.commit(story.pure(number, f"root.steps[{number}]"))
    rows = story.store.steps(story.row.run_no)
    for seq in range(story.row.seq + 4):
        ended = [row for row in rows if row.end_seq is not None and row.end_seq <= seq]
        assert story.store.step_before(story.row.run_no, seq) == (ended[-1] if ended else None)
