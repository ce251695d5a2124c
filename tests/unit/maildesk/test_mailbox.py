"""Messages come from a folder, a Maildir or an mbox file, in order and within bounds."""

from __future__ import annotations

import pytest

from wfnb.errors import LimitExceeded, NotFoundError
from wfnb.maildesk import mailbox as module
from wfnb.maildesk.mailbox import read_mailbox


def test_a_folder_is_read_by_name(tmp_path) -> None:
    (tmp_path / "b.eml").write_bytes(b"two")
    (tmp_path / "a.eml").write_bytes(b"one")
    (tmp_path / "c.txt").write_bytes(b"no message")
    assert list(read_mailbox(tmp_path)) == [("a.eml", b"one"), ("b.eml", b"two")]


def test_a_maildir_is_read_by_name_whether_seen_or_not(tmp_path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "100.a").write_bytes(b"first")
    (tmp_path / "cur" / "200.b:2,S").write_bytes(b"second")
    (tmp_path / "tmp" / "300.c").write_bytes(b"unfinished")
    assert [content for _, content in read_mailbox(tmp_path)] == [b"first", b"second"]


def test_an_mbox_is_read_in_order_without_its_marks(tmp_path) -> None:
    file = tmp_path / "box"
    file.write_bytes(
        b"From a Mon\nSubject: 1\n\n>From here\n>>From there\n> quoted\n\nFrom b Mon\nSubject: 2\n\nx\n\n"
    )
    one, two = read_mailbox(file)
    assert one.label == "box:1"
    assert one.content.rstrip() == b"Subject: 1\n\nFrom here\n>From there\n> quoted"
    assert two.content.startswith(b"Subject: 2\n")


def test_an_empty_file_and_an_empty_folder_hold_no_messages(tmp_path) -> None:
    (tmp_path / "box").write_bytes(b"")
    assert list(read_mailbox(tmp_path / "box")) == []
    assert list(read_mailbox(tmp_path)) == []


def test_a_link_out_of_the_folder_is_left_out(tmp_path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "a.eml").symlink_to(tmp_path / "secret")
    (folder / "b.eml").write_bytes(b"one")
    assert [message.label for message in read_mailbox(folder)] == ["b.eml"]


def test_what_is_no_mailbox_is_named(tmp_path) -> None:
    with pytest.raises(NotFoundError) as missing:
        list(read_mailbox(tmp_path / "nothing"))
    assert missing.value.code == "MAILBOX_NOT_FOUND"
    (tmp_path / "a.eml").write_bytes(b"Subject: x\n\n")
    with pytest.raises(NotFoundError) as other:
        list(read_mailbox(tmp_path / "a.eml"))
    assert other.value.code == "MAILBOX_UNREADABLE"


def test_a_large_message_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(module, "MESSAGE_BYTES", 10)
    (tmp_path / "a.eml").write_bytes(b"x" * 11)
    (tmp_path / "box").write_bytes(b"From a Mon\n" + b"x" * 20)
    for path in (tmp_path, tmp_path / "box"):
        with pytest.raises(LimitExceeded) as caught:
            list(read_mailbox(path))
        assert caught.value.code == "MESSAGE_TOO_LARGE"


def test_messages_come_one_at_a_time(tmp_path, monkeypatch) -> None:
    (tmp_path / "a.eml").write_bytes(b"one")
    (tmp_path / "b.eml").write_bytes(b"x" * 11)
    monkeypatch.setattr(module, "MESSAGE_BYTES", 10)
    assert next(read_mailbox(tmp_path)).content == b"one"
