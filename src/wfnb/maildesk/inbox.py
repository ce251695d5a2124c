"""Process a mailbox: one run for every message, in the order in which they came, each message once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wfnb.errors import WfnbError
from wfnb.maildesk.actions import register
from wfnb.maildesk.demo import email_workflow, message_key, open_desk, payload_for
from wfnb.maildesk.desk import Desk
from wfnb.maildesk.mailbox import read_mailbox
from wfnb.tables import Rows

if TYPE_CHECKING:
    from wfnb.workspace import Workspace

__all__ = ["Processed", "connect", "process", "sample_mailbox"]


@dataclass(frozen=True)
class Processed:
    """What became of one message: the run, how it ended, and the ticket it made or joined."""

    message: str
    run: str | None
    status: str
    state: str | None
    ticket: str | None
    note: str | None = None


_COLUMNS = ("message", "run", "status", "state", "ticket", "note")


def connect(ws: Workspace, folder: str | Path | None = None) -> Desk:
    """Open the demo desk beside a workspace, register its actions and publish the e-mail workflow.

    Parameters
    ----------
    ws
        The workspace.
    folder
        Folder of the desk; ``desk`` inside the workspace's folder when absent.
    """
    desk = open_desk(folder if folder is not None else ws.path / "desk")
    register(ws, desk)
    ws.publish(email_workflow())
    return desk


def process(
    ws: Workspace,
    desk: Desk,
    mailbox: str | Path,
    *,
    progress: Callable[[str, int, int], None] | None = None,
) -> Rows[Processed]:
    """Process every message of a mailbox and wait for each: a reply comes after what it answers.

    A message that was processed before starts nothing: its first run is shown again.

    Parameters
    ----------
    ws, desk
        From `connect`.
    mailbox
        A folder of ``.eml`` files, a Maildir, or an mbox file.
    progress
        Called before each message with its name, how many are done, and how many there are.

    Returns
    -------
    Rows[Processed]
        One row for every message, in order.
    """
    messages = list(read_mailbox(Path(mailbox)))
    rows = []
    for number, message in enumerate(messages):
        if progress is not None:
            progress(message.label, number, len(messages))
        rows.append(_process_one(ws, desk, message.label, message.content))
    if progress is not None:
        progress("", len(messages), len(messages))
    return Rows(rows, columns=_COLUMNS)


def _process_one(ws: Workspace, desk: Desk, name: str, content: bytes) -> Processed:
    try:
        payload = payload_for(desk, content)
    except WfnbError as error:
        return Processed(name, None, "REFUSED", None, None, error.message)
    run = ws.start("inbound-email", payload, key=message_key(payload)).wait()
    return Processed(name, run.id, run.status, run.state, _ticket(run.envelope["payload"]))


def _ticket(payload: dict[str, object]) -> str | None:
    for field in ("targetTicketId", "existingTicket"):
        found = payload.get(field)
        if isinstance(found, dict):
            found = found.get("ticketId")
        if found:
            return str(found)
    return None


def sample_mailbox() -> Path:
    """Folder of the sample messages that come with wfnb."""
    from wfnb.share import shared

    return shared("data") / "mailbox"
