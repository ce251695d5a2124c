"""Programs: published versions, linked once and kept."""

from __future__ import annotations

from wfnb.errors import DefinitionError, NotFoundError, ValidationError
from wfnb.limits import LIMITS
from wfnb.model.values import JsonValue, check_json
from wfnb.registry.actions import validate_model
from wfnb.store.port import Store
from wfnb.validate.catalog import Catalog
from wfnb.validate.check import check
from wfnb.validate.findings import has_errors
from wfnb.validate.link import link
from wfnb.validate.program import LinkedStep, Program

__all__ = ["Programs"]


class Programs:
    """Links versions of a store against a catalog."""

    def __init__(self, store: Store, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog
        self._linked: dict[tuple[str, int], Program] = {}

    @property
    def catalog(self) -> Catalog:
        """What programs are linked against."""
        return self._catalog

    def get(self, workflow_id: str, version: int) -> Program:
        """The program of a published version.

        Raises
        ------
        NotFoundError
            ``NO_SUCH_VERSION``.
        DefinitionError
            ``CANNOT_LINK`` when the version names something that is not registered here.
        """
        known = self._linked.get((workflow_id, version))
        if known is not None:
            return known
        row = self._store.version(workflow_id, version)
        if row is None:
            raise NotFoundError(f"There is no version {version} of {workflow_id}.", code="NO_SUCH_VERSION")
        checked = check(row.definition, self._catalog)
        if checked.definition is None or has_errors(checked.findings):
            first = next(finding for finding in checked.findings if finding.severity == "error")
            raise DefinitionError(
                f"Version {version} of {workflow_id} cannot run here: {first.message}",
                code="CANNOT_LINK",
                where=first.path,
                hint=first.hint or "Register what it names, and the run goes on.",
            )
        program = link(checked.definition, self._catalog)
        self._linked[workflow_id, version] = program
        return program

    def supplied(self, step: LinkedStep, output: JsonValue) -> JsonValue:
        """What a person says that a step was given, as the step would have been given it.

        Raises
        ------
        ValidationError
            ``VALIDATION_ERROR`` when it is not what the action gives, or the workflow leaves; ``NOT_JSON``.
        """
        given = check_json(output, where="output")
        if step.action is not None:
            action = self._catalog.actions.get(step.action.id, step.action.version)
            return given if action is None else action.dump_output(given)
        if step.child is None:
            return given
        parts = ("payload", "vars", "meta")
        if not isinstance(given, dict) or not given.keys() <= set(parts):
            raise ValidationError(
                "What a workflow leaves is an object of payload, vars and meta.", where="output"
            )
        return {part: given.get(part, {}) for part in parts}

    def payload(self, program: Program, payload: JsonValue) -> JsonValue:
        """A start payload, checked against bounds and the workflow's payload schema, with the schema's defaults.

        Raises
        ------
        ValidationError
            ``VALIDATION_ERROR`` naming the field, ``NOT_JSON``.
        LimitExceeded
            ``TOO_LARGE`` or ``TOO_DEEP``.
        """
        given = check_json(
            {} if payload is None else payload, where="payload", limit_bytes=LIMITS.payload_size_bytes
        )
        if not isinstance(given, dict):
            raise ValidationError("A payload is an object of fields.", where="payload")
        ref = program.definition.payload_schema_ref
        model = self._catalog.schemas.get(ref) if ref else None
        if model is None:
            return given
        return validate_model(model, given, what=f"The payload of {program.definition.id}").model_dump(
            mode="json", by_alias=True
        )
