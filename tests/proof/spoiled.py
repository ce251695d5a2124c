"""Definitions that somebody spoiled: put together at random, changed anywhere in their tree, or in any byte of their text.

Each is made from a number alone, so that one that fails can be made again.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

from sim.reference import WORKFLOWS
from wfnb.model.yaml_writer import write_yaml

WORDS = (
    "", "root", "payload.n", "vars.", "vars.item", "control.if", "control.forEach", "control.tryCatch", "control.callWorkflow",
    "control.return", "action.call", "transform.assign", "state.set", "event.wait", "time.wait", "human.task", "pay", "child",
    "$expr", "$secret", "1 +", "payload.lines[sku = vars.x]", "$$", "(((((", "a.b.c.d.e.f", "config", "id", "\ud800", "__proto__", "x" * 300,
)  # fmt: skip
ODD = (None, True, 0, -1, 1.5, 10**400, float("nan"), float("inf"), 2**63, [], {}, [[]], {"": {}}, -0.0)
KEYS = ("$expr", "id", "type", "config", "then", "else", "steps", "assign", "body", "try", "catch", "items", "itemVar", "retry",
        "onError", "name", "condition", "workflowId", "inputMapping", "trigger", "timeoutMs", "form", "maxAttempts")  # fmt: skip
BYTES = b"{}[]:,\"\\'&*!|>-?#%@ \n\t\r\x00\x7f\xff\xc3\xa9e+-0123456789$.nulltruefalse"

GOOD = [{"id": name, "name": name, "steps": steps} for name, steps in WORKFLOWS.items()]
TEXTS = [json.dumps(written) for written in GOOD] + [write_yaml(written) for written in GOOD]


def definition(number: int) -> Any:
    """Definition number `number`: a tree, or text."""
    chance = random.Random(number)
    match number % 4:
        case 0:
            return changed(chance)
        case 1:
            return garbled(chance)
        case 2:
            return spliced(chance)
        case _:
            return made_up(chance)


def made_up(chance: random.Random, depth: int = 0) -> Any:
    """Anything in the words of definitions."""
    if depth > 5 or chance.random() < 0.3:
        return chance.choice(WORDS + ODD)
    if chance.random() < 0.4:
        return [made_up(chance, depth + 1) for _ in range(chance.randrange(4))]
    return {chance.choice(KEYS + WORDS): made_up(chance, depth + 1) for _ in range(chance.randrange(6))}


def changed(chance: random.Random) -> Any:
    """A good definition with up to four changes anywhere."""
    written = copy.deepcopy(chance.choice(GOOD))
    for _ in range(chance.randint(1, 4)):
        holder, key = chance.choice(list(places(written)))
        how = chance.randrange(4)
        if how == 0 and isinstance(holder, dict):
            holder[chance.choice(KEYS)] = holder.pop(key)
        elif how == 1:
            del holder[key]
        elif how == 2:
            _, other = chance.choice([(h, h[k]) for h, k in places(written)])
            holder[key] = copy.deepcopy(other)
        else:
            holder[key] = made_up(chance, 3)
        if not written or not list(places(written)):
            break
    return written


def places(written: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a tree, as what holds it and its key there."""
    stack = [written]
    while stack:
        holder = stack.pop()
        inner = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        for key, value in inner:
            yield holder, key
            if isinstance(value, dict | list):
                stack.append(value)


def garbled(chance: random.Random) -> str:
    """The text of a good definition with some bytes changed, lost, or there twice."""
    text = bytearray(chance.choice(TEXTS).encode())
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text[at : at + 1] = bytes([chance.choice(BYTES)])
            case 1:
                del text[at : at + chance.randint(1, 30)]
            case 2:
                text[at:at] = text[at : at + chance.randint(1, 200)]
            case _:
                text[at:at] = bytes([chance.choice(BYTES)]) * chance.choice((1, 2, 100))
    return text.decode("utf-8", "surrogateescape" if chance.random() < 0.1 else "replace")


def spliced(chance: random.Random) -> str:
    """The head of one text and the tail of another."""
    one, two = chance.choice(TEXTS), chance.choice(TEXTS)
    return one[: chance.randrange(len(one))] + two[chance.randrange(len(two)) :]
