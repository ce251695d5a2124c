"""Pictures of workflows and runs: outline -> layout -> scene -> SVG or matplotlib.

The layout depends on the definition alone; what a run did is laid over it as a `Dress`. So a widget draws a workflow once
and changes only its dress from step to step. Everything is deterministic: the same input gives the same bytes.
"""

from __future__ import annotations

from wfnb.viz.bars import Bar
from wfnb.viz.graph import definition_graph
from wfnb.viz.html import img
from wfnb.viz.overlay import Overlay
from wfnb.viz.pictures import pipeline_figure, pipeline_svg, timeline_figure, timeline_svg

__all__ = [
    "Bar",
    "Overlay",
    "definition_graph",
    "img",
    "pipeline_figure",
    "pipeline_svg",
    "timeline_figure",
    "timeline_svg",
]
