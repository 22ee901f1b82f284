"""What only threads can get wrong: races between telling, starting, stopping and crashing."""

import gc
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import pykka  # noqa: TID251 - its global registry is looked at
import pytest

from cluster.adapters.thread_runtime import ThreadRuntime
from cluster.errors import ReplyTimeout
from tests.contract.hosts import Recorder
from tests.waiting import wait_until


@pytest.fixture
def crashes():
    return []


@pytest.fixture
def runtime(crashes):
    runtime = ThreadRuntime(on_crash=lambda name, error: crashes.append((name, error)))
    yield runtime
    runtime.stop_all()


@pytest.fixture
def _switch_often():
    """Let threads take turns so often that races show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def started(runtime, name, behaviour):
    address = runtime.reserve(name)
    runtime.start(address, behaviour)
    return address


class Blocked(Recorder):
    """Handles a message only when allowed to."""

    def __init__(self):
        self.allowed = threading.Event()
        super().__init__(lambda _: self.allowed.wait(20))


@pytest.mark.usefixtures("_switch_often")
def test_messages_of_each_sender_keep_their_order_when_the_actor_starts_meanwhile(runtime):
    recorder = Recorder()
    address = runtime.reserve("one")
    senders, each = 4, 500

    def send(sender):
        for number in range(each):
            address.tell((sender, number))

    with ThreadPoolExecutor(senders + 1) as pool:
        for sender in range(senders):
            pool.submit(send, sender)
        pool.submit(runtime.start, address, recorder)
    runtime.stop(address)
    assert recorder.seen[0] == "start"
    assert recorder.seen[-1] == "stop"
    for sender in range(senders):
        numbers = [message[1] for message in recorder.seen[1:-1] if message[0] == sender]
        assert numbers == list(range(each))


@pytest.mark.usefixtures("_switch_often")
@pytest.mark.parametrize("end", ["stop", "crash"])
def test_every_message_is_handled_once_or_counted_once_when_the_actor_ends_meanwhile(
    runtime, crashes, end
):
    rounds, senders, each = 30, 3, 60

    def send(address):
        for number in range(each):
            address.tell(number)

    def on(message):
        if message == "crash":
            raise ValueError(message)

    handled = 0
    with ThreadPoolExecutor(senders) as pool:
        for number in range(rounds):
            recorder = Recorder(on)
            address = started(runtime, f"one {number}", recorder)
            sending = [pool.submit(send, address) for _ in range(senders)]
            if end == "crash":
                address.tell("crash")
            else:
                runtime.stop(address)
            for sent in sending:
                sent.result()
            runtime.stop(address)
            handled += sum(isinstance(message, int) for message in recorder.seen)
    assert handled + runtime.dead_letters() == rounds * senders * each
    assert len(crashes) == (rounds if end == "crash" else 0)


def test_no_cell_is_ever_in_the_global_registry_of_the_library(runtime):
    recorder = Recorder()
    address = started(runtime, "one", recorder)
    wait_until(lambda: recorder.seen, 5, "it started")
    assert pykka.ActorRegistry.get_all() == []
    runtime.stop(address)
    assert pykka.ActorRegistry.get_all() == []


def test_a_keyboard_interrupt_in_a_behaviour_leaves_another_node_in_this_process_alone(
    runtime, crashes
):
    other_node = ThreadRuntime(on_crash=lambda *_: None)
    bystander = Recorder()
    other = started(other_node, "pair", bystander)

    def interrupt(_):
        raise KeyboardInterrupt

    started(runtime, "pair", Recorder(interrupt)).tell("go")
    wait_until(lambda: crashes, 5, "the crash")
    other.tell("still here?")
    other_node.stop(other)
    assert bystander.seen == ["start", "still here?", "stop"]


def test_stop_gives_up_on_a_stuck_actor_and_can_be_repeated(runtime):
    blocked = Blocked()
    address = started(runtime, "stuck", blocked)
    address.tell("work")
    with pytest.raises(ReplyTimeout, match="stuck") as caught:
        runtime.stop(address, timeout_s=0.05)
    assert caught.value.hint
    blocked.allowed.set()
    runtime.stop(address)
    assert blocked.seen == ["start", "work", "stop"]
    assert runtime.dead_letters() == 0


def test_mailbox_depths_show_who_is_behind(runtime):
    blocked = Blocked()
    address = started(runtime, "busy", blocked)
    started(runtime, "idle", Recorder())
    for number in range(4):
        address.tell(number)
    wait_until(lambda: blocked.seen[1:] == [0], 5, "it works on the first")
    assert runtime.mailbox_depths() == {"busy": 3, "idle": 0}
    blocked.allowed.set()


def test_actors_run_on_daemon_threads_that_bear_their_names(runtime):
    threads = []
    recorder = Recorder(lambda _: threads.append(threading.current_thread()))
    started(runtime, "poller:sales", recorder).tell("who")
    wait_until(lambda: threads, 5, "it looked")
    assert threads[0].name == "poller:sales"
    assert threads[0].daemon


def test_the_crash_is_reported_on_the_thread_of_the_actor_after_its_mailbox_was_closed(crashes):
    seen = []

    def on_crash(name, error):
        address.tell("into the void")
        seen.append((threading.current_thread().name, runtime.dead_letters()))
        crashes.append((name, error))

    runtime = ThreadRuntime(on_crash=on_crash)

    def fail(_):
        raise ValueError

    address = started(runtime, "one", Recorder(fail))
    address.tell("go")
    wait_until(lambda: crashes, 5, "the crash")
    assert seen == [("one", 1)]
    runtime.stop_all()


def test_a_question_waits_for_an_actor_that_answers_later(runtime):
    kept = []
    answering = started(runtime, "answering", Recorder(lambda _: kept[0].tell("at last")))
    asked = started(
        runtime, "asked", Recorder(lambda reply: (kept.append(reply), answering.tell("go")))
    )
    assert runtime.ask(asked, lambda reply: reply, 5) == "at last"


def test_a_stopped_actor_is_forgotten(runtime):
    behaviour = Recorder()
    forgotten = weakref.ref(behaviour)
    address = started(runtime, "one", behaviour)
    runtime.stop(address)
    del behaviour, address
    gc.collect()
    assert forgotten() is None


def test_an_address_of_something_else_is_refused(runtime):
    with pytest.raises(AssertionError, match="no address"):
        runtime.start(object(), Recorder())
