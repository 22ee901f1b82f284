"""What every actor runtime promises."""

import pytest

from cluster.errors import ReplyTimeout
from tests.contract.hosts import Recorder


def raise_on(message, error):
    def react(got):
        if got == message:
            raise error

    return react


def started(host, name, behaviour):
    address = host.runtime.reserve(name)
    host.runtime.start(address, behaviour)
    return address


def test_messages_arrive_in_the_order_they_were_told(host):
    recorder = Recorder()
    address = started(host, "one", recorder)
    for number in range(200):
        address.tell(number)
    host.until(lambda: len(recorder.seen) == 201, "all messages")
    assert recorder.seen == ["start", *range(200)]


def test_an_address_knows_its_name(host):
    assert host.runtime.reserve("one").name == "one"


def test_a_name_is_given_out_once(host):
    host.runtime.reserve("one")
    with pytest.raises(ValueError, match="one"):
        host.runtime.reserve("one")


def test_a_name_is_free_again_after_its_actor_stopped(host):
    host.runtime.stop(started(host, "one", Recorder()))
    recorder = Recorder()
    started(host, "one", recorder).tell("hello")
    host.until(lambda: recorder.seen == ["start", "hello"], "the second actor works")


def test_messages_told_before_the_start_wait_and_come_first(host):
    recorder = Recorder()
    address = host.runtime.reserve("one")
    for number in range(5):
        address.tell(number)
    assert host.runtime.mailbox_depths() == {"one": 5}
    host.runtime.start(address, recorder)
    address.tell("late")
    host.until(lambda: len(recorder.seen) == 7, "all messages")
    assert recorder.seen == ["start", 0, 1, 2, 3, 4, "late"]


def test_stop_lets_the_actor_finish_its_mailbox_and_runs_on_stop_once(host):
    recorder = Recorder()
    address = started(host, "one", recorder)
    for number in range(50):
        address.tell(number)
    host.runtime.stop(address)
    assert recorder.seen == ["start", *range(50), "stop"]
    host.runtime.stop(address)
    assert recorder.seen[-2:] == [49, "stop"]
    assert host.runtime.mailbox_depths() == {}


def test_an_actor_stopped_before_it_started_never_runs_and_its_messages_are_dead_letters(host):
    address = host.runtime.reserve("one")
    address.tell("early")
    host.runtime.stop(address)
    assert host.runtime.dead_letters() == 1
    with pytest.raises(AssertionError, match="one"):
        host.runtime.start(address, Recorder())


def test_an_actor_is_started_once(host):
    address = started(host, "one", Recorder())
    with pytest.raises(AssertionError, match="one"):
        host.runtime.start(address, Recorder())


def test_a_message_to_a_stopped_actor_is_a_counted_dead_letter(host):
    address = started(host, "one", Recorder())
    host.runtime.stop(address)
    address.tell("nobody reads this")
    address.tell("nor this")
    assert host.runtime.dead_letters() == 2


def test_an_exception_in_on_message_is_reported_once_and_skips_on_stop(host):
    error = ValueError("broken")
    recorder = Recorder(raise_on("boom", error))
    address = started(host, "one", recorder)
    for message in ("fine", "boom", "lost"):
        address.tell(message)
    host.until(lambda: host.crashes, "the crash is reported")
    host.runtime.stop(address)
    assert host.crashes == [("one", error)]
    assert recorder.seen == ["start", "fine", "boom"]
    assert host.runtime.dead_letters() == 1


def test_an_exception_in_on_start_is_reported_once_and_no_message_is_handled(host):
    error = RuntimeError("cannot start")

    class Broken(Recorder):
        def on_start(self):
            raise error

    broken = Broken()
    address = host.runtime.reserve("one")
    address.tell("early")
    host.runtime.start(address, broken)
    host.until(lambda: host.crashes, "the crash is reported")
    address.tell("late")
    host.runtime.stop(address)
    assert host.crashes == [("one", error)]
    assert broken.seen == []
    assert host.runtime.dead_letters() == 2


