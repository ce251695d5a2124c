"""Marks of rare branches: a search that never came there has proven nothing about them."""

from __future__ import annotations

from collections import Counter

__all__ = ["Marks"]


class Marks:
    """Counts how often the worlds of a search came somewhere."""

    def __init__(self) -> None:
        self.count: Counter[str] = Counter()

    def hit(self, name: str) -> None:
        """A world came here."""
        self.count[name] += 1

    def missing(self, wanted: frozenset[str]) -> set[str]:
        """Places where no world came."""
        return {name for name in wanted if not self.count[name]}
