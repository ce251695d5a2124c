"""The SQL statements of the desk; the tables are in ``desk.sql``."""

from __future__ import annotations

__all__ = [
    "ADD_COMMENT",
    "ADD_DOCUMENT",
    "ADD_MESSAGE",
    "ADD_OUTBOX",
    "ADD_TASK",
    "ADD_TICKET",
    "CHOICE_NAME",
    "COMMENTS",
    "CONTACT_ADDRESS",
    "CONTACT_BY_EMAIL",
    "COUNTS",
    "DEFAULTS",
    "DOCUMENTS",
    "NEXT_NUMBER",
    "OUTBOX",
    "PROVIDER",
    "TASKS",
    "TICKETS",
    "TICKET_BY_ID",
    "TICKET_BY_MESSAGE",
    "TICKET_BY_THREAD",
    "TICKET_BY_TOKEN",
]

COUNTS = """
SELECT (SELECT count(*) FROM tickets) AS tickets, (SELECT count(*) FROM comments) AS comments,
       (SELECT count(*) FROM documents) AS documents, (SELECT count(*) FROM human_tasks) AS tasks,
       (SELECT count(*) FROM outbox) AS outbox
"""
TICKETS = "SELECT * FROM ticket_list ORDER BY length(ticket_number), ticket_number"
TICKET_BY_ID = "SELECT * FROM ticket_list WHERE ticket_id = ?"
TICKET_BY_TOKEN = "SELECT * FROM ticket_list WHERE reply_token = ?"  # noqa: S105 - a query, not a secret
TICKET_BY_MESSAGE = """
SELECT * FROM ticket_list WHERE ticket_id = (SELECT ticket_id FROM messages WHERE message_id = ?)
"""
TICKET_BY_THREAD = """
SELECT * FROM ticket_list WHERE thread_id = ? ORDER BY length(ticket_number) DESC, ticket_number DESC LIMIT 1
"""
CHOICE_NAME = "SELECT name FROM choices WHERE choice_id = ?"
CONTACT_BY_EMAIL = """
SELECT contact_id, contacts.name, email, client_id, clients.name AS client_name, phone, title, suppressed
FROM contacts JOIN clients USING (client_id) WHERE email = ?
"""
CONTACT_ADDRESS = "SELECT email FROM contacts WHERE contact_id = ?"
DEFAULTS = "SELECT defaults FROM providers WHERE tenant = ? AND provider_id = ?"
PROVIDER = "SELECT tenant, provider_id FROM addresses WHERE address = ?"
COMMENTS = """
SELECT comment_id, ticket_id, content, format, source, author_type, author_id, metadata, created_at FROM comments
WHERE ticket_id = coalesce(?, ticket_id) ORDER BY created_at, rowid
"""
DOCUMENTS = """
SELECT document_id, ticket_id, message_id, file_name, content_type, size_bytes, sha256, created_at FROM documents
WHERE ticket_id = coalesce(?, ticket_id) ORDER BY created_at, rowid
"""
TASKS = "SELECT task_id, title, description, context, status, created_at FROM human_tasks ORDER BY created_at, rowid"
OUTBOX = "SELECT * FROM outbox ORDER BY created_at, rowid"
NEXT_NUMBER = "SELECT count(*) + ? AS number FROM tickets"
ADD_TICKET = """
INSERT INTO tickets (ticket_id, ticket_number, title, description, client_id, contact_id, source, board_id, status_id,
    priority_id, category_id, subcategory_id, location_id, entered_by, message_id, thread_id, email, reply_token, created_at)
VALUES (:ticket_id, :ticket_number, :title, :description, :client_id, :contact_id, :source, :board_id, :status_id,
    :priority_id, :category_id, :subcategory_id, :location_id, :entered_by, :message_id, :thread_id, :email,
    :reply_token, :created_at)
"""
ADD_COMMENT = "INSERT INTO comments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
ADD_MESSAGE = "INSERT INTO messages VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
ADD_DOCUMENT = "INSERT INTO documents VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
ADD_TASK = "INSERT INTO human_tasks (task_id, title, description, context, created_at) VALUES (?, ?, ?, ?, ?)"
ADD_OUTBOX = "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?, ?)"
