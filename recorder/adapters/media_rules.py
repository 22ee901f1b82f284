"""What a media download may do and what an answer means. Pure: no network, no clock.

Both media fetchers obey these rules; what is forbidden here is forbidden everywhere.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from recorder.adapters.http.retry_after import retry_after_s as wait_s
from recorder.errors import (
    AuthRefused,
    BadAnswer,
    ItemGone,
    LinkExpired,
    NotMedia,
    RedirectRefused,
    SourceError,
    Throttled,
    TooLarge,
    Truncated,
    Unreachable,
)
from recorder.ports.recording import FetchLimits, MediaRequest

Header = Callable[[str], str | None]
"""Looks a response header up, by any case of its name."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WHOLE = frozenset({200, 203})
_PARTIAL = 206
_RANGE_UNSATISFIED = 416
_SERVER_ERRORS = 500
_REFUSALS: dict[int, type[SourceError]] = {
    204: NotMedia,
    205: NotMedia,
    401: LinkExpired,
    403: LinkExpired,
    404: ItemGone,
    408: Unreachable,
    410: ItemGone,
    425: Unreachable,
    429: Throttled,
}
_CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization"})
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18}|\*)")
_UNSATISFIED_RANGE = re.compile(r"bytes \*/([0-9]{1,18})")
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_PATIENCE_MAX_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Hop:
    """One request on the way to the bytes."""

    url: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    within_s: float | None = None
    """How long all of its answer may take; None for no limit of its own."""

    @property
    def host(self) -> str:
        """For messages: the host alone, for the rest may be signed."""
        return urlsplit(self.url).hostname or ""

    @property
    def has_credentials(self) -> bool:
        """True when a refusal is about our credentials rather than about the link."""
        return any(name.lower() in _CREDENTIALS for name, _ in self.headers)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The bytes asked for: [start, end), to the end of the file when `end` is None."""

    start: int
    end: int | None

    @property
    def range_header(self) -> tuple[tuple[str, str], ...]:
        """Nothing when the whole file is asked for."""
        if self.start == 0 and self.end is None:
            return ()
        last = "" if self.end is None else str(self.end - 1)
        return (("Range", f"bytes={self.start}-{last}"),)


@dataclass(frozen=True, slots=True)
class Offered:
    """What a good answer brings."""

    start: int
    """Where its first byte belongs; 0 although a later one was asked for: begin again."""
    length: int | None
    """Bytes of the body; None when the server does not say."""
    total: int | None
    """Bytes of the whole file; None when the server does not say."""


def first_hop(request: MediaRequest) -> Hop:
    """Where a download begins. The adapter vouches for this address. Raises RedirectRefused."""
    parts = _split(request.url)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise RedirectRefused("the download link is no http or https address")
    return Hop(request.url, request.headers)


def is_redirect(status: int) -> bool:
    """True for the statuses that send us elsewhere."""
    return status in _REDIRECTS


def follow(hop: Hop, location: str | None, allowed_hosts: tuple[str, ...]) -> Hop:
    """The next hop, with our headers only if it stays on the very same host. Raises RedirectRefused."""
    here = urlsplit(hop.url)
    there = _split(location or "", base=hop.url)
    # Parsers disagree on strange hosts (a backslash, say); what we check must be what is dialled.
    if not location or there is None or not _HOST.fullmatch(there.hostname or ""):
        raise RedirectRefused(f"{hop.host} redirects to nowhere")
    if there.scheme not in {"http", "https"}:
        raise RedirectRefused(f"{hop.host} redirects to a {there.scheme} address")
    if here.scheme == "https" and there.scheme == "http":
        raise RedirectRefused(f"{hop.host} redirects from https to http")
    if there.username is not None:
        raise RedirectRefused(f"{hop.host} redirects to an address with a user name")
    same = _origin(here) == _origin(there)
    if not same and not is_allowed(there.hostname or "", _port(there), allowed_hosts):
        raise RedirectRefused(
            f"{hop.host} redirects to {there.hostname}, which is not allowed",
            hint="Add the host to the source's allowed hosts if it is the service's own.",
        )
    return Hop(there.geturl(), hop.headers if same else ())


def is_allowed(host: str, port: int, allowed_hosts: tuple[str, ...]) -> bool:
    """Whether a redirect may lead to `host`.

    Entries are `host`, `host:port` or `.suffix` (any host below it). A host written as a number that
    is not on the public Internet, or as localhost, needs an entry of its very own.
    """
    host = host.lower().rstrip(".")
    bracketed = f"[{host}]" if ":" in host else host
    exact = {host, bracketed, f"{bracketed}:{port}"}
    entries = tuple(entry.lower() for entry in allowed_hosts)
    if any(entry in exact for entry in entries):
        return True
    if _looks_internal(host):
        return False
    return any(entry.startswith(".") and host.endswith(entry) for entry in entries)


def wanted(request: MediaRequest, offset: int, total: int | None) -> Wanted:
    """What to ask for next when `offset` bytes are there and `total` are known to exist."""
    if request.chunk_bytes is None:
        return Wanted(offset, None)
    end = offset + request.chunk_bytes
    return Wanted(offset, end if total is None else min(end, total))


def judge(
    hop: Hop,
    status: int,
    header: Header,
    asked: Wanted,
    *,
    limits: FetchLimits,
    size: int | None,
) -> Offered | None:
    """What the body of this answer is worth, before a byte of it is read.

    None means that the file ends where we stand. `size` is what the source announced. Raises
    SourceError for everything that is not the bytes asked for.
    """
    if status == _RANGE_UNSATISFIED:
        return _unsatisfied(hop, header, asked, size)
    if status not in _WHOLE and status != _PARTIAL:
        raise _refusal(hop, status, header)
    if (header("Content-Encoding") or "identity").strip().lower() != "identity":
        raise NotMedia(f"{hop.host} sent a compressed body although none was accepted")
    kind = (header("Content-Type") or "").split(";")[0].strip().lower()
    if kind in {"text/html", "application/xhtml+xml"}:
        raise NotMedia(f"{hop.host} sent a web page instead of media")
    offered = _whole(hop, header) if status in _WHOLE else _range(hop, header, asked)
    if offered.total == 0:
        raise NotMedia(f"{hop.host} sent an empty file")
    if size is not None and offered.total is not None and offered.total != size:
        raise Truncated(f"{hop.host} offers {offered.total} bytes, {size} were announced")
    if max(offered.total or 0, offered.start + (offered.length or 0)) > limits.size_bytes_max:
        raise TooLarge(
            f"{hop.host} offers {offered.total} bytes, {limits.size_bytes_max} are allowed",
            hint="Raise ingest.file_bytes_max if recordings of this size are expected.",
        )
    return offered


def retry_after_s(header: Header) -> float | None:
    """Seconds to wait, from any form of `Retry-After`; an instant counts from `Date`."""
    return wait_s(header("Retry-After"), header("Date"), _PATIENCE_MAX_S)


def _whole(hop: Hop, header: Header) -> Offered:
    length = _number(hop, header("Content-Length"))
    return Offered(0, length, length)


def _range(hop: Hop, header: Header, asked: Wanted) -> Offered:
    text = (header("Content-Range") or "").strip()
    if not text and asked.end is not None:
        return _silent_range(hop, header, asked.start, asked.end)
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None:
        raise BadAnswer(f"{hop.host} sent a part without saying which")
    start, last = int(match[1]), int(match[2])
    total = None if match[3] == "*" else int(match[3])
    too_long = asked.end is not None and last >= asked.end
    if start != asked.start or last < start or too_long or (total is not None and last >= total):
        raise BadAnswer(f"{hop.host} sent another part than asked for")
    length = _number(hop, header("Content-Length"))
    if length is not None and length != last - start + 1:
        raise BadAnswer(f"{hop.host} contradicts itself on the length of a part")
    return Offered(start, last - start + 1, total)


def _silent_range(hop: Hop, header: Header, start: int, end: int) -> Offered:
    """A part without `Content-Range`: Dataverse tells of the whole file in a header of its own.

    Taken for the part asked for, but never more than that; its length must be known, so that a
    connection that ends early cannot pass for a short part.
    """
    length, total = _number(hop, header("Content-Length")), _number(hop, header("x-ms-file-size"))
    if total == 0:
        raise NotMedia(f"{hop.host} sent an empty file")
    if length is None and total is not None:
        length = min(end, total) - start
    if length is None:
        raise BadAnswer(f"{hop.host} sent a part without saying which")
    if not 0 < length <= end - start or (total is not None and start + length > total):
        raise BadAnswer(f"{hop.host} sent another part than asked for")
    return Offered(start, length, total)


def _unsatisfied(hop: Hop, header: Header, asked: Wanted, size: int | None) -> None:
    """416: fine when exactly everything is there, wrong in every other case."""
    match = _UNSATISFIED_RANGE.fullmatch((header("Content-Range") or "").strip())
    total = int(match[1]) if match else size
    if total == 0:
        raise NotMedia(f"{hop.host} has an empty file")
    if total is None or total != asked.start or (size is not None and size != total):
        raise BadAnswer(f"{hop.host} has no bytes from {asked.start} on")


def _refusal(hop: Hop, status: int, header: Header) -> SourceError:
    what = f"{hop.host} answered {status}"
    if status in {401, 403} and hop.has_credentials:
        return AuthRefused(what, hint="Check the credentials and rights of the source.")
    kind = _REFUSALS.get(status, Unreachable if status >= _SERVER_ERRORS else BadAnswer)
    return kind(what, retry_after_s=retry_after_s(header))


def _number(hop: Hop, text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,18}", text.strip()):
        raise BadAnswer(f"{hop.host} sent a length that is no number")
    return int(text)


def _split(url: str, base: str = "") -> SplitResult | None:
    try:
        parts = urlsplit(urljoin(base, url))
        _port(parts)
    except ValueError:
        return None
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _origin(parts: SplitResult) -> tuple[str, str, int]:
    return (parts.scheme, parts.hostname or "", _port(parts))


def _looks_internal(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host.partition("%")[0]).is_global
    except ValueError:
        # 127.1, 2130706433 and 0x7f.1 are no addresses by the book, yet resolvers take them for some.
        return re.fullmatch(r"(0x[0-9a-f]+|\d+)", host.rpartition(".")[2]) is not None
