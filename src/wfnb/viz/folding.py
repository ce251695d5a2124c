"""Long pipelines: neighbouring plain steps are drawn as one stack when there are more cards than a reader can take in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from wfnb.viz.outline import Block, Card, Outline, walk_cards

__all__ = ["MOST_CARDS", "fold"]

MOST_CARDS = 400
"""Cards drawn one by one; above it, plain steps are stacked so that about this many remain."""


def fold(outline: Outline, most: int = MOST_CARDS) -> Outline:
    """The outline with plain steps stacked, or the outline itself when it is small enough.

    It looks at the definition only, never at a run: a picture keeps its layout from step to step.

    Examples
    --------
    >>> from wfnb.viz.outline import outline
    >>> steps = [{"id": f"s{i}", "type": "state.set"} for i in range(6)]
    >>> [card.title for card in fold(outline({"id": "x", "steps": steps}), most=2).root.cards]
    ['s0 … s2', 's3 … s5']
    """
    count = sum(1 for _ in walk_cards(outline.root))
    if count <= most:
        return outline
    return replace(outline, root=_folded(outline.root, -(-count // most)))


def _folded(block: Block, size: int) -> Block:
    cards: list[Card] = []
    for run in _runs(block.cards, size):
        if len(run) > 1:
            cards.append(_stack(run))
        else:
            inner = tuple(_folded(nested, size) for nested in run[0].blocks)
            cards.append(replace(run[0], blocks=inner) if inner else run[0])
    return replace(block, cards=tuple(cards))


def _runs(cards: tuple[Card, ...], size: int) -> Iterator[list[Card]]:
    """Neighbours of up to `size` plain steps; every other step alone."""
    run: list[Card] = []
    for card in cards:
        plain = not card.kind.startswith("control.")
        if run and (not plain or len(run) == size):
            yield run
            run = []
        if plain:
            run.append(card)
        else:
            yield [card]
    if run:
        yield run


def _stack(run: list[Card]) -> Card:
    return Card(
        path=run[0].path,
        kind="fold",
        title=f"{run[0].title} … {run[-1].title}",
        detail=f"{len(run)} steps",
        members=tuple(card.path for card in run),
    )
