"""A server that trickles, over real sockets."""

import socket
import threading
import time

import httpx
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.adapters.http.client import Timeouts, build_request, exchange, open_client
from recorder.errors import Unreachable

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Trickler:
    """Sends `first`, then a byte of `drip` every 50 ms until told to stop."""

    def __init__(self, first, drip):
        self._first = first
        self._drip = drip
        self._stop = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._thread = threading.Thread(target=self._serve)  # noqa: TID251 - a server of the test
        self._thread.start()

    def _serve(self):
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            try:
                connection.sendall(self._first)
                while not self._stop.wait(0.05):
                    connection.sendall(self._drip)
            except OSError:
                return

    def close(self):
        self._stop.set()
        self._listener.close()
        self._thread.join(5)


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"HTTP/1.1 200 OK\r\n", b"X"),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
        (HEAD, b"0"),
        (HEAD, b"1\r\nx\r\n"),
    ],
    ids=["inside a header", "header after header", "inside a chunk's size", "chunk after chunk"],
)
def test_no_part_of_an_answer_can_trickle_for_longer_than_the_whole_may_take(first, drip):
    server, clock = Trickler(first, drip), RealClock()
    client = open_client(
        transport=httpx.HTTPTransport,
        clock=clock,
        user_agent="t",
        timeouts=Timeouts(read_s=5.0, total_s=0.4),
    )
    began = time.monotonic()  # noqa: TID251 - real time is the subject
    try:
        with client, pytest.raises(Unreachable):
            exchange(client, clock, build_request(client, "GET", server.url, {}))
    finally:
        server.close()

    assert time.monotonic() - began < 3  # noqa: TID251
