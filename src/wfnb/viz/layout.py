"""Second half of the layout: where every card, frame and line stands. Whole pixels, the same for the same definition."""

from __future__ import annotations

from dataclasses import dataclass, field

from wfnb.viz.boxes import Box, Column, column_of, frame_foot, frame_head
from wfnb.viz.fit import fit, text_width
from wfnb.viz.measures import Measures, measures_for
from wfnb.viz.outline import Card, Outline, walk_cards

__all__ = ["Frame", "Label", "Layout", "Link", "Placed", "lay_out"]

Point = tuple[float, float]

MARGIN = 24
TITLE_HEIGHT = 64
LEAST_WIDTH = 360
LABEL_SIZE = 10
_START = 34  # from the title to the first card


@dataclass(frozen=True, slots=True)
class Placed:
    """A card and its top left corner."""

    card: Card
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame around the branches of a control step."""

    path: str
    x: float
    y: float
    width: float
    height: float
    depth: int


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a branch, centred at a point."""

    path: str
    branch: str
    text: str
    x: float
    y: float
    width: float


@dataclass(frozen=True, slots=True)
class Link:
    """A line that runs follow. Its key says where it leads, so that a run can be laid over it.

    ``to:PATH`` arrives at a step; ``in:PATH.BRANCH`` enters a branch, ``out:PATH.BRANCH`` leaves it; ``loop:PATH`` goes back to the
    start of a loop's body; ``end`` reaches the end of the workflow.
    """

    key: str
    points: tuple[Point, ...]
    role: str = "link"


@dataclass(slots=True)
class Layout:
    """Everything that stands in the picture."""

    measures: Measures
    width: float = 0
    height: float = 0
    start: Point = (0, 0)
    end: Point | None = None
    cards: list[Placed] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def lay_out(outline: Outline, width: int) -> Layout:
    """Place an outline.

    Parameters
    ----------
    outline
        What to draw.
    width
        Pixels the picture should not exceed; branches side by side can make it wider.
    """
    count = sum(1 for _ in walk_cards(outline.root))
    measures = measures_for(count)
    column = column_of(outline.root, width - 2 * MARGIN, measures)
    layout = Layout(measures, width=max(LEAST_WIDTH, column.width + 2 * MARGIN))
    left = (layout.width - column.width) // 2
    top = TITLE_HEIGHT + _START
    if not column.stacks:
        layout.start = (layout.width // 2, TITLE_HEIGHT + 8)
        layout.height = top
        return layout
    layout.start = (left + column.widths[0] // 2, TITLE_HEIGHT + 8)
    leaving = _Placer(layout, measures).column(column, left, top, layout.start, 0)
    layout.height = top + column.height + MARGIN
    if leaving is not None:
        layout.end = (leaving[0], leaving[1] + measures.gap + 5)
        layout.links.append(Link("end", (leaving, (leaving[0], leaving[1] + measures.gap))))
        layout.height = max(layout.height, layout.end[1] + MARGIN)
    return layout


class _Placer:
    """Walks the measured boxes and writes down where they stand."""

    __slots__ = ("layout", "measures")

    def __init__(self, layout: Layout, measures: Measures) -> None:
        self.layout = layout
        self.measures = measures

    def column(self, column: Column, x: float, y: float, enter: Point, depth: int) -> Point | None:
        """Place a pipe whose first card is reached from `enter`; gives the point where it is left."""
        here: Point | None = enter
        for number, (stack, width) in enumerate(zip(column.stacks, column.widths, strict=True)):
            axis = x + width // 2
            down = y
            for index, box in enumerate(stack):
                if here is not None:
                    turn = number > 0 and index == 0
                    self._link_to(box, here, (axis, down), x if turn else None)
                here = self.box(box, axis, down, depth)
                down += box.height + self.measures.gap
            x += width + self.measures.gutter
        return here

    def _link_to(self, box: Box, here: Point, there: Point, turn: float | None) -> None:
        """The line to a card; when the pipe goes on in the next column (left edge `turn`), up between the two."""
        points: tuple[Point, ...] = (here, there)
        if turn is not None:
            between = turn - self.measures.gutter // 2
            low, high = here[1] + self.measures.gap, there[1] - self.measures.gap // 2 - 6
            points = (here, (here[0], low), (between, low), (between, high), (there[0], high), there)
        elif here[0] != there[0]:
            level = there[1] - self.measures.gap // 2
            points = (here, (here[0], level), (there[0], level), there)
        self.layout.links.append(Link(f"to:{box.card.path}", points))

    def box(self, box: Box, axis: float, y: float, depth: int) -> Point | None:
        """Place a step with its middle on `axis`; gives the point where it is left, if a run can leave it."""
        measures, layout = self.measures, self.layout
        layout.cards.append(Placed(box.card, axis - measures.card_width // 2, y))
        if not box.lanes:
            return (axis, y + measures.card_height) if box.card.flows else None
        top = y + measures.card_height // 2
        bottom = y + box.height
        left = axis - box.width // 2
        layout.frames.append(Frame(box.card.path, left, top, box.width, bottom - top, depth))
        used = sum(lane.width for lane in box.lanes) + measures.lane_gap * (len(box.lanes) - 1)
        x = left + (box.width - used) // 2
        for lane in box.lanes:
            self._lane(box, lane, left=x, bottom=bottom, depth=depth, head=(axis, y + measures.card_height))
            x += lane.width + measures.lane_gap
        return (axis, bottom) if box.card.flows else None

    def _lane(self, box: Box, lane: Column, *, left: float, head: Point, bottom: float, depth: int) -> None:
        measures, layout, card = self.measures, self.layout, box.card
        branch = lane.block.branch
        axis = left + (lane.widths[0] if lane.widths else lane.width) // 2
        label_y = head[1] + measures.gap + measures.label_height // 2 - 2
        top = head[1] + frame_head(measures)
        merge = bottom - frame_foot(measures) + measures.gap
        level = head[1] + measures.gap // 2 - 2
        below = (axis, label_y + measures.label_height // 2)
        way: tuple[Point, ...] = (head, below)
        if axis != head[0]:
            way = (head, (head[0], level), (axis, level), below)
        layout.links.append(Link(f"in:{lane.block.path}", way, "fault" if branch == "catch" else "link"))
        label = self._label(card, branch, axis, label_y)
        layout.labels.append(label)
        leaving = self.column(lane, left, top, below, depth + 1) if lane.stacks else below
        if leaving is None:
            return
        out: tuple[Point, ...] = (leaving, (head[0], bottom))
        if leaving[0] != head[0]:
            out = (leaving, (leaving[0], merge), (head[0], merge), (head[0], bottom))
        layout.links.append(Link(f"out:{lane.block.path}", out))
        if branch == "body" and lane.stacks:
            side = left - 14
            turn = leaving[1] + measures.gap // 2
            back = (
                leaving,
                (leaving[0], turn),
                (side, turn),
                (side, label_y),
                (axis - label.width / 2 - 3, label_y),
            )
            layout.links.append(Link(f"loop:{card.path}", back, "loop"))

    def _label(self, card: Card, branch: str, x: float, y: float) -> Label:
        name = branch.upper() if branch != "body" else "EACH " + card.detail.partition(" in ")[0]
        text = fit(name, self.measures.card_width - 40, LABEL_SIZE, bold=True)
        return Label(card.path, branch, text, x, y, round(text_width(text, LABEL_SIZE, bold=True)) + 18)
