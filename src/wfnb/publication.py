"""What publishing gave: the version, or the findings that stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from wfnb.errors import WfnbError
from wfnb.model.values import JsonValue
from wfnb.security.escape import visible
from wfnb.tables import html_table
from wfnb.validate.findings import Finding

__all__ = ["Publication"]


@dataclass(frozen=True, slots=True)
class Publication:
    """The answer to ``ws.publish``.

    Parameters
    ----------
    ok
        Whether there is a version now.
    workflow
        Id of the workflow, where one could be read.
    version
        The version, or None.
    findings
        Errors and warnings.
    definition
        What was written, as JSON, for the picture.
    """

    ok: bool
    workflow: str | None
    version: int | None
    findings: tuple[Finding, ...] = ()
    definition: JsonValue = None

    def __repr__(self) -> str:
        name = visible(str(self.workflow), 80)
        head = f"<Publication {name} v{self.version}: ok" if self.ok else f"<Publication {name}: refused"
        lines = [f"  {visible(str(finding), 1_000)}" for finding in self.findings]
        return "\n".join([f"{head}, {len(self.findings)} findings>", *lines])

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, str]:
        html = ""
        if self.findings:
            cells = [
                [f.severity, f.code, f.step_id or f.path, f.message, f.hint or ""] for f in self.findings
            ]
            html += html_table(("severity", "code", "step", "message", "what to do"), cells)
        if isinstance(self.definition, dict) and isinstance(self.definition.get("steps"), list):
            html += self._drawn(self.definition)
        return {
            "text/plain": repr(self),
            "text/html": html or f"<p>{'Published' if self.ok else 'Refused'}.</p>",
        }

    def _drawn(self, definition: dict[str, JsonValue]) -> str:
        from wfnb.pictures import definition_picture

        try:
            picture = definition_picture(definition, self.findings)
        except WfnbError:  # what is refused may be no pipeline at all; the findings say so
            return ""
        return picture._repr_mimebundle_()["text/html"]
