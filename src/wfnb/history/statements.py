"""The written SQL of the history, by name: files of statements, each under a line ``-- name: its_name``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

__all__ = ["schema", "statement"]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def schema() -> str:
    """Everything that an empty projection is created with."""
    return _text("schema.sql")


def statement(file: str, name: str) -> str:
    """One named statement of a file.

    Examples
    --------
    >>> statement("fill", "move_watermark")
    'UPDATE base.meta SET watermark = $rev'
    """
    return _statements(file)[name]


@cache
def _statements(file: str) -> dict[str, str]:
    parts = _NAME.split(_text(f"{file}.sql"))
    return {name: body.strip().removesuffix(";") for name, body in zip(parts[1::2], parts[2::2], strict=True)}


def _text(file: str) -> str:
    return (files("wfnb.history") / "sql" / file).read_text(encoding="utf-8")
