"""Two stores that are told the same say the same: whatever happens, in whatever order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from postgres_server import Server
from proof import effort
from unit.store.story import START_US, STEP, Story, new_run, version
from wfnb.errors import WfnbError
from wfnb.machine.messages import Event
from wfnb.store.memory import MemoryStore
from wfnb.store.port import Store, state_at
from wfnb.store.postgres import PostgresStore
from wfnb.store.records import Changes, Committed, NewRun, RunFilter
from wfnb.store.sqlite import SqliteStore

KEYS = st.sampled_from(["a", "b"])
OWNERS = st.sampled_from(["me", "you", "she"])
TIMES = st.integers(0, 20)
HOWS = st.sampled_from(["answer", "failure", "retry"])
ENDS = st.sampled_from(["succeed", "fail", "cancel"])


class Stores(RuleBasedStateMachine):
    """Tells a file and a memory the same, and compares what they answer and what they hold."""

    @initialize()
    def begin(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "state.sqlite"
        self.file = self.open_other()
        self.memory = MemoryStore()
        self.both("save_version", version())
        self.stories: list[Story] = []
        self.attempts: dict[int, int] = {}
        self.open: dict[int, str] = {}
        self.mark = 0
        for _ in range(3):
            self.add(new_run(f"run-{len(self.stories) + 1}"))

    def open_other(self) -> Store:
        """The store that is compared with the one in memory."""
        return SqliteStore(self._path)

    def teardown(self) -> None:
        if hasattr(self, "file"):
            self.file.close()
            self._folder.cleanup()

    def both(self, name: str, *values: object) -> object:
        """Call both; the same answer, or the same refusal."""
        answers = [outcome(store, name, values) for store in (self.file, self.memory)]
        assert answers[0] == answers[1], name
        return answers[0]

    def add(self, new: NewRun) -> None:
        known = self.memory.last_run_no()
        self.both("create_run", new)
        row = self.file.run_by_no(known + 1)
        if row is not None:
            story = Story.of(self.file, new, row)
            self.stories.append(story)
            self.commit(story, story.start())

    def told(self, data: st.DataObject) -> Story:
        """A run that is not over, as long as there is one."""
        living = [story for story in self.stories if not story.state.terminal]
        return data.draw(st.sampled_from(living or self.stories))

    def commit(self, story: Story, *macrosteps: tuple[Event, ...], release: bool = False) -> bool:
        plan = story.plan(*macrosteps, release=release)
        done = isinstance(self.both("commit", plan), Committed)
        if done:
            story.state = plan.state
        story.row = story.reload()
        return done

    @rule(key=st.none() | KEYS, owner=st.none() | OWNERS, until=TIMES, parent=st.booleans())
    def create(self, key: str | None, owner: str | None, until: int, parent: bool) -> None:
        known = self.memory.last_run_no()
        new = new_run(f"run-{known + 1}", key=key, owner=owner, lease_until_us=until if owner else None)
        if parent and known:
            new = replace(new, parent_run_no=known, parent_effect="call#1", depth=1)
        self.add(new)

    @rule(data=st.data(), value=st.integers() | st.text(), count=st.integers(1, 3))
    def pure(self, data: st.DataObject, value: object, count: int) -> None:
        story = self.told(data)
        self.commit(story, *(story.pure(value, f"root.steps[{n}]") for n in range(count)))

    @rule(data=st.data(), key=KEYS, again=st.booleans(), how=HOWS)
    def call(self, data: st.DataObject, key: str, again: bool, how: str) -> None:
        story = self.told(data)
        instance = STEP if again else f"root.steps[{story.row.seq}]"
        self.call_or_end(story, key, instance, how)

    @rule(data=st.data(), how=HOWS)
    def call_with_the_same_key(self, data: st.DataObject, how: str) -> None:
        """A rule of its own, because what happens to one key is what matters most."""
        self.call_or_end(self.told(data), "a", STEP, how)

    @precondition(lambda self: self.open)
    @rule(data=st.data(), how=HOWS)
    def end_any_call(self, data: st.DataObject, how: str) -> None:
        """Also of runs that are over: a late answer changes nothing."""
        self.end_call(data.draw(st.sampled_from(self.calling())), how)

    def call_or_end(self, story: Story, key: str, instance: str, how: str) -> None:
        """A run schedules a call, or ends the one that it has under way."""
        number = story.row.run_no
        if number in self.open:
            self.end_call(story, how)
            return
        attempt = self.attempts.get(number, 0) + 1
        if self.commit(story, story.call(key, instance, attempt)):
            self.attempts[number] = attempt
            self.open[number] = instance

    def calling(self) -> list[Story]:
        return [self.stories[number - 1] for number in self.open]

    def end_call(self, story: Story, how: str) -> None:
        number = story.row.run_no
        attempt, instance = self.attempts[number], self.open[number]
        if how == "answer":
            events = story.answer(number, instance, attempt)
        else:
            events = story.failure(instance, attempt, handled_by="retry" if how == "retry" else None)
        if self.commit(story, events):
            del self.open[number]

    @rule(data=st.data(), effect=st.sampled_from(["a", "b"]), resolve=st.booleans())
    def wait(self, data: st.DataObject, effect: str, resolve: bool) -> None:
        story = self.told(data)
        self.commit(story, story.go_on(effect) if resolve else story.wait(effect))

    @rule(data=st.data(), end=ENDS, release=st.booleans())
    def end(self, data: st.DataObject, end: str, release: bool) -> None:
        story = self.told(data)
        self.commit(story, getattr(story, end)(), release=release)
        self.add(new_run(f"run-{len(self.stories) + 1}"))

    @rule(data=st.data(), epoch=st.integers(-1, 1), seq=st.integers(-1, 1))
    def write_late(self, data: st.DataObject, epoch: int, seq: int) -> None:
        story = data.draw(st.sampled_from(self.stories))
        commit = story.plan(story.pure())
        if epoch or seq or story.row.completed_us is not None:
            late = replace(commit, epoch=commit.epoch + epoch, expected_seq=commit.expected_seq + seq)
            assert isinstance(self.both("commit", late), tuple)

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def recover(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(self.calling())).row.run_no
        self.both("invocation", number, f"{self.open[number]}#{self.attempts[number]}")

    @rule(number=st.integers(0, 8))
    def repeat(self, number: int) -> None:
        self.both("begin_attempt", number, START_US)

    @rule(number=st.integers(1, 8), owner=OWNERS, now=TIMES, dead=st.lists(OWNERS, max_size=2))
    def claim(self, number: int, owner: str, now: int, dead: list[str]) -> None:
        self.both("claim_run", number, owner, now, now + 5, tuple(dead))
        for story in self.stories:
            story.row = story.reload()

    @rule(owner=OWNERS, until=TIMES, give_back=st.booleans())
    def lease(self, owner: str, until: int, give_back: bool) -> None:
        if give_back:
            self.both("release_leases", owner)
        else:
            self.both("renew_leases", owner, until)

    @rule(limit=st.integers(1, 10))
    def catch_up(self, limit: int) -> None:
        self.both("changes", self.mark, limit)
        self.mark = self.memory.changes(self.mark, limit).rev

    @rule()
    def reopen(self) -> None:
        self.file.close()
        self.file = self.open_other()
        for story in self.stories:
            story.store = self.file

    @rule(
        status=st.lists(st.sampled_from(["RUNNING", "WAITING", "SUCCEEDED", "FAILED"]), max_size=2),
        limit=st.integers(0, 4),
        before=st.none() | st.integers(1, 6),
    )
    def page(self, status: list[str], limit: int, before: int | None) -> None:
        wanted = RunFilter(status=tuple(status), limit=limit, before=before)
        self.both("runs", wanted)
        self.both("count_runs", wanted)

    @invariant()
    def both_hold_the_same(self) -> None:
        if not hasattr(self, "file"):
            return
        self.both("changes", 0, 10_000)
        self.both("open_runs")
        for story in self.stories:
            number = story.row.run_no
            for name in ("steps", "invocations", "waits", "events"):
                self.both(name, number)
            self.both("macrosteps", number, 0, 1000)
            assert state_at(self.file, story.row).tree == state_at(self.memory, story.row).tree
            assert state_at(self.file, story.row).tree == story.state.tree

    @invariant()
    def a_key_has_one_owner(self) -> None:
        if not hasattr(self, "file"):
            return
        calls = [call for story in self.stories for call in self.file.invocations(story.row.run_no)]
        owners = [c.key for c in calls if c.shared_with is None and c.status in ("STARTED", "SUCCEEDED")]
        assert len(owners) == len(set(owners))


def outcome(store: Store, name: str, values: tuple[object, ...]) -> object:
    """What a call gives: its value, or the class and code of its error."""
    call: Callable[..., object] = getattr(store, name)
    try:
        return call(*values)
    except WfnbError as error:
        return type(error), error.code


class Numbers:
    """Numbers that a store gives out, by the order in which they were seen: a server leaves gaps where something failed."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], int] = {}
        self._counts: dict[str, Iterator[int]] = {}

    def seen(self, kind: str, number: int) -> int:
        if (kind, number) not in self._known:
            self._known[kind, number] = next(self._counts.setdefault(kind, count()))
        return self._known[kind, number]

    def given(self, kind: str, ordinal: int) -> int:
        """The number that was seen as this one; one that was never given, when there is none."""
        return next((no for (of, no), seen in self._known.items() if (of, seen) == (kind, ordinal)), 1 << 40)

    def plain(self, value: Any) -> Any:
        """A value with every number in it replaced."""
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self.plain(item) for key, item in value.items()}
        if not is_dataclass(value):
            return value
        # Where a server has nothing new, it does not go on counting.
        skipped = {"rev"} if isinstance(value, Changes) else set()
        return {
            field.name: self._plain_field(field.name, getattr(value, field.name))
            for field in fields(value)
            if field.name not in skipped
        }

    def _plain_field(self, name: str, value: Any) -> Any:
        kind = KINDS.get(name)
        return self.plain(value) if kind is None or value is None else self.seen(kind, value)


