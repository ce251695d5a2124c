"""Parts of a message: bodies are joined and bounded, attachments are spooled, broken ones are named and not spooled."""

from __future__ import annotations

import base64
from email import message_from_bytes

import pytest

from wfnb.errors import LimitExceeded
from wfnb.maildesk.blobs import BlobFolder
from wfnb.maildesk.mail_parts import Parts, collect_parts


@pytest.fixture
def spool(tmp_path) -> BlobFolder:
    return BlobFolder(tmp_path, max_bytes=100)


@pytest.fixture
def collect(spool: BlobFolder):
    def parts_of(*parts: str | bytes, kind: str = "multipart/mixed", end: bytes = b"--x--\n") -> Parts:
        encoded = [part if isinstance(part, bytes) else part.encode() for part in parts]
        body = b"".join(b"--x\n" + part + b"\n" for part in encoded)
        head = f'MIME-Version: 1.0\nContent-Type: {kind}; boundary="x"\n\n'.encode()
        return collect_parts(message_from_bytes(head + body + end), spool)

    return parts_of


def file(name: str, content: str, encoding: str = "base64", kind: str = "application/pdf") -> str:
    return (
        f"Content-Type: {kind}\nContent-Disposition: attachment; {name}\n"
        f"Content-Transfer-Encoding: {encoding}\n\n{content}\n"
    )


def test_text_and_html_are_taken_apart(collect) -> None:
    parts = collect(
        "Content-Type: text/plain\n\nplain",
        "Content-Type: text/html\n\n<p>html</p>",
        kind="multipart/alternative",
    )
    assert (parts.text, parts.html, parts.attachments) == ("plain", "<p>html</p>", [])


def test_several_texts_are_joined(collect) -> None:
    assert collect("Content-Type: text/plain\n\none", "Content-Type: text/plain\n\ntwo").text == "one\n\ntwo"


def test_an_attached_text_is_no_body(collect, spool: BlobFolder) -> None:
    parts = collect(
        "Content-Type: text/plain\n\nbody", file('filename="a.txt"', "aGVsbG8=", kind="text/plain")
    )
    assert parts.text == "body"
    (attachment,) = parts.attachments
    assert (attachment.name, attachment.size, attachment.content_type) == ("a.txt", 5, "text/plain")
    assert spool.get(attachment.id.removeprefix("1-")) == b"hello"


def test_equal_attachments_have_ids_of_their_own(collect) -> None:
    one, two = collect(file("filename=a", "aGVsbG8="), file("filename=b", "aGVsbG8=")).attachments
    assert one.id != two.id
    assert one.id[2:] == two.id[2:]


@pytest.mark.parametrize(
    ("content", "size"),
    [("aGVsbG8=", 5), ("aGVsbG8", 5), ("aGVs\nbG8=", 5), ("aGVsbG8===", 5), ("", 0)],
)
def test_base64_that_lost_nothing_is_read(collect, content: str, size: int) -> None:
    parts = collect(file("filename=a", content))
    assert [attachment.size for attachment in parts.attachments] == [size]
    assert parts.warnings == []


@pytest.mark.parametrize("content", ["aGVs*bG8=", "aGVsb", "aGVs=bG8=", "ä"])
def test_base64_that_lost_something_is_not_stored(collect, spool: BlobFolder, content: str) -> None:
    parts = collect(file("filename=a", content))
    assert parts.warnings == ["attachment-1-undecodable"]
    assert spool.get(parts.attachments[0].id[2:]) is None


def test_an_attachment_beyond_the_limit_is_named_and_the_message_counts(collect, spool: BlobFolder) -> None:
    parts = collect(
        "Content-Type: text/plain\n\nbody", file("filename=a", base64.b64encode(b"x" * 101).decode())
    )
    assert parts.text == "body"
    assert parts.warnings == ["attachment-1-too-large"]
    assert spool.get(parts.attachments[0].id[2:]) is None


