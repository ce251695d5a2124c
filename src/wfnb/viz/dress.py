"""Lays a run over an outline: which states, counts and labels every part of the picture has."""

from __future__ import annotations

from dataclasses import dataclass, field

from wfnb.viz.fit import clean
from wfnb.viz.glyphs import STATES
from wfnb.viz.outline import Block, Card, Outline
from wfnb.viz.overlay import MARKS, STATUSES, Overlay
from wfnb.viz.scene import Dress

__all__ = ["duration_text", "pipeline_dress"]


def pipeline_dress(outline: Outline, overlay: Overlay) -> Dress:
    """Dress of a pipeline scene for what a run did.

    Parameters
    ----------
    outline
        The outline the scene was made of (folded, if it was).
    overlay
        What the run did.

    Examples
    --------
    >>> from wfnb.viz.outline import outline
    >>> drawn = outline({"id": "x", "steps": [{"id": "a", "type": "state.set"}]})
    >>> pipeline_dress(drawn, Overlay(status={"root.steps[0]": "SUCCEEDED"})).states["root.steps[0]"]
    ('succeeded',)
    """
    tailor = _Tailor(overlay)
    cards = outline.root.cards
    last = tailor.reached(cards[-1]) and tailor.status(cards[-1]) == "SUCCEEDED" if cards else False
    finished = last and overlay.current is None
    tailor.block(outline.root, leaves=finished, skipped=False)
    if overlay.status:
        tailor.states["start"] = ("taken",)
    if finished:
        tailor.states["end"] = ("taken",)
    return Dress(tailor.states, tailor.texts, tailor.labels)


@dataclass(slots=True)
class _Tailor:
    overlay: Overlay
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)

    def status(self, card: Card) -> str | None:
        """Status of a card; of a stack, the one that matters most."""
        if not card.members:
            return self.overlay.status.get(card.path)
        present = {self.overlay.status.get(path) for path in card.members}
        worst = next((status for status in STATUSES if status in present), None)
        return "STARTED" if worst == "SUCCEEDED" and None in present else worst

    def reached(self, card: Card) -> bool:
        return any(path in self.overlay.status for path in card.members or (card.path,))

    def current(self, card: Card) -> bool:
        return self.overlay.current in (card.members or (card.path,))

    def block(self, block: Block, *, leaves: bool, skipped: bool) -> None:
        """Dress a block; `leaves` says whether the run went on behind it."""
        for index, card in enumerate(block.cards):
            behind = block.cards[index + 1] if index + 1 < len(block.cards) else None
            went_on = leaves if behind is None else self.reached(behind) or self.current(behind)
            self.card(card, skipped=skipped)
            self._mark(f"to:{card.path}", taken=self.reached(card) or self.current(card), skipped=skipped)
            self._branches(card, went_on=went_on, skipped=skipped)

    def card(self, card: Card, *, skipped: bool) -> None:
        status = self.status(card)
        states = [STATES.get(status or "", "pending")] if self.overlay.status else []
        marks = [
            self.overlay.marks[path] for path in card.members or (card.path,) if path in self.overlay.marks
        ]
        states += [f"mark-{mark}" for mark in marks[:1]]
        states += ["current"] if self.current(card) else []
        states += ["skipped"] if skipped and not self.reached(card) else []
        if states:
            self.states[card.path] = tuple(states)
        count = max((self.overlay.counts.get(path, 0) for path in card.members or (card.path,)), default=0)
        if count > 1:
            self.texts[f"count:{card.path}"] = f"×{count}" if count < 1000 else "×999+"
        duration = self.overlay.durations.get(card.path)
        if duration and not card.blocks and not card.members:  # nothing is said of what took no time
            self.texts[f"duration:{card.path}"] = duration_text(duration)
        self._label(card, status)
        if marks:
            self.texts[f"finding:{card.path}"] = MARKS.get(marks[0], "!")
            self.labels[card.path] = " · ".join(
                part for part in (self.labels.get(card.path), marks[0]) if part
            )

    def _label(self, card: Card, status: str | None) -> None:
        findings = [
            clean(text)
            for path in card.members or (card.path,)
            for text in self.overlay.findings.get(path, ())
        ]
        if findings:
            self.texts[f"finding:{card.path}"] = "!"
        said = [status] if status else []
        if said or findings:
            self.labels[card.path] = " · ".join([*said, *findings])

    def _branches(self, card: Card, *, went_on: bool, skipped: bool) -> None:
        taken = {block.branch for block in card.blocks if self._entered(card, block)}
        if skipped and card.blocks and not self.reached(card):
            self.states[f"frame:{card.path}"] = ("skipped",)
        again = any(
            self.overlay.counts.get(inner.path, 0) > 1 for block in card.blocks for inner in block.cards
        )
        for block in card.blocks:
            entered = block.branch in taken
            dim = skipped or (bool(taken) and not entered)
            self._mark(f"in:{block.path}", taken=entered, skipped=dim)
            self._mark(f"label:{block.path}", taken=entered, skipped=dim)
            self._mark(
                f"out:{block.path}", taken=entered and went_on and self._ran_through(block), skipped=dim
            )
            self.block(block, leaves=(went_on and entered) or again, skipped=dim)
        if card.kind == "control.forEach":
            self._mark(f"loop:{card.path}", taken=again, skipped=skipped)

    def _entered(self, card: Card, block: Block) -> bool:
        inside = block.cards and (self.reached(block.cards[0]) or self.current(block.cards[0]))
        return bool(inside) or (card.path, block.branch) in self.overlay.taken

    def _ran_through(self, block: Block) -> bool:
        """Whether a run came to the end of a block; one that failed half way left it by its catch."""
        return not block.cards or self.status(block.cards[-1]) == "SUCCEEDED"

    def _mark(self, key: str, *, taken: bool, skipped: bool) -> None:
        if taken or skipped:
            self.states[key] = ("taken",) if taken else ("skipped",)


def duration_text(ms: float) -> str:
    """A duration for people.

    Examples
    --------
    >>> [duration_text(ms) for ms in (0.4, 12, 3400, 95_000, 7_260_000)]
    ['0.4 ms', '12 ms', '3.4 s', '1 m 35 s', '2 h 1 m']
    """
    if ms < 10:
        return f"{ms:.1f}".removesuffix(".0") + " ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 59.95:
        return f"{seconds:.1f}".removesuffix(".0") + " s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} m {rest} s" if rest else f"{minutes} m"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} m" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
