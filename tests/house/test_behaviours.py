"""The behaviours by number: all are there, marks name them, the page is up to date, the count is right."""

from __future__ import annotations

import ast

import behaviours
from house.tree import ROOT


def test_every_number_is_there_in_order() -> None:
    expected = [str(number) for number in range(1, 221)] + [f"D-{number}" for number in range(1, 26)]
    assert list(behaviours.catalogue()) == expected


def test_a_sentence_is_one_sentence() -> None:
    entries = behaviours.catalogue().values()
    assert [e.id for e in entries if not e.sentence.endswith(".") or "|" in e.sentence + e.departure] == []


def test_a_departure_belongs_to_an_entry() -> None:
    import tomllib

    written = tomllib.loads(behaviours.CATALOGUE.read_text(encoding="utf-8"))
    assert written["departures"].keys() - behaviours.catalogue().keys() == set()


def test_marks_name_what_is_in_the_catalogue() -> None:
    marked = behaviours.tests_by_id()
    assert {id: marked[id] for id in marked.keys() - behaviours.catalogue().keys()} == {}


def test_every_behaviour_and_every_defect_has_a_test() -> None:
    assert sorted(behaviours.catalogue().keys() - behaviours.tests_by_id().keys()) == []


def test_the_page_of_behaviours_is_up_to_date() -> None:
    written = (ROOT / "docs" / "reference" / "behaviours.md").read_text(encoding="utf-8")
    assert written == behaviours.page(), "run .venv/bin/python scripts/behaviours"


def test_marks_on_a_test_and_on_its_parameters_count() -> None:
    (function,) = ast.parse(
        "@pytest.mark.behaviour(1, 2)\n"
        "@pytest.mark.parametrize('a', [pytest.param(1, marks=pytest.mark.defect('D-3'))])\n"
        "@pytest.mark.crash\n"
        "def test_a(a): ...\n"
    ).body
    assert isinstance(function, ast.FunctionDef)
    assert list(behaviours.marks_of(function)) == ["1", "2", "D-3"]


def test_only_what_passed_is_counted() -> None:
    id, (test, *_) = next(iter(behaviours.tests_by_id().items()))
    assert behaviours.summary([]) == "behaviours covered: 0 of 220; defects covered: 0 of 25"
    line = behaviours.summary([f"tests/{test}[a/b::c[d]]"])
    assert ("defects covered: 0" in line) is not id.startswith("D-")
    assert line != behaviours.summary([])
    assert behaviours.summary([f"tests/{test}[a]"], [f"tests/{test}[b]"]) == behaviours.summary([])
