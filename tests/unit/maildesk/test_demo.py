"""The demo's ends: the event of a message, its key, and the definition."""

from __future__ import annotations

import subprocess
import sys

import pytest

from wfnb.errors import NotFoundError
from wfnb.maildesk.demo import EVENT_NAME, email_workflow, message_key, open_desk, payload_for
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.models import PAYLOAD_SCHEMA_REF, EmailWorkflowPayload
from wfnb.model.definition import Definition

MESSAGE = b"To: support@demo.example\nFrom: a@example.com\nMessage-ID: <1@example.com>\nSubject: Hi\n\nHello"


def test_the_event_of_a_message_fits_its_schema_and_is_complete(desk: Desk) -> None:
    payload = payload_for(desk, MESSAGE)
    assert EmailWorkflowPayload.model_validate(payload).to_json() == payload
    assert (payload["providerId"], payload["tenantId"], payload["processedAt"]) == ("demo-imap", "demo", None)
    assert set(payload) >= {
        "existingTicket",
        "matchedClient",
        "ticketDefaults",
        "targetTicketId",
        "parsedEmail",
    }
    assert desk.counts()["tickets"] == 0


def test_the_key_of_a_message_stays_the_same(desk: Desk) -> None:
    once, twice = payload_for(desk, MESSAGE), payload_for(desk, MESSAGE + b" with a footer")
    assert message_key(once) == message_key(twice) == "demo:demo-imap:1@example.com"


def test_a_message_for_somebody_else_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError) as caught:
        payload_for(desk, b"To: a@elsewhere.example\n\n")
    assert caught.value.code == "UNKNOWN_MAILBOX"


def test_opening_the_desk_twice_keeps_changes(tmp_path) -> None:
    desk = open_desk(tmp_path)
    with desk.file.transaction() as connection:
        connection.execute("UPDATE contacts SET name = 'Changed' WHERE contact_id = 'contact-mara'")
    desk.close()
    assert open_desk(tmp_path).find_contact("mara@juniper.example.com")["name"] == "Changed"


def test_the_definition_waits_for_the_event() -> None:
    definition = Definition.model_validate(email_workflow())
    assert definition.trigger.event_name == EVENT_NAME == "INBOUND_EMAIL_RECEIVED"
    assert definition.payload_schema_ref == PAYLOAD_SCHEMA_REF
    assert (definition.id, definition.version) == ("inbound-email", 1)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    code = "import sys, wfnb.maildesk.demo; print([m for m in ('nh3', 'pandas', 'duckdb', 'matplotlib') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
