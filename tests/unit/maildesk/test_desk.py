"""The desk writes once per key, refuses what it cannot represent, and finds tickets by their messages."""

from __future__ import annotations

import threading

import pytest

from wfnb.errors import ActionError, NotFoundError, WfnbError
from wfnb.maildesk.action_models import AckInput, AttachmentInput, CommentInput, HumanTaskInput, TicketInput
from wfnb.maildesk.demo import open_desk
from wfnb.maildesk.desk import Desk

NOW = "2026-11-06T12:00:00.000Z"
LATER = "2026-11-06T13:00:00.000Z"


def ticket(desk: Desk, key: str = "t", message_id: str | None = "1@example.com", **fields) -> str:
    email = {"id": message_id, "threadId": fields.pop("thread", None)} if message_id else None
    data = TicketInput(**{"title": "Printer", "description": "", "email_metadata": email, **fields})
    return desk.create_ticket(data, key=key, now=fields.get("now", NOW))["ticket_id"]


def attachment(desk: Desk, ticket: str, content: bytes, name: str = "a.txt", **changes) -> AttachmentInput:
    digest = desk.spool.put(content)
    data = {"id": f"1-{digest}", "name": name, "content_type": "text/plain", "size": len(content)}
    return AttachmentInput(
        **{
            "email_id": "1@example.com", "attachment_id": data["id"], "ticket_id": ticket,
            "tenant": "demo", "provider_id": "demo-imap", "attachment_data": data, **changes,
        }
    )  # fmt: skip


def test_a_repeated_key_gives_the_first_result_and_changes_nothing(desk: Desk) -> None:
    ticket_id = ticket(desk)
    assert ticket(desk, title="Another title") == ticket_id
    comment = CommentInput(ticket_id=ticket_id, content="one", metadata={"messageId": "2@example.com"})
    other = comment.model_copy(update={"content": "two", "metadata": {"messageId": "3@example.com"}})
    assert desk.add_comment(comment, key="c", now=NOW) == desk.add_comment(other, key="c", now=LATER)
    file = attachment(desk, ticket_id, b"hello")
    assert desk.attach(file, key="a", now=NOW) == desk.attach(file, key="a", now=LATER)
    task = HumanTaskInput(title="Look")
    assert desk.add_task(task, key="h", now=NOW) == desk.add_task(task, key="h", now=LATER)
    ack = AckInput(ticket_id=ticket_id, contact_email="mara@juniper.example.com")
    assert desk.acknowledge(ack, key="k", now=NOW) == desk.acknowledge(ack, key="k", now=LATER)
    assert desk.counts() == {"tickets": 1, "comments": 1, "documents": 1, "tasks": 1, "outbox": 1}
    assert [row["content"] for row in desk.comments(ticket_id)] == ["one"]
    assert desk.find_by_thread(["3@example.com"]) is None


def test_keys_of_different_operations_do_not_meet(desk: Desk) -> None:
    ticket_id = ticket(desk, key="same")
    desk.add_comment(CommentInput(ticket_id=ticket_id, content="one"), key="same", now=NOW)
    assert desk.counts()["comments"] == 1


def test_a_failed_operation_leaves_nothing_and_may_be_tried_again(desk: Desk) -> None:
    with pytest.raises(ActionError) as caught:
        ticket(desk, client_id="nobody")
    assert caught.value.code == "DESK_REFUSED"
    assert desk.find_by_thread(["1@example.com"]) is None
    assert ticket(desk, client_id="client-juniper")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"title": "x" * 501}, "TITLE_TOO_LONG"),
        ({"title": "a\0b"}, "TEXT_REFUSED"),
        ({"description": "x" * 200_001}, "TEXT_REFUSED"),
        ({"title": "\ud800"}, "DESK_UNREADABLE"),
        ({"key": ""}, "MISSING_KEY"),
        ({"key": "k" * 2_001}, "MISSING_KEY"),
    ],
)
def test_what_the_desk_cannot_represent_is_refused(desk: Desk, fields: dict, code: str) -> None:
    with pytest.raises(ActionError) as caught:
        ticket(desk, **fields)
    assert caught.value.code == code
    assert desk.counts()["tickets"] == 0


def test_a_title_of_exactly_the_limit_is_taken(desk: Desk) -> None:
    assert ticket(desk, title="x" * 500)


def test_ids_and_tokens_depend_on_the_message_alone(desk: Desk, tmp_path) -> None:
    other = open_desk(tmp_path / "other")
    ticket(other, key="before", message_id="0@example.com")
    assert ticket(desk, key="p:1") == ticket(other, key="p:1")
    assert desk.reply_token("1@example.com") == other.reply_token("1@example.com")
    assert desk.tickets()[0]["reply_token"] == desk.reply_token("1@example.com")


