"""YAML text in, with the types of JSON only: no anchors, tags, dates, yes and no, octal or sexagesimal numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import yaml

from wfnb.errors import DefinitionError
from wfnb.limits import LIMITS
from wfnb.model.json_reader import too_deep
from wfnb.model.values import JsonValue

__all__ = ["PLAIN", "load_yaml"]

PLAIN = {
    "null": re.compile(r"(?:null|~|)"),
    "bool": re.compile(r"(?:true|false)"),
    "int": re.compile(r"-?(?:0|[1-9][0-9]*)"),
    "float": re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"),
}
"""What is not text although it stands without quotes, by type; in order, the whole text must fit."""

_READ: dict[str, Callable[[str], JsonValue]] = {
    "null": lambda _text: None,
    "bool": lambda text: text == "true",
    "int": int,
    "float": float,
}
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MOST_DIGITS = 4_000
# The same parser in C where it has been built, as in every wheel: a megabyte takes a second instead of six.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(text: str, where: str) -> JsonValue:
    """The value of YAML text; nothing but null when there is none.

    Raises
    ------
    DefinitionError
        ``BROKEN_YAML`` or ``DUPLICATE_KEY``, with line and column.
    LimitExceeded
        ``TOO_DEEP``.
    """
    if odd := _FORBIDDEN.search(text):
        line = text.count("\n", 0, odd.start()) + 1
        column = odd.start() - text.rfind("\n", 0, odd.start())
        raise DefinitionError(
            f"The text is not YAML: the character U+{ord(odd[0]):04X} is not allowed.",
            code="BROKEN_YAML",
            where=f"{where}, line {line}, column {column}",
        )
    try:
        return _Builder(where).build(yaml.parse(text, Loader=_LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{where}, line {mark.line + 1}, column {mark.column + 1}" if mark else where
        reason = error.problem or error.context
        raise DefinitionError(f"The text is not YAML: {reason}.", code="BROKEN_YAML", where=place) from None
    except (yaml.YAMLError, ValueError) as error:
        raise DefinitionError(f"The text is not YAML: {error}.", code="BROKEN_YAML", where=where) from None


class _Builder:
    """Builds a value from parser events: one stack, no recursion, and each event refused or used as it comes."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._root: list[JsonValue] = []
        self._open: list[Any] = [self._root]
        self._keys: list[str | None] = [None]
        self._documents = 0

    def build(self, events: Iterator[Any]) -> JsonValue:
        for event in events:
            match event:
                case yaml.ScalarEvent():
                    self._check(event)
                    self._scalar(event)
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._check(event)
                    self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], event)
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    self._open.pop()
                    self._keys.pop()
                case yaml.AliasEvent():
                    self._refuse("Anchors and aliases are not allowed in a definition", event)
                case yaml.DocumentStartEvent():
                    self._documents += 1
                    if self._documents > 1:
                        self._refuse("There is more than one document", event)
        return self._root[0] if self._root else None

    def _check(self, event: Any) -> None:
        if event.anchor:
            self._refuse("Anchors and aliases are not allowed in a definition", event)
        if event.tag:
            self._refuse("Tags are not allowed in a definition", event)

    def _begin(self, container: JsonValue, event: Any) -> None:
        if isinstance(self._open[-1], dict) and self._keys[-1] is None:
            self._refuse("A key is text, not a list or an object", event)
        if len(self._open) > LIMITS.definition_depth:
            raise too_deep(self._where)
        self._put(container)
        self._open.append(container)
        self._keys.append(None)

    def _scalar(self, event: Any) -> None:
        value = self._plain(event) if event.implicit[0] else event.value
        if not isinstance(self._open[-1], dict) or self._keys[-1] is not None:
            self._put(value)
        elif not isinstance(value, str):
            self._refuse(f"The key {event.value} is not text; put it in quotes", event)
        elif value in self._open[-1]:
            self._refuse(f"The key “{value}” stands twice in one object", event, code="DUPLICATE_KEY")
        else:
            self._keys[-1] = value

    def _put(self, value: JsonValue) -> None:
        holder = self._open[-1]
        if isinstance(holder, dict):
            holder[self._keys[-1]] = value
            self._keys[-1] = None
        else:
            holder.append(value)

    def _plain(self, event: Any) -> JsonValue:
        text = event.value
        kind = next((name for name, pattern in PLAIN.items() if pattern.fullmatch(text)), None)
        if kind == "int" and len(text) > _MOST_DIGITS:
            self._refuse(f"A number has more than {_MOST_DIGITS:,} digits", event)
        return _READ[kind](text) if kind else text

    def _refuse(self, message: str, event: Any, code: str = "BROKEN_YAML") -> NoReturn:
        mark = event.start_mark
        raise DefinitionError(
            f"{message}.", code=code, where=f"{self._where}, line {mark.line + 1}, column {mark.column + 1}"
        )
