"""What a TLS error between the two nodes means, and what to do about it. Pure."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final

FIRST_BYTES: Final = (0x15, 0x16)
"""What the first record of a TLS stream begins with: an alert, or a handshake."""


class SpeaksPlainError(OSError):
    """Raised when the other side of a TLS handshake speaks without TLS."""


_MAKE: Final = "`tandem certs --node NAME=HOST --node NAME=HOST --out DIR`"
_ONE_AUTHORITY: Final = (
    f"Both nodes need certificates of one authority: make them with {_MAKE}, give each node its own two "
    "files and both the same authority.pem, then restart them."
)
_NEW: Final = (
    f"Make new certificates with {_MAKE}, give each node its own, and restart one node after the other. "
    "If they should still be valid, look at the clocks of both hosts."
)
_BOTH: Final = f"Set [peer.tls] on both nodes or on neither; {_MAKE} makes the files."


@dataclass(frozen=True, slots=True)
class TlsFault:
    """A lasting disagreement. `what` completes the sentence "the node at …: "."""

    what: str
    hint: str


SPEAKS_TLS: Final = TlsFault("it speaks TLS, and this node is configured without", _BOTH)
"""For the side that has no TLS."""

_SPEAKS_PLAIN: Final = TlsFault("it speaks without TLS, and this node is configured with it", _BOTH)
_UNSIGNED: Final = TlsFault(
    "its certificate was not signed by this node's authority", _ONE_AUTHORITY
)
_OF_CERTIFICATE: Final = {
    9: TlsFault("its certificate is not valid yet", _NEW),
    10: TlsFault("its certificate has expired", _NEW),
    7: _UNSIGNED,
    18: _UNSIGNED,
    19: _UNSIGNED,
    20: _UNSIGNED,
    21: _UNSIGNED,
}
"""By OpenSSL's X509_V_ERR number."""
_OF_REASON: Final = {
    "TLSV1_ALERT_UNKNOWN_CA": TlsFault(
        "it does not know the authority of this node's certificate", _ONE_AUTHORITY
    ),
    "TLSV1_ALERT_DECRYPT_ERROR": TlsFault(
        "it knows another authority under the name of this node's", _ONE_AUTHORITY
    ),
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": TlsFault(
        "it says that this node's certificate has expired", _NEW
    ),
    "SSLV3_ALERT_BAD_CERTIFICATE": TlsFault(
        "it does not accept this node's certificate", _ONE_AUTHORITY
    ),
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": TlsFault(
        "it does not accept this node's certificate", _ONE_AUTHORITY
    ),
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": TlsFault(
        "it wants a certificate of this node and got none", _ONE_AUTHORITY
    ),
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": TlsFault("it shows no certificate", _ONE_AUTHORITY),
}


def tls_fault(error: OSError) -> TlsFault | None:
    """The lasting disagreement behind an error; None when it is no word about TLS.

    A stream that ended or timed out says nothing: so does a peer that dies or is stopped.
    """
    if isinstance(error, SpeaksPlainError):
        return _SPEAKS_PLAIN
    if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
        return None
    if isinstance(error, ssl.SSLCertVerificationError):
        known = _OF_CERTIFICATE.get(getattr(error, "verify_code", 0))
        said = getattr(error, "verify_message", "") or str(error)
        return known or TlsFault(f"its certificate is not acceptable: {said}", _ONE_AUTHORITY)
    reason = str(error.reason or error)
    return _OF_REASON.get(reason) or TlsFault(f"the TLS handshake fails: {reason}", _ONE_AUTHORITY)


def is_client_hello(data: bytes) -> bool:
    """Whether the first bytes on a plain connection are those of somebody who begins with TLS."""
    return data[:2] == b"\x16\x03"
