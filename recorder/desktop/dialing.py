"""Opens a connection to a node, and says in words why there is none."""

from __future__ import annotations

import json
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus

from recorder.errors import ConfigError, RecorderError
from recorder.scn.wire import TEXT_CHARS_MAX

_CLOSE_S = 1.0
_UNSENT_BYTES = 256 * 1024
_BODY_BYTES_MAX = 16 * 1024
_TEXT_CHARS_MAX = 300
_REFUSALS = {
    401: (
        "The token is refused.",
        "`tandem agent-desktop token` on a node prints the one for this desktop.",
    ),
    403: (
        "This token may not register desktops.",
        'Its roles in the node\'s [web.tokens] must contain "desktop".',
    ),
    404: (
        "The node knows no desktops.",
        "Set enabled = true in its [screens], or update the node.",
    ),
}
_OTHER = ("The node does not take desktops now.", "Look at its health and log.")
_EARLY, _EXPIRED = 9, 10
_NAMES: Final = frozenset({62, 64})
"""What OpenSSL calls X509_V_ERR_HOSTNAME_MISMATCH and …_IP_ADDRESS_MISMATCH."""


class LinkFailed(RecorderError):
    """Raised when a node did not take this desktop; `retry_s` is what it asked for."""

    def __init__(self, message: str, *, hint: str = "", retry_s: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True)
class Dial:
    """Where and how to connect."""

    url: str
    token: str
    tls: ssl.SSLContext | None
    connect_s: float

    def __repr__(self) -> str:
        """Without the token."""
        return f"Dial({self.url})"


def trusting(url: str, ca_file: Path | None) -> ssl.SSLContext | None:
    """What is trusted at this address; None where it is spoken to without TLS. Raises ConfigError."""
    if not url.startswith("wss:"):
        return None
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(
            f"nodes.ca_file: {ca_file}: {getattr(error, 'strerror', None) or 'no certificate'}",
            hint="It must be a PEM file that this service may read.",
        ) from error


async def connected(dial: Dial) -> ClientConnection:
    """The node took the token; nothing was said yet. Raises LinkFailed."""
    try:
        connection = await connect(
            dial.url,
            ssl=dial.tls,
            additional_headers={"Authorization": f"Bearer {dial.token}"},
            open_timeout=dial.connect_s,
            close_timeout=_CLOSE_S,
            ping_interval=None,
            compression=None,
            max_size=TEXT_CHARS_MAX,
            proxy=None,
        )
    except InvalidStatus as error:
        raise _refused(error.response.status_code, bytes(error.response.body or b"")) from error
    except TimeoutError:
        raise LinkFailed(
            f"no answer within {dial.connect_s:g} s",
            hint="Is the node running, and does no firewall stand between?",
        ) from None
    except (InvalidHandshake, OSError, EOFError) as error:
        raise _unreached(error, dial) from error
    _bound_unsent(connection)
    return connection


def _unreached(error: InvalidHandshake | OSError | EOFError, dial: Dial) -> LinkFailed:
    host = urlsplit(dial.url).hostname
    match error:
        case ssl.SSLCertVerificationError():
            return _untrusted(error.verify_code, error.verify_message, str(host))
        case ssl.SSLError():
            return LinkFailed(
                f"no connection: there is no TLS ({error.reason or error})",
                hint="Give the node TLS (its web.tls_certificate), or mend the port in nodes.urls.",
            )
        case socket.gaierror():
            return LinkFailed(
                f"no connection: nobody knows the name {host}",
                hint="Mend it in nodes.urls, or the name service of this computer.",
            )
        case ConnectionRefusedError() | TimeoutError():
            return LinkFailed(
                f"no connection: {error.strerror or error}",
                hint="Is the node running, and is this the port of its web.listen?",
            )
        case _:
            said = getattr(error, "strerror", None) or str(error) or "it hung up"
            return LinkFailed(
                f"no connection: {said}",
                hint=f"Is this the port of the node's web.listen? {_OTHER_SCHEME[dial.tls is None]}",
            )


_OTHER_SCHEME = {
    True: "If it speaks TLS, write wss://.",
    False: "If it speaks no TLS, give it a web.tls_certificate.",
}


def _untrusted(code: int, message: str, host: str) -> LinkFailed:
    """By the verify code of OpenSSL."""
    begin = "its certificate is not trusted:"
    if code in _NAMES:
        return LinkFailed(
            f"{begin} it is not made for the name {host}",
            hint="In nodes.urls use a name that is in the certificate, or have one made for this name.",
        )
    if code in {_EARLY, _EXPIRED}:
        when = "has expired" if code == _EXPIRED else "is not valid yet"
        return LinkFailed(
            f"{begin} it {when}",
            hint="Renew the certificate of the node; if it is fresh, this computer's calendar is wrong.",
        )
    return LinkFailed(
        f"{begin} {message}",
        hint="Set nodes.ca_file to the authority that signed it.",
    )


def _bound_unsent(connection: ClientConnection) -> None:
    """A long queue in the system would delay pings behind frames, and a slow network look like silence."""
    opened = connection.transport.get_extra_info("socket")
    if opened is None:
        return
    with suppress(OSError):  # it broke meanwhile: whoever reads from it finds out
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _UNSENT_BYTES)


def _refused(status: int, body: bytes) -> LinkFailed:
    """What the node itself says counts; a proxy says less."""
    what, hint = _REFUSALS.get(status, _OTHER)
    try:
        said = json.loads(body[:_BODY_BYTES_MAX])["error"]
        what, hint = str(said["message"])[:_TEXT_CHARS_MAX], str(said["hint"])[:_TEXT_CHARS_MAX]
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    return LinkFailed(f"{what} ({status})", hint=hint)
