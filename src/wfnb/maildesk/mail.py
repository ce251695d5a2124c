"""A message as it came from the wire, as the data that workflows see. Nothing a message says can make this fail."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime

from wfnb.errors import LimitExceeded
from wfnb.maildesk.blobs import BlobFolder
from wfnb.maildesk.mail_headers import MESSAGE_ID, addresses_of, header_text, message_ids
from wfnb.maildesk.mail_parts import Parts, collect_parts
from wfnb.maildesk.models import Address, EmailBody, EmailData
from wfnb.maildesk.reply_tokens import find_reply_token

__all__ = ["MESSAGE_BYTES", "ParsedMessage", "message_id_of", "parse_message"]

MESSAGE_BYTES = 25 * 1024 * 1024
"""Largest message that is read; mail servers draw the line at about the same size."""

_THREAD_INDEX_BYTES = 22  # the part of Thread-Index that all messages of a conversation share
_SUBJECT_CHARS = 2_000
_REFERENCES = 50  # the newest
_BULK = {"bulk", "junk", "list", "auto_reply"}


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A message and every address it was sent to.

    Parameters
    ----------
    email
        The event data.
    recipients
        Bare addresses, those of the delivery first.
    """

    email: EmailData
    recipients: tuple[str, ...]


def parse_message(message: bytes, spool: BlobFolder) -> ParsedMessage:
    r"""Read a message; the bytes of its attachments go to the spool.

    Broken MIME, wrong character sets, missing and senseless headers are repaired as far as possible and named in
    ``warnings``.

    Parameters
    ----------
    message
        The message with headers and body.
    spool
        Where attachments are kept.

    Raises
    ------
    LimitExceeded
        ``MESSAGE_TOO_LARGE``, ``TOO_MANY_PARTS``.

    Examples
    --------
    >>> from pathlib import Path; from tempfile import mkdtemp
    >>> parsed = parse_message(b"Subject: Hi\n\nHello", BlobFolder(Path(mkdtemp()), max_bytes=10))
    >>> parsed.email.subject, parsed.email.body.text
    ('Hi', 'Hello')
    """
    if len(message) > MESSAGE_BYTES:
        raise LimitExceeded(
            f"The message has {len(message):,} bytes; {MESSAGE_BYTES:,} are allowed.",
            code="MESSAGE_TOO_LARGE",
        )
    head = _read(message)
    parts = collect_parts(head, spool)
    warnings = [*parts.warnings]
    data = _email_data(head, parts, message, warnings)
    delivered = (*addresses_of(head, "Delivered-To"), *addresses_of(head, "X-Original-To"))
    recipients = (*delivered, *data.to, *data.cc, *data.bcc)
    return ParsedMessage(data, tuple(dict.fromkeys(address.email for address in recipients)))


def message_id_of(message: bytes) -> str:
    r"""Message-ID of a message without angle brackets, or the one derived from its content.

    Examples
    --------
    >>> message_id_of(b"Message-ID: <1@example.com>\n\n")
    '1@example.com'
    """
    return _message_id(_read(message[:MESSAGE_BYTES]), message, [])


def _read(message: bytes) -> Message:
    # The older policy: the newer one parses headers by grammar, and its parser raises on some that strangers send.
    return message_from_bytes(message.removeprefix(b"\xef\xbb\xbf"), policy=policy.compat32)


def _email_data(head: Message, parts: Parts, message: bytes, warnings: list[str]) -> EmailData:
    message_id = _message_id(head, message, warnings)
    senders = addresses_of(head, "From") or addresses_of(head, "Sender")
    if not senders:
        warnings.append("missing-from")
    to, cc = addresses_of(head, "To"), addresses_of(head, "Cc")
    subject = header_text(head, "Subject")[:_SUBJECT_CHARS]
    answered = message_ids(header_text(head, "In-Reply-To"))
    references = list(dict.fromkeys([*message_ids(header_text(head, "References")), *parts.reported_ids]))
    tagged = (*addresses_of(head, "Delivered-To"), *to, *cc)
    return EmailData(
        id=message_id,
        thread_id=_thread_id(head),
        sender=senders[0] if senders else Address(email=""),
        to=to,
        cc=cc,
        bcc=addresses_of(head, "Bcc"),
        subject=subject,
        body=EmailBody(text=parts.text, html=parts.html),
        in_reply_to=answered[0] if answered else None,
        references=tuple(references[-_REFERENCES:]),
        attachments=tuple(parts.attachments),
        received_at=_received_at(head, warnings),
        auto_submitted=_is_automatic(head),
        reply_token=find_reply_token(*(address.email for address in tagged), subject),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _message_id(head: Message, message: bytes, warnings: list[str]) -> str:
    found = MESSAGE_ID.search(header_text(head, "Message-ID"))
    if found:
        return found["id"]
    warnings.append("missing-message-id")
    # The same bytes give the same id, so that a second delivery is recognised.
    content = message.replace(b"\r\n", b"\n").strip()
    return f"{hashlib.sha256(content).hexdigest()[:32]}@content.invalid"


def _thread_id(head: Message) -> str | None:
    index = re.sub(r"\s", "", header_text(head, "Thread-Index"))
    try:
        raw = base64.b64decode(index, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw[:_THREAD_INDEX_BYTES].hex() if len(raw) >= _THREAD_INDEX_BYTES else None


def _received_at(head: Message, warnings: list[str]) -> str | None:
    text = header_text(head, "Date")
    try:
        when = parsedate_to_datetime(text) if text else None
        # Without a zone the time is taken as UTC: mail without one comes from programs.
        utc = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC) if when else None
    except (ValueError, TypeError, OverflowError, IndexError):
        utc = None
    if utc is None:
        warnings.append("unreadable-date" if text else "missing-date")
        return None
    return _iso(utc)


def _iso(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_automatic(head: Message) -> bool:
    """RFC 3834, and the older habits of programs that answer."""
    submitted = header_text(head, "Auto-Submitted").split(";")[0].strip().lower()
    precedence = header_text(head, "Precedence").strip().lower()
    report = head.get_content_type() == "multipart/report"
    return (
        submitted not in ("", "no")
        or precedence in _BULK
        or report
        or header_text(head, "Return-Path").strip() == "<>"
    )
