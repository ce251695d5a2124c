"""Addresses: what the driver is told, and what people may read."""

from __future__ import annotations

import pytest

from wfnb.errors import ValidationError
from wfnb.store.postgres_address import address_of

HIDDEN = "s3cr3t"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://anna:{HIDDEN}@db.example:5433/flows",
        f"postgres://anna@db.example:5433/flows?password={HIDDEN}",
        f"postgresql://anna@db.example:5433/flows?sslpassword={HIDDEN}&sslmode=require",
    ],
)
def test_a_password_is_shown_nowhere(url: str) -> None:
    address = address_of(url)
    assert address.where == "postgresql://anna@db.example:5433/flows"
    assert HIDDEN in address.conninfo
    assert HIDDEN not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://anna:{HIDDEN}%@db.example/flows",
        f"postgresql://anna:{HIDDEN}@db.example/flows?nothing=1",
        f"postgresql://[anna:{HIDDEN}@db.example/flows",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        address_of(url)
    error: BaseException | None = caught.value
    assert caught.value.code == "INVALID_ARGUMENT"
    assert HIDDEN not in str(error)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_the_schema_stands_in_the_address_or_beside_it() -> None:
    assert address_of("postgresql://db/flows").schema == "wfnb"
    assert address_of("postgresql://db/flows?schema=team&sslmode=disable").schema == "team"
    assert address_of("postgresql://db/flows?schema=team", "other").schema == "other"
    assert address_of("postgresql://db/flows?schema=team").where == "postgresql://db/flows?schema=team"
    assert "schema" not in address_of("postgresql://db/flows?schema=team").conninfo


@pytest.mark.parametrize("name", ["pg_catalog", "7up", 'a"b', "a b", "a" * 64])
def test_a_schema_has_a_plain_name(name: str) -> None:
    with pytest.raises(ValidationError):
        address_of("postgresql://db/flows", name)


def test_a_server_that_is_silent_is_not_waited_for_for_ever() -> None:
    assert "connect_timeout=10" in address_of("postgresql://db/flows").conninfo
    assert "connect_timeout=3" in address_of("postgresql://db/flows?connect_timeout=3").conninfo
