"""The node that desktops are tested against leaves nothing behind that would be another test's trouble."""

import gc
import socket
import threading
import warnings
from contextlib import suppress

import pytest

from tests.recorder.desktop.fake_node import FakeNode
from tests.waiting import wait_until

CALLERS = 4


class Callers:
    """Knock without a pause: some hang up at once, some stay half open until the end."""

    def __init__(self, port):
        self._port = port
        self._over = threading.Event()
        self.knocks = 0
        self._threads = [
            threading.Thread(target=self._knock, args=(number % 2 == 0,))  # noqa: TID251 - beside the test
            for number in range(CALLERS)
        ]
        for thread in self._threads:
            thread.start()

    def _knock(self, stays):
        kept = []
        while not self._over.is_set():
            with suppress(OSError):
                one = socket.create_connection(("127.0.0.1", self._port), 1)
                self.knocks += 1
                if stays and len(kept) < 50:
                    kept.append(one)
                else:
                    one.close()
        for one in kept:
            one.close()

    def end(self):
        self._over.set()
        for thread in self._threads:
            thread.join(20)


@pytest.mark.parametrize("_round", range(3))
def test_a_node_that_stops_while_desktops_come_in_leaves_no_connection_half_open(_round):
    gc.collect()
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", ResourceWarning)
        node = FakeNode()
        callers = Callers(node.port)
        wait_until(lambda: callers.knocks >= 50, 30.0, "many came")
        node.stop()
        callers.end()
        assert not node.left_open
        del node
        gc.collect()
    assert [str(one.message) for one in found if "unclosed" in str(one.message)] == []
