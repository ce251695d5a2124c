"""The scene of a timeline: a row for each step, attempts as segments, waits hatched, an axis people can read."""

from __future__ import annotations

from collections.abc import Iterable

from wfnb.viz.axis import ticks
from wfnb.viz.bars import Bar, rows_of, worth_showing
from wfnb.viz.dress import duration_text
from wfnb.viz.fit import clean, fit, text_width
from wfnb.viz.glyphs import STATES
from wfnb.viz.scene import Commands, Dress, Glyph, Group, Path, Rect, Scene, Shape, Text
from wfnb.viz.theme import BASE

__all__ = ["timeline_scene"]

_MARGIN = 24
_TOP = 92
_ROW = 26
_BAR = 14
_INDENT = 14
_HATCHED = ("waiting", "retry")


def timeline_scene(bars: Iterable[Bar], *, title: str = "Timeline", width: int = 960) -> tuple[Scene, Dress]:
    """Draw bars.

    Returns
    -------
    tuple of Scene and Dress
        The dress holds the states of the bars.

    Raises
    ------
    LimitExceeded
        There are too many bars (``LIMIT_EXCEEDED``).
    ValidationError
        A time is not a finite number (``VALIDATION_ERROR``).
    """
    chart = _Chart(rows_of(bars), max(width, 480))
    shapes: list[Shape] = [
        Rect("canvas", 0.5, 0.5, chart.width - 1, chart.height - 1, 10),
        Text("heading", _MARGIN, 34, fit(clean(title), chart.width - 2 * _MARGIN, 16, bold=True), full=title),
        Text("subheading", _MARGIN, 53, chart.summary()),
        *chart.stripes(),
        *chart.axis(),
    ]
    states: dict[str, tuple[str, ...]] = {}
    for index, row in enumerate(chart.shown):
        shapes += chart.row(index, row, states)
    if chart.left_out:
        text = f"{chart.left_out:,} shorter steps that went well are not shown."
        shapes.append(Text("note", _MARGIN, chart.height - 18, text))
    return Scene(chart.width, chart.height, clean(title), chart.summary(), tuple(shapes)), Dress(states)


