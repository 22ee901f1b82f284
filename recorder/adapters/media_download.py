"""One download, as a conversation of requests and answers under the media rules.

The two media fetchers differ only in their `Exchange`: how one request is sent and its body read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol, TypeAlias

from recorder.adapters.media_rules import (
    Hop,
    Offered,
    Wanted,
    first_hop,
    follow,
    is_redirect,
    judge,
    wanted,
)
from recorder.errors import NotMedia, RedirectRefused, TooLarge, Truncated, Unreachable
from recorder.ports.recording import FetchLimits, MediaRequest, MediaSink

FIRST_BLOCK_BYTES = 128 * 1024
BLOCK_BYTES = 256 * 1024
"""The price of Python is paid per block, above all where threads wait for each other's turn. Yet a block
must fill, even on a poor line, long before a claim on the work expires; and a first, smaller one is
kept soon, so that connections that break early still bring a download further."""
BLOCK_S = 60.0
"""A block that takes longer is given up, what came of it is kept: a server that trickles would hold a download
for as long as it likes."""


class Answer(Protocol):
    """A response whose body was not read yet."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    def header(self, name: str) -> str | None:
        """A header by any case of its name."""
        ...

    def blocks(self) -> Iterator[bytes]:
        """The raw body. Raises Stalled; Truncated when the connection breaks."""
        ...


Exchange: TypeAlias = Callable[[Hop, FetchLimits], AbstractContextManager[Answer]]
"""Sends one GET, follows nothing, decodes nothing. Raises Unreachable, Stalled."""


def download(
    exchange: Exchange, request: MediaRequest, sink: MediaSink, limits: FetchLimits
) -> None:
    """Stream the whole body into `sink`, from `sink.offset` on. Raises as MediaFetcher says."""
    size = request.size_bytes
    if size is not None and size > limits.size_bytes_max:
        raise TooLarge(
            f"{size} bytes are announced, {limits.size_bytes_max} are allowed",
            hint="Raise ingest.file_bytes_max if recordings of this size are expected.",
        )
    if sink.offset and (not request.resumable or (size is not None and sink.offset > size)):
        sink.restart()
    total = size
    while total is None or sink.offset < total:
        asked = wanted(request, sink.offset, total)
        offered = _one_answer(exchange, request, asked, sink, limits)
        if offered is None:
            break
        total = offered.total if offered.total is not None else total
        if offered.total is None and _was_last(asked, offered, sink):
            break
    if sink.offset == 0:
        raise NotMedia("the file is empty")
    if size is not None and sink.offset != size:
        raise Truncated(f"{sink.offset} bytes came, {size} were announced")


def no_answer(hop: Hop, kind: str, text: str) -> Unreachable:
    """What a failure to connect is reported as; `text` may hold the address and is only looked at."""
    if "certificate" in text.lower():
        return Unreachable(
            f"{hop.host} presents a certificate that is not trusted",
            hint="Check the host name, the node's clock, and the configured certificate authority.",
        )
    return Unreachable(f"{hop.host} cannot be reached ({kind})")


def _one_answer(
    exchange: Exchange, request: MediaRequest, asked: Wanted, sink: MediaSink, limits: FetchLimits
) -> Offered | None:
    """Follow redirects to the bytes asked for and take them. None when there are none beyond."""
    hop = first_hop(request)
    for _ in range(limits.redirects_max + 1):
        sent = Hop(
            hop.url,
            (*hop.headers, ("Accept-Encoding", "identity"), *asked.range_header),
            within_s=_within_s(request, asked, limits),
        )
        with exchange(sent, limits) as answer:
            if is_redirect(answer.status):
                hop = follow(hop, answer.header("Location"), request.allowed_hosts)
                continue
            offered = judge(
                hop,
                answer.status,
                answer.header,
                asked,
                limits=limits,
                size=request.size_bytes,
            )
            if offered is not None:
                if offered.start < sink.offset:
                    sink.restart()
                _take(answer, offered, sink, limits)
            return offered
    raise RedirectRefused(f"more than {limits.redirects_max} redirects")


def _within_s(request: MediaRequest, asked: Wanted, limits: FetchLimits) -> float:
    """How long the whole answer may take, were every block as slow as it may be."""
    end = asked.end or request.size_bytes or limits.size_bytes_max
    return limits.stall_s + BLOCK_S * (1 + max(0, end - asked.start) // BLOCK_BYTES)


def _take(answer: Answer, offered: Offered, sink: MediaSink, limits: FetchLimits) -> None:
    end = None if offered.length is None else offered.start + offered.length
    bound = limits.size_bytes_max if end is None else end
    for block in answer.blocks():
        if sink.offset + len(block) > bound:
            raise TooLarge(f"more than the {bound} bytes announced or allowed")
        sink.write(block)
    if end is not None and sink.offset < end:
        raise Truncated(f"the body ended after {sink.offset} of {end} bytes")


def _was_last(asked: Wanted, offered: Offered, sink: MediaSink) -> bool:
    """Without a known size, a whole body is all, and so is a part shorter than asked for."""
    whole = offered.start == 0 and asked.start > 0
    return whole or asked.end is None or sink.offset < asked.end or offered.length is None
