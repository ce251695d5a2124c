"""Reply tokens: short secrets that name a ticket in a subject, a body or an address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

__all__ = ["find_reply_token", "make_reply_token"]

_TOKEN = r"(?P<token>[A-Z2-7]{16})"  # noqa: S105 - a pattern, not a secret
_IN_TEXT = re.compile(rf"\[ticket:\s{{0,3}}{_TOKEN}\s{{0,3}}\]", re.IGNORECASE)
_IN_ADDRESS = re.compile(rf"\b[\w.-]{{1,64}}\+{_TOKEN}@", re.IGNORECASE)


def make_reply_token(secret: bytes, tenant: str, message_id: str) -> str:
    """Token of the ticket that a message began: always the same, and only the desk can make it.

    Parameters
    ----------
    secret
        Key of the desk.
    tenant, message_id
        What the token stands for.

    Returns
    -------
    str
        16 characters (80 bits) of base32.

    Examples
    --------
    >>> make_reply_token(b"key", "demo", "1@example.com") == make_reply_token(b"key", "demo", "1@example.com")
    True
    """
    digest = hmac.digest(secret, f"{tenant}\n{message_id}".encode("utf-8", "replace"), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode("ascii")


def find_reply_token(*texts: str | None) -> str | None:
    """The first token in the texts, as ``[ticket:TOKEN]`` or ``name+TOKEN@...``, in capitals; or None.

    Examples
    --------
    >>> find_reply_token("Re: [ticket:abcdefghijklmnop] Printer")
    'ABCDEFGHIJKLMNOP'
    >>> find_reply_token(None, "reply+ABCDEFGHIJKLMNOP@demo.example")
    'ABCDEFGHIJKLMNOP'
    """
    for text in texts:
        for pattern in (_IN_TEXT, _IN_ADDRESS):
            if text and (found := pattern.search(text)):
                return found["token"].upper()
    return None
