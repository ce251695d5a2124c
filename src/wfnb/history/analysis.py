"""An answer with its picture: what a named analysis gives."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any

from wfnb.errors import MissingExtraError
from wfnb.security.escape import escape_html, visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

__all__ = ["Analysis"]

_SHOWN_ROWS = 20
_CELL_CHARS = 120


@dataclass(frozen=True, slots=True, repr=False)
class Analysis:
    """A question that was asked of the history, and its answer.

    Parameters
    ----------
    name, title
        Its short name and its heading.
    explanation
        How to read the answer, in a sentence or two.
    sql
        The question itself: it can be asked again, or changed, with ``ws.sql(analysis.sql, **analysis.params)``.
    df
        The answer: stable columns, sorted.
    params
        Values that the question was asked with.
    """

    name: str
    title: str
    explanation: str
    sql: str
    df: DataFrame
    _draw: Callable[[DataFrame, str], Figure] = field(compare=False)
    params: dict[str, Any] = field(default_factory=dict)

    def plot(self) -> Figure:
        """A new figure of the answer; it belongs to the caller.

        Raises
        ------
        MissingExtraError
            matplotlib is not installed.
        """
        try:
            return self._draw(self.df, self.title)
        except ModuleNotFoundError as error:
            raise MissingExtraError(
                "matplotlib is not installed.", hint="Install it with: pip install 'wfnb[pictures]'"
            ) from error

    def __repr__(self) -> str:
        table = self._shown().to_string(index=False) if len(self.df) else "(nothing yet)"
        return f"{self.title}\n{table}{self._more()}"

    def _repr_html_(self) -> str:
        heading = f"<h4>{escape_html(self.title)}</h4><p>{escape_html(self.explanation)}</p>"
        if not len(self.df):
            return f"{heading}<p><em>Nothing yet.</em></p>"
        return f"{heading}{self._shown().to_html(index=False, border=0)}<p>{escape_html(self._more())}</p>"

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.plot().savefig(buffer, format="png", dpi=110, metadata={"Software": None})
        return buffer.getvalue()

    def _ipython_display_(self) -> None:
        """The table, then the picture: a notebook shows only the richest form of one output, and both are wanted."""
        from IPython.display import display

        outputs = [{"text/plain": repr(self), "text/html": self._repr_html_()}]
        if len(self.df):
            outputs.append(
                {"text/plain": f"<{self.title}>", "image/png": b64encode(self._repr_png_()).decode()}
            )
        for output in outputs:
            display(output, raw=True)  # type: ignore[no-untyped-call] # IPython has no types

    def _shown(self) -> DataFrame:
        """The first rows, with control characters made visible and long texts cut."""
        head = self.df.head(_SHOWN_ROWS)
        return head.map(lambda value: visible(value, _CELL_CHARS) if isinstance(value, str) else value)

    def _more(self) -> str:
        rest = len(self.df) - _SHOWN_ROWS
        return f"\n… and {rest:,} more rows in .df" if rest > 0 else ""
