"""Findings: how they read, and the nearest name."""

from __future__ import annotations

import pytest

from wfnb.validate.findings import Finding, has_errors, nearest


@pytest.mark.parametrize(
    ("name", "known", "near"),
    [
        ("lne", ["len"], None),
        ("ln", ["len"], "len"),
        ("LEN", ["len"], "len"),
        ("coalesec", ["coalesce"], "coalesce"),
        ("coales", ["coalesce"], "coalesce"),
        ("coal", ["coalesce"], None),
        ("transform.asgin", ["transform.assign", "action.call"], "transform.assign"),
        ("x", [], None),
        ("", ["a"], "a"),
    ],
)
def test_the_nearest_name_depends_on_length(name: str, known: list[str], near: str | None) -> None:
    assert nearest(name, known) == (f"Did you mean “{near}”?" if near else None)


def test_of_two_near_names_the_nearer_one_wins() -> None:
    assert nearest("payloads", ["payload", "paylods"]) == "Did you mean “payload”?"


def test_only_errors_block() -> None:
    warning = Finding("warning", "X", "root", "Something.")
    assert not has_errors([warning])
    assert has_errors([warning, Finding("error", "Y", "root", "Something.")])


def test_a_finding_reads_as_one_line() -> None:
    assert str(Finding("error", "X", "root.steps[0]", "It is wrong.", "Do this.")) == (
        "error X at root.steps[0]: It is wrong. Do this."
    )