def test_an_exception_in_on_stop_is_reported_once(host):
    error = RuntimeError("cannot stop")

    class Broken(Recorder):
        def on_stop(self):
            raise error

    host.runtime.stop(started(host, "one", Broken()))
    assert host.crashes == [("one", error)]


def test_sys_exit_in_one_actor_is_its_crash_and_leaves_the_others_alone(host):
    bystander = Recorder()
    other = started(host, "other", bystander)
    address = started(host, "one", Recorder(raise_on("boom", SystemExit(3))))
    address.tell("boom")
    host.until(lambda: host.crashes, "the crash is reported")
    other.tell("still here?")
    host.until(lambda: bystander.seen == ["start", "still here?"], "the other actor works")
    assert [name for name, _ in host.crashes] == ["one"]


def test_actors_can_tell_each_other_and_themselves(host):
    def on_ping(message):
        if message < 20:
            pong.tell(message + 1)

    def on_pong(message):
        ping.tell(message + 1)

    pinger, ponger = Recorder(on_ping), Recorder(on_pong)
    ping, pong = host.runtime.reserve("ping"), host.runtime.reserve("pong")
    host.runtime.start(ping, pinger)
    host.runtime.start(pong, ponger)
    ping.tell(0)
    host.until(lambda: 20 in pinger.seen, "the last ping")
    assert pinger.seen == ["start", *range(0, 21, 2)]
    assert ponger.seen == ["start", *range(1, 20, 2)]


def test_ask_returns_what_is_told_to_the_reply_address(host):
    address = started(host, "one", Recorder(lambda question: question[1].tell(question[0] * 2)))
    assert host.runtime.ask(address, lambda reply: (21, reply), 5) == 42


def test_a_question_nobody_answers_ends_in_a_reply_timeout(host):
    address = started(host, "one", Recorder())
    with pytest.raises(ReplyTimeout, match="one"):
        host.runtime.ask(address, lambda reply: ("?", reply), 0.05)


def test_a_late_answer_is_a_dead_letter(host):
    recorder = Recorder()
    address = started(host, "one", recorder)
    with pytest.raises(ReplyTimeout):
        host.runtime.ask(address, lambda reply: reply, 0.05)
    host.until(lambda: len(recorder.seen) == 2, "the question arrived")
    recorder.seen[1].tell("too late")
    assert host.runtime.dead_letters() == 1


def test_a_second_answer_is_a_dead_letter(host):
    def answer_twice(reply):
        reply.tell("first")
        reply.tell("second")

    address = started(host, "one", Recorder(answer_twice))
    assert host.runtime.ask(address, lambda reply: reply, 5) == "first"
    host.until(lambda: host.runtime.dead_letters() == 1, "the second answer is counted")


def test_a_stopped_actor_is_not_asked(host):
    address = started(host, "one", Recorder())
    host.runtime.stop(address)
    with pytest.raises(ReplyTimeout, match="stopped"):
        host.runtime.ask(address, lambda reply: reply, 5)
    assert host.runtime.dead_letters() == 0


def test_asking_or_stopping_inside_an_actor_is_a_bug_that_ends_it(host):
    other = started(host, "other", Recorder())
    asking = started(host, "asking", Recorder(lambda _: host.runtime.ask(other, lambda r: r, 1)))
    asking.tell("go")
    host.until(lambda: len(host.crashes) == 1, "the first crash")
    stopping = started(host, "stopping", Recorder(lambda _: host.runtime.stop(other)))
    stopping.tell("go")
    host.until(lambda: len(host.crashes) == 2, "the second crash")
    assert [(name, isinstance(error, AssertionError)) for name, error in host.crashes] == [
        ("asking", True),
        ("stopping", True),
    ]


def test_stop_all_stops_the_last_reserved_first(host):
    order = []

    class Leaving(Recorder):
        def __init__(self, name):
            super().__init__()
            self._name = name

        def on_stop(self):
            order.append(self._name)

    for name in ("first", "second", "third"):
        started(host, name, Leaving(name))
    host.runtime.stop_all()
    assert order == ["third", "second", "first"]
    assert host.runtime.mailbox_depths() == {}
