"""The ticket desk: tickets, comments, documents, tasks and an outbox, each written once per idempotency key."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from pathlib import Path

from wfnb.errors import ActionError, NotFoundError
from wfnb.maildesk import desk_statements as sql
from wfnb.maildesk.action_models import (
    AckInput,
    AttachmentInput,
    CommentInput,
    HumanTaskInput,
    TicketDefaults,
    TicketInput,
)
from wfnb.maildesk.blobs import BlobFolder, safe_file_name
from wfnb.maildesk.desk_file import DeskFile, Row
from wfnb.maildesk.reply_tokens import make_reply_token

__all__ = ["Desk"]

TITLE_CHARS = 500
TEXT_CHARS = 200_000
TASK_CHARS = 2_000
ATTACHMENT_BYTES = 10 * 1024 * 1024
_REFERENCES = 50  # the newest that are looked up; conversations are shorter
_FIRST_NUMBER = 1001

_ATTACHMENT_ID = re.compile(r"\d{1,4}-(?P<digest>[0-9a-f]{64})")
_ADDRESS = re.compile(r"[^@\s<>,;:\"]{1,64}@[^@\s<>,;:\"]{1,255}")


class Desk:
    """A ticket desk in a folder of its own.

    Every method that writes takes an idempotency key: called again with the same key it returns what it returned the first
    time and changes nothing. Methods may be called from several threads and processes.

    Parameters
    ----------
    folder
        Holds ``desk.sqlite``, ``spool/`` (attachments of messages that were received) and ``documents/`` (attachments of
        tickets). It is created when it is not there.
    token_secret
        Key that reply tokens are made with.
    tenant
        Whose desk it is.
    domain
        Domain of the addresses that replies go to.
    """

    def __init__(
        self, folder: str | Path, *, token_secret: bytes, tenant: str = "demo", domain: str = "demo.example"
    ) -> None:
        root = Path(folder)
        self.spool = BlobFolder(root / "spool", max_bytes=ATTACHMENT_BYTES)
        self.store = BlobFolder(root / "documents", max_bytes=ATTACHMENT_BYTES)
        self.file = DeskFile(root / "desk.sqlite")
        self.tenant = tenant
        self._secret = token_secret
        self._domain = domain

    def close(self) -> None:
        """Close the file; the desk opens it again when it is used."""
        self.file.close()

    # Questions

    def counts(self) -> dict[str, int]:
        """Number of tickets, comments, documents, tasks and outbox messages."""
        return self.file.one(sql.COUNTS) or {}

    def tickets(self) -> list[Row]:
        """All tickets by number."""
        return self.file.all(sql.TICKETS)

    def ticket(self, ticket_id: str) -> Row:
        """One ticket.

        Raises
        ------
        NotFoundError
            ``TICKET_NOT_FOUND``.
        """
        row = self.file.one(sql.TICKET_BY_ID, (ticket_id,))
        if row is None:
            raise NotFoundError(f"There is no ticket {ticket_id}.", code="TICKET_NOT_FOUND")
        return row

    def comments(self, ticket_id: str | None = None) -> list[Row]:
        """Comments of a ticket, or all, oldest first; ``metadata`` is a JSON object."""
        return [
            {**row, "metadata": json.loads(row["metadata"])}
            for row in self.file.all(sql.COMMENTS, (ticket_id,))
        ]

    def documents(self, ticket_id: str | None = None) -> list[Row]:
        """Documents of a ticket, or all, oldest first; their bytes are ``store.get(row["sha256"])``."""
        return self.file.all(sql.DOCUMENTS, (ticket_id,))

    def tasks(self) -> list[Row]:
        """Tasks for people, oldest first; ``context`` is a JSON object."""
        return [{**row, "context": json.loads(row["context"])} for row in self.file.all(sql.TASKS)]

    def outbox(self) -> list[Row]:
        """Messages to be sent, oldest first."""
        return self.file.all(sql.OUTBOX)

    def reply_token(self, message_id: str) -> str:
        """The token of the ticket that a message begins, known before the ticket is there."""
        return make_reply_token(self._secret, self.tenant, message_id)

    def find_by_token(self, token: str) -> Row | None:
        """The ticket with this reply token, or None."""
        return self.file.one(sql.TICKET_BY_TOKEN, (token.strip().upper(),))

    def find_by_thread(self, message_ids: list[str], thread_id: str | None = None) -> Row | None:
        """The ticket of the first known message, else the newest ticket of the sender's conversation, or None."""
        for message_id in message_ids[:_REFERENCES]:
            if row := self.file.one(sql.TICKET_BY_MESSAGE, (message_id,)):
                return row
        return self.file.one(sql.TICKET_BY_THREAD, (thread_id,)) if thread_id else None

    def find_contact(self, email: str) -> Row | None:
        """The contact with exactly this address (capitals do not matter), with the client's name; or None."""
        return self.file.one(sql.CONTACT_BY_EMAIL, (email.strip(),))

    def choice_name(self, choice_id: str | None) -> str:
        """Name of a status, priority and so on; empty when there is none."""
        row = self.file.one(sql.CHOICE_NAME, (choice_id,))
        return str(row["name"]) if row else ""

    def defaults(self, tenant: str, provider_id: str) -> TicketDefaults | None:
        """Defaults for tickets from a provider, or None when nobody has configured any."""
        row = self.file.one(sql.DEFAULTS, (tenant, provider_id))
        return TicketDefaults.model_validate_json(row["defaults"]) if row and row["defaults"] else None

    def provider_of(self, addresses: list[str]) -> tuple[str, str] | None:
        """Tenant and provider of the first address that belongs to the desk; a ``+tag`` is ignored."""
        for address in addresses:
            if row := self.file.one(sql.PROVIDER, (re.sub(r"\+[^@]*", "", address.strip()),)):
                return row["tenant"], row["provider_id"]
        return None

    # Changes

    def create_ticket(self, ticket: TicketInput, *, key: str, now: str) -> Row:
        """Make a ticket; returns ``ticket_id`` and ``ticket_number``.

        Raises
        ------
        ActionError
            ``TITLE_TOO_LONG``, ``TEXT_REFUSED``, or ``DESK_REFUSED`` for an unknown client, contact or choice.
        """
        if len(ticket.title) > TITLE_CHARS:
            raise ActionError(
                f"The title has {len(ticket.title):,} characters; a ticket allows {TITLE_CHARS}.",
                code="TITLE_TOO_LONG",
                hint="Make the ticket by hand, with a shorter title.",
            )
        _check_text("title", ticket.title)
        _check_text("description", ticket.description)
        email = ticket.email_metadata or {}
        message_id = _text(email.get("id"))

        def work(connection: sqlite3.Connection) -> Row:
            number = connection.execute(sql.NEXT_NUMBER, (_FIRST_NUMBER,)).fetchone()["number"]
            row: Row = {
                **ticket.model_dump(exclude={"email_metadata"}),
                "ticket_id": _make_id("ticket", key),
                "ticket_number": f"T{number}",
                "message_id": message_id,
                "thread_id": _text(email.get("threadId")),
                "email": json.dumps(email) if email else None,
                "reply_token": self.reply_token(message_id or key),
                "created_at": now,
            }
            connection.execute(sql.ADD_TICKET, row)
            if message_id:
                connection.execute(sql.ADD_MESSAGE, (message_id, row["ticket_id"], None))
            return {"ticket_id": row["ticket_id"], "ticket_number": row["ticket_number"]}

        return self.file.once("ticket", key, work)

    def add_comment(self, comment: CommentInput, *, key: str, now: str) -> Row:
        """Add a comment to a ticket; returns ``comment_id``. The message in its metadata belongs to the ticket from now on.

        Raises
        ------
        ActionError
            ``TEXT_REFUSED``, or ``DESK_REFUSED`` for an unknown ticket.
        """
        _check_text("content", comment.content)
        message_id = _text(comment.metadata.get("messageId"))

        def work(connection: sqlite3.Connection) -> Row:
            comment_id = _make_id("comment", key)
            connection.execute(
                sql.ADD_COMMENT,
                (comment_id, comment.ticket_id, comment.content, comment.format, comment.source, comment.author_type,
                 comment.author_id, json.dumps(comment.metadata), now),
            )  # fmt: skip
            if message_id:
                connection.execute(sql.ADD_MESSAGE, (message_id, comment.ticket_id, comment_id))
            return {"comment_id": comment_id}

        return self.file.once("comment", key, work)

    def attach(self, attachment: AttachmentInput, *, key: str, now: str) -> Row:
        """Move an attachment from the spool to a ticket; returns ``document_id``, ``file_name``, ``size_bytes``.

        Raises
        ------
        ActionError
            ``EMPTY_ATTACHMENT``; ``ATTACHMENT_UNREADABLE`` when the message's bytes could not be decoded;
            ``DESK_REFUSED`` for an unknown ticket.
        """
        data = attachment.attachment_data
        name = safe_file_name(data.name)

        def work(connection: sqlite3.Connection) -> Row:
            content = self._spooled(attachment)
            # The bytes first: a document without bytes would be worse than bytes without a document.
            digest = self.store.put(content)
            document_id = _make_id("document", key)
            connection.execute(
                sql.ADD_DOCUMENT,
                (document_id, attachment.ticket_id, attachment.email_id, name, data.content_type, len(content), digest, now),
            )  # fmt: skip
            return {"document_id": document_id, "file_name": name, "size_bytes": len(content)}

        return self.file.once("document", key, work)

    def _spooled(self, attachment: AttachmentInput) -> bytes:
        name = repr(attachment.attachment_data.name[:100])
        if attachment.attachment_data.size == 0:
            raise ActionError(f"The attachment {name} is empty.", code="EMPTY_ATTACHMENT")
        found = _ATTACHMENT_ID.fullmatch(attachment.attachment_id)
        content = self.spool.get(found["digest"]) if found else None
        if content is None:
            raise ActionError(
                f"The attachment {name} could not be decoded when the message was received.",
                code="ATTACHMENT_UNREADABLE",
                hint="Ask the sender to send the file again.",
            )
        return content

    def add_task(self, task: HumanTaskInput, *, key: str, now: str) -> Row:
        """Ask a person; returns ``task_id``. Long texts are cut: this is the last resort and must not fail over them."""

        def work(connection: sqlite3.Connection) -> Row:
            task_id = _make_id("task", key)
            context = {
                name: _shorten(value)
                for name, value in task.context_data.model_dump(by_alias=True).items()
                if value is not None
            }
            connection.execute(
                sql.ADD_TASK,
                (task_id, _shorten(task.title), _shorten(task.description or ""), json.dumps(context), now),
            )
            return {"task_id": task_id}

        return self.file.once("task", key, work)

    def acknowledge(self, ack: AckInput, *, key: str, now: str) -> Row:
        """Put an acknowledgement into the outbox; returns ``recipient``.

        Raises
        ------
        ActionError
            ``DESK_REFUSED`` for an unknown ticket, ``NO_RECIPIENT``, or ``RECIPIENT_SUPPRESSED`` for an address that mail
            must not be sent to.
        """

        def work(connection: sqlite3.Connection) -> Row:
            ticket = self.file.one(sql.TICKET_BY_ID, (ack.ticket_id,))
            if ticket is None:
                raise ActionError(f"There is no ticket {ack.ticket_id}.", code="DESK_REFUSED")
            recipient = self._recipient(ack.contact_email, ticket["contact_id"])
            token, title = ticket["reply_token"], " ".join(str(ticket["title"]).split())
            body = f"We have received your message. Its ticket is {ticket['ticket_number']}; just reply to add to it."
            connection.execute(
                sql.ADD_OUTBOX,
                (f"ack.{token}@{self._domain}", ticket["ticket_id"], recipient, f"reply+{token}@{self._domain}",
                 f"[ticket:{token}] {title}", body, now),
            )  # fmt: skip
            connection.execute(sql.ADD_MESSAGE, (f"ack.{token}@{self._domain}", ticket["ticket_id"], None))
            return {"recipient": recipient}

        return self.file.once("acknowledgement", key, work)

    def _recipient(self, email: str | None, contact_id: str | None) -> str:
        if not email and contact_id:
            row = self.file.one(sql.CONTACT_ADDRESS, (contact_id,))
            email = str(row["email"]) if row else None
        if not email or not _ADDRESS.fullmatch(email):
            raise ActionError("There is no address to acknowledge to.", code="NO_RECIPIENT")
        contact = self.find_contact(email)
        if contact and contact["suppressed"]:
            raise ActionError(
                f"Mail to {email} came back before; none is sent.",
                code="RECIPIENT_SUPPRESSED",
                hint="Ask the contact for another address.",
            )
        return email


def _make_id(kind: str, key: str) -> str:
    """An id made from the key: the same message gets the same ids in every desk."""
    return f"{kind}-{hashlib.sha256(f'{kind}:{key}'.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _shorten(text: str) -> str:
    clean = text.replace("\0", "")
    return clean if len(clean) <= TASK_CHARS else clean[: TASK_CHARS - 1] + "…"


def _check_text(field: str, text: str) -> None:
    if len(text) > TEXT_CHARS or "\0" in text:
        raise ActionError(
            f"The {field} must be text of at most {TEXT_CHARS:,} characters without NUL.",
            code="TEXT_REFUSED",
            where=field,
        )
