"""What a workspace learns by name: actions, node types, payload schemas; and what it has learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel

from wfnb.model.values import JsonValue
from wfnb.registry.actions import Action, Idempotency, InDoubt
from wfnb.registry.nodes import NodeType
from wfnb.rows import ActionInfo, NodeInfo
from wfnb.tables import Rows
from wfnb.validate.catalog import Catalog

__all__ = ["Registering"]

F = TypeVar("F", bound=Callable[..., Any])


class Registering:
    """The part of a workspace that registers functions and models."""

    _catalog: Catalog

    def _hides(self, action: Action) -> None:
        """What an action declares that people are not shown; a workspace keeps it with the runs."""

    def _registered(self) -> None:
        """Something new is known; a workspace looks for runs that waited for it."""

    def action(
        self,
        id: str,  # noqa: A002 - the public word is "id"
        version: int = 1,
        *,
        side_effect: bool = False,
        idempotency: Idempotency = None,
        retry: dict[str, Any] | None = None,
        label: str = "",
        category: str = "",
        description: str = "",
        examples: Sequence[JsonValue] = (),
        may_return_secrets: bool = False,
        redact_input: Sequence[str] = (),
        redact_output: Sequence[str] = (),
        in_doubt: InDoubt = "repeat",
    ) -> Callable[[F], F]:
        """Register a function as an action.

        Parameters
        ----------
        id, version
            The name under which definitions call it; a new contract gets a new version.
        side_effect
            Whether it changes the world. Then `idempotency` is required.
        idempotency
            ``"engine"``, or a function from the input to the key by which a repetition is recognised.
        retry
            Retry policy for steps that give none, such as ``{"maxAttempts": 3, "backoffMs": 200}``.
        label, category, description, examples
            For lists and pictures.
        may_return_secrets
            Whether secrets that a call was given stay in its output, which becomes part of the state; else they are masked.
        redact_input, redact_output
            JSON pointers to what people are not shown of calls, such as ``("/card/number",)``; runs see it.
        in_doubt
            What becomes of a call that was under way when its process died: ``"repeat"`` performs it again with the same key,
            ``"hold"`` waits until a person says (`Workspace.settle`); a function is asked by the key, and gives the output, or
            None when the call never arrived.

        Raises
        ------
        RegistryError
            ``ALREADY_REGISTERED`` or ``INCOMPLETE_ACTION``.

        Examples
        --------
        >>> import wfnb
        >>> from pydantic import BaseModel
        >>> class Name(BaseModel):
        ...     name: str
        >>> class Greeting(BaseModel):
        ...     text: str
        >>> ws = wfnb.open(store="memory")
        >>> @ws.action("greet")
        ... def greet(data: Name) -> Greeting:
        ...     return Greeting(text=f"Hello {data.name}")
        """

        def register(function: F) -> F:
            action = self._catalog.actions.add(
                function, id=id, version=version, side_effect=side_effect, idempotency=idempotency, retry=retry,
                label=label, category=category, description=description, examples=examples,
                may_return_secrets=may_return_secrets, redact_input=redact_input, redact_output=redact_output, in_doubt=in_doubt,
            )  # fmt: skip
            self._hides(action)
            self._registered()
            return function

        return register

    def node(
        self,
        type: str,  # noqa: A002 - the public word is "type"
        *,
        label: str = "",
        category: str = "",
        description: str = "",
    ) -> Callable[[F], F]:
        """Register a function as a node type: from its configuration (a pydantic model) to a result (another one).

        Expressions in the configuration are evaluated first; ``saveAs`` in a step's configuration says where the result goes.

        Raises
        ------
        RegistryError
            ``ALREADY_REGISTERED``, ``INCOMPLETE_NODE`` or ``INCOMPLETE_ACTION``.
        """

        def register(function: F) -> F:
            action = self._catalog.actions.add(
                function,
                id=f"node:{type}",
                side_effect=True,
                idempotency="engine",
                label=label,
                category=category,
            )
            text = description or action.description
            self._catalog.nodes.add(
                NodeType(type, action.input_model, label, category, text, function=function)
            )
            self._registered()
            return function

        return register

    def schema(self, ref: str, model: type[BaseModel]) -> None:
        """Register a pydantic model as a payload schema, such as ``payload.Order.v1``.

        Raises
        ------
        RegistryError
            ``ALREADY_REGISTERED`` or ``INCOMPLETE_SCHEMA``.
        """
        self._catalog.schemas.add(ref, model)
        self._registered()

    def actions(self) -> Rows[ActionInfo]:
        """Registered actions with their JSON Schemas, by id and version."""
        known = map(ActionInfo.of, self._catalog.actions)
        return Rows(known, columns=("id", "version", "label", "category", "side_effect", "description"))

    def nodes(self) -> Rows[NodeInfo]:
        """Node types with the JSON Schema of their configuration, by name."""
        return Rows(
            map(NodeInfo.of, self._catalog.nodes), columns=("type", "label", "category", "description")
        )
