"""The marks of the statuses: a shape for each, so that colour is never the only sign. Drawn around (0, 0), about 8 pixels wide."""

from __future__ import annotations

from typing import Final

from wfnb.viz.scene import Commands

__all__ = ["GLYPHS", "STATES"]

STATES: Final = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "WAITING": "waiting",
    "RETRY_SCHEDULED": "retry",
    "STARTED": "started",
    "CANCELED": "canceled",
}
"""State of a group by status of a step."""

GLYPHS: Final[dict[str, Commands]] = {
    "succeeded": (("M", (-3.6, 0.2)), ("L", (-1.1, 2.8)), ("L", (3.7, -2.7))),
    "failed": (("M", (-2.8, -2.8)), ("L", (2.8, 2.8)), ("M", (2.8, -2.8)), ("L", (-2.8, 2.8))),
    "waiting": (("M", (-1.9, -3)), ("L", (-1.9, 3)), ("M", (1.9, -3)), ("L", (1.9, 3))),
    "retry": (
        ("M", (0.4, -3.4)),
        ("C", (-1.7, -3.6, -3.6, -1.9, -3.6, 0)),
        ("C", (-3.6, 2, -2, 3.6, 0, 3.6)),
        ("C", (2, 3.6, 3.6, 2, 3.6, 0)),
        ("M", (-1.2, -5.2)),
        ("L", (0.9, -3.4)),
        ("L", (-1.2, -1.5)),
    ),
    "started": (("M", (-1.8, -3.1)), ("L", (3.1, 0)), ("L", (-1.8, 3.1)), ("Z", ())),
    "canceled": (("M", (-3.2, 0)), ("L", (3.2, 0))),
}
