"""Rule: the condition of an if can be true or false."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from wfnb.expr import syntax as s
from wfnb.expr.parse import parse
from wfnb.model.values import Path
from wfnb.validate.findings import Finding
from wfnb.validate.schema_paths import Schema, is_boolean, schemas_at
from wfnb.validate.sites import Site
from wfnb.validate.source import Source

__all__ = ["check"]

_OPERATORS = frozenset({"&", "+", "-", "*", "/", "%", ".."})
_LITERALS = {str: "text", int: "a number", float: "a number", type(None): "null"}
_COMPARE = "Compare explicitly, for example with “= true” or “!= null”."


def check(source: Source) -> Iterator[Finding]:
    """A warning for every condition that gives something else, as far as its text tells."""
    for site in source.sites:
        if site.step.type == "control.if" and site.field == "condition" and site.compiled is not None:
            what = _never_boolean(parse(site.compiled.source), site, source)
            if what:
                message = f"The condition is {what}; it must give true or false."
                yield site.step.warning("CONDITION_NEVER_BOOLEAN", message, _COMPARE, site.field)


def _never_boolean(tree: s.Node, site: Site, source: Source) -> str | None:
    """What the condition is instead; None when it may be true or false."""
    what = None
    match tree:
        case s.Literal(value=value):
            what = _LITERALS.get(type(value))
        case s.Negate():
            what = "a number"
        case s.Array():
            what = "a list"
        case s.Object():
            what = "an object"
        case s.Binary(operator=operator) if operator in _OPERATORS:
            what = f"the result of “{operator}”"
        case s.Path() | s.Variable() if not _is_known_boolean(site, source):
            what = "a path alone"
    return what


def _schema(model: type[BaseModel] | None) -> Schema | None:
    try:
        return model.model_json_schema(by_alias=True, mode="serialization") if model else None
    except PydanticUserError:
        return None


def _is_known_boolean(site: Site, source: Source) -> bool:
    """Whether schemas say that the one thing the condition reads is true or false."""
    references = site.compiled.references if site.compiled else ()
    if len(references) != 1 or None in references[0].path:
        return False
    path = tuple(name for name in references[0].path if name is not None)
    return is_boolean(_schemas(path, site, source))


def _schemas(path: Path, site: Site, source: Source) -> list[Schema]:
    """The schemas of what stands at a path: of the last write before it, else of the payload."""
    for write in reversed(source.writes):
        place = write.path
        if (
            place is None
            or path[: len(place)] != place[: len(path)]
            or not write.is_before(site.step, site.moment)
        ):
            continue
        schema = _schema(write.model) if len(place) <= len(path) else None
        return schemas_at(schema, path[len(place) :]) if schema is not None else []
    if path[0] == "payload" and source.payload_schema is not None:
        return schemas_at(source.payload_schema, path[1:])
    return []
