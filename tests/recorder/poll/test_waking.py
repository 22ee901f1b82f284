"""Which waiting items are tried early when a source answers again."""

from dataclasses import replace

from recorder.model import ItemRef, ItemState
from recorder.poll.ledger import Item
from recorder.poll.waking import Sign, Waking

S = 1_000_000_000
FAILED = Item(
    ref=ItemRef("s", "k", "1", 5, "s"),
    found_us=0,
    found_ns=0,
    state=ItemState.FAILED,
    failures=3,
    failing_since_ns=10 * S,
    failed_ns=20 * S,
)


def waking():
    return Waking(interval_s=60, cap_s=900)


def test_a_poll_that_recovered_wakes_all_that_wait_for_the_source_and_nothing_else():
    items = {
        "waits": FAILED,
        "parked": replace(FAILED, parked=True),
        "poison": replace(FAILED, own_fault=True),
        "under way": replace(FAILED, state=ItemState.ASSIGNED),
        "ends": replace(FAILED, ending=ItemState.GONE),
        "asked for patience": replace(FAILED, not_before_ns=200 * S),
        "woken": replace(FAILED, woken_ns=99 * S),
    }
    assert waking().keys(Sign.POLL_RECOVERED, items, 100 * S) == ("waits", "parked", "woken")


def test_a_fetch_that_succeeded_wakes_the_others_once_in_an_interval():
    items = {"a": FAILED, "b": replace(FAILED, woken_ns=99 * S)}
    assert waking().keys(Sign.FETCHED, items, 100 * S) == ("a",)
    assert waking().keys(Sign.FETCHED, items, 160 * S) == ("a", "b")


def test_many_successes_at_once_are_one_sign():
    one = waking()
    assert one.keys(Sign.FETCHED, {"a": FAILED}, 100 * S) == ("a",)
    assert one.keys(Sign.FETCHED, {"a": FAILED}, 100 * S + 1) == ()
    assert one.keys(Sign.FETCHED, {"a": FAILED}, 101 * S) == ("a",)


def test_one_that_goes_on_failing_alone_is_woken_ever_more_rarely():
    hour_s = 3600
    items = {"a": replace(FAILED, woken_ns=2 * hour_s * S)}
    assert waking().keys(Sign.FETCHED, items, (2 * hour_s + 700) * S) == ()
    assert waking().keys(Sign.FETCHED, items, (2 * hour_s + 800) * S) == ("a",)
    items = {"a": replace(FAILED, woken_ns=90 * hour_s * S)}
    assert waking().keys(Sign.FETCHED, items, (90 * hour_s + 901) * S) == ("a",)


def test_while_polls_succeed_and_no_fetch_does_one_item_at_a_time_finds_out():
    items = {"new": replace(FAILED, failed_ns=30 * S), "old": FAILED}
    one = waking()
    assert one.keys(Sign.POLLED, items, 100 * S) == ("old",)
    one.keys(Sign.FETCHED, {}, 100 * S)
    assert one.keys(Sign.POLLED, items, 101 * S) == ()
    items["new"] = replace(FAILED, failed_ns=102 * S)
    assert one.keys(Sign.POLLED, items, 103 * S) == ("new",)
