"""Secrets by name: what a definition may call one, and the reference that stands for its value everywhere but in the call itself."""

from __future__ import annotations

import re
from typing import TypeGuard

from wfnb.model.values import JsonValue

__all__ = ["SECRET", "is_reference", "reference", "valid_name"]

SECRET = "$secret"  # noqa: S105 - the key under which a definition names a secret, not one
"""The key of a reference."""

_NAME = re.compile(r"[A-Z][A-Z0-9_]{0,254}")


def valid_name(name: JsonValue) -> TypeGuard[str]:
    """Whether `name` can be the name of a secret: capitals, digits and ``_``, a letter first, 255 characters at most.

    Examples
    --------
    >>> valid_name("SMTP_PASSWORD"), valid_name("smtp"), valid_name(5)
    (True, False, False)
    """
    return isinstance(name, str) and _NAME.fullmatch(name) is not None


def reference(name: str) -> dict[str, JsonValue]:
    """What stands for a secret in the state, in the tables and in every message.

    Examples
    --------
    >>> reference("SMTP_PASSWORD")
    {'$secret': 'SMTP_PASSWORD'}
    """
    return {SECRET: name}


def is_reference(value: JsonValue) -> bool:
    """Whether a value is a reference to a secret, and nothing else.

    Examples
    --------
    >>> is_reference({"$secret": "SMTP_PASSWORD"}), is_reference({"$secret": "hunter2"})
    (True, False)
    """
    return isinstance(value, dict) and len(value) == 1 and valid_name(value.get(SECRET))
