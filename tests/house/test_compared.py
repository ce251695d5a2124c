"""The page that compares wfnb with others: every yes names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "explanation" / "compared.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\|.*\| ● (\d+) \|$", PAGE, re.MULTILINE)
NOTES = dict(re.findall(r"^(\d+)\. (.+)$", PAGE, re.MULTILINE))


def test_every_row_has_a_note() -> None:
    assert ROWS == list(NOTES) == [str(number) for number in range(1, len(ROWS) + 1)]
    assert len(ROWS) == 16


def test_every_test_that_a_note_names_exists() -> None:
    named = {number: re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", note) for number, note in NOTES.items()}
    assert [number for number, tests in named.items() if not tests] == []
    missing = [
        f"{path}::{name}"
        for tests in named.values()
        for path, name in tests
        if f"def {name}(" not in (ROOT / path).read_text(encoding="utf-8")
    ]
    assert missing == []
