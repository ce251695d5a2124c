"""The one writer of SVG: every string is escaped here, every coordinate has at most one decimal."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

from wfnb.viz.fit import clean
from wfnb.viz.glyphs import GLYPHS
from wfnb.viz.scene import PLAIN, Commands, Dress, Glyph, Group, Path, Rect, Scene, Shape, Slot, Text
from wfnb.viz.stylesheet import PREFIX, stylesheet
from wfnb.viz.theme import Theme

__all__ = ["commands_text", "number", "svg_text"]


def svg_text(scene: Scene, dress: Dress = PLAIN, theme: Theme = "auto") -> str:
    """A scene as the text of an SVG file: no scripts, no links, nothing loaded from elsewhere.

    Examples
    --------
    >>> scene = Scene(10, 10, "<b>", "", (Text("heading", 0, 0, "1 < 2"),))
    >>> ">1 &lt; 2</text>" in svg_text(scene)
    True
    """
    body = "".join(_shape(shape, dress) for shape in scene.shapes)
    roles, states = _used(scene.shapes, dress)
    size = f"{number(scene.width)} {number(scene.height)}"
    title, description = _escaped(scene.title), _escaped(scene.description)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{PREFIX}picture" role="img" aria-label="{title}"'
        f' width="{number(scene.width)}" height="{number(scene.height)}" viewBox="0 0 {size}">'
        f"<title>{title}</title><desc>{description}</desc>"
        f"<style>{stylesheet(theme, roles, states)}</style>{body}</svg>"
    )


def number(value: float) -> str:
    """A coordinate with at most one decimal.

    Examples
    --------
    >>> number(3.0), number(2.25), number(-0.01)
    ('3', '2.2', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def commands_text(commands: Commands) -> str:
    """Path commands as the ``d`` attribute.

    Examples
    --------
    >>> commands_text((("M", (0, 1.5)), ("L", (2, 3)), ("Z", ())))
    'M0 1.5L2 3Z'
    """
    return "".join(letter + " ".join(number(value) for value in values) for letter, values in commands)


def _escaped(text: str) -> str:
    return escape(clean(text), {'"': "&quot;", "'": "&#39;"})


def _shape(shape: Shape, dress: Dress, states: tuple[str, ...] = ()) -> str:
    match shape:
        case Group():
            return _group(shape, dress)
        case Rect():
            radius = f' rx="{number(shape.radius)}"' if shape.radius else ""
            return (
                f'<rect class="{PREFIX}{shape.role}" x="{number(shape.x)}" y="{number(shape.y)}"'
                f' width="{number(shape.width)}" height="{number(shape.height)}"{radius}/>'
            )
        case Text():
            return _text(shape)
        case Path():
            return f'<path class="{PREFIX}{shape.role}" d="{commands_text(shape.commands)}"/>'
        case Glyph():
            return _glyph(shape, states)
        case Slot():
            return _slot(shape, dress)


def _group(group: Group, dress: Dress) -> str:
    states = dress.states.get(group.key, ())
    classes = " ".join(PREFIX + name for name in (group.role, *states))
    label = " · ".join(part for part in (group.label, dress.labels.get(group.key, "")) if part)
    title = f"<title>{_escaped(label)}</title>" if label else ""
    inner = "".join(_shape(shape, dress, states) for shape in group.shapes)
    return f'<g class="{classes}" data-key="{_escaped(group.key)}">{title}{inner}</g>'


def _text(text: Text) -> str:
    anchor = "" if text.anchor == "start" else f' text-anchor="{text.anchor}"'
    title = f"<title>{_escaped(text.full)}</title>" if text.full and text.full != text.text else ""
    return (
        f'<text class="{PREFIX}{text.role}" x="{number(text.x)}" y="{number(text.y)}"{anchor}>'
        f"{_escaped(text.text)}{title}</text>"
    )


def _glyph(glyph: Glyph, states: tuple[str, ...]) -> str:
    mark = next((GLYPHS[state] for state in states if state in GLYPHS), None)
    if mark is None:
        return ""
    scale = "" if glyph.radius == 9 else f" scale({glyph.radius / 9:.2f})"
    place = f"translate({number(glyph.x)} {number(glyph.y)}){scale}"
    return f'<path class="{PREFIX}glyph" transform="{place}" d="{commands_text(mark)}"/>'


def _slot(slot: Slot, dress: Dress) -> str:
    text = dress.texts.get(slot.key)
    if text is None:
        return ""
    inner = Text(f"{slot.role}-text", slot.x, slot.y + (3.5 if slot.width else 0), text, slot.anchor)
    if not slot.width:
        return _text(inner)
    left, top = slot.x - slot.width / 2, slot.y - slot.height / 2
    pill = Rect(slot.role, left, top, slot.width, slot.height, slot.height / 2)
    return _shape(pill, dress) + _text(inner)


def _used(shapes: Iterable[Shape], dress: Dress) -> tuple[set[str], set[str]]:
    """Roles and states that occur, so that the stylesheet holds nothing else."""
    roles: set[str] = set()
    states = {state for group_states in dress.states.values() for state in group_states}
    for shape in shapes:
        match shape:
            case Group():
                roles |= _used(shape.shapes, PLAIN)[0]
            case Glyph():
                roles.add("glyph")
            case Slot():
                roles |= {shape.role, f"{shape.role}-text"}
            case _:
                roles.add(shape.role)
    return roles, states
