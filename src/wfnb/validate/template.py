"""Templates: JSON with expressions inside, compiled once and evaluated against a scope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from wfnb.expr import STANDARD, Compiled, Profile, compile_expression
from wfnb.model.secret_names import SECRET, reference, valid_name
from wfnb.model.times import iso
from wfnb.model.values import JsonValue, Path

__all__ = [
    "ExprTemplate",
    "ListTemplate",
    "Literal",
    "ObjectTemplate",
    "Scope",
    "SecretTemplate",
    "Template",
    "compile_template",
    "is_expr",
    "is_secret",
]


@dataclass(frozen=True, slots=True)
class Scope:
    """What expressions may read: the envelope's roots, loop variables, and the time.

    Parameters
    ----------
    roots
        ``payload``, ``vars``, ``meta`` and, after a failure, ``error``.
    at_us
        The moment, in microseconds since 1970; ``nowIso()`` gives it as ISO text.
    variables
        Further ``$name`` variables, such as ``$item`` and ``$index`` inside a loop.
    """

    roots: Mapping[str, JsonValue]
    at_us: int
    variables: Mapping[str, JsonValue] = field(default_factory=dict)


class Template(Protocol):
    """Anything that gives a JSON value for a scope."""

    def evaluate(self, scope: Scope) -> JsonValue:
        """The value.

        Raises
        ------
        ExpressionError
            When an expression inside fails; it names the field.
        """

    def expressions(self) -> Iterator[ExprTemplate]:
        """Every expression inside, in order."""

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """Where in the value references to secrets stand, and the names of those.

        Only these are resolved: what looks like a reference and came with the data is data.
        """


@dataclass(frozen=True, slots=True)
class Literal:
    """A value without expressions."""

    value: JsonValue

    def evaluate(self, scope: Scope) -> JsonValue:  # noqa: ARG002 - a literal needs no scope
        """The value itself."""
        return self.value

    def expressions(self) -> Iterator[ExprTemplate]:
        """None."""
        return iter(())

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class SecretTemplate:
    """A secret by its name. Its value is the reference: what stands for the secret until the call itself."""

    name: str

    def evaluate(self, scope: Scope) -> JsonValue:  # noqa: ARG002 - a reference needs no scope
        """The reference."""
        return reference(self.name)

    def expressions(self) -> Iterator[ExprTemplate]:
        """None."""
        return iter(())

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """Itself."""
        yield (), self.name


@dataclass(frozen=True, slots=True)
class ExprTemplate:
    """One expression and the field it stands in."""

    compiled: Compiled
    field: str

    def evaluate(self, scope: Scope) -> JsonValue:
        """The expression's value."""
        # The text of a moment costs as much as the rest of a small expression, and few ask for it.
        now = iso(scope.at_us) if "nowIso" in self.compiled.functions else None
        return self.compiled.evaluate(scope.roots, now=now, field=self.field, variables=scope.variables)

    def expressions(self) -> Iterator[ExprTemplate]:
        """Itself."""
        yield self

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """None."""
        return iter(())


@dataclass(frozen=True, slots=True)
class ObjectTemplate:
    """An object with expressions somewhere inside."""

    entries: tuple[tuple[str, Template], ...]

    def evaluate(self, scope: Scope) -> JsonValue:
        """The object."""
        return {key: template.evaluate(scope) for key, template in self.entries}

    def expressions(self) -> Iterator[ExprTemplate]:
        """Those of all entries."""
        for _, template in self.entries:
            yield from template.expressions()

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """Those of all entries."""
        for key, template in self.entries:
            yield from (((key, *path), name) for path, name in template.secrets())


@dataclass(frozen=True, slots=True)
class ListTemplate:
    """A list with expressions somewhere inside."""

    items: tuple[Template, ...]

    def evaluate(self, scope: Scope) -> JsonValue:
        """The list."""
        return [template.evaluate(scope) for template in self.items]

    def expressions(self) -> Iterator[ExprTemplate]:
        """Those of all items."""
        for template in self.items:
            yield from template.expressions()

    def secrets(self) -> Iterator[tuple[Path, str]]:
        """Those of all items."""
        for index, template in enumerate(self.items):
            yield from (((index, *path), name) for path, name in template.secrets())


def is_expr(value: JsonValue) -> bool:
    """Whether a JSON value is an expression: an object with the key ``$expr``."""
    return isinstance(value, dict) and "$expr" in value


def is_secret(value: JsonValue) -> bool:
    """Whether a JSON value asks for a secret: an object with the key ``$secret`` that is no expression."""
    return isinstance(value, dict) and SECRET in value and "$expr" not in value


def compile_template(value: JsonValue, *, field: str, profile: Profile = STANDARD) -> Template:
    """Compile every expression inside a JSON value.

    Parameters
    ----------
    value
        JSON of at most ``LIMITS.definition_depth`` levels.
    field
        Name of the field, for messages.

    Raises
    ------
    ExpressionError
        When an expression does not compile.

    Examples
    --------
    >>> compile_template({"n": {"$expr": "payload.a"}}, field="x").evaluate(Scope({"payload": {"a": 1}}, at_us=0))
    {'n': 1}
    """
    if is_expr(value):
        return ExprTemplate(compile_expression(str(value["$expr"]), profile=profile, field=field), field)
    if is_secret(value) and valid_name(value[SECRET]):
        return SecretTemplate(value[SECRET])
    if isinstance(value, dict):
        entries = tuple(
            (key, compile_template(inner, field=f"{field}.{key}", profile=profile))
            for key, inner in value.items()
        )
        return Literal(value) if all(isinstance(t, Literal) for _, t in entries) else ObjectTemplate(entries)
    if isinstance(value, list):
        items = tuple(
            compile_template(inner, field=f"{field}[{i}]", profile=profile) for i, inner in enumerate(value)
        )
        return Literal(value) if all(isinstance(t, Literal) for t in items) else ListTemplate(items)
    return Literal(value)
