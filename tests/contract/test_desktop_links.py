"""What connections to desktops promise the screen recorder: DesktopSockets over a real server, and MemoryDesktopLinks."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from recorder.adapters.desktop_links import DesktopSockets
from recorder.scn.messages import AskClock, MaskScreen, PacketsKept, StartScreen, StopScreen
from recorder.scn.wire import read_command
from sim.stand_ins.desktop_links import DesktopEnd, MemoryDesktopLinks
from tests.recorder.web.test_desktop_routes import HELLO, say, served
from tests.waiting import wait_until

WORDS = (StartScreen(5.0), MaskScreen(on=True), MaskScreen(on=False), PacketsKept("s-1", 7))
LAST = AskClock(999)


class SocketDesktop:
    """A WebSocket of a real client; a thread of its own reads it."""

    def __init__(self, served):
        before = set(served.recorder.connections())
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(served.connect())
        say(self._socket, HELLO)
        self.heard, self.closed = [], None
        self._reading = threading.Thread(target=self._read)  # noqa: TID251 - a client beside the test
        self._reading.start()
        wait_until(
            lambda: set(served.recorder.connections()) - before, 30.0, "the recorder knows it"
        )
        (self.connection,) = set(served.recorder.connections()) - before

    def _read(self):
        try:
            while True:
                self.heard.append(read_command(self._socket.recv()))
        except ConnectionClosed as error:
            self.closed = error.rcvd.reason if error.rcvd else ""

    def leave(self):
        self._stack.close()
        self._reading.join(30)


class Sockets:
    """DesktopSockets, behind the route that takes desktops."""

    implementation = DesktopSockets

    def __init__(self, served):
        self._served, self.links, self._desktops = served, served.links, []

    def desktop(self):
        self._desktops.append(SocketDesktop(self._served))
        return self._desktops[-1]

    def vanish(self, desktop):
        desktop.leave()
        wait_until(lambda: self.links.count() == 0, 30.0, "the node knows that it is gone")

    def end(self):
        for desktop in self._desktops:
            desktop.leave()


class MemoryDesktop:
    def __init__(self, links, connection):
        self.connection, self.heard, self.closed = connection, [], None
        links.connect(connection, DesktopEnd(self.heard.append, self._close))

    def _close(self, reason):
        self.closed = reason


class Memory:
    """MemoryDesktopLinks."""

    implementation = MemoryDesktopLinks

    def __init__(self):
        self.links, self._count = MemoryDesktopLinks(), 0

    def desktop(self):
        self._count += 1
        return MemoryDesktop(self.links, f"c-{self._count}")

    def vanish(self, desktop):
        self.links.cut(desktop.connection)

    def end(self):
        pass


@pytest.fixture(params=[Sockets, Memory])
def world(request):
    if request.param is Memory:
        yield Memory()
        return
    with served() as node:
        made = Sockets(node)
        yield made
        made.end()


def heard(desktop, *words):
    wait_until(lambda: len(desktop.heard) >= len(words), 30.0, f"{len(words)} words")
    assert desktop.heard == list(words)


def test_what_is_sent_arrives_in_order(world):
    desktop = world.desktop()
    for word in WORDS:
        world.links.send(desktop.connection, word)
    heard(desktop, *WORDS)


def test_each_connection_hears_only_what_was_said_to_it(world):
    one, other = world.desktop(), world.desktop()
    assert one.connection != other.connection
    world.links.send(one.connection, StartScreen(5.0))
    world.links.send(other.connection, StopScreen())
    heard(one, StartScreen(5.0))
    heard(other, StopScreen())


def test_what_is_said_before_the_end_arrives_and_then_the_reason(world):
    desktop = world.desktop()
    world.links.send(desktop.connection, StopScreen())
    world.links.close(desktop.connection, "two of them")
    wait_until(lambda: desktop.closed is not None, 30.0, "it is closed")
    assert (desktop.heard, desktop.closed) == ([StopScreen()], "two of them")


def test_what_is_sent_after_the_end_is_lost_and_a_second_end_is_harmless(world):
    desktop = world.desktop()
    world.links.close(desktop.connection, "first")
    world.links.send(desktop.connection, StopScreen())
    world.links.close(desktop.connection, "second")
    wait_until(lambda: desktop.closed is not None, 30.0, "it is closed")
    assert (desktop.heard, desktop.closed) == ([], "first")


def test_what_is_sent_to_one_that_is_gone_or_unknown_is_lost_without_a_word(world):
    gone = world.desktop()
    world.vanish(gone)
    for connection in (gone.connection, "nobody"):
        world.links.send(connection, StopScreen())
        world.links.close(connection, "whatever")
    again = world.desktop()
    assert again.connection not in {gone.connection, "nobody"}
    world.links.send(again.connection, LAST)
    heard(again, LAST)
    assert gone.heard == []


def test_any_thread_may_send_and_each_threads_words_stay_in_order(world):
    desktop = world.desktop()

    def talk(first):
        for number in range(first, first + 50):
            world.links.send(desktop.connection, AskClock(number))

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(talk, (0, 100, 200)))
    wait_until(lambda: len(desktop.heard) >= 150, 30.0, "all of it")
    numbers = [word.number for word in desktop.heard]
    for first in (0, 100, 200):
        assert [one for one in numbers if first <= one < first + 100] == list(
            range(first, first + 50)
        )
