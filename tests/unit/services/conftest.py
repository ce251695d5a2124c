"""Every store that a workspace can be opened on."""

from __future__ import annotations

import pytest


@pytest.fixture(params=["memory", "postgres", "sqlite"])
def kept(request: pytest.FixtureRequest) -> str | None:
    """What ``wfnb.open`` is told as ``store``."""
    if request.param == "postgres":
        url: str = request.getfixturevalue("postgres_url")
        return url
    return "memory" if request.param == "memory" else None
