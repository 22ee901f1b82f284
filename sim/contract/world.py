"""What the data source contract needs of a service and one source that was opened on it."""

from __future__ import annotations

from typing import Literal, Protocol

import httpx

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.model import ItemRef, Window
from recorder.ports.recording import DataSource, FetchLimits, MediaRequest

PAGES_MAX = 100
_LIMITS = FetchLimits(stall_s=30.0, size_bytes_max=100 * 1024**2)


class SourceWorld(Protocol):
    """A fake service with one opened source. Instants are seconds after its own begin."""

    kind: str
    """The kind of its adapter."""
    source: DataSource
    transport: httpx.BaseTransport
    """What the source speaks through, and what downloads go through."""
    secrets: tuple[str, ...]
    """What must never be shown: secrets, and the beginnings of tokens and signatures."""
    lacks: frozenset[str]
    """What this kind of service does not have; tests about it are skipped. See LACKS."""

    def us(self, seconds: float) -> int:
        """An instant of the world in microseconds since 1970."""
        ...

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        """Offer an item whose `changed_us` is `changed_s`; returns its key.

        Items with the same number belong to one call session, without a number each has its own.
        """
        ...

    def body(self, key: str) -> bytes:
        """The bytes of an item's first medium."""
        ...

    def delete(self, key: str) -> None:
        """The service forgets an item."""
        ...

    def throttle(self, retry_after: str | None) -> None:
        """The next call is answered 429; `{+N}` stands for a date N seconds ahead of its clock."""
        ...

    def fail(self, status: int) -> None:
        """The next call is answered with this status."""
        ...

    def stall(self) -> None:
        """The next call is never answered."""
        ...

    def truncate(self, how: Literal["body", "connection"]) -> None:
        """The next answer ends in the middle of its body: by its own word, or as the connection breaks."""
        ...

    def spoil_download(self, how: Literal["cut", "stall"]) -> None:
        """The next download breaks off in the middle of its body, or stops there."""
        ...

    def expire_links(self) -> None:
        """Download links, or tokens in their place, that were given out so far no longer work."""
        ...

    def refuse_credentials(self, refused: bool) -> None:  # noqa: FBT001 - a state, not an option
        """New tokens are refused, or given again; tokens given so far no longer work."""
        ...

    def revoke_tokens(self) -> None:
        """Tokens given so far no longer work; new ones do."""
        ...

    def tokens_given(self) -> int:
        """How many tokens were given out."""
        ...

    def skew(self, seconds: float) -> None:
        """The service's clock is so far ahead of ours."""
        ...

    def advance(self, seconds: float) -> None:
        """Time goes by, on both sides."""
        ...


LACKS = frozenset({"tokens", "links"})
"""tokens: credentials are sent with every call. links: a download never expires."""


class Bytes:
    """A MediaSink in memory."""

    def __init__(self) -> None:
        self.data = bytearray()

    @property
    def offset(self) -> int:
        """See MediaSink."""
        return len(self.data)

    def write(self, data: bytes) -> None:
        """See MediaSink."""
        self.data += data

    def restart(self) -> None:
        """See MediaSink."""
        self.data.clear()


def window(world: SourceWorld, from_s: float, to_s: float) -> Window:
    """A window in seconds of the world."""
    return Window(world.us(from_s), world.us(to_s))


def listed(world: SourceWorld, from_s: float, to_s: float) -> list[ItemRef]:
    """Every item of a window, page by page, oldest first. Fails for paging without end."""
    asked = window(world, from_s, to_s)
    found: list[ItemRef] = []
    page: str | None = None
    for _ in range(PAGES_MAX):
        answer = world.source.list_items(asked, page)
        found += answer.items
        page = answer.next_page
        if page is None:
            return sorted(found, key=lambda ref: (ref.changed_us, ref.key))
    raise AssertionError(f"more than {PAGES_MAX} pages")


def download(world: SourceWorld, request: MediaRequest, sink: Bytes | None = None) -> bytes:
    """Download as the recorder does, under its rules for redirects, sizes and ranges."""
    sink = sink or Bytes()
    HttpxMediaFetcher(lambda: world.transport).fetch(request, sink, _LIMITS)
    return bytes(sink.data)