@pytest.mark.parametrize(
    ("parameter", "name"),
    [
        ("filename*=utf-8''Gr%C3%BC%C3%9Fe.pdf", "Grüße.pdf"),
        ('filename="=?utf-8?q?Gr=C3=BC=C3=9Fe.pdf?="', "Grüße.pdf"),
        ("filename*0=long; filename*1=er.pdf", "longer.pdf"),
        ('filename="../../etc/passwd"', "../../etc/passwd"),
        ("inline", "attachment-1"),
    ],
)
def test_the_file_name_is_decoded(collect, parameter: str, name: str) -> None:
    assert collect(file(parameter, "aGVsbG8=")).attachments[0].name == name


def test_a_senseless_content_type_is_unknown_bytes(collect) -> None:
    part = file("filename=a", "aGVsbG8=", kind='te"xt/<script>')
    assert collect(part).attachments[0].content_type in ("application/octet-stream", "text/plain")


def test_a_content_id_loses_its_brackets(collect) -> None:
    part = "Content-Type: image/png\nContent-ID: <logo@example.com>\nContent-Transfer-Encoding: base64\n\naGVsbG8="
    assert collect(part).attachments[0].content_id == "logo@example.com"


def test_an_enclosed_message_is_an_attachment(collect, spool: BlobFolder) -> None:
    parts = collect(
        "Content-Type: text/plain\n\nsee below", "Content-Type: message/rfc822\n\nSubject: inner\n\nhello"
    )
    (attachment,) = parts.attachments
    assert attachment.content_type == "message/rfc822"
    assert b"Subject: inner" in spool.get(attachment.id[2:])
    assert parts.text == "see below"


@pytest.mark.parametrize(
    "enclosed",
    [
        "Content-Type: message/rfc822\n\nMessage-ID: <ack@demo.example>\nSubject: x\n\nhello",
        "Content-Type: text/rfc822-headers\n\nSubject: x\nMessage-ID: <ack@demo.example>\n",
    ],
)
def test_a_report_names_the_message_it_is_about(collect, enclosed: str) -> None:
    status = "Content-Type: message/delivery-status\n\nAction: failed\n"
    parts = collect("Content-Type: text/plain\n\nsorry", status, enclosed, kind="multipart/report")
    assert parts.reported_ids == ["ack@demo.example"]
    assert parts.attachments == []
    assert parts.text == "sorry"


def test_a_missing_end_is_named_and_survived(collect) -> None:
    parts = collect("Content-Type: text/plain\n\nbody", end=b"")
    assert parts.text.strip() == "body"
    assert parts.warnings == ["broken-mime"]


def test_multipart_without_parts_is_text(spool: BlobFolder) -> None:
    parts = collect_parts(message_from_bytes(b"Content-Type: multipart/mixed\n\nhello"), spool)
    assert parts.text == "hello"
    assert "broken-mime" in parts.warnings


def test_eight_bit_bytes_reach_the_character_set(collect) -> None:
    plain = b"Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n" + "Grüße".encode("latin-1")
    parts = collect(plain)
    assert parts.text == "Grüße"
    assert parts.warnings == ["charset-read-as-windows-1252"]


def test_quoted_printable_is_decoded_with_its_character_set(collect) -> None:
    part = "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nGr=FC=DFe =3D"
    assert collect(part).text == "Grüße ="


def test_too_many_parts_are_refused(collect) -> None:
    with pytest.raises(LimitExceeded) as caught:
        collect(*["Content-Type: text/plain\n\nx"] * 501)
    assert caught.value.code == "TOO_MANY_PARTS"


def test_a_deep_nest_ends_somewhere(spool: BlobFolder) -> None:
    message = b"Content-Type: text/plain\n\ncore"
    for level in range(60):
        edge = b"b%d" % level
        message = b'Content-Type: multipart/mixed; boundary="%s"\n\n--%s\n%s\n--%s--\n' % (
            edge,
            edge,
            message,
            edge,
        )
    assert "broken-mime" in collect_parts(message_from_bytes(message), spool).warnings


def test_a_long_body_is_cut(collect) -> None:
    parts = collect("Content-Type: text/plain\n\n" + "x" * 600_000)
    assert 56_000 <= len(parts.text) < 64_000
    assert parts.warnings == ["body-cut"]
