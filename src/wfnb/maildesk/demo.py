"""The demo from end to end: open a desk, read a message, and have the event that starts the workflow."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from wfnb.errors import NotFoundError
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.mail import parse_message
from wfnb.maildesk.models import EmailWorkflowPayload
from wfnb.maildesk.seed import seed
from wfnb.model.codec import load_text
from wfnb.model.values import JsonValue

__all__ = ["EVENT_NAME", "email_workflow", "message_key", "open_desk", "payload_for"]

EVENT_NAME = "INBOUND_EMAIL_RECEIVED"
"""The event that starts the workflow."""

_DEMO_SECRET = (
    b"demo desk: not a secret"  # fixed, so that the sample mailbox can quote tokens; a real desk has its own
)


def open_desk(folder: str | Path) -> Desk:
    """The demo desk in a folder; it is made and filled with clients and contacts when it is not there.

    Parameters
    ----------
    folder
        A folder of the desk's own.

    Raises
    ------
    ActionError
        ``DESK_UNREADABLE`` when the folder holds something else.
    """
    desk = Desk(folder, token_secret=_DEMO_SECRET)
    seed(desk.file, desk.tenant)
    return desk


def email_workflow() -> dict[str, JsonValue]:
    """The definition of the inbound e-mail workflow.

    Examples
    --------
    >>> email_workflow()["id"]
    'inbound-email'
    """
    text = resources.files("wfnb.maildesk").joinpath("email_workflow.yaml").read_text(encoding="utf-8")
    definition: dict[str, JsonValue] = load_text(text, where="email_workflow.yaml")
    return definition


def payload_for(desk: Desk, message: bytes) -> dict[str, JsonValue]:
    """The event payload of a message; its attachments go to the desk's spool.

    Parameters
    ----------
    desk
        Knows which address belongs to which provider.
    message
        The message as it came.

    Returns
    -------
    dict[str, JsonValue]
        An `EmailWorkflowPayload` with every field, what the workflow fills as null.

    Raises
    ------
    NotFoundError
        ``UNKNOWN_MAILBOX`` when none of its recipients belongs to the desk.
    LimitExceeded
        ``MESSAGE_TOO_LARGE``.
    """
    parsed = parse_message(message, desk.spool)
    provider = desk.provider_of(list(parsed.recipients))
    if provider is None:
        raise NotFoundError(
            "None of the message's recipients is an address of the desk.",
            code="UNKNOWN_MAILBOX",
            where=parsed.email.id,
            hint="Add the address to the desk, with its provider.",
        )
    tenant, provider_id = provider
    payload = EmailWorkflowPayload(email_data=parsed.email, provider_id=provider_id, tenant_id=tenant)
    return payload.to_json()


def message_key(payload: dict[str, JsonValue]) -> str:
    """Key under which a message starts one run, however often it arrives.

    Examples
    --------
    >>> message_key({"tenantId": "demo", "providerId": "demo-imap", "emailData": {"id": "1@example.com"}})
    'demo:demo-imap:1@example.com'
    """
    return f"{payload['tenantId']}:{payload['providerId']}:{payload['emailData']['id']}"
