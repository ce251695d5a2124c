"""What was read or made last: a small cache that forgets what was not asked for the longest."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["Pages"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Pages(Generic[K, V]):
    """At most `most` values by their keys.

    Examples
    --------
    >>> pages = Pages(2)
    >>> [pages.get(key, str.upper) for key in "abca"], "b" in pages
    (['A', 'B', 'C', 'A'], False)
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[K], V]) -> V:
        """The value of a key, made when it is not there."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        value = make(key)
        self._kept[key] = value
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return value

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def drop(self, key: K) -> None:
        """Forget a key."""
        self._kept.pop(key, None)