def test_another_secret_gives_other_tokens(desk: Desk, tmp_path) -> None:
    other = Desk(tmp_path / "other", token_secret=b"another")
    assert other.reply_token("1@example.com") != desk.reply_token("1@example.com")


def test_ticket_numbers_count_up(desk: Desk) -> None:
    ticket(desk, "a", "a@example.com")
    ticket(desk, "b", "b@example.com")
    assert [row["ticket_number"] for row in desk.tickets()] == ["T1001", "T1002"]


def test_numbers_stay_in_order_beyond_four_digits(desk: Desk) -> None:
    with desk.file.transaction() as connection:
        connection.executemany(
            "INSERT INTO tickets (ticket_id, ticket_number, title, description, reply_token, created_at)"
            " VALUES (?, ?, '', '', ?, '')",
            [(f"x{n}", f"T{n}", f"token{n}") for n in range(1001, 10_001)],
        )
    ticket(desk)
    assert desk.tickets()[-1]["ticket_number"] == "T10001"


def test_a_ticket_is_found_by_token_whatever_its_capitals(desk: Desk) -> None:
    ticket_id = ticket(desk)
    token = desk.reply_token("1@example.com")
    assert desk.find_by_token(f" {token.lower()} ")["ticket_id"] == ticket_id
    assert desk.find_by_token("A" * 16) is None


def test_the_nearest_known_message_decides(desk: Desk) -> None:
    first, second = ticket(desk, "a", "a@example.com"), ticket(desk, "b", "b@example.com")
    assert (
        desk.find_by_thread(["unknown@example.com", "b@example.com", "a@example.com"])["ticket_id"] == second
    )
    assert desk.find_by_thread(["a@example.com", "b@example.com"])["ticket_id"] == first


def test_a_comment_and_an_acknowledgement_thread_later_messages(desk: Desk) -> None:
    ticket_id = ticket(desk)
    comment = CommentInput(ticket_id=ticket_id, content="", metadata={"messageId": "2@example.com"})
    desk.add_comment(comment, key="c", now=NOW)
    desk.acknowledge(
        AckInput(ticket_id=ticket_id, contact_email="mara@juniper.example.com"), key="k", now=NOW
    )
    sent = desk.outbox()[0]["message_id"]
    assert desk.find_by_thread(["2@example.com"])["ticket_id"] == ticket_id
    assert desk.find_by_thread([sent])["ticket_id"] == ticket_id


def test_a_message_stays_with_its_first_ticket(desk: Desk) -> None:
    first, second = ticket(desk, "a", "a@example.com"), ticket(desk, "b", "b@example.com")
    again = CommentInput(ticket_id=second, content="", metadata={"messageId": "a@example.com"})
    desk.add_comment(again, key="c", now=NOW)
    assert desk.find_by_thread(["a@example.com"])["ticket_id"] == first


def test_the_senders_conversation_is_the_last_resort(desk: Desk) -> None:
    ticket_id = ticket(desk, thread="aabb")
    assert desk.find_by_thread([], "aabb")["ticket_id"] == ticket_id
    assert desk.find_by_thread([], "ccdd") is None
    assert desk.find_by_thread([], None) is None


def test_contacts_match_exactly_except_for_capitals(desk: Desk) -> None:
    assert desk.find_contact("MARA@Juniper.example.com ")["contact_id"] == "contact-mara"
    assert desk.find_contact("mara@juniper.example.co") is None
    assert desk.find_contact("%") is None


@pytest.mark.parametrize(
    ("address", "provider"),
    [
        ("support@demo.example", "demo-imap"),
        ("Reply+ABCDEFGHIJKLMNOP@demo.example", "demo-imap"),
        ("other@unconfigured.example", "unconfigured"),
    ],
)
def test_an_address_belongs_to_a_provider(desk: Desk, address: str, provider: str) -> None:
    assert desk.provider_of(["someone@else.example", address]) == ("demo", provider)


def test_an_unknown_address_belongs_to_nobody(desk: Desk) -> None:
    assert desk.provider_of(["someone@else.example"]) is None


def test_defaults_are_there_for_a_configured_provider_only(desk: Desk) -> None:
    assert desk.defaults("demo", "demo-imap").client_id == "client-juniper"
    assert desk.defaults("demo", "unconfigured") is None
    assert desk.defaults("demo", "nobody") is None
    assert desk.defaults("another tenant", "demo-imap") is None


