"""The cursor of a debugger: where on the film it stands, as a value that commands turn into the next one."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Cursor"]


@dataclass(frozen=True, slots=True)
class Cursor:
    """A position on a film of `length` positions after the first.

    Examples
    --------
    >>> Cursor(0, 3).forward().forward().back().position
    1
    """

    position: int
    length: int

    @property
    def at_end(self) -> bool:
        """Whether no recorded position lies ahead."""
        return self.position >= self.length

    def forward(self) -> Cursor:
        """One position on; the end stays the end."""
        return self.to(self.position + 1)

    def back(self) -> Cursor:
        """One position back; the beginning stays the beginning."""
        return self.to(self.position - 1)

    def to(self, position: int) -> Cursor:
        """The nearest position that exists."""
        return replace(self, position=min(max(position, 0), self.length))

    def grown(self, length: int) -> Cursor:
        """The same position on a film that has grown."""
        return replace(self, length=max(length, self.length))
