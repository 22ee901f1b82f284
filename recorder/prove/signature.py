"""Ed25519 as certificates use it: what is signed, and whether it was. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALGORITHM: Final = "Ed25519"
_PURPOSE: Final = b"tandem-certificate/1\x00"
"""Before what is signed: a signature made for anything else is never one of a certificate."""
_KEY_BYTES: Final = 32
_ID_DIGITS: Final = 32


def to_be_signed(statement: bytes) -> bytes:
    """The bytes under the signature."""
    return _PURPOSE + statement


def key_id(public_key: bytes) -> str:
    """`ed25519:` and the first 32 hexadecimal digits of the key's SHA-256: to be compared by people."""
    return f"ed25519:{hashlib.sha256(public_key).hexdigest()[:_ID_DIGITS]}"


def to_base64(data: bytes) -> str:
    """As JSON carries bytes."""
    return base64.b64encode(data).decode()


def from_base64(text: str) -> bytes:
    """Raises ValueError."""
    try:
        return base64.b64decode(text.encode(), validate=True)
    except binascii.Error as error:
        raise ValueError(f"no base64: {error}") from error


def is_signed_by(public_key: bytes, statement: bytes, signature: bytes) -> bool:
    """Whether the owner of the key signed this statement."""
    if len(public_key) != _KEY_BYTES:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, to_be_signed(statement))
    except (InvalidSignature, ValueError):
        return False
    return True