def test_an_attachment_keeps_its_bytes_and_loses_its_path(desk: Desk) -> None:
    ticket_id = ticket(desk)
    row = desk.attach(attachment(desk, ticket_id, b"hello", "..\\..\\boot.ini"), key="a", now=NOW)
    (document,) = desk.documents(ticket_id)
    assert (row["file_name"], document["file_name"]) == ("boot.ini", "boot.ini")
    assert desk.store.get(document["sha256"]) == b"hello"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attachment_id": "1-" + "0" * 64}, "ATTACHMENT_UNREADABLE"),
        ({"attachment_id": "../../desk.sqlite"}, "ATTACHMENT_UNREADABLE"),
        ({"ticket_id": "nowhere"}, "DESK_REFUSED"),
    ],
)
def test_an_attachment_without_bytes_or_ticket_is_refused(desk: Desk, changes: dict, code: str) -> None:
    file = attachment(desk, ticket(desk), b"hello", **changes)
    with pytest.raises(ActionError) as caught:
        desk.attach(file, key="a", now=NOW)
    assert caught.value.code == code
    assert desk.counts()["documents"] == 0


def test_an_empty_attachment_is_refused(desk: Desk) -> None:
    with pytest.raises(ActionError) as caught:
        desk.attach(attachment(desk, ticket(desk), b""), key="a", now=NOW)
    assert caught.value.code == "EMPTY_ATTACHMENT"


def test_an_attachment_that_is_done_needs_no_bytes_any_more(desk: Desk) -> None:
    file = attachment(desk, ticket(desk), b"hello")
    first = desk.attach(file, key="a", now=NOW)
    gone = file.model_copy(update={"attachment_id": "1-" + "0" * 64})
    assert desk.attach(gone, key="a", now=NOW) == first


def test_the_last_resort_takes_any_text(desk: Desk) -> None:
    data = HumanTaskInput(
        title="x\0y" * 2_000, description="z" * 9_000, context_data={"error_message": "e" * 9_000}
    )
    desk.add_task(data, key="h", now=NOW)
    (task,) = desk.tasks()
    assert "\0" not in task["title"]
    assert max(len(task["title"]), len(task["description"]), len(task["context"]["errorMessage"])) == 2_000


def test_an_acknowledgement_can_be_answered(desk: Desk) -> None:
    ticket_id = ticket(desk, title="Two\nlines")
    desk.acknowledge(
        AckInput(ticket_id=ticket_id, contact_email="mara@juniper.example.com"), key="k", now=NOW
    )
    (sent,) = desk.outbox()
    token = desk.reply_token("1@example.com")
    assert sent["reply_to"] == f"reply+{token}@demo.example"
    assert sent["subject"] == f"[ticket:{token}] Two lines"


def test_an_acknowledgement_goes_to_the_contact_of_the_ticket(desk: Desk) -> None:
    ticket_id = ticket(desk, contact_id="contact-ines")
    desk.acknowledge(AckInput(ticket_id=ticket_id), key="k", now=NOW)
    assert desk.outbox()[0]["recipient"] == "ines@harbour.example.com"


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        (None, "NO_RECIPIENT"),
        ("a@b\nBcc: all@example.com", "NO_RECIPIENT"),
        ("Oleg@Juniper.example.com", "RECIPIENT_SUPPRESSED"),
    ],
)
def test_an_acknowledgement_needs_a_willing_recipient(desk: Desk, recipient: str | None, code: str) -> None:
    ack = AckInput(ticket_id=ticket(desk), contact_email=recipient)
    with pytest.raises(ActionError) as caught:
        desk.acknowledge(ack, key="k", now=NOW)
    assert caught.value.code == code
    assert desk.outbox() == []


def test_an_unknown_ticket_is_named(desk: Desk) -> None:
    with pytest.raises(NotFoundError) as caught:
        desk.ticket("nowhere")
    assert caught.value.code == "TICKET_NOT_FOUND"
    with pytest.raises(ActionError) as refused:
        desk.acknowledge(AckInput(ticket_id="nowhere", contact_email="a@example.com"), key="k", now=NOW)
    assert refused.value.code == "DESK_REFUSED"


def test_threads_that_race_for_a_key_make_one_ticket(desk: Desk) -> None:
    found: list[str] = []
    barrier = threading.Barrier(8)

    def work(number: int) -> None:
        barrier.wait()
        found.append(ticket(desk, "race"))
        found.append(ticket(desk, f"own-{number}", f"{number}@example.net"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 9
    assert len({row["ticket_number"] for row in desk.tickets()}) == 9


def test_opening_again_keeps_what_is_there(desk: Desk, tmp_path) -> None:
    ticket_id = ticket(desk)
    desk.close()
    again = open_desk(tmp_path / "desk")
    assert again.ticket(ticket_id)["title"] == "Printer"
    assert ticket(again) == ticket_id


def test_a_file_that_is_no_desk_is_refused(tmp_path) -> None:
    (tmp_path / "desk.sqlite").write_bytes(b"this is not a database, " * 100)
    with pytest.raises(WfnbError) as caught:
        open_desk(tmp_path)
    assert caught.value.code == "DESK_UNREADABLE"
