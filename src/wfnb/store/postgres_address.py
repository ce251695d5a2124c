"""Where a PostgreSQL store is: what the driver is told, and what people may read of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from wfnb.errors import ValidationError

__all__ = ["Address", "address_of"]

Settings: TypeAlias = dict[str, str | int | None]

_SCHEMA = "wfnb"
_NAME = re.compile(r"(?!pg_)[A-Za-z_][A-Za-z0-9_]{0,62}")
# A server that does not answer is given up; one that answers again is worth waiting for (see postgres_connections.py).
_DEFAULTS: Settings = {"application_name": "wfnb", "connect_timeout": 10, "tcp_user_timeout": 30_000}


@dataclass(frozen=True, slots=True)
class Address:
    """A database on a server, and the schema in it. Only the driver is given `conninfo`: it may hold a password.

    Parameters
    ----------
    conninfo
        What the driver connects by.
    schema
        The schema that holds the tables.
    where
        What people are shown: no password, and nothing else that was not needed to find the place.
    url
        What another process opens the same tables by.
    """

    conninfo: str = field(repr=False)
    schema: str
    where: str
    url: str = field(default="", repr=False)


def address_of(url: str, schema: str | None = None) -> Address:
    """Read an address such as ``postgresql://user:password@host:port/database?schema=wfnb``.

    Parameters
    ----------
    url
        A libpq address. ``schema`` is wfnb's own; all other parameters go to the driver.
    schema
        The schema, when it does not stand in the address.

    Raises
    ------
    ValidationError
        ``INVALID_ARGUMENT`` when it is no address, or the schema no plain name.

    Examples
    --------
    >>> address_of("postgresql://anna:secret@db.example/flows?schema=team").where
    'postgresql://anna@db.example/flows?schema=team'
    """
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True)
        rest = urlencode([(name, value) for name, value in given if name != "schema"])
        known = conninfo_to_dict(urlunsplit(parts._replace(query=rest)))
    except (ProgrammingError, ValueError):
        # What the driver says about it may quote the password.
        raise ValidationError(
            "“store” is not an address of a PostgreSQL database.",
            code="INVALID_ARGUMENT",
            where="store",
            hint="Say postgresql://user:password@host:port/database.",
        ) from None
    name = schema or dict(given).get("schema") or _SCHEMA
    if not _NAME.fullmatch(name):
        raise ValidationError(
            "The name of a schema is made of letters, digits and underscores, and does not begin with a digit or “pg_”.",
            code="INVALID_ARGUMENT",
            where="store",
        )
    settings: Settings = {**_DEFAULTS, **known}
    whole = url if schema is None else f"{url}{'&' if '?' in url else '?'}schema={schema}"
    return Address(make_conninfo("", **settings), name, _shown(settings, name), whole)


def _shown(known: Settings, schema: str) -> str:
    user = f"{known['user']}@" if "user" in known else ""
    host = known.get("host") or known.get("hostaddr") or ""
    port = f":{known['port']}" if "port" in known else ""
    suffix = "" if schema == _SCHEMA else f"?schema={schema}"
    return f"postgresql://{user}{host}{port}/{known.get('dbname', '')}{suffix}"
