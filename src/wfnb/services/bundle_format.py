"""The file of a bundle: workflows with their versions, draft and settings, as closed models. Two formats are read.

Our own is ``wfnb.workflow-bundle``. That of the runtime whose pipelines wfnb runs, ``alga-psa.workflow-bundle``, is read as well.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticError
from pydantic.alias_generators import to_camel

from wfnb.errors import BundleError
from wfnb.model.values import JsonValue

__all__ = [
    "FORMAT",
    "VERSION",
    "Bundle",
    "BundledDraft",
    "BundledVersion",
    "BundledWorkflow",
    "Dependencies",
    "read",
]

FORMAT: Final = "wfnb.workflow-bundle"
"""Name of our own format."""

FOREIGN: Final = "alga-psa.workflow-bundle"
VERSION: Final = 1
"""Version of either format."""


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True, strict=True
    )


class ActionRef(_Model):
    """An action that must be registered."""

    action_id: str
    version: int


class Dependencies(_Model):
    """What must be registered where the bundle is imported."""

    actions: list[ActionRef] = []
    node_types: list[str] = []
    schema_refs: list[str] = []


class BundledDraft(_Model):
    """The draft of a workflow."""

    draft_version: Annotated[int, Field(ge=1)]
    definition: dict[str, Any]


class BundledVersion(_Model):
    """A published version; `payload_schema_json` is the JSON Schema of its payload."""

    version: Annotated[int, Field(ge=1)]
    definition: dict[str, Any]
    payload_schema_json: dict[str, Any] | None = None


class BundledSettings(_Model):
    """How a workflow may be run."""

    status: Literal["published", "archived"] = "published"
    paused: bool = False
    concurrency_limit: Annotated[int, Field(ge=1)] | None = None
    auto_pause: bool = False
    failure_threshold: Annotated[float, Field(gt=0, le=1, strict=False)] = 0.5
    failure_min_runs: Annotated[int, Field(ge=1)] = 10
    retention_days: Annotated[int, Field(ge=1)] | None = None


class BundledWorkflow(_Model):
    """A workflow with everything that belongs to it. `key` is its id."""

    key: Annotated[str, Field(min_length=1, max_length=1000)]
    settings: BundledSettings = BundledSettings()
    dependencies: Dependencies = Dependencies()
    draft: BundledDraft | None = None
    published_versions: list[BundledVersion] = []


class Bundle(_Model):
    """A bundle in our own format."""

    format: Literal["wfnb.workflow-bundle"] = FORMAT
    format_version: Literal[1] = VERSION
    exported_at: str
    workflows: Annotated[list[BundledWorkflow], Field(min_length=1)]


class _Metadata(_Model):
    name: str
    description: str | None
    payload_schema_ref: str
    payload_schema_mode: Literal["inferred", "pinned"]
    pinned_payload_schema_ref: str | None
    trigger: dict[str, Any] | None
    is_system: bool
    is_visible: bool
    is_paused: bool
    concurrency_limit: Annotated[int, Field(ge=1)] | None
    auto_pause_on_failure: bool
    failure_rate_threshold: Annotated[float, Field(gt=0, le=1, strict=False)] | None
    failure_rate_min_runs: Annotated[int, Field(ge=1)] | None
    retention_policy_override: Any

    def settings(self) -> BundledSettings:
        """The same in our words. Visibility, and retention that is no number of days, have none."""
        kept = self.retention_policy_override
        return BundledSettings(
            paused=self.is_paused,
            concurrency_limit=self.concurrency_limit,
            auto_pause=self.auto_pause_on_failure,
            failure_threshold=self.failure_rate_threshold or 0.5,
            failure_min_runs=self.failure_rate_min_runs or 10,
            retention_days=kept if type(kept) is int and kept > 0 else None,
        )


class _ForeignWorkflow(_Model):
    key: Annotated[str, Field(pattern="^[a-z0-9][a-z0-9._-]*$")]
    metadata: _Metadata
    dependencies: Dependencies
    draft: BundledDraft
    published_versions: list[BundledVersion]

    def own(self) -> BundledWorkflow:
        """The same in our format."""
        return BundledWorkflow(
            key=self.key,
            settings=self.metadata.settings(),
            dependencies=self.dependencies,
            draft=self.draft,
            published_versions=self.published_versions,
        )


class _ForeignBundle(_Model):
    format: Literal["alga-psa.workflow-bundle"]
    format_version: Literal[1]
    exported_at: str
    workflows: Annotated[list[_ForeignWorkflow], Field(min_length=1)]


def read(raw: JsonValue) -> Bundle:
    """A bundle from JSON.

    Raises
    ------
    BundleError
        ``INVALID_BUNDLE``, ``UNSUPPORTED_FORMAT``, ``UNSUPPORTED_FORMAT_VERSION``.
    """
    if not isinstance(raw, dict):
        raise BundleError("A bundle is an object.")
    if raw.get("format") not in (FORMAT, FOREIGN):
        raise BundleError("This is not the format of a bundle.", code="UNSUPPORTED_FORMAT", where="format")
    if raw.get("formatVersion") != VERSION or isinstance(raw["formatVersion"], bool):
        raise BundleError(
            f"Bundles of version {VERSION} can be read, and no others.",
            code="UNSUPPORTED_FORMAT_VERSION",
            where="formatVersion",
        )
    try:
        bundle = _bundle(raw)
    except PydanticError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(f"The bundle is not written as it must be: {first['msg']}.", where=place) from None
    keys = [workflow.key for workflow in bundle.workflows]
    if len(set(keys)) < len(keys):
        raise BundleError("A key stands twice in the bundle.", where="workflows")
    return bundle


def _bundle(raw: dict[str, Any]) -> Bundle:
    if raw["format"] == FORMAT:
        return Bundle.model_validate(raw, by_alias=True, by_name=False)
    foreign = _ForeignBundle.model_validate(raw, by_alias=True, by_name=False)
    return Bundle(exported_at=foreign.exported_at, workflows=[one.own() for one in foreign.workflows])
