"""Rule: no step asks for a secret, which this version cannot give."""

from __future__ import annotations

import re
from collections.abc import Iterator

from wfnb.validate.findings import Finding
from wfnb.validate.sites import step_values
from wfnb.validate.source import Source

__all__ = ["check"]

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,254}")


def check(source: Source) -> Iterator[Finding]:
    """A finding for every ``{"$secret": ...}``."""
    for step in source.steps:
        for field, _, value in step_values(step):
            if "$secret" not in value:
                continue
            name = value["$secret"]
            if isinstance(name, str) and _NAME.fullmatch(name):
                yield step.error(
                    "SECRET_NOT_SUPPORTED",
                    f"The field “{field}” asks for the secret {name}; this version cannot put secrets into inputs.",
                    "Let the action read it by itself, for example from an environment variable.",
                    field,
                )
            else:
                yield step.error(
                    "INVALID_SECRET_NAME",
                    f"The name of the secret in “{field}” is not one.",
                    "Write capitals, digits and _, beginning with a letter, such as SMTP_PASSWORD.",
                    field,
                )
