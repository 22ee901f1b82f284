"""httpx exceptions and statuses as `recorder.errors`.

Texts name a host and a path, never a query (it may be a signature) and never a header.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator

import httpx

from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ItemGone,
    SourceError,
    Throttled,
    Unreachable,
)

_TEXT_MAX = 300
_UNREACHABLE = (httpx.TimeoutException, httpx.NetworkError, httpx.ProxyError)
_SERVER_ERROR = 500
_STATUS_WORDS: dict[int, type[SourceError]] = {
    401: AuthRefused,
    403: AuthRefused,
    404: ItemGone,
    408: Unreachable,
    410: ItemGone,
    429: Throttled,
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_QUERY = re.compile(r"\?\S*")
_BEARER = re.compile(r"(?i)\bbearer\s+\S+")
_LONG_WORD = re.compile(r"\S{80,}")
_PAIR = re.compile(r"(?i)\b(sig|client_secret|access_token|client_assertion)\W+\S+")


class AnswerTooLarge(httpx.TransportError):
    """Raised inside httpx when a body, decoded, is larger than allowed or cannot be decoded."""


class BodyTooLarge(BadAnswer):
    """Raised when a body is larger than allowed: less may be asked for at a time."""


class AnswerTooSlow(httpx.TransportError):
    """Raised inside httpx when a body trickles for longer than allowed."""


def where(url: httpx.URL) -> str:
    """Host and path: what may be shown of an address."""
    port = f":{url.port}" if url.port else ""
    return safe_text(f"{url.host}{port}{url.path}")


def safe_text(text: str, max_chars: int = _TEXT_MAX) -> str:
    """Foreign text without queries, bearer tokens, words as long as a token, or control characters."""
    text = _CONTROL.sub(" ", text[: 4 * max_chars])
    text = _BEARER.sub("bearer …", _PAIR.sub(r"\1 …", _QUERY.sub("?…", text)))
    return _LONG_WORD.sub("…", text).strip()[:max_chars]


def from_status(
    status: int, url: httpx.URL, *, detail: str = "", retry_after_s: float | None = None
) -> SourceError:
    """The error of an answer that is no success. `detail` is shown after `safe_text`."""
    kind = _STATUS_WORDS.get(status, Unreachable if status >= _SERVER_ERROR else BadAnswer)
    note = f": {safe_text(detail)}" if detail else ""
    return kind(
        f"{where(url)} answered {status}{note}",
        hint=_STATUS_HINTS.get(kind, ""),
        retry_after_s=retry_after_s,
    )


_STATUS_HINTS: dict[type[SourceError], str] = {
    AuthRefused: "Check the credentials and rights of this node; `tandem source check` names them.",
    Throttled: "Wait; lower the request budget of the source if this repeats.",
    Unreachable: "It is tried again; look at the service's own status page if it lasts.",
}


def from_exception(error: httpx.HTTPError | httpx.InvalidURL, url: httpx.URL) -> SourceError:
    """The error of an exchange that gave no answer. Raise it `from None`."""
    name = type(error).__name__
    cause = _cause(error)
    text = f"{where(url)}: {name}{f' ({cause})' if cause else ''}"
    if isinstance(error, AnswerTooLarge):
        return BodyTooLarge(f"{where(url)}: the body is larger than allowed, or cannot be decoded")
    if isinstance(error, AnswerTooSlow):
        return Unreachable(f"{where(url)}: the body trickles and was given up")
    if isinstance(error, (*_UNREACHABLE, httpx.RemoteProtocolError)):
        return Unreachable(text, hint=_network_hint(error))
    return BadAnswer(text)


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return
        yield seen
        seen = seen.__cause__ or seen.__context__


def _cause(error: BaseException) -> str:
    """The operating system's or TLS's own words: they hold no part of the request."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return safe_text(cause.verify_message)
        if isinstance(cause, OSError) and cause.strerror:
            return safe_text(cause.strerror)
    return ""


def _network_hint(error: BaseException) -> str:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error)):
        return "The certificate is not trusted: set `ca_file` if the service has a private CA."
    return "Check network, DNS and firewall of this node; it is tried again."
