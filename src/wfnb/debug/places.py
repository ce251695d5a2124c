"""Places of a run in instance paths: what lies inside what, and which blocks and loop items stand around a step."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["block_of", "depth", "inside", "item_of", "items_around", "owner_of"]

_ITEM = re.compile(r"\.body\{(\d+)\}$")


def inside(instance: str, outer: str) -> bool:
    """Whether a place lies inside another one; a place does not lie inside itself.

    Examples
    --------
    >>> inside("root.steps[2].body{0}.steps[1]", "root.steps[2]"), inside("root.steps[21]", "root.steps[2]")
    (True, False)
    """
    return instance.startswith(f"{outer}.")


def block_of(instance: str) -> str:
    """The block that a step stands in.

    Examples
    --------
    >>> block_of("root.steps[2].body{3}.steps[1]")
    'root.steps[2].body{3}'
    """
    return instance.rpartition(".steps[")[0]


def owner_of(block: str) -> str:
    """The control step that a block belongs to; nothing for the outermost block.

    Examples
    --------
    >>> owner_of("root.steps[2].body{3}"), owner_of("root")
    ('root.steps[2]', '')
    """
    return block.rpartition(".")[0]


def depth(instance: str) -> int:
    """How many blocks stand around a step.

    Examples
    --------
    >>> depth("root.steps[2]"), depth("root.steps[2].body{3}.steps[1]")
    (1, 2)
    """
    return instance.count(".steps[")


def item_of(block: str) -> int | None:
    """The number of the item that a block is one pass of, when it is the body of a loop.

    Examples
    --------
    >>> item_of("root.steps[2].body{3}"), item_of("root.steps[1].then")
    (3, None)
    """
    found = _ITEM.search(block)
    return int(found[1]) if found else None


def items_around(instance: str) -> Iterator[str]:
    """The blocks around a step, innermost first, without the outermost one.

    Examples
    --------
    >>> list(items_around("root.steps[2].body{3}.steps[1].then.steps[0]"))
    ['root.steps[2].body{3}.steps[1].then', 'root.steps[2].body{3}']
    """
    block = block_of(instance)
    while owner := owner_of(block):
        yield block
        block = block_of(owner)
