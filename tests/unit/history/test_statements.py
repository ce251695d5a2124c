"""The written SQL: every statement is there under its name."""

from __future__ import annotations

from wfnb.history.analyses import ANALYSES
from wfnb.history.statements import _statements, schema, statement


def test_every_kind_of_row_can_be_forgotten_and_added() -> None:
    kinds = {"run", "step", "invocation", "wait", "event"}
    assert {name for name in _statements("fill") if name.startswith(("forget_", "add_"))} == {
        f"{verb}_{kind}" for verb in ("forget", "forget_purged", "add") for kind in kinds
    }


def test_every_analysis_has_its_statement() -> None:
    assert sorted([*_statements("analyses"), *_statements("operations")]) == sorted(ANALYSES)


def test_a_statement_is_one_statement() -> None:
    for file in ("fill", "analyses", "operations", "metrics", "alerts"):
        for name in _statements(file):
            written = [line for line in statement(file, name).splitlines() if not line.startswith("--")]
            assert ";" not in "\n".join(written)


def test_the_schema_is_read_once() -> None:
    assert schema() is schema()
