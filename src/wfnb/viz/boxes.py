"""First half of the layout: how much room every step and every branch needs, from the inside out."""

from __future__ import annotations

from dataclasses import dataclass

from wfnb.viz.measures import Measures
from wfnb.viz.outline import Block, Card

__all__ = ["Box", "Column", "column_of", "frame_foot", "frame_head"]


@dataclass(frozen=True, slots=True)
class Box:
    """A step with its branches, if it has any."""

    card: Card
    width: int
    height: int
    lanes: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A pipe of steps; a long one is wrapped into stacks that stand side by side."""

    block: Block
    stacks: tuple[tuple[Box, ...], ...]
    widths: tuple[int, ...]
    width: int
    height: int


def column_of(block: Block, budget: int, measures: Measures) -> Column:
    """Measure a block that should not be wider than `budget` pixels; what cannot be narrower is wider."""
    boxes = [_box(card, budget, measures) for card in block.cards]
    if not boxes:
        return Column(block, (), (), measures.empty_width, 0)
    stacks = _wrapped(boxes, budget, measures)
    widths = tuple(max(box.width for box in stack) for stack in stacks)
    return Column(
        block,
        stacks,
        widths,
        sum(widths) + measures.gutter * (len(stacks) - 1),
        max(_height(stack, measures) for stack in stacks),
    )


def _box(card: Card, budget: int, measures: Measures) -> Box:
    if not card.blocks:
        return Box(card, measures.card_width, measures.card_height)
    inner = budget - 2 * measures.pad
    # Branches with steps share the room; what a narrow one leaves goes to the one measured last, usually the longest.
    needs = [measures.card_width if block.cards else measures.empty_width for block in card.blocks]
    spare = inner - sum(needs) - measures.lane_gap * (len(needs) - 1)
    lanes = tuple(
        column_of(block, need + max(spare, 0), measures)
        for block, need in zip(card.blocks, needs, strict=True)
    )
    side = measures.pad if card.kind != "control.forEach" else measures.pad + 8  # room for the way back
    width = sum(lane.width for lane in lanes) + measures.lane_gap * (len(lanes) - 1) + 2 * side
    return Box(
        card,
        max(width, measures.card_width + 2 * measures.pad),
        measures.card_height
        + frame_head(measures)
        + max(lane.height for lane in lanes)
        + frame_foot(measures),
        lanes,
    )


def frame_head(measures: Measures) -> int:
    """Height between the card of a control step and the first cards of its branches."""
    return measures.gap + measures.label_height + measures.gap - 4


def frame_foot(measures: Measures) -> int:
    """Height between the last cards of the branches and the end of the frame."""
    return measures.gap + measures.pad // 2 + 4


def _height(stack: tuple[Box, ...] | list[Box], measures: Measures) -> int:
    return sum(box.height for box in stack) + measures.gap * (len(stack) - 1)


def _wrapped(boxes: list[Box], budget: int, measures: Measures) -> tuple[tuple[Box, ...], ...]:
    """The boxes in as many stacks as are needed and fit, as equally high as they can be."""
    total = _height(boxes, measures)
    widest = max(box.width for box in boxes)
    room = (budget + measures.gutter) // (widest + measures.gutter)
    columns = min(room, -(-total // measures.tall), len(boxes))
    if columns <= 1:
        return (tuple(boxes),)
    low, high = max(box.height for box in boxes), total
    while low < high:
        middle = (low + high) // 2
        if len(_filled(boxes, middle, measures)) <= columns:
            high = middle
        else:
            low = middle + 1
    return _filled(boxes, low, measures)


def _filled(boxes: list[Box], height: int, measures: Measures) -> tuple[tuple[Box, ...], ...]:
    stacks: list[tuple[Box, ...]] = []
    stack: list[Box] = []
    used = 0
    for box in boxes:
        if stack and used + measures.gap + box.height > height:
            stacks.append(tuple(stack))
            stack, used = [], 0
        used += box.height + (measures.gap if stack else 0)
        stack.append(box)
    return (*stacks, tuple(stack))
