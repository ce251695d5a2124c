"""Lists that show themselves as tables in a cell and become DataFrames on demand."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from wfnb.errors import MissingExtraError
from wfnb.security.escape import escape_html, visible

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Rows", "html_table"]

T = TypeVar("T")
_CELL_CHARS = 120


class Rows(list[T]):
    """A list of frozen dataclasses of one kind.

    Examples
    --------
    >>> Rows([], columns=("run", "status"))
    (no rows)
    """

    def __init__(self, rows: Iterable[T] = (), *, columns: Sequence[str]) -> None:
        super().__init__(rows)
        self.columns = tuple(columns)

    @property
    def df(self) -> pd.DataFrame:
        """The rows as a DataFrame, one column per field.

        Raises
        ------
        MissingExtraError
            Without pandas.
        """
        try:
            import pandas as pd
        except ImportError:
            raise MissingExtraError("DataFrames need pandas.", hint="Install wfnb[history].") from None
        return pd.DataFrame(self._cells(), columns=list(self.columns))

    def _cells(self) -> list[list[Any]]:
        return [[getattr(row, name) for name in self.columns] for row in self]

    def __repr__(self) -> str:
        if not self:
            return "(no rows)"
        cells = [list(self.columns), *([_text(cell) for cell in row] for row in self._cells())]
        widths = [max(len(row[i]) for row in cells) for i in range(len(self.columns))]
        return "\n".join(
            "  ".join(text.ljust(w) for text, w in zip(row, widths, strict=True)).rstrip() for row in cells
        )

    def _repr_html_(self) -> str:
        return html_table(self.columns, [[_text(cell) for cell in row] for row in self._cells()])


def html_table(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    """A plain HTML table of texts; every text is escaped."""
    if not cells:
        return "<p>(no rows)</p>"
    head = "".join(f"<th style='text-align:left'>{escape_html(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{escape_html(text)}</td>" for text in row) + "</tr>"
        for row in cells
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if dataclasses.is_dataclass(value) or isinstance(value, dict):
        value = value.get("message", value) if isinstance(value, dict) else value
    if isinstance(value, float):
        return f"{value:.1f}"
    return visible(str(value).replace("\n", " "), _CELL_CHARS)
