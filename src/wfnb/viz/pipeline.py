"""The scene of a pipeline: cards on a line, frames around branches."""

from __future__ import annotations

from wfnb.viz.fit import fit, text_width
from wfnb.viz.layout import MARGIN, Frame, Label, Layout, Link, Placed, lay_out
from wfnb.viz.outline import Outline
from wfnb.viz.scene import Commands, Glyph, Group, Path, Rect, Scene, Shape, Slot, Text, rounded
from wfnb.viz.theme import BASE

__all__ = ["pipeline_scene"]

_DURATION = 54  # pixels for a duration such as "12 m 35 s"


def pipeline_scene(outline: Outline, width: int = 960) -> Scene:
    """Draw an outline.

    Parameters
    ----------
    outline
        What to draw.
    width
        Pixels the picture should not exceed; branches side by side can make it wider.
    """
    layout = lay_out(outline, width)
    inner = layout.width - 2 * MARGIN
    shapes: list[Shape] = [
        Rect("canvas", 0.5, 0.5, layout.width - 1, layout.height - 1, 10),
        Text("heading", MARGIN, 34, fit(outline.title, inner, 16, bold=True), full=outline.title),
        Text("subheading", MARGIN, 53, fit(outline.subtitle, inner, 12), full=outline.subtitle),
    ]
    shapes += [_frame(frame) for frame in layout.frames]
    shapes += [_link(link) for link in layout.links]
    shapes += _ends(layout, outline)
    shapes += [_label(label, layout) for label in layout.labels]
    shapes += [_card(placed, layout) for placed in layout.cards]
    return Scene(
        layout.width,
        layout.height,
        title=outline.title,
        description=f"Workflow {outline.title}: {outline.subtitle}.",
        shapes=tuple(shapes),
    )


def _frame(frame: Frame) -> Group:
    role = "frame-odd" if frame.depth % 2 else "frame"
    return Group(
        "frame", f"frame:{frame.path}", (Rect(role, frame.x, frame.y, frame.width, frame.height, 12),)
    )


def _link(link: Link) -> Group:
    shapes: tuple[Path, ...] = (Path(link.role, rounded(link.points)),)
    if link.role == "loop":
        x, y = link.points[-1]
        shapes += (Path("arrow", _arrow(x + 2, y)),)
    return Group("wire", link.key, shapes)


def _arrow(x: float, y: float) -> Commands:
    """An arrow head whose tip, pointing right, is at (x, y)."""
    return (("M", (x - 8, y - 4.5)), ("L", (x, y)), ("L", (x - 8, y + 4.5)), ("Z", ()))


def _ends(layout: Layout, outline: Outline) -> list[Shape]:
    x, y = layout.start
    mark: tuple[Rect | Text, ...] = (Rect("start", x - 5, y - 5, 10, 10, 5),)
    if outline.trigger:
        text = fit(outline.trigger, 220, 10, bold=True)
        width = round(text_width(text, 10, bold=True)) + 20
        mark = (
            Rect("label", x - width / 2, y - 10, width, 20, 10),
            Text("label-text", x, y + 3.5, text, "middle", outline.trigger),
        )
    ends: list[Shape] = [Group("mark", "start", mark)]
    if layout.end is not None:
        x, y = layout.end
        ends.append(Group("mark", "end", (Rect("end", x - 5, y - 5, 10, 10, 5),)))
    return ends


def _label(label: Label, layout: Layout) -> Group:
    width, height = label.width, layout.measures.label_height
    return Group(
        "branch",
        f"label:{label.path}.{label.branch}",
        (
            Rect("label", label.x - width / 2, label.y - height / 2, width, height, height / 2),
            Text("label-text", label.x, label.y + 3.5, label.text, "middle"),
        ),
    )


def _card(placed: Placed, layout: Layout) -> Group:
    card, x, y = placed.card, placed.x, placed.y
    width, height = layout.measures.card_width, layout.measures.card_height
    shapes: list[Rect | Text | Path | Glyph | Slot] = [
        Rect("halo", x - 5, y - 5, width + 10, height + 10, 13)
    ]
    if card.kind == "fold":
        shapes.append(Rect("stack", x + 4, y + 4, width, height, 8))
    shapes.append(Rect("card", x, y, width, height, 8))
    shapes += _lines(placed, layout) if layout.measures.two_lines else _line(placed, layout)
    shapes += [
        Slot("count", f"count:{card.path}", x + width - 24, y, 36, 16),
        Slot("finding", f"finding:{card.path}", x + width - 58, y, 20, 16),
    ]
    label = " · ".join(part for part in (card.title, card.detail, card.kind, card.path) if part)
    return Group("step", card.path, tuple(shapes), label)


def _lines(placed: Placed, layout: Layout) -> list[Rect | Text | Path | Glyph | Slot]:
    """The inside of a card with two lines: mark, title, and what the step does."""
    card, x, y = placed.card, placed.x, placed.y
    width, height = layout.measures.card_width, layout.measures.card_height
    middle = y + height / 2
    role = "code" if card.code else "detail"
    size = BASE[role].size or 0
    room = width - 38 - 10
    # A duration stands behind the detail, or on the lower edge where the detail needs the whole line.
    key = f"duration:{card.path}"
    beside = text_width(card.detail, size, mono=card.code) <= room - _DURATION
    duration = (
        Slot("duration", key, x + width - 10, middle + 13, anchor="end")
        if beside
        else Slot("duration", key, x + width - 78, y + height + 4, _DURATION - 4, 15)
    )
    return [
        Rect("disc", x + 11, middle - 9, 18, 18, 9),
        Glyph(x + 20, middle, 9),
        Text("title", x + 38, middle - 3, fit(card.title, room, 13, bold=True), full=card.title),
        Text(role, x + 38, middle + 13, fit(card.detail, room, size, mono=card.code), full=card.detail),
        duration,
    ]


def _line(placed: Placed, layout: Layout) -> list[Rect | Text | Path | Glyph | Slot]:
    """The inside of a card with one line."""
    card, x, y = placed.card, placed.x, placed.y
    room = layout.measures.card_width - 28 - 8
    text = card.title if not card.members else f"{card.detail}: {card.title}"
    return [
        Rect("disc", x + 7, y + 7, 14, 14, 7),
        Glyph(x + 14, y + 14, 7),
        Text("title-compact", x + 28, y + 18, fit(text, room, 12), full=text),
    ]
