"""The densities of a pipeline picture: cards with two lines, closer ones, and one line when there are many."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["COMFORTABLE", "COMPACT", "SNUG", "Measures", "measures_for"]


@dataclass(frozen=True, slots=True)
class Measures:
    """Distances in pixels."""

    card_width: int
    card_height: int
    gap: int  #: between cards of a pipe
    pad: int  #: inside a frame
    lane_gap: int  #: between the branches of a frame
    label_height: int
    empty_width: int  #: of a branch without steps
    gutter: int  #: between columns of a wrapped pipe
    tall: int  #: a pipe longer than this is wrapped into columns when there is room
    two_lines: bool


COMFORTABLE = Measures(
    card_width=232,
    card_height=46,
    gap=18,
    pad=18,
    lane_gap=16,
    label_height=18,
    empty_width=64,
    gutter=44,
    tall=1200,
    two_lines=True,
)
SNUG = Measures(
    card_width=228,
    card_height=42,
    gap=14,
    pad=14,
    lane_gap=14,
    label_height=17,
    empty_width=58,
    gutter=40,
    tall=1200,
    two_lines=True,
)
COMPACT = Measures(
    card_width=200,
    card_height=28,
    gap=10,
    pad=12,
    lane_gap=10,
    label_height=16,
    empty_width=52,
    gutter=30,
    tall=900,
    two_lines=False,
)

_SOME, _MANY = 20, 60


def measures_for(cards: int) -> Measures:
    """The density for a picture of so many cards."""
    if cards > _MANY:
        return COMPACT
    return SNUG if cards > _SOME else COMFORTABLE
