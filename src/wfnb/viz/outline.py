"""The shape of a definition as a picture needs it: cards in blocks, with what to write on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wfnb.errors import DefinitionError, LimitExceeded
from wfnb.limits import LIMITS
from wfnb.model.paths import ROOT, block_path, step_path
from wfnb.viz.fit import clean

__all__ = ["Block", "Card", "Outline", "outline", "walk_cards"]

_BRANCHES: dict[str, tuple[str, ...]] = {
    "control.if": ("then", "else"),
    "control.tryCatch": ("try", "catch"),
    "control.forEach": ("body",),
}


@dataclass(frozen=True, slots=True)
class Card:
    """One step.

    Parameters
    ----------
    path
        Definition path.
    kind
        Type of the step, or ``fold`` for a stack of steps drawn as one.
    title, detail
        What is written on it: a name, and what it does. Clean and bounded, not yet cut to a width.
    code
        Whether `detail` is an expression.
    blocks
        Nested blocks, in reading order.
    members
        Paths of the steps in a ``fold``.
    """

    path: str
    kind: str
    title: str
    detail: str
    code: bool = False
    blocks: tuple[Block, ...] = ()
    members: tuple[str, ...] = ()

    @property
    def flows(self) -> bool:
        """Whether a run can go on after it."""
        if self.kind == "control.return":
            return False
        return self.kind == "control.forEach" or not self.blocks or any(block.flows for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Block:
    """Steps from top to bottom: the root of a definition, or one branch of a control step."""

    path: str
    branch: str
    cards: tuple[Card, ...]

    @property
    def flows(self) -> bool:
        """Whether a run can reach its end."""
        return all(card.flows for card in self.cards)


@dataclass(frozen=True, slots=True)
class Outline:
    """A definition, ready to be drawn."""

    title: str
    subtitle: str
    trigger: str
    root: Block


def outline(definition: Mapping[str, Any]) -> Outline:
    """Outline of a definition in its JSON form. A definition with faults inside its steps is drawn as far as it goes.

    Raises
    ------
    DefinitionError
        It has no list of steps (``INVALID_WORKFLOW_DEFINITION``).
    LimitExceeded
        It has more steps, or deeper nesting, than the limits allow (``LIMIT_EXCEEDED``).

    Examples
    --------
    >>> outline({"id": "hello", "steps": [{"id": "done", "type": "control.return"}]}).root.cards[0].title
    'done'
    """
    if not isinstance(definition, Mapping):
        raise DefinitionError("A picture needs a definition: an object with a list “steps”.")
    root = _block(definition.get("steps"), ROOT, "root", _Counter())
    count = sum(1 for _ in walk_cards(root))
    version = definition.get("version")
    parts = [
        _text(definition.get("id")),
        f"version {version}" if isinstance(version, int) else "",
        f"{count:,} step{'' if count == 1 else 's'}",
    ]
    trigger = definition.get("trigger")
    return Outline(
        title=_text(definition.get("name")) or _text(definition.get("id")) or "workflow",
        subtitle=" · ".join(part for part in parts if part),
        trigger=_start(trigger) if isinstance(trigger, Mapping) else "",
        root=root,
    )


class _Counter:
    """Counts steps while they are read, so that an endless definition ends early."""

    __slots__ = ("steps",)

    def __init__(self) -> None:
        self.steps = 0

    def add(self, depth: int, path: str) -> None:
        self.steps += 1
        if self.steps > LIMITS.definition_steps or depth > LIMITS.definition_depth:
            raise LimitExceeded(
                f"The definition is too large to draw: more than {LIMITS.definition_steps:,} steps "
                f"or {LIMITS.definition_depth} levels.",
                where=path,
                hint="Split it into workflows that call each other.",
            )


def _block(steps: Any, path: str, branch: str, counter: _Counter, depth: int = 0) -> Block:
    if not isinstance(steps, list | tuple):
        raise DefinitionError(
            "A block has to be a list of steps.", where=path, hint="Write “steps”: [ ... ]."
        )
    cards = []
    for index, step in enumerate(steps):
        place = step_path(path, index)
        counter.add(depth, place)
        if not isinstance(step, Mapping):
            raise DefinitionError("A step has to be an object with id and type.", where=place)
        cards.append(_card(step, place, counter, depth))
    return Block(path, branch, tuple(cards))


def _card(step: Mapping[str, Any], path: str, counter: _Counter, depth: int) -> Card:
    kind = _text(step.get("type")) or "?"
    blocks = tuple(
        _block(step.get(branch) or (), block_path(path, branch), branch, counter, depth + 1)
        for branch in _BRANCHES.get(kind, ())
    )
    title = _text(step.get("name")) or _text(step.get("id")) or "?"
    return Card(path, kind, title, _detail(step, kind), kind in _CODE, blocks)


_CODE = ("control.if", "control.forEach")


def _detail(step: Mapping[str, Any], kind: str) -> str:
    """What a step does, in one line; for the kinds in `_CODE` that is an expression."""
    config = step.get("config")
    config = config if isinstance(config, Mapping) else {}
    match kind:
        case "control.if":
            said = _text(_source(step.get("condition"))) or "if"
        case "control.forEach":
            said = f"{_text(step.get('itemVar')) or 'item'} in {_text(_source(step.get('items')))}"
        case "control.tryCatch":
            name = _text(step.get("captureErrorAs"))
            said = f"try, error as {name}" if name else "try"
        case "control.callWorkflow":
            said = f"calls {_text(step.get('workflowId'))} {_version(step.get('workflowVersion'))}"
        case "control.return":
            said = "ends the run"
        case "action.call":
            said = f"{_text(config.get('actionId')) or 'action'} {_version(config.get('version'))}"
        case "state.set":
            said = _text(config.get("state")) or kind
        case "event.wait":
            said = f"waits for {_text(config.get('eventName')) or 'an event'}"
        case _:
            said = kind
    return said.rstrip()


def _source(value: Any) -> Any:
    return value.get("$expr") if isinstance(value, Mapping) else value


def _version(value: Any) -> str:
    return f"v{value}" if isinstance(value, int) else ""


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _start(trigger: Mapping[str, Any]) -> str:
    """What starts the workflow, in a few words."""
    field = {"schedule": "runAt", "recurring": "cron"}.get(_text(trigger.get("type")), "eventName")
    return _text(trigger.get(field))


def walk_cards(block: Block) -> Iterator[Card]:
    """Every card, from top to bottom, outer before inner."""
    for card in block.cards:
        yield card
        for inner in card.blocks:
            yield from walk_cards(inner)
