"""Lists that show themselves: text tables, HTML tables, DataFrames."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

import pytest

from wfnb.errors import MissingExtraError
from wfnb.tables import Rows, html_table


@dataclass(frozen=True)
class Row:
    name: str
    value: Any = None


def rows(*values: Any) -> Rows[Row]:
    return Rows([Row(f"r{number}", value) for number, value in enumerate(values)], columns=("name", "value"))


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert repr(rows("a", "longer")) == "name  value\nr0    a\nr1    longer"


def test_nothing_to_show_is_said() -> None:
    assert repr(rows()) == "(no rows)"
    assert rows()._repr_html_() == "<p>(no rows)</p>"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, ""), (3, "3"), (1.26, "1.3"), (True, "True"), ("two\nlines", "two lines"), ({"message": "No.", "code": "NO"}, "No."),
        ({"a": 1}, "{'a': 1}"), ("\x1b[31m", "\\x1b[31m"), ("x" * 500, "x" * 119 + "…"),
    ],
)  # fmt: skip
def test_a_cell_is_one_short_visible_line(value: Any, shown: str) -> None:
    assert repr(rows(value)).splitlines()[1] == f"r0    {shown}".rstrip()
    assert f"<td style='text-align:left'>{shown.replace(chr(39), '&#x27;')}</td>" in rows(value)._repr_html_()


def test_html_is_escaped_in_heads_and_cells() -> None:
    assert "<b>" not in html_table(["<b>"], [["<b>"]])


def test_a_list_of_rows_is_a_list() -> None:
    made = rows(1, 2)
    assert (len(made), made[0], [row.value for row in made if row.value > 1]) == (2, Row("r0", 1), [2])


def test_a_data_frame_has_values_and_not_their_texts() -> None:
    frame = rows(1, 2).df
    assert list(frame.columns) == ["name", "value"]
    assert frame["value"].sum() == 3
    assert list(rows().df.columns) == ["name", "value"]


def test_without_pandas_the_way_to_get_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r"wfnb\[history\]"):
        _ = rows(1).df
