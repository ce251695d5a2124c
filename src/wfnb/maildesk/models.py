"""What an incoming message looks like: the event payload, and a parsed body."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from wfnb.model.values import JsonValue

__all__ = [
    "PAYLOAD_SCHEMA_REF",
    "Address",
    "AttachmentData",
    "Camel",
    "EmailBody",
    "EmailData",
    "EmailWorkflowPayload",
    "ParsedEmail",
    "ParserFacts",
    "ParserMetadata",
    "Tokens",
]

PAYLOAD_SCHEMA_REF = "payload.EmailWorkflowPayload.v1"
"""The reference under which `EmailWorkflowPayload` is registered."""


class Camel(BaseModel):
    """Base of models that are written in camelCase outside: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Address(Camel):
    """One mailbox: the bare address, empty when the message names none, and the name beside it."""

    email: str
    name: str | None = None


class EmailBody(Camel):
    """The readable parts of a message; each null when the message has no such part."""

    text: str | None = None
    html: str | None = None


class AttachmentData(Camel):
    """One attachment by description; its bytes lie in the desk's spool.

    Parameters
    ----------
    id
        ``<position>-<SHA-256 of the content>``: unique in the message, and the address of the bytes.
    name
        File name as the sender wrote it, decoded; not yet safe to use as a path.
    content_type
        For example ``image/png``.
    size
        Bytes after decoding; 0 for an empty attachment.
    content_id
        ``Content-ID`` without angle brackets, when HTML refers to the part.
    """

    id: str = Field(min_length=1, max_length=100)
    name: str
    content_type: str
    size: int = Field(ge=0)
    content_id: str | None = None


class EmailData(Camel):
    """A message as workflows see it. Every field is always there; what the message lacks is null or empty.

    Parameters
    ----------
    id
        ``Message-ID`` without angle brackets, or one derived from the content.
    mailhog_id, tenant, provider_id
        Set by other sources of messages; a mailbox file leaves them null.
    thread_id
        Conversation that the sender's program names (``Thread-Index``), as hexadecimal digits.
    sender
        Written ``from``: who sent it.
    to, cc, bcc
        Recipients.
    subject
        Decoded subject, on one line.
    body
        Text and HTML.
    in_reply_to
        Message-ID of the message that is answered.
    references
        Message-IDs of the conversation, oldest first.
    attachments
        Descriptions of the attachments.
    received_at
        ISO time of the ``Date`` header in UTC.
    auto_submitted
        Whether a program wrote the message (RFC 3834): such messages get no automatic answer.
    reply_token
        Token of a desk's conversation in the recipients or the subject.
    warnings
        What had to be repaired, for people.
    """

    id: str = Field(min_length=1)
    mailhog_id: str | None = None
    thread_id: str | None = None
    sender: Address = Field(validation_alias="from", serialization_alias="from")
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    subject: str
    body: EmailBody
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    attachments: tuple[AttachmentData, ...] = ()
    received_at: str | None = None
    tenant: str | None = None
    provider_id: str | None = None
    auto_submitted: bool = False
    reply_token: str | None = None
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, JsonValue]:
        """The JSON object that travels in the event."""
        return self.model_dump(mode="json", by_alias=True)


class EmailWorkflowPayload(Camel):
    """Start payload of the inbound e-mail workflow (``payload.EmailWorkflowPayload.v1``).

    The first three fields come with the event; the workflow fills the others.

    Examples
    --------
    >>> sorted(EmailWorkflowPayload.model_json_schema()["required"])
    ['emailData', 'providerId', 'tenantId']
    """

    email_data: EmailData
    provider_id: str = Field(min_length=1)
    tenant_id: str = Field(min_length=1)
    processed_at: str | None = None
    parsed_email: dict[str, JsonValue] | None = None
    comment_blocks: list[JsonValue] | None = None
    existing_ticket: dict[str, JsonValue] | None = None
    matched_client: dict[str, JsonValue] | None = None
    ticket_defaults: dict[str, JsonValue] | None = None
    target_client_id: str | None = None
    target_contact_id: str | None = None
    target_location_id: str | None = None
    created_ticket: dict[str, JsonValue] | None = None
    target_ticket_id: str | None = None

    def to_json(self) -> dict[str, JsonValue]:
        """The JSON object with every field, absent ones as null."""
        return self.model_dump(mode="json", by_alias=True)


class Tokens(Camel):
    """Tokens found in a message: the one that names a conversation of the desk."""

    conversation_token: str | None = None


class ParserFacts(Camel):
    """How a body was split: the rules that applied and how sure the result is."""

    confidence: Literal["high", "medium", "low"]
    strategy: str
    heuristics: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    tokens: Tokens = Tokens()


class ParserMetadata(Camel):
    """Envelope of `ParserFacts`, as the workflow's expressions address it."""

    parser: ParserFacts


class ParsedEmail(Camel):
    """The new text of a message, without what it quotes and without its signature.

    Parameters
    ----------
    sanitized_text
        Plain text.
    sanitized_html
        The same as harmless HTML; null when the message has no usable HTML.
    confidence
        How sure the split is.
    metadata
        Why.
    """

    sanitized_text: str
    sanitized_html: str | None = None
    confidence: Literal["high", "medium", "low"]
    metadata: ParserMetadata