class _Chart:
    """Knows the scale and places what is drawn."""

    __slots__ = (
        "end",
        "height",
        "label_width",
        "left",
        "left_out",
        "right",
        "rows",
        "shown",
        "span",
        "start",
        "width",
    )

    def __init__(self, rows: list[list[Bar]], width: int) -> None:
        self.rows = rows
        self.shown = worth_showing(rows)
        self.left_out = len(rows) - len(self.shown)
        times = [
            time for row in rows for bar in row for time in (bar.start_ms, bar.end_ms) if time is not None
        ]
        self.start = min(times, default=0.0)
        self.span = max(max(times, default=1.0) - self.start, 1e-3)
        self.end = self.start + self.span
        if any(bar.end_ms is None for row in rows for bar in row):
            self.end += self.span * 0.05  # so that what is still open can be seen
        self.width = width
        widest = max((_label_width(row[0]) for row in self.shown), default=0.0)
        self.label_width = min(round(widest) + 8, width // 3)
        self.left = _MARGIN + self.label_width + 12
        self.right = width - _MARGIN - 64  # the length of the last bar stands behind it
        self.height = _TOP + len(self.shown) * _ROW + 20 + (20 if self.left_out else 0)

    def x(self, time: float) -> float:
        share = (time - self.start) / (self.end - self.start)
        return self.left + share * (self.right - self.left)

    def summary(self) -> str:
        steps = len(self.rows)
        attempts = sum(max((bar.attempt for bar in row), default=1) - 1 for row in self.rows)
        retried = f" · {attempts} more attempt{'' if attempts == 1 else 's'}" if attempts > 0 else ""
        return f"{steps} step{'' if steps == 1 else 's'} · {duration_text(self.span)}{retried}"

    def stripes(self) -> list[Shape]:
        return [
            Rect("stripe", _MARGIN - 8, _TOP + index * _ROW, self.width - 2 * _MARGIN + 16, _ROW, 5)
            for index in range(0, len(self.shown), 2)
        ]

    def axis(self) -> list[Shape]:
        bottom = _TOP + len(self.shown) * _ROW + 6
        shapes: list[Shape] = []
        for offset, text in ticks(self.end - self.start, (self.right - self.left) / 90):
            x = round(self.x(self.start + offset), 1)
            shapes.append(Path("grid", (("M", (x, _TOP - 8)), ("L", (x, bottom)))))
            shapes.append(Text("tick", x, _TOP - 14, text, "middle"))
        return shapes

    def row(self, index: int, row: list[Bar], states: dict[str, tuple[str, ...]]) -> list[Shape]:
        """The label, the segments and the length of one row."""
        top = _TOP + index * _ROW
        first, last = row[0], max(row, key=lambda bar: (bar.start_ms, bar.attempt))
        indent = min(first.depth, 6) * _INDENT
        label = clean(first.label)
        shapes: list[Shape] = [self._mark(index, top, indent, last, states)]
        shown = fit(label, self.label_width - indent - 20, BASE["row"].size or 0)
        shapes.append(Text("row", _MARGIN + indent + 20, top + 17, shown, full=label))
        for number, bar in enumerate(_visible(row, self)):
            key = f"bar:{index}:{number}"
            states[key] = (STATES.get(bar.status, "canceled"),)
            shapes.append(self._segment(key, bar, top, states[key][0]))
        end = max(self._end(bar) for bar in row)
        spent = sum(self._end(bar) - bar.start_ms for bar in row)
        length = "open" if any(bar.end_ms is None for bar in row) else duration_text(spent) if spent else ""
        shapes.append(Text("length", round(self.x(end) + 7, 1), top + 17, length))
        return shapes

    def _end(self, bar: Bar) -> float:
        return self.end if bar.end_ms is None else max(bar.end_ms, bar.start_ms)

    def _mark(
        self, index: int, top: float, indent: int, last: Bar, states: dict[str, tuple[str, ...]]
    ) -> Group:
        key = f"row:{index}"
        states[key] = (STATES.get(last.status, "canceled"),)
        x, y = _MARGIN + indent + 7, top + _ROW / 2
        return Group("mark", key, (Rect("disc", x - 7, y - 7, 14, 14, 7), Glyph(x, y, 7)))

    def _segment(self, key: str, bar: Bar, top: float, state: str) -> Group:
        x = round(self.x(bar.start_ms), 1)
        width = max(round(self.x(self._end(bar)) - x, 1), 2)
        y = top + (_ROW - _BAR) / 2
        gap = 1 if width > 6 else 0  # a hair between attempts that follow at once
        shapes: list[Rect | Text | Path] = [Rect("bar", x, y, width - gap, _BAR, min(3, width / 2))]
        if state in _HATCHED and width > 4:
            shapes.append(Path("hatch", _hatch(x + 1, y + 1, width - gap - 2, _BAR - 2)))
        elif bar.attempt > 1 and width > 24:
            shapes.append(Text("bar-text", x + width / 2, y + 10.5, f"#{bar.attempt}", "middle"))
        label = f"{clean(bar.label)} · attempt {bar.attempt} · {duration_text(self._end(bar) - bar.start_ms)}"
        return Group("segment", key, tuple(shapes), label)


def _label_width(bar: Bar) -> float:
    return text_width(clean(bar.label), BASE["row"].size or 0) + min(bar.depth, 6) * _INDENT + 20


def _visible(row: list[Bar], chart: _Chart) -> list[Bar]:
    """The bars of a row without those that would stand on the same pixel with the same status."""
    shown: list[Bar] = []
    for bar in row:
        if shown and shown[-1].status == bar.status:
            before = shown[-1]
            end = before.start_ms if before.end_ms is None else before.end_ms
            if chart.x(bar.start_ms) - chart.x(before.start_ms) < 2 and bar.end_ms is not None:
                shown[-1] = Bar(
                    before.label,
                    before.path,
                    before.start_ms,
                    max(end, bar.end_ms),
                    bar.status,
                    before.attempt,
                )
                continue
        shown.append(bar)
    return shown


def _hatch(x: float, y: float, width: float, height: float) -> Commands:
    """Slanted lines that end at the edges of a rectangle."""
    commands: list[tuple[str, tuple[float, ...]]] = []
    offset = 5.0
    while offset < width + height:
        low = (x + min(offset, width), y + max(0.0, offset - width))
        high = (x + max(0.0, offset - height), y + min(offset, height))
        commands += [("M", low), ("L", high)]
        offset += 6
    return tuple(commands)
