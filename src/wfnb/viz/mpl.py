"""Scenes as matplotlib figures, without pyplot: nothing is global and no window opens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wfnb.errors import MissingExtraError
from wfnb.viz.fit import clean
from wfnb.viz.glyphs import GLYPHS
from wfnb.viz.scene import Commands, Dress, Glyph, Group, Path, Rect, Scene, Shape, Slot, Text
from wfnb.viz.theme import DARK, LIGHT, OPACITY, Style, Theme, style_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["scene_figure"]

_DPI = 96
_MOST_PIXELS = 30_000  # an Agg canvas ends at 2**16 in each direction
_FONTS = ("Segoe UI", "Roboto", "Helvetica Neue", "Arial", "Liberation Sans", "DejaVu Sans")
_LAST = "DejaVu Sans"  # comes with matplotlib
_MONO_FONTS = ("Menlo", "Consolas", "Liberation Mono", "DejaVu Sans Mono")
_MONO_WIDER = 0.93  # hinting widens small fixed-width text
_WIDER = 0.89  # DejaVu runs wider than the fonts the layout measured


def scene_figure(scene: Scene, dress: Dress, theme: Theme = "light") -> Figure:
    """A scene as a figure of the same size in pixels at 96 dpi (a very long one at less).

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingExtraError(
            "matplotlib is not installed.", hint="Install it with: pip install 'wfnb[pictures]'"
        ) from error
    longest = max(scene.width, scene.height)
    dpi = _DPI * min(1.0, _MOST_PIXELS / longest)
    figure = Figure(figsize=(scene.width / _DPI, scene.height / _DPI), dpi=dpi)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, scene.width)
    axes.set_ylim(scene.height, 0)
    axes.set_axis_off()
    painter = _Painter(axes, dress, DARK if theme == "dark" else LIGHT)
    figure.set_facecolor(painter.colours["canvas"])
    for shape in scene.shapes:
        painter.paint(shape)
    return figure


