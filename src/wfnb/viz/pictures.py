"""The pictures people ask for, from plain data to SVG text or a matplotlib figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from wfnb.viz.bars import Bar
from wfnb.viz.dress import pipeline_dress
from wfnb.viz.folding import fold
from wfnb.viz.outline import outline
from wfnb.viz.overlay import Overlay
from wfnb.viz.pipeline import pipeline_scene
from wfnb.viz.scene import PLAIN, Dress, Scene
from wfnb.viz.svg import svg_text
from wfnb.viz.theme import Theme
from wfnb.viz.timeline import timeline_scene

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["pipeline_figure", "pipeline_svg", "timeline_figure", "timeline_svg"]


def pipeline_svg(
    definition: Mapping[str, Any], overlay: Overlay | None = None, *, theme: Theme = "auto", width: int = 960
) -> str:
    """A workflow as SVG, with what a run did laid over it.

    Parameters
    ----------
    definition
        A pipeline definition in its JSON form.
    overlay
        What a run did, or what validation found.
    theme
        ``auto`` follows the reader's system; ``light`` and ``dark`` are fixed.
    width
        Pixels a long pipeline is wrapped to; branches side by side can make it wider.

    Returns
    -------
    str
        The text of an SVG file; the same for the same input.

    Raises
    ------
    DefinitionError
        The definition has no list of steps.
    LimitExceeded
        It has more steps than `wfnb.limits` allows.

    Examples
    --------
    >>> picture = pipeline_svg({"id": "hello", "steps": [{"id": "done", "type": "control.return"}]})
    >>> picture.startswith("<svg "), "done" in picture
    (True, True)
    """
    return svg_text(*_pipeline(definition, overlay, width), theme)


def pipeline_figure(
    definition: Mapping[str, Any], overlay: Overlay | None = None, *, theme: Theme = "light", width: int = 960
) -> Figure:
    """A workflow as a matplotlib figure; parameters as for `pipeline_svg` (``auto`` is light)."""
    from wfnb.viz.mpl import scene_figure

    return scene_figure(*_pipeline(definition, overlay, width), theme)


def timeline_svg(
    bars: Iterable[Bar], *, title: str = "Timeline", theme: Theme = "auto", width: int = 960
) -> str:
    """When the steps of a run ran, as SVG: a row for each step, attempts side by side, waits hatched.

    Parameters
    ----------
    bars
        One for every attempt and wait.
    title
        Stands above.
    theme
        ``auto`` follows the reader's system; ``light`` and ``dark`` are fixed.
    width
        Pixels.

    Raises
    ------
    LimitExceeded
        There are too many bars for a picture.
    ValidationError
        A bar has no usable time.

    Examples
    --------
    >>> "fetch" in timeline_svg([Bar("fetch", "root.steps[0]", 0, 120, "SUCCEEDED")])
    True
    """
    return svg_text(*timeline_scene(bars, title=title, width=width), theme)


def timeline_figure(
    bars: Iterable[Bar], *, title: str = "Timeline", theme: Theme = "light", width: int = 960
) -> Figure:
    """When the steps of a run ran, as a matplotlib figure; parameters as for `timeline_svg` (``auto`` is light)."""
    from wfnb.viz.mpl import scene_figure

    return scene_figure(*timeline_scene(bars, title=title, width=width), theme)


def _pipeline(definition: Mapping[str, Any], overlay: Overlay | None, width: int) -> tuple[Scene, Dress]:
    drawn = fold(outline(definition))
    return pipeline_scene(drawn, width), pipeline_dress(drawn, overlay) if overlay is not None else PLAIN
