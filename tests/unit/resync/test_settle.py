"""The table of resync: every row of it, decided from plain values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.resync.found import Found, Scan
from wfnb.resync.known import Source
from wfnb.resync.settle import NO_MATCH, Settled, settle

NOW_US = 1_000


def found(path: str, identifier: str | None = "a", digest: str = "1", **more: Any) -> Found:
    return Found("project", path, digest, identifier, identifier, {"id": identifier}, **more)


def broken(path: str, error: str = "It is broken.", line: int | None = None) -> Found:
    return Found("project", path, "x", error=error, line=line)


def known(identifier: str = "a", path: str = "a.workflow.json", digest: str = "1", **more: Any) -> Source:
    return Source("project", identifier, path, identifier, digest, version=1, **more)


def decide(sources: list[Source], *files: Found, unreadable: str | None = None) -> Settled:
    return settle(sources, [Scan("global"), Scan("project", files, unreadable)], NOW_US)


def buckets(settled: Settled) -> dict[str, list[str]]:
    names = ("new", "updated", "archived", "errors")
    lists = {name: [source.identifier for source in getattr(settled, name)] for name in names}
    return {name: ids for name, ids in lists.items() if ids}


A, B = "a.workflow.json", "b.workflow.json"


def test_a_file_that_was_never_seen_is_new() -> None:
    settled = decide([], found(A))
    assert buckets(settled) == {"new": ["a"]}
    ((source, file),) = settled.load
    assert (source.digest, source.error, source.archived, file.path) == ("1", None, False, A)


def test_another_content_is_updated() -> None:
    settled = decide([known()], found(A, digest="2"))
    assert buckets(settled) == {"updated": ["a"]}
    assert settled.load[0][0].digest == "2"


@pytest.mark.parametrize(
    "facts",
    [
        {"error": "It was broken."},
        {"archived": True, "archived_by": "system", "archived_us": 1, "file_exists": False},
    ],
)
def test_the_same_content_that_was_broken_or_gone_is_updated(facts: dict[str, Any]) -> None:
    settled = decide([known(**facts)], found(A))
    assert buckets(settled) == {"updated": ["a"]}
    source = settled.load[0][0]
    assert (source.archived, source.archived_by, source.archived_us, source.error, source.file_exists) == (
        False,
        None,
        None,
        None,
        True,
    )


def test_the_same_content_in_good_health_is_unchanged() -> None:
    settled = decide([known()], found(A))
    assert (buckets(settled), len(settled.unchanged), settled.load) == ({}, 1, [])


@pytest.mark.parametrize("archived", [{}, {"archived": True, "archived_by": "user", "archived_us": 5}])
def test_a_known_file_that_fails_is_an_error_and_keeps_its_status(archived: dict[str, Any]) -> None:
    before = known(**archived)
    settled = decide([before], broken(A, "Line 3 is odd.", 3))
    assert buckets(settled) == {"errors": ["a"]}
    assert settled.keep == [replace(before, error="Line 3 is odd.", line=3)]


def test_a_file_that_never_loaded_stands_as_a_placeholder_under_its_whole_path() -> None:
    settled = decide([], broken("x/a.workflow.json"), broken("y/a.workflow.json"))
    assert [source.identifier for source in settled.errors] == [
        "error:x/a.workflow.json",
        "error:y/a.workflow.json",
    ]
    assert {source.name for source in settled.errors} == {"[ERROR] a.workflow.json"}
    assert settled.archived == []


def test_a_placeholder_goes_when_its_file_loads_or_is_gone() -> None:
    placeholder = Source("project", f"error:{A}", A, "[ERROR]", error="It is broken.")
    healed = decide([placeholder], found(A))
    assert (buckets(healed), healed.drop) == ({"new": ["a"]}, [placeholder])
    gone = decide([placeholder])
    assert (buckets(gone), gone.drop) == ({}, [placeholder])
    still = decide([placeholder], broken(A))
    assert (buckets(still), still.drop) == ({"errors": [placeholder.identifier]}, [])


def test_a_file_that_is_gone_is_archived_once() -> None:
    settled = decide([known()])
    assert buckets(settled) == {"archived": ["a"]}
    (gone,) = settled.archived
    assert (gone.archived_by, gone.archived_us, gone.file_exists, gone.error) == (
        "system",
        NOW_US,
        False,
        None,
    )
    again = settle([gone], [Scan("project")], NOW_US + 1)
    assert (buckets(again), again.keep) == ({}, [gone])


def test_another_id_in_the_file_archives_the_old_one_and_says_why() -> None:
    settled = decide([known()], found(A, "b"))
    assert buckets(settled) == {"new": ["b"], "archived": ["a"]}
    assert settled.archived[0].error == NO_MATCH


def test_what_a_person_has_archived_stays_archived() -> None:
    before = known(archived=True, archived_by="user", archived_us=5)
    settled = decide([before], found(A, digest="2"))
    assert (buckets(settled), settled.load, settled.keep) == ({}, [], [before])
    gone = decide([before])
    assert (buckets(gone), gone.keep) == ({}, [replace(before, file_exists=False)])


def test_a_folder_that_cannot_be_read_archives_nothing() -> None:
    settled = decide([known(), known("b", B)], unreadable="Permission denied.")
    assert buckets(settled) == {"errors": ["a", "b"]}
    assert [source.error for source in settled.keep] == ["Permission denied."] * 2
    assert [source.archived for source in settled.keep] == [False, False]


def test_a_file_that_was_renamed_is_the_same_definition() -> None:
    settled = decide([known()], found(B))
    assert buckets(settled) == {}
    assert settled.keep[0].path == B


def test_a_second_file_with_the_same_id_is_an_error_that_names_both() -> None:
    settled = decide([], found(B), found(A))
    assert buckets(settled) == {"new": ["a"], "errors": [f"error:{B}"]}
    assert settled.load[0][1].path == A
    assert settled.errors[0].error == f"Duplicate id: “a” stands in {A} and in {B}."


def test_the_same_id_in_two_scopes_is_two_definitions() -> None:
    own = known()
    other = replace(own, scope="global")
    everywhere = Found("global", A, "2", "a", "a", {"id": "a"})
    settled = settle([own, other], [Scan("global", (everywhere,)), Scan("project")], NOW_US)
    assert [source.scope for source in settled.updated] == ["global"]
    assert [source.scope for source in settled.archived] == ["project"]


def test_a_broken_file_under_a_new_name_keeps_the_definition_it_calls_itself() -> None:
    settled = decide([known()], found(B, error="A step is wrong."))
    assert buckets(settled) == {"errors": ["a"]}
    assert (settled.keep[0].path, settled.keep[0].error) == (B, "A step is wrong.")


IDS = st.sampled_from(["a", "b", "c"])
PATHS = st.sampled_from([A, B, "c.workflow.json"])
FILES = st.dictionaries(PATHS, st.tuples(IDS, st.sampled_from("12"), st.booleans()), max_size=3)


@given(st.lists(FILES, min_size=1, max_size=5))
def test_every_definition_stands_in_one_list_and_a_second_look_changes_nothing(
    days: list[dict[str, tuple[str, str, bool]]],
) -> None:
    sources: dict[tuple[str, str], Source] = {}
    for day in [*days, days[-1]]:
        files = [
            broken(path) if bad else found(path, name, digest) for path, (name, digest, bad) in day.items()
        ]
        settled = decide(list(sources.values()), *files)
        listed = [
            s.key
            for name in ("new", "updated", "archived", "errors", "unchanged")
            for s in getattr(settled, name)
        ]
        assert len(listed) == len(set(listed))
        for source in settled.drop:
            del sources[source.key]
        for source in [source for source, _ in settled.load] + settled.keep:
            sources[source.key] = source
        assert {source.path for source in sources.values() if source.file_exists} == set(day)
    assert not [*settled.new, *settled.updated, *settled.archived]
