"""What depends on this machine fails at once while a world runs."""

import queue
import random  # noqa: TID251 - the subject
import select
import socket
import subprocess
import threading
import time
import uuid

import pytest

from sim.clockwork.kernel import Deadlock, Kernel
from sim.clockwork.locks import SimLock
from sim.clockwork.tripwires import tripwires
from sim.world.incident import Incident
from sim.world.world import World


def hear():
    one, other = socket.socketpair()
    with one, other:
        one.recv(1)


BLOCKING = {
    "time.sleep": lambda: time.sleep(0.001),  # noqa: TID251
    "Event.wait": lambda: threading.Event().wait(0.001),
    "Thread.start": lambda: threading.Thread(target=print).start(),  # noqa: TID251
    "Queue.get": lambda: queue.Queue().get(timeout=0.001),
    "socket.recv": hear,
    "getaddrinfo": lambda: socket.getaddrinfo("localhost", 80),
    "select.select": lambda: select.select([], [], [], 0.001),
    "select.poll": lambda: select.poll().poll(1),
    "Popen": lambda: subprocess.Popen(["true"]),
}


@pytest.fixture
def kernel():
    return Kernel(seed=1)


def as_our_module(text):
    """Run `text` as if it stood in a module of the recorder."""
    names = {"__name__": "recorder.somewhere"}
    exec(text, names)  # noqa: S102 - our own text
    return names


@pytest.mark.parametrize("name", BLOCKING)
def test_whatever_waits_fails_at_once_and_says_what_to_do_instead(kernel, name):
    with tripwires(kernel), pytest.raises(Deadlock, match="inside a simulated world"):
        BLOCKING[name]()


@pytest.mark.parametrize(
    "text",
    [
        "import time; time.time()",
        "import time; time.monotonic_ns()",
        "import time; time.perf_counter()",
        "import random; random.random()",
        "import random; random.shuffle([1, 2])",
        "import secrets; secrets.token_urlsafe(8)",
        "import uuid; uuid.uuid4()",
        "import os; os.urandom(8)",
    ],
)
def test_clocks_and_chance_of_the_machine_are_refused_to_our_own_code(kernel, text):
    with tripwires(kernel), pytest.raises(Deadlock, match=r"recorder\.somewhere"):
        as_our_module(text)


def test_libraries_may_stamp_their_log_lines(kernel):
    with tripwires(kernel):
        assert time.time() > 0  # noqa: TID251
        assert 0 <= random.random() < 1
        assert uuid.uuid4()  # noqa: TID251


def test_locks_made_by_our_code_wait_in_virtual_time_and_others_stay_real(kernel):
    with tripwires(kernel):
        made = as_our_module("import threading; a = threading.Lock(); b = threading.RLock()")
        assert isinstance(made["a"], SimLock)
        assert isinstance(made["b"], SimLock)
        assert not isinstance(threading.Lock(), SimLock)


def test_afterwards_everything_is_as_it_was(kernel):
    before = (time.sleep, threading.Lock, threading.Thread.start, random.random, uuid.uuid4)  # noqa: TID251
    with pytest.raises(ZeroDivisionError), tripwires(kernel):
        raise ZeroDivisionError
    assert before == (time.sleep, threading.Lock, threading.Thread.start, random.random, uuid.uuid4)  # noqa: TID251


def test_a_node_that_waits_for_real_inside_a_world_ends_the_run_with_that_text():
    world = World(Incident(seed=1, minutes=0.2))
    world.hooks.on_point = lambda _node, _point: time.sleep(1)  # noqa: TID251
    world.kernel.schedule(10**9, lambda: world.hooks.on_point("alpha", "here"), label="bug")
    with pytest.raises(Deadlock, match=r"time\.sleep inside a simulated world"):
        world.run()
