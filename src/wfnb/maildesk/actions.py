"""The eleven e-mail actions: typed functions over a desk, and their registration in a workspace."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, Protocol

from pydantic import BaseModel

from wfnb.maildesk import action_models as models
from wfnb.maildesk.blocks import html_to_blocks
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.models import PAYLOAD_SCHEMA_REF, EmailWorkflowPayload
from wfnb.maildesk.replies import parse_reply
from wfnb.registry.actions import ActionContext

__all__ = ["MailActions", "WorkspaceLike", "register"]

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_RETRY = {"maxAttempts": 4, "backoffMs": 200}  # a busy desk; the default policy retries nothing else


class MailActions:
    """The actions as methods. A lookup answers ``success=False`` when it finds nothing; a writer raises.

    Parameters
    ----------
    desk
        Where tickets are found and made.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def parse_email_reply(self, data: models.ParseInput) -> models.ParseOutput:
        """Split the new text of a message from what it quotes and from its signature."""
        if not data.text and not data.html:
            return models.ParseOutput(
                success=True, parsed=parse_reply("", None), message="The message has no text."
            )
        parsed = parse_reply(data.text, data.html, remove_signature=data.config.remove_signature)
        return models.ParseOutput(success=True, parsed=parsed)

    def find_ticket_by_reply_token(self, data: models.TokenInput) -> models.TokenOutput:
        """Find the ticket that a reply token names."""
        row = self._desk.find_by_token(data.token)
        if row is None:
            return models.TokenOutput(success=False, message="No ticket has this token.")
        return models.TokenOutput(success=True, match=models.TokenMatch(ticket_id=row["ticket_id"]))

    def find_ticket_by_email_thread(self, data: models.ThreadInput) -> models.ThreadOutput:
        """Find the ticket of a conversation by the messages that a message answers, the nearest one first."""
        nearest_first = [data.in_reply_to, data.original_message_id, *reversed(data.references)]
        known = list(dict.fromkeys(message_id for message_id in nearest_first if message_id))
        row = self._desk.find_by_thread(known, data.thread_id)
        if row is None:
            return models.ThreadOutput(success=False, message="No ticket belongs to this conversation.")
        info = models.ThreadInfo(thread_id=row["thread_id"], original_message_id=row["message_id"])
        ticket = models.ThreadTicket(
            ticket_id=row["ticket_id"],
            ticket_number=row["ticket_number"],
            subject=row["title"],
            status=self._desk.choice_name(row["status_id"]),
            original_email_id=row["message_id"],
            thread_info=info,
        )
        return models.ThreadOutput(success=True, ticket=ticket)

    def find_contact_by_email(self, data: models.ContactInput) -> models.ContactOutput:
        """Find the contact with exactly this address."""
        if not _ADDRESS.fullmatch(data.email.strip()):
            return models.ContactOutput(success=False, message="This is not an e-mail address.")
        row = self._desk.find_contact(data.email)
        if row is None:
            return models.ContactOutput(success=False, message="No contact has this address.")
        facts = {
            name: row[name]
            for name in ("contact_id", "name", "email", "client_id", "client_name", "phone", "title")
        }
        return models.ContactOutput(
            success=True, contact=models.Contact(**facts, matched_email=data.email.strip())
        )

    def resolve_inbound_ticket_defaults(self, data: models.DefaultsInput) -> models.DefaultsOutput:
        """The defaults of a provider for new tickets, or null when it has none."""
        return models.DefaultsOutput(self._desk.defaults(data.tenant, data.provider_id))

    def create_ticket_from_email(self, data: models.TicketInput, ctx: ActionContext) -> models.TicketOutput:
        """Make a ticket."""
        return models.TicketOutput(**self._desk.create_ticket(data, key=ctx.idempotency_key, now=ctx.now))

    def create_comment_from_email(
        self, data: models.CommentInput, ctx: ActionContext
    ) -> models.CommentOutput:
        """Add a comment to a ticket."""
        return models.CommentOutput(**self._desk.add_comment(data, key=ctx.idempotency_key, now=ctx.now))

    def process_email_attachment(
        self, data: models.AttachmentInput, ctx: ActionContext
    ) -> models.AttachmentOutput:
        """Store an attachment of a message as a document of a ticket."""
        row = self._desk.attach(data, key=ctx.idempotency_key, now=ctx.now)
        return models.AttachmentOutput(
            success=True,
            document_id=row["document_id"],
            file_name=row["file_name"],
            file_size=row["size_bytes"],
            content_type=data.attachment_data.content_type,
        )

    def convert_html_to_blocks(self, data: models.BlocksInput) -> models.BlocksOutput:
        """Turn HTML into blocks: paragraphs, headings, lists, quotes, code."""
        blocks = html_to_blocks(data.html)
        return models.BlocksOutput(success=bool(blocks), blocks=[block.to_json() for block in blocks])

    def create_human_task_for_email_processing_failure(
        self, data: models.HumanTaskInput, ctx: ActionContext
    ) -> models.HumanTaskOutput:
        """Ask a person to deal with a message that could not be processed."""
        return models.HumanTaskOutput(**self._desk.add_task(data, key=ctx.idempotency_key, now=ctx.now))

    def send_ticket_acknowledgement_email(
        self, data: models.AckInput, ctx: ActionContext
    ) -> models.AckOutput:
        """Put an acknowledgement into the outbox."""
        row = self._desk.acknowledge(data, key=ctx.idempotency_key, now=ctx.now)
        return models.AckOutput(success=True, message=f"To {row['recipient']}.")


class WorkspaceLike(Protocol):
    """What `register` needs of a workspace."""

    def action(
        self,
        id: str,  # noqa: A002 - the public word is "id"
        version: int = 1,
        *,
        side_effect: bool = False,
        idempotency: Literal["engine"] | None = None,
        retry: dict[str, Any] | None = None,
        label: str = "",
        category: str = "",
    ) -> Callable[[Callable[..., Any]], Any]:
        """Decorator that registers a function as an action."""

    def schema(self, ref: str, model: type[BaseModel]) -> Any:
        """Register a payload schema."""


_READERS = (
    "parse_email_reply",
    "find_ticket_by_reply_token",
    "find_ticket_by_email_thread",
    "find_contact_by_email",
    "resolve_inbound_ticket_defaults",
    "convert_html_to_blocks",
)
_WRITERS = (
    "create_ticket_from_email",
    "create_comment_from_email",
    "process_email_attachment",
    "create_human_task_for_email_processing_failure",
    "send_ticket_acknowledgement_email",
)


def register(ws: WorkspaceLike, desk: Desk) -> None:
    """Register the payload schema and the eleven actions, version 1, over a desk.

    Parameters
    ----------
    ws
        A workspace.
    desk
        Where the actions work.

    Raises
    ------
    RegistryError
        ``ALREADY_REGISTERED`` when the workspace has them already.
    """
    actions = MailActions(desk)
    ws.schema(PAYLOAD_SCHEMA_REF, EmailWorkflowPayload)
    for name in (*_READERS, *_WRITERS):
        ws.action(
            name,
            1,
            side_effect=name in _WRITERS,
            idempotency="engine",
            retry=_RETRY,
            label=name.replace("_", " ").capitalize(),
            category="E-mail",
        )(getattr(actions, name))
