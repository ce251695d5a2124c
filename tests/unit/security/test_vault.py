"""The vault: what is sealed opens with its key, as what it is, and in no other way."""

from __future__ import annotations

import base64
import os
import sys
import types
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfnb.errors import MissingExtraError, SecretError
from wfnb.security.vault import VARIABLE, MasterKey, Sealed, find_master_key, rewrap, seal, unseal


def key() -> MasterKey:
    return MasterKey(base64.b64encode(os.urandom(32)).decode())


OLD, NEW = key(), key()


def code_of(call: object, *args: object) -> str:
    with pytest.raises(SecretError) as caught:
        call(*args)  # type: ignore[operator]  # any function
    return caught.value.code


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_what_is_sealed_opens(value: str) -> None:
    sealed = seal(OLD, value, "local/A")
    assert unseal(OLD, sealed, "local/A") == value
    assert len(value) < 4 or value.encode() not in sealed.ciphertext + sealed.wrapped_key


def test_the_same_value_never_looks_the_same() -> None:
    first, second = seal(OLD, "hunter2", "local/A"), seal(OLD, "hunter2", "local/A")
    assert first.ciphertext != second.ciphertext
    assert first.wrapped_key != second.wrapped_key


def test_another_key_is_told_by_its_id() -> None:
    sealed = seal(OLD, "hunter2", "local/A")
    with pytest.raises(SecretError, match=f"master key {OLD.id}; the one given here is {NEW.id}") as caught:
        unseal(NEW, sealed, "local/A")
    assert caught.value.code == "MASTER_KEY_WRONG"


def test_one_secret_cannot_be_passed_off_as_another() -> None:
    assert code_of(unseal, OLD, seal(OLD, "hunter2", "local/A"), "local/B") == "SECRET_DAMAGED"


@pytest.mark.parametrize("part", ["ciphertext", "wrapped_key"])
@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_flipped_bit_is_noticed(part: str, place: int) -> None:
    sealed = seal(OLD, "hunter2", "local/A")
    data = bytearray(getattr(sealed, part))
    data[place] ^= 1
    assert code_of(unseal, OLD, replace(sealed, **{part: bytes(data)}), "local/A") == "SECRET_DAMAGED"


@pytest.mark.parametrize("rest", [b"", b"x", b"x" * 12, b"x" * 20])
def test_what_is_cut_off_is_noticed(rest: bytes) -> None:
    sealed = Sealed(rest, seal(OLD, "hunter2", "local/A").wrapped_key, OLD.id)
    assert code_of(unseal, OLD, sealed, "local/A") == "SECRET_DAMAGED"


def test_a_new_master_key_wraps_the_same_value() -> None:
    sealed = seal(OLD, "hunter2", "local/A")
    again = rewrap(OLD, NEW, sealed, "local/A")
    assert again.ciphertext == sealed.ciphertext
    assert (again.key_id, unseal(NEW, again, "local/A")) == (NEW.id, "hunter2")
    assert code_of(unseal, OLD, again, "local/A") == "MASTER_KEY_WRONG"


@pytest.mark.parametrize("text", ["", "hunter2", "A" * 44, base64.b64encode(b"x" * 31).decode(), "ü" * 44])
def test_what_is_no_key_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(SecretError) as caught:
        MasterKey(text)
    assert caught.value.code == "MASTER_KEY_INVALID"
    assert not text or text not in str(caught.value)


def test_a_key_may_be_written_for_urls_and_with_a_line_end() -> None:
    raw = b"\xfb\xff" * 16
    plain, other = base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode() + "\n"
    assert plain.strip() != other.strip()
    assert MasterKey(plain).id == MasterKey(other).id


def test_a_key_shows_only_its_id() -> None:
    text = base64.b64encode(b"k" * 32).decode()
    master = MasterKey(text)
    assert repr(master) == str(master) == f"<MasterKey {master.id}>"
    assert text not in repr(vars(type(master)))


def test_the_environment_has_the_key() -> None:
    text = base64.b64encode(b"k" * 32).decode()
    assert find_master_key({VARIABLE: text}).id == MasterKey(text).id


def test_the_keyring_has_it_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    text = base64.b64encode(b"r" * 32).decode()
    ring = types.ModuleType("keyring")
    monkeypatch.setitem(sys.modules, "keyring", ring)
    ring.get_password = lambda service, user: text if (service, user) == ("wfnb", "master-key") else None  # type: ignore[attr-defined]  # a keyring of our own
    assert find_master_key({}).id == MasterKey(text).id

    def locked(service: str, user: str) -> str:
        raise RuntimeError("locked")

    ring.get_password = locked  # type: ignore[attr-defined]  # the same
    assert code_of(find_master_key, {}) == "MASTER_KEY_MISSING"


def test_without_a_key_it_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SecretError, match="openssl rand -base64 32") as caught:
        find_master_key({})
    assert caught.value.code == "MASTER_KEY_MISSING"


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtraError, match=r"Install wfnb\[secrets\]"):
        seal(OLD, "hunter2", "local/A")
