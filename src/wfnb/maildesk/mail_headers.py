"""Headers of a message as clean text, addresses and message ids, whatever the sender wrote."""

from __future__ import annotations

import re
from email import errors
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses

from wfnb.maildesk.charsets import decode_bytes, tidy
from wfnb.maildesk.models import Address

__all__ = ["MESSAGE_ID", "addresses_of", "header_text", "message_ids"]

MESSAGE_ID = re.compile(r"<?(?P<id>[^\s<>@]{1,150}@[^\s<>]{1,150}|(?<=<)[^\s<>]{1,250}(?=>))>?")
"""A message id, with or without angle brackets; without an ``@`` it needs the brackets."""

_RAW_CHARS = 20_000  # characters of one header that are looked at
_ADDRESSES = 20  # of one header; the others do not matter to a desk
_NAME_CHARS = 100
_ADDRESS = re.compile(r"[^@\s<>\",;]{1,64}@[^@\s<>\",;]{1,255}")
_ENCODED_WORD = re.compile(r"=\?[^?\s]{1,60}\?[bBqQ]\?[^?]{0,2000}\?=")


def header_text(head: Message, name: str) -> str:
    r"""The first header of this name as one line of text; empty when there is none.

    Examples
    --------
    >>> from email import message_from_bytes
    >>> head = message_from_bytes(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\n\n")
    >>> header_text(head, "Subject")
    'Grüße'
    """
    return decode_words(_raw(head, name))


def message_ids(text: str) -> list[str]:
    """Message-IDs in a header, without angle brackets, each once.

    Examples
    --------
    >>> message_ids("<a@example.com> <b@example.com>")
    ['a@example.com', 'b@example.com']
    """
    return list(dict.fromkeys(found["id"] for found in MESSAGE_ID.finditer(text)))


def addresses_of(head: Message, name: str) -> tuple[Address, ...]:
    """Addresses in all headers of this name; what is not an address is left out."""
    raw = [value for key, value in head.raw_items() if key.lower() == name.lower()]
    texts = [tidy(_as_text(value))[:_RAW_CHARS] for value in raw]
    found = []
    for shown, address in getaddresses(texts)[:_ADDRESSES]:
        bare = _ADDRESS.fullmatch(address.strip())
        if bare:
            found.append(Address(email=bare[0], name=decode_words(shown)[:_NAME_CHARS] or None))
    if not found:
        # A header too broken for the grammar may still hold something that looks like an address.
        found = [Address(email=match[0]) for text in texts for match in _ADDRESS.finditer(text)][:1]
    return tuple(found)


def decode_words(text: str) -> str:
    """Text with its encoded words (RFC 2047) decoded, on one line; what cannot be decoded stays as it is written."""
    if "=?" not in text:
        return " ".join(text.split())
    # Senders put encoded words where the grammar does not allow them, such as between quotes.
    spaced = re.sub(r"(\?=)\s+(?==\?)", r"\1", text)
    return " ".join(tidy(_ENCODED_WORD.sub(_decode_word, spaced)).split())


def _decode_word(match: re.Match[str]) -> str:
    try:
        ((content, charset),) = decode_header(match[0])
    except (errors.HeaderParseError, ValueError):
        return match[0]
    if isinstance(content, str):
        return content
    return decode_bytes(content, charset).text


def _raw(head: Message, name: str) -> str:
    for key, value in head.raw_items():
        if key.lower() == name.lower():
            return tidy(_as_text(value))[:_RAW_CHARS]
    return ""


def _as_text(value: object) -> str:
    """Header as text; bytes beyond ASCII arrive as surrogates and get their most likely character set."""
    text = str(value)
    if text.isascii():
        return text
    return decode_bytes(text.encode("utf-8", "surrogateescape"), "utf-8").text
