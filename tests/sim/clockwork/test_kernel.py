"""The heap, the clock, the lives of nodes, and blocking code in virtual time."""

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clockwork.kernel import Deadlock, Kernel

S = 1_000_000_000


@pytest.fixture
def kernel():
    return Kernel(seed=1)


def note(kernel, events, text):
    return lambda: events.append((kernel.now_ns, text))


def test_events_happen_in_the_order_of_their_instants_and_of_scheduling(kernel):
    events = []
    for delay_ns, text in ((30, "c"), (10, "a"), (20, "b"), (10, "a2")):
        kernel.schedule(delay_ns, note(kernel, events, text), label=text)
    kernel.run_until(100)
    assert events == [(10, "a"), (10, "a2"), (20, "b"), (30, "c")]
    assert kernel.now_ns == 100


@given(st.lists(st.integers(0, 50)))
def test_time_never_goes_back(delays_ns):
    kernel, instants = Kernel(seed=1), []

    def action():
        instants.append(kernel.now_ns)
        if len(instants) < 100:
            kernel.schedule(len(instants) % 7, action, label="again")

    for delay_ns in delays_ns:
        kernel.schedule(delay_ns, action, label="first")
    kernel.run_until(1000)
    assert instants == sorted(instants)


def test_a_negative_delay_is_now_but_never_inline(kernel):
    events = []
    kernel.run_until(10)
    kernel.schedule(-5, note(kernel, events, "now"), label="")
    assert events == []
    assert kernel.step()
    assert events == [(10, "now")]
    assert not kernel.step()


def test_run_until_leaves_later_events_for_later(kernel):
    events = []
    kernel.schedule(10, note(kernel, events, "due"), label="")
    kernel.schedule(11, note(kernel, events, "later"), label="")
    kernel.run_until(10)
    assert events == [(10, "due")]
    assert kernel.next_ns() == 11
    kernel.run_for(1e-9)
    assert events[-1] == (11, "later")
    assert kernel.next_ns() is None


def test_pump_stops_at_the_condition_or_at_the_deadline(kernel):
    events = []
    for delay_ns in (10, 20, 30):
        kernel.schedule(delay_ns, note(kernel, events, ""), label="")
    assert kernel.pump(lambda: len(events) == 2, 100)
    assert kernel.now_ns == 20
    assert not kernel.pump(lambda: len(events) == 9, 100)
    assert kernel.now_ns == 100


def test_a_cancelled_event_does_not_happen(kernel):
    events = []
    event = kernel.schedule(10, note(kernel, events, "cancelled"), label="")
    event.cancel()
    assert kernel.next_ns() is None
    kernel.run_until(20)
    assert events == []


def test_events_of_a_crashed_node_vanish_and_those_of_others_and_of_its_next_life_do_not(kernel):
    events = []
    first, other = kernel.begin_epoch("a"), kernel.begin_epoch("b")
    for text, epoch in (("dead", first), ("other", other), ("world", None)):
        kernel.schedule(10, note(kernel, events, text), label=text, epoch=epoch)
    kernel.run_until(5)
    kernel.end_epoch("a")
    second = kernel.begin_epoch("a")
    kernel.schedule(10, note(kernel, events, "new life"), label="", epoch=second)
    kernel.schedule(0, note(kernel, events, "ghost"), label="", epoch=first)
    kernel.run_until(100)
    assert [text for _, text in events] == ["other", "world", "new life"]
    assert (first.number, second.number, second.node) == (1, 2, "a")


def test_a_new_life_ends_the_one_before(kernel):
    first = kernel.begin_epoch("a")
    kernel.begin_epoch("a")
    assert first.ended


def test_crashing_a_node_that_never_lived_is_harmless(kernel):
    kernel.end_epoch("nobody")


def test_what_an_event_raises_comes_out_and_the_kernel_goes_on(kernel):
    events = []

    def broken():
        raise KeyboardInterrupt

    kernel.schedule(1, broken, label="")
    kernel.schedule(2, note(kernel, events, "after"), label="")
    with pytest.raises(KeyboardInterrupt):
        kernel.run_until(10)
    kernel.run_until(10)
    assert events == [(2, "after")]


def test_an_event_cannot_run_the_kernel(kernel):
    kernel.schedule(1, lambda: kernel.run_for(1), label="")
    with pytest.raises(Deadlock):
        kernel.run_until(10)


def test_every_event_is_traced_with_its_instant_and_label():
    rows = []
    kernel = Kernel(seed=1, trace=lambda now_ns, label: rows.append((now_ns, label)))
    kernel.schedule(20, lambda: None, label="b")
    kernel.schedule(10, lambda: None, label="a")
    kernel.run_until(30)
    assert rows == [(10, "a"), (20, "b")]


def test_streams_are_equal_for_equal_seeds_and_names_and_independent_of_each_other():
    def numbers(seed, *name, disturb=False):
        streams = Kernel(seed=seed).streams
        if disturb:
            streams.stream("net", "b", "a").random()
        return [streams.stream(*name).random() for _ in range(5)]

    plain = numbers(1, "net", "a", "b")
    assert numbers(1, "net", "a", "b", disturb=True) == plain
    assert numbers(2, "net", "a", "b") != plain
    assert numbers(1, "net", "b", "a") != plain


def test_a_stream_goes_on_where_it_was(kernel):
    first = kernel.streams.stream("disk")
    assert kernel.streams.stream("disk") is first


def run_task(kernel, body, epoch=None, delay_ns=0):
    kernel.schedule(delay_ns, lambda: kernel.run_task(body, epoch), label="task", epoch=epoch)


def test_blocking_code_lets_virtual_time_pass_while_others_go_on(kernel):
    events = []

    def sleeper(name, seconds):
        def body():
            for _ in range(3):
                kernel.block_for(seconds)
                events.append((kernel.now_ns // (S // 10), name))

        return body

    run_task(kernel, sleeper("slow", 0.3))
    run_task(kernel, sleeper("fast", 0.2))
    kernel.run_for(1)
    assert events == [(2, "fast"), (3, "slow"), (4, "fast"), (6, "slow"), (6, "fast"), (9, "slow")]


def test_blocking_outside_a_task_is_a_bug_with_a_clear_message(kernel):
    with pytest.raises(Deadlock, match="actors never block"):
        kernel.block_for(1)
    kernel.schedule(0, lambda: kernel.block_for(1), label="")
    with pytest.raises(Deadlock, match="actors never block"):
        kernel.run_for(1)


def test_a_crashed_node_never_runs_its_finally_blocks_even_when_garbage_is_collected(kernel):
    events = []
    epoch = kernel.begin_epoch("a")

    def body():
        try:
            kernel.block_for(10)
            events.append("went on")
        finally:
            events.append("cleaned up")

    run_task(kernel, body, epoch)
    kernel.run_for(1)
    kernel.end_epoch("a")
    gc.collect()
    kernel.run_for(60)
    assert events == []


def test_a_dead_world_is_collected_without_a_word():
    def live_and_die():
        kernel = Kernel(seed=1)

        def body():
            try:
                kernel.block_for(10)
            finally:
                kernel.block_for(1)

        run_task(kernel, body)
        kernel.run_for(1)

    live_and_die()
    gc.collect()


def test_what_a_task_raises_comes_out_of_the_kernel(kernel):
    def body():
        kernel.block_for(0.1)
        raise KeyboardInterrupt

    run_task(kernel, body)
    with pytest.raises(KeyboardInterrupt):
        kernel.run_for(1)
    assert kernel._tasks == {}
