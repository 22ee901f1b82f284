"""What every clock promises."""

from tests.contract.hosts import Recorder


def started(host):
    recorder = Recorder()
    address = host.runtime.reserve("one")
    host.runtime.start(address, recorder)
    return recorder, address


def test_the_monotonic_clock_moves_with_time_and_never_back(host):
    before_ns = host.clock.monotonic_ns()
    host.let_pass(0.02)
    passed_ns = host.clock.monotonic_ns() - before_ns
    assert passed_ns >= 20_000_000


def test_the_calendar_counts_microseconds_since_1970(host):
    year_us = 365 * 86_400 * 1_000_000
    assert 54 * year_us < host.clock.wall_us() < 130 * year_us


def test_a_timer_tells_its_message_not_before_its_time(host):
    told_ns = []
    address = host.runtime.reserve("one")
    host.runtime.start(address, Recorder(lambda _: told_ns.append(host.clock.monotonic_ns())))
    begin_ns = host.clock.monotonic_ns()
    host.clock.call_later(0.05, address, "due")
    host.until(lambda: told_ns, "the timer")
    assert told_ns[0] - begin_ns >= 50_000_000


def test_timers_fire_in_the_order_of_their_instants_whatever_the_order_of_setting(host):
    recorder, address = started(host)
    for delay_s in (0.06, 0.02, 0.04):
        host.clock.call_later(delay_s, address, delay_s)
    host.until(lambda: len(recorder.seen) == 4, "all timers")
    assert recorder.seen == ["start", 0.02, 0.04, 0.06]


def test_a_negative_delay_is_due_at_once(host):
    recorder, address = started(host)
    host.clock.call_later(-3.0, address, "now")
    host.until(lambda: recorder.seen == ["start", "now"], "the timer")


def test_a_cancelled_timer_tells_nothing(host):
    recorder, address = started(host)
    cancelled = host.clock.call_later(0.02, address, "cancelled")
    host.clock.call_later(0.04, address, "kept")
    cancelled.cancel()
    cancelled.cancel()
    host.until(lambda: len(recorder.seen) == 2, "the other timer")
    assert recorder.seen == ["start", "kept"]


def test_cancelling_a_timer_that_fired_is_harmless(host):
    recorder, address = started(host)
    timer = host.clock.call_later(0.0, address, "now")
    host.until(lambda: len(recorder.seen) == 2, "the timer")
    timer.cancel()
    host.clock.call_later(0.0, address, "again")
    host.until(lambda: recorder.seen == ["start", "now", "again"], "the next timer")


def test_a_timer_for_a_stopped_actor_ends_as_a_dead_letter(host):
    _, address = started(host)
    host.clock.call_later(0.02, address, "late")
    host.runtime.stop(address)
    host.until(lambda: host.runtime.dead_letters() == 1, "the dead letter")
