"""A scene and its dress as the small JSON that the front end draws from."""

from __future__ import annotations

from typing import Any

from wfnb.viz.fit import clean
from wfnb.viz.glyphs import GLYPHS
from wfnb.viz.scene import Dress, Glyph, Group, Path, Rect, Scene, Shape, Slot, Text
from wfnb.viz.svg import commands_text

__all__ = ["dress_json", "scene_json"]


def scene_json(scene: Scene) -> dict[str, Any]:
    """A scene with the glyphs of all states.

    Examples
    --------
    >>> scene_json(Scene(10, 10, "t", "", (Rect("card", 0, 0, 5, 5, 2),)))["shapes"]
    [['rect', 'card', 0, 0, 5, 5, 2]]
    """
    return {
        "width": scene.width,
        "height": scene.height,
        "title": clean(scene.title),
        "glyphs": {state: commands_text(commands) for state, commands in GLYPHS.items()},
        "shapes": [_shape(shape) for shape in scene.shapes],
    }


def dress_json(dress: Dress) -> dict[str, Any]:
    """States, texts and labels by key."""
    return {
        "states": {key: list(states) for key, states in dress.states.items()},
        "texts": dict(dress.texts),
        "labels": dict(dress.labels),
    }


def _shape(shape: Shape) -> list[Any]:
    match shape:
        case Rect():
            return ["rect", shape.role, shape.x, shape.y, shape.width, shape.height, shape.radius]
        case Text():
            return ["text", shape.role, shape.x, shape.y, clean(shape.text), shape.anchor]
        case Path():
            return ["path", shape.role, commands_text(shape.commands)]
        case Glyph():
            return ["glyph", shape.x, shape.y, shape.radius]
        case Slot():
            place = [shape.x, shape.y, shape.width, shape.height]
            return ["slot", shape.role, shape.key, *place, shape.anchor]
        case Group():
            inner = [_shape(part) for part in shape.shapes]
            return ["group", shape.role, shape.key, clean(shape.label), inner]
