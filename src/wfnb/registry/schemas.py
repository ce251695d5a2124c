"""Payload schemas by reference, such as ``payload.Order.v1``; a reference never changes its meaning."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel

from wfnb.errors import RegistryError
from wfnb.model.values import JsonValue, content_hash

__all__ = ["SchemaRegistry"]


@dataclass(slots=True)
class SchemaRegistry:
    """Models by reference; registering another model under the same reference is an error."""

    _models: dict[str, type[BaseModel]] = field(default_factory=dict)

    def add(self, ref: str, model: type[BaseModel]) -> None:
        """Register a pydantic model as a schema.

        Raises
        ------
        RegistryError
            ``INCOMPLETE_SCHEMA`` without a reference or a model, ``ALREADY_REGISTERED`` for a taken reference.
        """
        if (
            not isinstance(ref, str)
            or not ref
            or not (isinstance(model, type) and issubclass(model, BaseModel))
        ):
            raise RegistryError(
                "A schema needs a reference and a pydantic model.", code="INCOMPLETE_SCHEMA", where=ref
            )
        if ref in self._models:
            raise RegistryError(
                f"The schema {ref} is registered already.",
                code="ALREADY_REGISTERED",
                where=ref,
                hint="Give the new shape a new reference, for example with the next version number.",
            )
        self._models[ref] = model

    def get(self, ref: str) -> type[BaseModel] | None:
        """The model, or None."""
        return self._models.get(ref)

    def json_schema(self, ref: str) -> dict[str, JsonValue]:
        """JSON Schema of a reference.

        Raises
        ------
        RegistryError
            ``UNKNOWN_SCHEMA``.
        """
        model = self._models.get(ref)
        if model is None:
            raise RegistryError(f"There is no schema {ref}.", code="UNKNOWN_SCHEMA", where=ref)
        return model.model_json_schema(by_alias=True)

    def hash(self, ref: str) -> str:
        """Content hash of the JSON Schema: stored with every published version."""
        return content_hash(self.json_schema(ref))

    def names(self) -> list[str]:
        """All references, sorted."""
        return sorted(self._models)
