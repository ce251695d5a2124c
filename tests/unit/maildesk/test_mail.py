"""Messages as they really arrive become event data; nothing a message says makes this fail."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.errors import LimitExceeded
from wfnb.limits import LIMITS
from wfnb.maildesk import mail
from wfnb.maildesk.blobs import BlobFolder
from wfnb.maildesk.mail import message_id_of, parse_message
from wfnb.maildesk.models import EmailData
from wfnb.maildesk.reply_tokens import make_reply_token
from wfnb.model.values import size_bytes

TOKEN = make_reply_token(b"key", "demo", "1@example.com")


@pytest.fixture(scope="module")
def spool(tmp_path_factory) -> BlobFolder:
    return BlobFolder(tmp_path_factory.mktemp("spool"), max_bytes=1_000_000)


@pytest.fixture
def read(spool: BlobFolder):
    def parse(message: bytes | str) -> EmailData:
        return parse_message(message if isinstance(message, bytes) else message.encode(), spool).email

    return parse


def test_every_field_is_always_there(read) -> None:
    data = read("").to_json()
    assert data == {
        "id": data["id"], "mailhogId": None, "threadId": None, "from": {"email": "", "name": None},
        "to": [], "cc": [], "bcc": [], "subject": "", "body": {"text": "", "html": None}, "inReplyTo": None,
        "references": [], "attachments": [], "receivedAt": None, "tenant": None, "providerId": None,
        "autoSubmitted": False, "replyToken": None,
        "warnings": ["missing-message-id", "missing-from", "missing-date"],
    }  # fmt: skip


def test_a_missing_message_id_is_made_from_the_content(read) -> None:
    one, same, other = read("Subject: a\n\nx"), read("Subject: a\r\n\r\nx\r\n"), read("Subject: b\n\nx")
    assert one.id == same.id != other.id
    assert one.id.endswith("@content.invalid")
    assert message_id_of(b"Subject: a\n\nx") == one.id


@pytest.mark.parametrize(
    ("header", "message_id"),
    [
        ("<1@example.com>", "1@example.com"),
        ("1@example.com", "1@example.com"),
        ("<odd id>", None),
        ("<odd-id>", "odd-id"),
    ],
)
def test_a_message_id_loses_its_brackets(read, header: str, message_id: str | None) -> None:
    found = read(f"Message-ID: {header}\n\n").id
    assert found == message_id or (message_id is None and found.endswith("@content.invalid"))


@pytest.mark.parametrize(
    ("header", "time"),
    [
        ("Mon, 02 Nov 2026 06:42:10 +0100", "2026-11-02T05:42:10.000Z"),
        ("2 Nov 2026 06:42", "2026-11-02T06:42:00.000Z"),
        ("Mon, 02 Nov 2026 06:42:10 -0000", "2026-11-02T06:42:10.000Z"),
        ("yesterday", None),
        ("Mon, 99 Nov 2026 06:42:10 +0100", None),
        ("Fri, 31 Dec 9999 23:59:59 -2300", None),
    ],
)
def test_the_date_is_given_in_utc_or_not_at_all(read, header: str, time: str | None) -> None:
    data = read(f"Date: {header}\n\n")
    assert data.received_at == time
    assert ("unreadable-date" in data.warnings) == (time is None)


@pytest.mark.parametrize(
    ("header", "subject"),
    [
        ("=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"),
        ("=?utf-8?b?R3LDvMOf?= =?utf-8?q?e?=", "Grüße"),
        ("Re: =?iso-8859-1?q?Gr=FC=DFe?= an alle", "Re: Grüße an alle"),
        ("=?utf-8?q?a?=\n =?utf-8?q?b?=", "ab"),
        ("=?x-martian?b?????=", "=?x-martian?b?????="),
        ("=?no-such?q?hello?=", "hello"),
        ("=?utf-8?b?not base64!?=", "=?utf-8?b?not base64!?="),
        ("two\n lines", "two lines"),
        ("=?utf-8?q?a=0D=0ABcc=3A_x=00?=", "a Bcc: x"),
    ],
)
def test_the_subject_is_decoded_text_on_one_line(read, header: str, subject: str) -> None:
    assert read(f"Subject: {header}\n\n").subject == subject


def test_a_raw_eight_bit_header_is_read(read) -> None:
    assert read("Subject: Grüße\n\n").subject == "Grüße"
    assert read("Subject: Grüße\n\n".encode("latin-1")).subject == "Grüße"


@pytest.mark.parametrize(
    ("header", "email", "name"),
    [
        ("Mara <mara@example.com>", "mara@example.com", "Mara"),
        ('"Rey, Tomás" <t@example.com>', "t@example.com", "Rey, Tomás"),
        ("=?utf-8?b?8J+lkA==?= <b@example.com>", "b@example.com", "🥐"),
        ("b@example.com (Bakery)", "b@example.com", "Bakery"),
        ("=?utf-8?q?=ZZ broken <<till@example.com", "till@example.com", None),
        ("nobody", "", None),
        ("undisclosed-recipients:;", "", None),
    ],
)
def test_the_sender_is_found_as_far_as_possible(read, header: str, email: str, name: str | None) -> None:
    sender = read(f"From: {header}\n\n").sender
    assert sender.email == email
    assert sender.name == name or name is None


def test_sender_stands_in_for_a_missing_from(read) -> None:
    assert read("Sender: robot@example.com\n\n").sender.email == "robot@example.com"


def test_threading_headers_are_read(read) -> None:
    index = base64.b64encode(bytes(range(22)) + b"later").decode()
    data = read(
        f"In-Reply-To: <a@x.example>\nReferences: <b@x.example>\n <a@x.example> junk\nThread-Index: {index}\n\n"
    )
    assert data.in_reply_to == "a@x.example"
    assert data.references == ("b@x.example", "a@x.example")
    assert data.thread_id == bytes(range(22)).hex()


@pytest.mark.parametrize("index", ["", "AAAA", "not base64 at all, sorry"])
def test_a_senseless_thread_index_is_left_out(read, index: str) -> None:
    assert read(f"Thread-Index: {index}\n\n").thread_id is None


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        ("Auto-Submitted: auto-replied; x=y", True), ("Auto-Submitted: no", False), ("Precedence: Bulk", True),
        ("Return-Path: <>", True), ("Return-Path: <a@example.com>", False), ("Content-Type: multipart/report", True),
        ("Subject: hello", False),
    ],
)  # fmt: skip
def test_programs_that_write_are_recognised(read, headers: str, automatic: bool) -> None:
    assert read(f"{headers}\n\n").auto_submitted is automatic


@pytest.mark.parametrize(
    "headers",
    [
        f"To: reply+{TOKEN}@demo.example", f"Delivered-To: reply+{TOKEN.lower()}@demo.example",
        f"Cc: x@example.com, reply+{TOKEN}@demo.example", f"Subject: Re: [ticket:{TOKEN}] x",
        f"Subject: =?utf-8?q?=5Bticket=3A{TOKEN}=5D?=",
    ],
)  # fmt: skip
def test_a_reply_token_is_found_in_addresses_and_subject(read, headers: str) -> None:
    assert read(f"{headers}\n\n").reply_token == TOKEN


def test_an_address_with_a_token_beats_the_subject(read) -> None:
    other = make_reply_token(b"key", "demo", "2@example.com")
    assert read(f"Subject: [ticket:{other}]\nTo: reply+{TOKEN}@demo.example\n\n").reply_token == TOKEN


def test_the_recipients_of_the_delivery_come_first(spool: BlobFolder) -> None:
    parsed = parse_message(
        b"To: list@example.net\nDelivered-To: support@demo.example\nCc: b@example.com\n\n", spool
    )
    assert parsed.recipients == ("support@demo.example", "list@example.net", "b@example.com")


@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable", "x-uuencode"])
@pytest.mark.parametrize(
    "kind", ["text/plain", "message/rfc822", "text/rfc822-headers", "multipart/mixed", "a/b"]
)
def test_a_senseless_character_set_is_survived(read, encoding: str, kind: str) -> None:
    head = f"Content-Type: {kind}; charset=\0\nContent-Transfer-Encoding: {encoding}\n\n".encode()
    assert read(head + b"\xe4").id


def test_a_large_message_is_refused(spool: BlobFolder, monkeypatch) -> None:
    monkeypatch.setattr(mail, "MESSAGE_BYTES", 10)
    with pytest.raises(LimitExceeded) as caught:
        parse_message(b"Subject: hello", spool)
    assert caught.value.code == "MESSAGE_TOO_LARGE"


def test_the_largest_message_fits_into_an_expression(spool: BlobFolder) -> None:
    address = ", ".join(f'"{"名" * 200}" <{"a" * 64}@{"b" * 250}>' for _ in range(300))
    ids = " ".join(f"<{number}{'i' * 140}@{'h' * 140}>" for number in range(300))
    file = "Content-Type: {0}/{0}\nContent-ID: <{1}@x>\nContent-Disposition: attachment; filename={1}\n\nx\n"
    files = "".join(f"--x\n{file.format('t' * 60, '名' * 140)}" for _ in range(100))
    quotes = '"' * 90_000
    bodies = f"--x\nContent-Type: text/html\n\n{'<名' * 90_000}\n--x\nContent-Type: text/plain\n\n{quotes}\n"
    heads = f"From: {address}\nTo: {address}\nCc: {address}\nBcc: {address}\nSubject: {'名' * 9_000}\nReferences: {ids}\n"
    message = f'{heads}Content-Type: multipart/mixed; boundary="x"\n\n{bodies}{files}--x--\n'
    email = parse_message(message.encode(), spool).email
    assert size_bytes(email.to_json()) <= LIMITS.expression_output_bytes
    assert len(email.attachments) == 50
    assert {"body-cut", "attachments-left-out"} <= set(email.warnings)


HEADERS = st.sampled_from(
    ["From", "To", "Subject", "Date", "Message-ID", "References", "In-Reply-To", "Content-Type", "Thread-Index",
     "Content-Transfer-Encoding", "Content-Disposition", "MIME-Version", "Content-ID", "Auto-Submitted"]
)  # fmt: skip
PIECES = st.sampled_from(
    [b"=?utf-8?q?", b"?=", b"<", b">", b"@", b'"', b";", b"boundary=", b"charset=", b"name*0*=utf-8''%ff", b"(", b"\\",
     b"multipart/mixed", b"message/rfc822", b"text/html", b"base64", b"quoted-printable", b"a", b"\xe4", b"\0", b"\n ", b"=",
     b"attachment", b"filename=", b"/", b",", b":", b" ", b"--a", b"x-uuencode"]
)  # fmt: skip
VALUES = st.lists(PIECES, max_size=12).map(b"".join)
LINES = st.one_of(
    VALUES, st.sampled_from([b"--a", b"--a--", b"", b"begin 644 x", b"R3LDvA==", b"Content-Type: text/html"])
)


@given(st.lists(st.tuples(HEADERS, VALUES), max_size=8), st.lists(LINES, max_size=12))
def test_no_message_makes_this_fail(
    spool: BlobFolder, headers: list[tuple[str, bytes]], lines: list[bytes]
) -> None:
    head = b"".join(name.encode() + b": " + value + b"\n" for name, value in headers)
    data = parse_message(head + b"\n" + b"\n".join(lines), spool).email.to_json()
    json.dumps(data, ensure_ascii=False).encode("utf-8")
    assert EmailData.model_validate(data).to_json() == data
    assert "\n" not in data["subject"]


@given(st.binary(max_size=300))
def test_no_bytes_make_this_fail(spool: BlobFolder, message: bytes) -> None:
    json.dumps(parse_message(message, spool).email.to_json(), ensure_ascii=False).encode("utf-8")
