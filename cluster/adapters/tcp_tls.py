"""TLS for the peer link: both sides show a certificate of the same private authority.

The protocol runs on memory buffers (`ssl.SSLObject`), because one TLS session must not be used by a
reading and a writing thread at once: here a lock covers the session, never the socket.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, cast

from cluster.errors import ClusterError
from cluster.links.tls_faults import FIRST_BYTES, SpeaksPlainError

CHUNK_BYTES: Final = 65536


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files for the peer link, as `make_certificates` makes them."""

    certificate: Path
    key: Path
    authority: Path
    peer_names: tuple[str, ...] = ()
    """The peer's certificate must carry one of these names or addresses; empty: any of the authority."""


class Channel(Protocol):
    """What lies between the bytes of the link and the bytes of the socket."""

    def handshake(self, sock: socket.socket, remaining_s: Callable[[], float]) -> None:
        """Agree with the other side. Raises OSError (ssl.SSLError is one) when that fails."""
        ...

    def seal(self, data: bytes) -> bytes:
        """Bytes to put on the socket for `data`, with whatever else waits to be sent."""
        ...

    def open(self, raw: bytes) -> tuple[bytes, bool]:
        """What the peer said in `raw`, and whether it ended the session. Raises OSError."""
        ...

    def owes(self) -> bool:
        """True when the protocol itself has something to send: seal(b"")."""
        ...

    def farewell(self) -> bytes:
        """The last bytes on the socket."""
        ...


class PlainChannel:
    """Bytes as they are."""

    def handshake(self, sock: socket.socket, remaining_s: Callable[[], float]) -> None:
        """Nothing to agree on."""

    def seal(self, data: bytes) -> bytes:
        """As it is."""
        return data

    def open(self, raw: bytes) -> tuple[bytes, bool]:
        """As it is; only the end of the stream ends it."""
        return raw, False

    def owes(self) -> bool:
        """Never."""
        return False

    def farewell(self) -> bytes:
        """Nothing."""
        return b""


class TlsChannel:
    """One TLS session."""

    def __init__(self, context: ssl.SSLContext, names: tuple[str, ...], *, inbound: bool) -> None:
        self._names = names
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._session = context.wrap_bio(self._incoming, self._outgoing, server_side=inbound)
        self._lock = threading.Lock()

    def handshake(self, sock: socket.socket, remaining_s: Callable[[], float]) -> None:
        """Exchange certificates; raises OSError when the peer's is not acceptable."""
        done = begun = False
        while not done:
            try:
                self._session.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                pass
            finally:
                sock.settimeout(remaining_s())
                sock.sendall(self._outgoing.read())  # also the alert that tells the peer why not
            if not done:
                raw = sock.recv(CHUNK_BYTES)
                if not raw:
                    raise ConnectionResetError("closed by the peer during the TLS handshake")
                if not begun and raw[0] not in FIRST_BYTES:
                    # Told at once: the library would take such bytes for a long record and wait.
                    raise SpeaksPlainError("the peer speaks without TLS")
                begun = True
                self._incoming.write(raw)
        self._check_name()

    def _check_name(self) -> None:
        if not self._names:
            return
        certificate = self._session.getpeercert() or {}
        shown = cast("tuple[tuple[str, str], ...]", certificate.get("subjectAltName", ()))
        names = {_canonical(value) for _, value in shown}
        if not names & {_canonical(name) for name in self._names}:
            raise ssl.SSLCertVerificationError(
                f"the peer's certificate is for {', '.join(sorted(names)) or 'nobody'}, "
                f"wanted is {' or '.join(self._names)}"
            )

    def seal(self, data: bytes) -> bytes:
        """Encrypt."""
        with self._lock:
            view = memoryview(data)
            while view:
                view = view[self._session.write(view) :]
            return self._outgoing.read()

    def open(self, raw: bytes) -> tuple[bytes, bool]:
        """Decrypt. Raises ssl.SSLError."""
        parts: list[bytes] = []
        with self._lock:
            self._incoming.write(raw)
            try:
                while part := self._session.read(CHUNK_BYTES):
                    parts.append(part)
            except ssl.SSLWantReadError:
                return b"".join(parts), False
            except ssl.SSLZeroReturnError:
                pass
        return b"".join(parts), True

    def owes(self) -> bool:
        """True after the peer asked for new keys, for example."""
        with self._lock:
            return self._outgoing.pending > 0

    def farewell(self) -> bytes:
        """The close notification."""
        with self._lock:
            with suppress(ssl.SSLError):  # the peer's own notification is not waited for
                self._session.unwrap()
            return self._outgoing.read()


def _canonical(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.rstrip(".").lower()


class Tls:
    """Makes channels; reads the files once. Raises ClusterError with a hint when it cannot."""

    def __init__(self, files: TlsFiles) -> None:
        self._names = files.peer_names
        self._server = _context(files, ssl.PROTOCOL_TLS_SERVER)
        self._client = _context(files, ssl.PROTOCOL_TLS_CLIENT)

    def channel(self, *, inbound: bool) -> TlsChannel:
        """A new session, as the answering (inbound) or the calling side."""
        context = self._server if inbound else self._client
        return TlsChannel(context, self._names, inbound=inbound)


def _context(files: TlsFiles, protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Any certificate of the pair's own authority is good, wherever its node lives; names are
    # checked by _check_name when the operator wants that.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cafile=files.authority)
        context.load_cert_chain(files.certificate, files.key)
    except OSError as error:
        raise ClusterError(
            f"cannot use the TLS files {files.certificate}, {files.key}, {files.authority}: {error}",
            hint="Make them with `tandem certs`, and let the user who runs the node read them.",
        ) from error
    return context
