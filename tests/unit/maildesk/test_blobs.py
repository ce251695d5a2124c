"""Stored bytes are named by their content; file names lose everything that could surprise."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.errors import ActionError, LimitExceeded, PathOutsideRootError
from wfnb.maildesk.blobs import BlobFolder, safe_file_name


def test_the_same_content_is_stored_once(tmp_path) -> None:
    blobs = BlobFolder(tmp_path, max_bytes=10)
    assert blobs.put(b"hello") == blobs.put(b"hello") == hashlib.sha256(b"hello").hexdigest()
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    assert blobs.get(hashlib.sha256(b"hello").hexdigest()) == b"hello"


def test_content_beyond_the_limit_is_refused(tmp_path) -> None:
    blobs = BlobFolder(tmp_path, max_bytes=5)
    blobs.put(b"12345")
    with pytest.raises(LimitExceeded) as caught:
        blobs.put(b"123456")
    assert caught.value.code == "ATTACHMENT_TOO_LARGE"


def test_unknown_content_is_not_there(tmp_path) -> None:
    assert BlobFolder(tmp_path, max_bytes=5).get("0" * 64) is None


@pytest.mark.parametrize(
    "name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63, "0" * 64 + "\n", "/" + "0" * 63]
)
def test_only_a_digest_becomes_part_of_a_path(tmp_path, name: str) -> None:
    with pytest.raises(PathOutsideRootError):
        BlobFolder(tmp_path, max_bytes=5).get(name)


def test_changed_content_is_noticed(tmp_path) -> None:
    blobs = BlobFolder(tmp_path, max_bytes=10)
    digest = blobs.put(b"hello")
    (tmp_path / digest[:2] / digest).write_bytes(b"HELLO")
    with pytest.raises(ActionError) as caught:
        blobs.get(digest)
    assert caught.value.code == "CONTENT_DAMAGED"


@pytest.mark.parametrize(
    ("given_name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("/etc/passwd", "passwd"),
        ("a\r\nContent-Type: x", "aContent-Type_ x"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("con.txt", "_con.txt"),
        ("...", "attachment"),
        ("", "attachment"),
        ("dir/", "attachment"),
        ("Übersicht.xlsx", "Übersicht.xlsx"),
        ("🎉.png", "🎉.png"),
    ],
)
def test_a_file_name_loses_what_could_surprise(given_name: str, safe: str) -> None:
    assert safe_file_name(given_name) == safe


@given(st.text(max_size=400))
def test_a_safe_name_is_one_short_visible_name(name: str) -> None:
    safe = safe_file_name(name)
    assert safe
    assert len(safe.encode()) <= 160
    assert not set(safe) & set('/\\:*?"<>|\0\n\r')
    assert safe not in (".", "..")
    assert safe_file_name(safe) == safe
