"""Media over pyreqwest, a client in Rust: where it is installed, a download costs a third of the CPU.

Needs the extra `fast`; importing this module without it raises ImportError.
"""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError, RequestTimeoutError
from pyreqwest.response import SyncResponse

from recorder.adapters.media_download import (
    BLOCK_BYTES,
    FIRST_BLOCK_BYTES,
    Answer,
    download,
    no_answer,
)
from recorder.adapters.media_rules import Hop
from recorder.errors import ConfigError, Stalled, Truncated
from recorder.ports.recording import FetchLimits, MediaRequest, MediaSink

CONNECT_S = 10.0


class FastMediaFetcher:
    """MediaFetcher on pyreqwest. Any thread."""

    def __init__(self, *, ca_file: str | None = None, user_agent: str = "tandem") -> None:
        """Read `ca_file` (PEM), whose authorities are trusted beside the known ones."""
        try:
            self._ca_pem = None if ca_file is None else Path(ca_file).read_bytes()
        except OSError as error:
            raise ConfigError(f"{ca_file} cannot be read: {error.strerror}") from error
        self._user_agent = user_agent
        self._clients: dict[float, SyncClient] = {}
        self._lock = threading.Lock()

    def fetch(self, request: MediaRequest, sink: MediaSink, limits: FetchLimits) -> None:
        """See MediaFetcher."""
        download(self._exchange, request, sink, limits)

    def close(self) -> None:
        """See MediaFetcher."""
        with self._lock:
            for client in self._clients.values():
                client.close()
            self._clients.clear()

    @contextmanager
    def _exchange(self, hop: Hop, limits: FetchLimits) -> Generator[Answer]:
        # The errors of pyreqwest carry the signed address in their text: none may be chained.
        try:
            builder = self._client(limits.stall_s).get(hop.url).headers(list(hop.headers))
            if hop.within_s is not None:
                builder = builder.timeout(timedelta(seconds=hop.within_s))
            request = builder.streamed_read_buffer_limit(FIRST_BLOCK_BYTES).build_streamed()
            response = request.__enter__()
        except RequestTimeoutError:
            # Named ConnectTimeoutError whether or not a connection came about, so it tells us nothing.
            raise Stalled(f"{hop.host} did not answer in {limits.stall_s:g} s") from None
        except PyreqwestError as error:
            raise no_answer(hop, type(error).__name__, repr(error)) from None
        try:
            yield _FastAnswer(response, hop, limits)
        finally:
            request.__exit__(None, None, None)

    def _client(self, stall_s: float) -> SyncClient:
        """One client, and one pool of connections, per stall limit: it is a property of the client."""
        with self._lock:
            if stall_s not in self._clients:
                self._clients[stall_s] = self._build(stall_s)
            return self._clients[stall_s]

    def _build(self, stall_s: float) -> SyncClient:
        builder = (
            SyncClientBuilder()
            .user_agent(self._user_agent)
            .follow_redirects(enable=False)
            .referer(enable=False)
            .gzip(enable=False)
            .brotli(enable=False)
            .zstd(enable=False)
            .deflate(enable=False)
            .no_proxy()
            .connect_timeout(timedelta(seconds=min(CONNECT_S, stall_s)))
            .read_timeout(timedelta(seconds=stall_s))
        )
        if self._ca_pem is not None:
            builder = builder.add_root_certificate_pem(self._ca_pem)
        return builder.build()


class _FastAnswer:
    def __init__(self, response: SyncResponse, hop: Hop, limits: FetchLimits) -> None:
        self._response = response
        self._hop = hop
        self._limits = limits

    @property
    def status(self) -> int:
        return self._response.status

    def header(self, name: str) -> str | None:
        return self._response.get_header(name)

    def blocks(self) -> Iterator[bytes]:
        read, wanted = self._response.body_reader.read, FIRST_BLOCK_BYTES
        left = self._length()
        try:
            while left != 0 and (block := read(wanted)):
                yield block  # pyright: ignore[reportReturnType] - any buffer will do for a sink
                left, wanted = left - len(block), BLOCK_BYTES
        except RequestTimeoutError:
            problem: Exception = Stalled(
                f"{self._hop.host} sent nothing for {self._limits.stall_s:g} s"
            )
        except PyreqwestError:
            problem = Truncated(f"{self._hop.host} broke off")
        else:
            return
        raise problem

    def _length(self) -> int:
        """Bytes of the body where the protocol itself ends it there; negative when it does not say.

        Asking for its end, which is known, would cost as much as asking for a block.
        """
        if self.header("Transfer-Encoding") is not None:
            return -1
        length = self.header("Content-Length") or ""
        return int(length) if length.isascii() and length.isdigit() else -1