KINDS = {
    "rev": "rev",
    "invocation_no": "invocation",
    "shared_with": "invocation",
    "wait_no": "wait",
    "event_no": "event",
}


class ServerStores(Stores):
    """Tells a server and a memory the same."""

    url: ClassVar[Callable[[str], str]]
    _schemas = count(1)

    @initialize()
    def begin(self) -> None:
        self._schema = f"model_{next(self._schemas)}"
        self._numbers = {"file": Numbers(), "memory": Numbers()}
        self._mark = 0
        super().begin()

    def open_other(self) -> Store:
        return PostgresStore(type(self).url(self._schema))

    def both(self, name: str, *values: object) -> object:
        theirs = values
        if name == "begin_attempt":
            mine = self._numbers["memory"]
            known = mine.seen("invocation", values[0]) if 0 < values[0] <= len(self.calls()) else -1  # type: ignore[operator]  # numbers
            theirs = (self._numbers["file"].given("invocation", known), *values[1:])
        mine, other = outcome(self.memory, name, values), outcome(self.file, name, theirs)
        assert self._numbers["file"].plain(other) == self._numbers["memory"].plain(mine), name
        return mine

    @rule(limit=st.integers(1, 10))
    def catch_up(self, limit: int) -> None:
        """Both count on from a mark of their own."""
        theirs, mine = self.file.changes(self._mark, limit), self.memory.changes(self.mark, limit)
        assert self._numbers["file"].plain(theirs) == self._numbers["memory"].plain(mine)
        self._mark, self.mark = theirs.rev, mine.rev

    def calls(self) -> list[object]:
        return [call for story in self.stories for call in self.memory.invocations(story.row.run_no)]


Stores.TestCase.settings = settings(
    max_examples=effort.count("SEQUENCES", short=50, long=10_000), stateful_step_count=50, deadline=None
)
TestStores = Stores.TestCase
ServerStores.TestCase.settings = settings(max_examples=6, stateful_step_count=40, deadline=None)
TestServerStores = pytest.mark.usefixtures("server_url")(ServerStores.TestCase)


@pytest.fixture(scope="module")
def server_url(postgres_server: Server, postgres_database: str) -> None:
    """The machine is made by its library, which knows no fixtures."""
    ServerStores.url = staticmethod(lambda schema: postgres_server.url(postgres_database, schema))
