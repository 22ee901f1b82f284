"""A real web server that takes desktops, and keeps what it tells the screen recorder."""

import threading
from contextlib import contextmanager
from dataclasses import replace

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from cluster.ports import Endpoint
from recorder.adapters.desktop_links import DesktopSockets
from recorder.desk.control import NamedToken
from recorder.scn.desk import ScreenDesk
from recorder.scn.desktop_tokens import desktop_token
from recorder.scn.messages import DesktopDenied, DesktopGone, DesktopHello, DesktopSaid
from recorder.scn.wire import FRAME_BYTES_MAX, saying_frames
from recorder.web.app import create_app
from recorder.web.desktop_routes import PATH
from recorder.web.server import WebServer
from tests.recorder.fake_node import FakeNode
from tests.waiting import wait_until

SECRET = "the-secret-of-the-desktops"
SHARED_TOKEN = "the-token-of-all-desktops"
DESKTOP_TOKEN = desktop_token(SECRET, "d-1")
HELLO = DesktopHello("d-1", ("dyn/ag-1",), "pc", "1", None)


class Recorder:
    """Keeps what it is told, from any thread."""

    name = "screen_recorder"

    def __init__(self):
        self._lock = threading.Lock()
        self._told = []

    def tell(self, message):
        with self._lock:
            self._told.append(message)

    def sayings(self):
        with self._lock:
            return [one.saying for one in self._told if isinstance(one, DesktopSaid)]

    def connections(self):
        with self._lock:
            named = [one.connection for one in self._told if not isinstance(one, DesktopDenied)]
            return list(dict.fromkeys(named))

    def addresses(self):
        with self._lock:
            return [one.address for one in self._told if isinstance(one, DesktopSaid)]

    def denied(self):
        with self._lock:
            return [one for one in self._told if isinstance(one, DesktopDenied)]

    def gone(self):
        with self._lock:
            return [one.reason for one in self._told if isinstance(one, DesktopGone)]


@contextmanager
def served(*, enabled=True, tls=(None, None)):
    recorder, links, node = Recorder(), DesktopSockets(), FakeNode()
    control = replace(
        node.control(),
        desktops=ScreenDesk(recorder, links) if enabled else None,
        tokens=(
            NamedToken("desk", frozenset({"desktop"}), lambda: SECRET),
            NamedToken("old", frozenset({"desktop"}), lambda: SHARED_TOKEN, shared=True),
            NamedToken("ears", frozenset({"replay"}), lambda: "the-replay-token"),
        ),
    )
    server = WebServer(
        create_app(control), Endpoint("127.0.0.1", 0), certificate=tls[0], key=tls[1]
    )
    server.start()
    try:
        scheme = "wss" if tls[0] else "ws"
        yield Served(f"{scheme}://{server.endpoint}{PATH}", recorder, links)
    finally:
        server.stop()


class Served:
    def __init__(self, url, recorder, links):
        self.url, self.recorder, self.links = url, recorder, links

    def connect(self, token=DESKTOP_TOKEN, **more):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return connect(
            self.url,
            additional_headers=headers,
            proxy=None,
            compression=None,
            max_size=FRAME_BYTES_MAX,
            **more,
        )

    @contextmanager
    def greeted(self):
        with self.connect() as connection:
            say(connection, HELLO)
            wait_until(lambda: HELLO in self.recorder.sayings(), 5.0, "the hello came")
            yield connection


def say(connection, saying):
    for frame in saying_frames(saying):
        connection.send(frame)


def why_closed(connection):
    while True:
        try:
            connection.recv(timeout=10)
        except ConnectionClosed as error:
            return error.rcvd.reason if error.rcvd else "without a word"