class _Painter:
    """Puts shapes on axes in the order in which they come."""

    __slots__ = ("axes", "colours", "covered", "dress", "family", "mono", "order", "scale")

    def __init__(self, axes: Axes, dress: Dress, colours: dict[str, str]) -> None:
        from matplotlib.font_manager import findfont, fontManager, get_font

        known = {font.name for font in fontManager.ttflist}
        self.axes = axes
        self.dress = dress
        self.colours = colours
        self.family = next((name for name in _FONTS if name in known), "sans-serif")
        self.mono = next((name for name in _MONO_FONTS if name in known), "monospace")
        self.scale = _WIDER if self.family in ("DejaVu Sans", "sans-serif") else 1.0
        self.covered = frozenset(
            code for name in (self.family, _LAST) for code in get_font(findfont(name)).get_charmap()
        )
        self.order = 1.0

    def paint(self, shape: Shape, states: tuple[str, ...] = (), opacity: float = 1.0) -> None:
        self.order += 0.001
        match shape:
            case Group():
                states = self.dress.states.get(shape.key, ())
                for state in states:
                    opacity *= OPACITY.get(state, 1.0)
                for inner in shape.shapes:
                    self.paint(inner, states, opacity)
            case Rect():
                self._rect(shape, style_of(shape.role, states), opacity)
            case Text():
                self._text(shape, style_of(shape.role, states), opacity)
            case Path():
                self._path(shape.commands, style_of(shape.role, states), opacity)
            case Glyph():
                self._glyph(shape, states, opacity)
            case Slot():
                self._slot(shape, states, opacity)

    def _look(self, style: Style, opacity: float) -> dict[str, Any]:
        fill = self.colours.get(style.fill or "none", "none")
        stroke = self.colours.get(style.stroke or "none", "none")
        look: dict[str, Any] = {
            "facecolor": fill,
            "edgecolor": stroke,
            "linewidth": (style.width or 0) * 72 / _DPI,
            "alpha": None if opacity == 1.0 else opacity,
            "zorder": self.order,
            "clip_on": False,
        }
        if style.dash:
            look["linestyle"] = (0, tuple(float(part) for part in style.dash.split()))
        return look

    def _rect(self, rect: Rect, style: Style, opacity: float) -> None:
        self._path(_outline(rect), style, opacity)

    def _path(self, commands: Commands, style: Style, opacity: float) -> None:
        from matplotlib.patches import PathPatch
        from matplotlib.path import Path as MplPath

        codes: list[int] = []
        points: list[tuple[float, float]] = []
        for letter, values in commands:
            if letter == "Z":
                codes.append(int(MplPath.CLOSEPOLY))
                points.append((0, 0))
                continue
            code = {"M": MplPath.MOVETO, "L": MplPath.LINETO, "C": MplPath.CURVE4}[letter]
            pairs = list(zip(values[::2], values[1::2], strict=True))
            codes += [int(code)] * len(pairs)
            points += pairs
        if points:
            look = self._look(style, opacity)
            self.axes.add_patch(
                PathPatch(MplPath(points, codes), capstyle="round", joinstyle="round", **look)
            )

    def _text(self, text: Text, style: Style, opacity: float) -> None:
        self.axes.text(
            text.x,
            text.y,
            self._drawable(text.text),
            color=self.colours[style.fill or "text"],
            alpha=opacity,
            fontsize=(style.size or 12) * 72 / _DPI * (_MONO_WIDER if style.mono else self.scale),
            fontfamily=[*([self.mono] if style.mono else []), self.family, _LAST],
            fontweight="bold" if style.bold else "normal",
            horizontalalignment={"start": "left", "middle": "center", "end": "right"}[text.anchor],
            verticalalignment="baseline",
            parse_math=False,  # a dollar sign in a label is a dollar sign
            zorder=self.order,
        )

    def _drawable(self, text: str) -> str:
        """The text with a box for each character that no font at hand has; matplotlib would warn at every one."""
        return "".join(char if ord(char) in self.covered else "□" for char in clean(text))

    def _glyph(self, glyph: Glyph, states: tuple[str, ...], opacity: float) -> None:
        mark = next((GLYPHS[state] for state in states if state in GLYPHS), ())
        scale = glyph.radius / 9
        placed = tuple(
            (
                letter,
                tuple(
                    (glyph.y if index % 2 else glyph.x) + value * scale for index, value in enumerate(values)
                ),
            )
            for letter, values in mark
        )
        self._path(placed, style_of("glyph", states), opacity)

    def _slot(self, slot: Slot, states: tuple[str, ...], opacity: float) -> None:
        text = self.dress.texts.get(slot.key)
        if text is None:
            return
        if slot.width:
            left, top = slot.x - slot.width / 2, slot.y - slot.height / 2
            self.paint(Rect(slot.role, left, top, slot.width, slot.height, slot.height / 2), states, opacity)
        down = 3.5 if slot.width else 0
        self.paint(Text(f"{slot.role}-text", slot.x, slot.y + down, text, slot.anchor), states, opacity)


def _outline(rect: Rect) -> Commands:
    """A rectangle as a path; with a radius of half its side it is a true circle, as in SVG."""
    left, top, right, bottom = rect.x, rect.y, rect.x + rect.width, rect.y + rect.height
    radius = min(rect.radius, rect.width / 2, rect.height / 2)
    bend = radius * 0.4477  # where the handles of a cubic quarter circle stand, seen from the corner
    return (
        ("M", (left + radius, top)),
        ("L", (right - radius, top)),
        ("C", (right - bend, top, right, top + bend, right, top + radius)),
        ("L", (right, bottom - radius)),
        ("C", (right, bottom - bend, right - bend, bottom, right - radius, bottom)),
        ("L", (left + radius, bottom)),
        ("C", (left + bend, bottom, left, bottom - bend, left, bottom - radius)),
        ("L", (left, top + radius)),
        ("C", (left, top + bend, left + bend, top, left + radius, top)),
        ("Z", ()),
    )
