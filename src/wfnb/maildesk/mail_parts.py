"""The parts of a message: its text, its HTML, its attachments, and the message a bounce is about."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field
from email.message import Message

from wfnb.errors import LimitExceeded
from wfnb.maildesk.blobs import BlobFolder
from wfnb.maildesk.bounds import BODY_HTML_BYTES, BODY_TEXT_BYTES, fit
from wfnb.maildesk.charsets import decode_bytes, tidy
from wfnb.maildesk.mail_headers import decode_words, message_ids
from wfnb.maildesk.models import AttachmentData

__all__ = ["Parts", "collect_parts"]

_PARTS = 500  # parts of one message; newsletters have ten
_DEPTH = 30
_ATTACHMENTS = 50
_NAME_CHARS = 100  # the last ones, with the ending
_RAW_CHARS = 2_000
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,60}/[a-z0-9][a-z0-9!#$&^_.+-]{0,120}")
_MESSAGE_ID_LINE = re.compile(r"(?im)^message-id:\s*(?P<ids>\S.*)$")


@dataclass(slots=True)
class Parts:
    """What was found in a message."""

    text: str | None = None
    html: str | None = None
    attachments: list[AttachmentData] = field(default_factory=list)
    reported_ids: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def collect_parts(message: Message, spool: BlobFolder) -> Parts:
    """Walk the parts of a message.

    Parameters
    ----------
    message
        The parsed message.
    spool
        Takes the bytes of attachments.

    Raises
    ------
    LimitExceeded
        ``TOO_MANY_PARTS``.
    """
    parts = Parts()
    for number, part in enumerate(_leaves(message)):
        if number >= _PARTS:
            raise LimitExceeded(f"The message has more than {_PARTS} parts.", code="TOO_MANY_PARTS")
        _take(part, parts, spool, in_report=message.get_content_type() == "multipart/report")
    if message.defects:
        parts.warnings.append("broken-mime")
    return parts


def _leaves(message: Message) -> list[Message]:
    """Parts without parts, in order; an enclosed message counts as one part."""
    found: list[Message] = []
    open_parts = [(message, 0)]
    while open_parts and len(found) <= _PARTS:
        part, depth = open_parts.pop()
        if part.get_content_maintype() == "multipart" and part.is_multipart() and depth < _DEPTH:
            inner = [child for child in part.get_payload() if isinstance(child, Message)]
            open_parts.extend((child, depth + 1) for child in reversed(inner))
        else:
            found.append(part)
    return found


def _take(part: Message, parts: Parts, spool: BlobFolder, *, in_report: bool) -> None:
    kind = _content_type(part)
    name = _file_name(part)
    if in_report and kind in ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers"):
        parts.reported_ids.extend(_enclosed_ids(part))
    elif in_report and kind in ("message/delivery-status", "message/disposition-notification"):
        return
    elif kind in ("text/plain", "text/html") and not name and _disposition(part) != "attachment":
        _take_text(part, kind, parts)
    elif kind.startswith("multipart/"):
        parts.warnings.append("broken-mime")
        _take_text(part, "text/plain", parts)
    elif len(parts.attachments) >= _ATTACHMENTS:
        parts.warnings.append("attachments-left-out")
    else:
        parts.attachments.append(_attachment(part, kind, name, parts, spool))


def _take_text(part: Message, kind: str, parts: Parts) -> None:
    content = _content(part)
    if content is None:
        parts.warnings.append("undecodable-text")
        content = _payload_bytes(part)
    decoded = decode_bytes(content, _charset(part))
    if decoded.instead and not content.isascii():
        parts.warnings.append(f"charset-read-as-{decoded.instead}")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    if kind == "text/html":
        parts.html = _joined(parts.html, text, "\n", BODY_HTML_BYTES, parts.warnings)
    else:
        parts.text = _joined(parts.text, text, "\n\n", BODY_TEXT_BYTES, parts.warnings)


def _joined(before: str | None, text: str, between: str, limit_bytes: int, warnings: list[str]) -> str:
    whole = text if before is None else before.rstrip("\n") + between + text
    fitting = fit(whole, limit_bytes)
    if len(fitting) < len(whole):
        warnings.append("body-cut")
    return fitting


def _attachment(
    part: Message, kind: str, name: str | None, parts: Parts, spool: BlobFolder
) -> AttachmentData:
    number = len(parts.attachments) + 1
    content = _content(part)
    if content is None:
        parts.warnings.append(f"attachment-{number}-undecodable")
        # Named by what arrived, and not spooled: broken bytes must not pass for the file that was sent.
        raw = _payload_bytes(part)
        digest, size = hashlib.sha256(b"undecodable\n" + raw).hexdigest(), len(raw)
    else:
        digest, size = hashlib.sha256(content).hexdigest(), len(content)
        if size:
            _spool(content, number, parts, spool)
    content_ids = message_ids(tidy(str(part.get("Content-ID", ""))))
    return AttachmentData(
        id=f"{number}-{digest}",
        name=name or f"attachment-{number}",
        content_type=kind,
        size=size,
        content_id=content_ids[0] if content_ids else None,
    )


def _spool(content: bytes, number: int, parts: Parts, spool: BlobFolder) -> None:
    try:
        spool.put(content)
    except LimitExceeded:
        # The message still counts; only this attachment cannot be stored, and says so when it is asked for.
        parts.warnings.append(f"attachment-{number}-too-large")


def _content(part: Message) -> bytes | None:
    """Decoded bytes of a part, or None when its transfer encoding is broken."""
    if part.is_multipart():
        return _enclosed_bytes(part)
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return _decode_base64(_payload_bytes(part)) if encoding == "base64" else _payload_bytes(part, decode=True)


def _enclosed_bytes(part: Message) -> bytes | None:
    """An enclosed message as it would be sent, or None when it is too broken to be written again."""
    try:
        return b"\n".join(child.as_bytes() for child in part.get_payload() if isinstance(child, Message))
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ):  # what the generator raises on senseless headers
        return None


def _decode_base64(raw: bytes) -> bytes | None:
    packed = b"".join(raw.split())
    unpadded = packed.rstrip(b"=")
    try:
        # Missing or surplus padding loses nothing; a wrong character or a lost one does.
        return base64.b64decode(unpadded + b"=" * (-len(unpadded) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _payload_bytes(part: Message, *, decode: bool = False) -> bytes:
    """Bytes of a part as they came, or without their transfer encoding."""
    try:
        payload = part.get_payload(decode=True) if decode else part.get_payload()
    except (LookupError, ValueError):
        # As text, 8-bit bytes are read in the declared character set, whose name may be anything.
        payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    return payload.encode("utf-8", "replace") if isinstance(payload, str) else b""


def _content_type(part: Message) -> str:
    kind = part.get_content_type().lower()
    return kind if _TYPE.fullmatch(kind) else "application/octet-stream"


def _charset(part: Message) -> str | None:
    value = part.get_param("charset")
    return tidy(str(value[2] if isinstance(value, tuple) else value)) if value else None


def _disposition(part: Message) -> str:
    return str(part.get("Content-Disposition", "")).split(";")[0].strip().lower()


def _file_name(part: Message) -> str | None:
    name = part.get_filename()
    return decode_words(tidy(str(name))[:_RAW_CHARS])[-_NAME_CHARS:] or None if name else None


def _own_ids(child: object) -> list[str]:
    return message_ids(tidy(str(child.get("Message-ID", "")))) if isinstance(child, Message) else []


def _enclosed_ids(part: Message) -> list[str]:
    """Message-IDs of the message that a report encloses, whole or as headers only."""
    if part.is_multipart():
        return [found for child in part.get_payload() for found in _own_ids(child)]
    text = decode_bytes(_content(part) or b"", None).text
    return [found for line in _MESSAGE_ID_LINE.finditer(text) for found in message_ids(line["ids"])]
