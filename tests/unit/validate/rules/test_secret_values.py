"""The rule about secrets: this version cannot give them to a step."""

from __future__ import annotations

from typing import Any

import pytest

from unit.validate.examples import assign, call, definition, only


def test_a_secret_is_told_as_not_supported() -> None:
    found = only(
        definition(call(inputMapping={"title": {"$secret": "SMTP_PASSWORD"}})), "SECRET_NOT_SUPPORTED"
    )
    assert (found.severity, found.field) == ("error", "config.inputMapping.title")
    assert found.hint == "Let the action read it by itself, for example from an environment variable."


@pytest.mark.parametrize("name", ["smtp", "1X", "", "A-B", "A" * 256, "A\n", 5, None, {}])
def test_a_malformed_name_is_told(name: Any) -> None:
    found = only(definition(assign(vars__x=[{"$secret": name}])), "INVALID_SECRET_NAME")
    assert found.field == "config.assign.vars.x[0]"
