"""Readings: which part of a template makes the value at a path inside it, and which places that part reads."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wfnb.model.values import DELETE, JsonValue, Path, get_path
from wfnb.validate import template as t

__all__ = ["narrow", "paths", "settled"]

_PLAIN = re.compile(r"[A-Za-z_$][\w.]*")


def settled(envelope: JsonValue, path: Path) -> tuple[Path, JsonValue]:
    """A path as far as it names one place, indices as numbers, and the value there."""
    done: list[str | int] = []
    here = envelope
    for part in path:
        if isinstance(here, list):
            if not str(part).isdigit():
                break  # the names behind a list are read of each of its items
            part = int(part)  # noqa: PLW2901 - an index is written as text in a pointer
        done.append(part)
        here = get_path(here, (part,), DELETE) if isinstance(here, dict | list) else DELETE
    return tuple(done), here


def narrow(template: t.Template, rest: Path) -> tuple[t.Template, Path]:
    """The part of a template that makes the value at a path inside it, and what is left of the path."""
    while rest:
        if isinstance(template, t.ObjectTemplate):
            inner = dict(template.entries).get(str(rest[0]))
        elif (
            isinstance(template, t.ListTemplate)
            and isinstance(rest[0], int)
            and rest[0] < len(template.items)
        ):
            inner = template.items[rest[0]]
        else:
            break
        if inner is None:
            break
        template, rest = inner, rest[1:]
    return template, rest


def paths(expression: t.ExprTemplate, rest: Path) -> Iterable[Path]:
    """What an expression reads; of one that only names a place, the part of it that is asked for."""
    compiled = expression.compiled
    source = compiled.source.strip()
    if len(compiled.references) == 1 and _PLAIN.fullmatch(source) and compiled.references[0].text == source:
        yield (*(str(part) for part in compiled.references[0].path), *rest)
        return
    for reference in compiled.references:
        known = reference.path[: reference.path.index(None)] if None in reference.path else reference.path
        if known:
            yield tuple(part for part in known if part is not None)
    if "nowIso" in compiled.functions:
        yield ("nowIso()",)
