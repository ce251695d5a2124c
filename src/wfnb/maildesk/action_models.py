"""Inputs and outputs of the eleven e-mail actions; field names are those of the actions' published contracts."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel

from wfnb.maildesk.models import AttachmentData, Camel, ParsedEmail
from wfnb.model.values import JsonValue

__all__ = [
    "AckInput",
    "AckOutput",
    "AttachmentInput",
    "AttachmentOutput",
    "BlocksInput",
    "BlocksOutput",
    "CommentInput",
    "CommentOutput",
    "Contact",
    "ContactInput",
    "ContactOutput",
    "DefaultsInput",
    "DefaultsOutput",
    "HumanTaskInput",
    "HumanTaskOutput",
    "ParseInput",
    "ParseOutput",
    "ThreadInfo",
    "ThreadInput",
    "ThreadOutput",
    "ThreadTicket",
    "TicketDefaults",
    "TicketInput",
    "TicketOutput",
    "TokenInput",
    "TokenMatch",
    "TokenOutput",
]


class _Plain(BaseModel):
    """Base of models whose fields keep their names outside: closed and immutable."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ParserConfig(Camel):
    """Options of ``parse_email_reply``: take the signature off (default) or keep it."""

    remove_signature: bool = True


class ParseInput(Camel):
    """Input of ``parse_email_reply``."""

    text: str | None = None
    html: str | None = None
    config: ParserConfig = ParserConfig()


class ParseOutput(Camel):
    """Output of ``parse_email_reply``."""

    success: bool
    parsed: ParsedEmail | None = None
    message: str | None = None


class TokenInput(Camel):
    """Input of ``find_ticket_by_reply_token``."""

    token: str


class TokenMatch(Camel):
    """The ticket that a reply token names."""

    ticket_id: str
    comment_id: str | None = None
    project_id: str | None = None


class TokenOutput(Camel):
    """Output of ``find_ticket_by_reply_token``."""

    success: bool
    match: TokenMatch | None = None
    message: str | None = None


class ThreadInput(Camel):
    """Input of ``find_ticket_by_email_thread``."""

    thread_id: str | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    original_message_id: str | None = None


class ThreadInfo(Camel):
    """The message that began a ticket."""

    thread_id: str | None = None
    original_message_id: str | None = None


class ThreadTicket(Camel):
    """A ticket found by its messages."""

    ticket_id: str
    ticket_number: str
    subject: str
    status: str
    original_email_id: str | None = None
    thread_info: ThreadInfo = ThreadInfo()


class ThreadOutput(Camel):
    """Output of ``find_ticket_by_email_thread``."""

    success: bool
    ticket: ThreadTicket | None = None
    message: str | None = None


class ContactInput(_Plain):
    """Input of ``find_contact_by_email``."""

    email: str


class Contact(_Plain):
    """A person of a client."""

    contact_id: str
    name: str
    email: str
    matched_email: str | None = None
    client_id: str
    user_id: str | None = None
    client_name: str | None = None
    phone: str | None = None
    title: str | None = None


class ContactOutput(_Plain):
    """Output of ``find_contact_by_email``."""

    success: bool
    contact: Contact | None = None
    message: str | None = None


class DefaultsInput(Camel):
    """Input of ``resolve_inbound_ticket_defaults``."""

    tenant: str
    provider_id: str


class TicketDefaults(_Plain):
    """What a new ticket gets when the message does not say otherwise."""

    board_id: str | None = None
    status_id: str | None = None
    priority_id: str | None = None
    client_id: str | None = None
    entered_by: str | None = None
    category_id: str | None = None
    subcategory_id: str | None = None
    location_id: str | None = None


class DefaultsOutput(RootModel[TicketDefaults | None]):
    """Output of ``resolve_inbound_ticket_defaults``: the defaults, or null for a provider without any."""


class TicketInput(_Plain):
    """Input of ``create_ticket_from_email``."""

    title: str
    description: str
    client_id: str | None = None
    contact_id: str | None = None
    source: str | None = None
    board_id: str | None = None
    status_id: str | None = None
    priority_id: str | None = None
    category_id: str | None = None
    subcategory_id: str | None = None
    location_id: str | None = None
    entered_by: str | None = None
    email_metadata: dict[str, JsonValue] | None = None


class TicketOutput(_Plain):
    """Output of ``create_ticket_from_email``."""

    ticket_id: str
    ticket_number: str


class CommentInput(_Plain):
    """Input of ``create_comment_from_email``; ``metadata.messageId`` and ``metadata.threadId`` thread later replies."""

    ticket_id: str
    content: str
    format: Literal["html", "text"] = "text"
    source: str = "email"
    author_type: Literal["contact", "internal", "system"] = "contact"
    author_id: str | None = None
    metadata: dict[str, JsonValue] = Field(default_factory=dict)


class CommentOutput(_Plain):
    """Output of ``create_comment_from_email``."""

    comment_id: str


class AttachmentInput(Camel):
    """Input of ``process_email_attachment``."""

    email_id: str
    attachment_id: str
    ticket_id: str
    tenant: str
    provider_id: str
    attachment_data: AttachmentData


class AttachmentOutput(Camel):
    """Output of ``process_email_attachment``; the size is in bytes."""

    success: bool
    document_id: str
    file_name: str
    file_size: int
    content_type: str


class BlocksInput(_Plain):
    """Input of ``convert_html_to_blocks``."""

    html: str


class BlocksOutput(_Plain):
    """Output of ``convert_html_to_blocks``."""

    success: bool
    blocks: list[dict[str, JsonValue]]


class HumanTaskContext(Camel):
    """What a person needs to deal with a message that could not be processed."""

    error_message: str | None = None
    email_id: str | None = None
    provider_id: str | None = None
    email_subject: str | None = None
    sender_email: str | None = None


class HumanTaskInput(Camel):
    """Input of ``create_human_task_for_email_processing_failure``."""

    title: str
    description: str | None = None
    context_data: HumanTaskContext = HumanTaskContext()


class HumanTaskOutput(_Plain):
    """Output of ``create_human_task_for_email_processing_failure``."""

    task_id: str


class AckInput(Camel):
    """Input of ``send_ticket_acknowledgement_email``; without an address the ticket's contact is written to."""

    ticket_id: str
    contact_email: str | None = None


class AckOutput(_Plain):
    """Output of ``send_ticket_acknowledgement_email``."""

    success: bool
    message: str | None = None
