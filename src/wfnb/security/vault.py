"""The vault: values encrypted with a data key of their own, and that with a master key which is never stored (AES-256-GCM)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wfnb.errors import MissingExtraError, SecretError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["VARIABLE", "MasterKey", "Sealed", "find_master_key", "rewrap", "seal", "unseal"]

VARIABLE = "WFNB_MASTER_KEY"
"""The environment variable of the master key."""

_KEY_BYTES = 32
_NONCE_BYTES = 12
_ENTRY = ("wfnb", "master-key")  # service and user under which a keyring has it
_HOW = (
    f'Make one with: openssl rand -base64 32, and give it in {VARIABLE} or to "keyring set wfnb master-key".'
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted value.

    Parameters
    ----------
    ciphertext
        The value under its data key.
    wrapped_key
        The data key under the master key.
    key_id
        Which master key that was.
    """

    ciphertext: bytes
    wrapped_key: bytes
    key_id: str


class MasterKey:
    """A key that encrypts the keys of values. It shows nothing but its id.

    Parameters
    ----------
    text
        32 random bytes in base64.

    Raises
    ------
    SecretError
        ``MASTER_KEY_INVALID``.

    Examples
    --------
    >>> MasterKey("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    <MasterKey 18817e953a0d53e4>
    """

    __slots__ = ("_bytes", "id")

    def __init__(self, text: str) -> None:
        try:
            raw = base64.b64decode(
                text.strip(), altchars=b"-_" if {"-", "_"} & set(text) else None, validate=True
            )
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != _KEY_BYTES:
            raise SecretError(
                "The master key is not 32 bytes in base64.", code="MASTER_KEY_INVALID", hint=_HOW
            )
        self._bytes = raw
        # A key has 256 random bits: its hash tells which one it is, and nothing about it.
        self.id = hashlib.sha256(b"wfnb master key\0" + raw).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"<MasterKey {self.id}>"

    def wrap(self, data_key: bytes, about: str) -> bytes:
        """A data key, encrypted."""
        return _encrypt(self._bytes, data_key, f"key\0{about}")

    def unwrap(self, sealed: Sealed, about: str) -> bytes:
        """The data key of a sealed value.

        Raises
        ------
        SecretError
            ``MASTER_KEY_WRONG`` or ``SECRET_DAMAGED``.
        """
        if sealed.key_id != self.id:
            raise SecretError(
                f"The secret was stored with the master key {sealed.key_id}; the one given here is {self.id}.",
                code="MASTER_KEY_WRONG",
                where=about,
                hint=f"Give the master key that was used last in {VARIABLE}, or set the secret anew.",
            )
        return _decrypt(self._bytes, sealed.wrapped_key, f"key\0{about}", about)


def seal(master: MasterKey, value: str, about: str) -> Sealed:
    """Encrypt a value with a new data key.

    Parameters
    ----------
    master
        What encrypts the data key.
    value
        The secret.
    about
        Whose value it is, such as tenant and name: what was sealed for one cannot be opened as another's.
    """
    data_key = os.urandom(_KEY_BYTES)
    ciphertext = _encrypt(data_key, value.encode(), f"value\0{about}")
    return Sealed(ciphertext, master.wrap(data_key, about), master.id)


def unseal(master: MasterKey, sealed: Sealed, about: str) -> str:
    """The value.

    Raises
    ------
    SecretError
        ``MASTER_KEY_WRONG``, or ``SECRET_DAMAGED`` when something was changed since.
    """
    return _decrypt(master.unwrap(sealed, about), sealed.ciphertext, f"value\0{about}", about).decode()


def rewrap(old: MasterKey, new: MasterKey, sealed: Sealed, about: str) -> Sealed:
    """The same value under another master key; the value itself is not decrypted.

    Raises
    ------
    SecretError
        ``MASTER_KEY_WRONG`` or ``SECRET_DAMAGED``.
    """
    return Sealed(sealed.ciphertext, new.wrap(old.unwrap(sealed, about), about), new.id)


def find_master_key(environment: Mapping[str, str] | None = None) -> MasterKey:
    """The master key of this process: from the environment, else from the system's keyring when that package is installed.

    Raises
    ------
    SecretError
        ``MASTER_KEY_MISSING`` or ``MASTER_KEY_INVALID``.
    """
    text = (os.environ if environment is None else environment).get(VARIABLE) or _from_keyring()
    if not text:
        raise SecretError("There is no master key here.", code="MASTER_KEY_MISSING", hint=_HOW)
    return MasterKey(text)


def _from_keyring() -> str | None:
    try:
        import keyring
    except ImportError:
        return None
    try:
        found: str | None = keyring.get_password(*_ENTRY)
    except Exception:  # noqa: BLE001 - each keyring fails in a way of its own; all mean that it has no key for us
        return None
    return found


def _cipher(key: bytes) -> AESGCM:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    except ImportError:
        raise MissingExtraError("Secrets need cryptography.", hint="Install wfnb[secrets].") from None
    return AESGCM(key)


def _encrypt(key: bytes, data: bytes, purpose: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, data, purpose.encode())


def _decrypt(key: bytes, data: bytes, purpose: str, about: str) -> bytes:
    cipher = _cipher(key)
    from cryptography.exceptions import InvalidTag

    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError):
        raise SecretError(
            "The stored secret was changed or damaged.",
            code="SECRET_DAMAGED",
            where=about,
            hint="Set it anew.",
        ) from None
