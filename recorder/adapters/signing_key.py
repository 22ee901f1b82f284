"""This node's signing key: a file of its own, made when it is first needed."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recorder.errors import ConfigError

FILE_NAME: Final = "signing.key"
_OTHERS: Final = 0o077


class FileSigner:
    """Implements recorder.ports.certificates.Signer with a PKCS #8 PEM file that only its owner can read.

    Two that need it at once make one key. Any thread.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._key: Ed25519PrivateKey | None = None

    def public_key(self) -> bytes:
        """See Signer."""
        return self._loaded().public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """See Signer."""
        return self._loaded().sign(data)

    def _loaded(self) -> Ed25519PrivateKey:
        with self._lock:
            if self._key is None:
                self._key = self._read_or_make()
            return self._key

    def _read_or_make(self) -> Ed25519PrivateKey:
        try:
            if not self._path.exists():
                self._make()
            if self._path.stat().st_mode & _OTHERS:
                raise ConfigError(
                    f"{self._path}: others may read this node's signing key",
                    hint=f"chmod 600 {self._path}; if others did read it, remove it: a new one is made.",
                )
            key = serialization.load_pem_private_key(self._path.read_bytes(), password=None)
        except OSError as error:
            raise ConfigError(
                f"{self._path}: the signing key cannot be read or made: {error.strerror}",
                hint="It lies in node.data, which the node must be able to write.",
            ) from error
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{self._path}: no signing key", hint=_HINT) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"{self._path}: no Ed25519 key", hint=_HINT)
        return key

    def _make(self) -> None:
        """Durable, and whole from the instant it has its name; the first one stays."""
        data = Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".signing-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            try:
                os.link(name, self._path)
            except FileExistsError:
                return  # somebody was first
        finally:
            Path(name).unlink(missing_ok=True)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


_HINT: Final = (
    "Restore it from a backup, or remove it: a new one is made, and certificates made before keep "
    "their old key."
)
