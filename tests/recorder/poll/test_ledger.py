"""The item state machine."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.codec import FailBody
from recorder.errors import Truncated
from recorder.ingest.verify import judge
from recorder.model import ItemRef, ItemState, MediaKind, MediaRef
from recorder.poll.ledger import (
    ITEM_CODES,
    Assigned,
    Broken,
    Finished,
    Give,
    Item,
    Passed,
    Record,
    Recorded,
    RetryDue,
    RetryIn,
    step,
)
from recorder.ports.recording import SealedFile
from recorder.settings.stages import RetrySettings

S = 1_000_000_000
REF = ItemRef("source", "k", "1", 100, "s")
SETTINGS = RetrySettings(base_s=2, cap_s=100, park_after_tries=3, park_after_s=1000)
NEW = Item(ref=REF, found_us=0, found_ns=0)


def broken(state=ItemState.FAILED, code="not_media", now_s=0, retry_after_s=None, message="why"):
    body = FailBody(REF, state, code, message, 1, retry_after_s)
    return Broken(body, chance=0.5, now_ns=now_s * S)


def walk(item, *events):
    decisions = ()
    for event in events:
        item, decisions = step(item, event, SETTINGS)
    return item, decisions


def test_an_item_is_found_assigned_and_archived():
    item, decisions = walk(NEW, Assigned("b"))
    assert (item.state, item.node, decisions) == (ItemState.ASSIGNED, "b", ())
    item, decisions = walk(item, Finished())
    assert (item.state, decisions) == (ItemState.ARCHIVED, (Passed(),))


def test_a_failed_item_is_recorded_and_tried_again():
    item, decisions = walk(NEW, Assigned("b"), broken())
    assert item.state is ItemState.FAILED
    wait, record = decisions
    assert wait == RetryIn(1.0)
    assert record == Record(ItemState.FAILED, "not_media: why", 1, parked=False, retry_in_s=1.0)
    item, decisions = walk(item, RetryDue())
    assert (item.state, decisions) == (ItemState.FOUND, (Give(2),))


def test_waiting_grows_with_every_try():
    item, first = walk(NEW, broken())
    _, second = walk(item, RetryDue(), broken())
    assert (first[0].delay_s, second[0].delay_s) == (1.0, 2.0)


def test_what_the_source_asks_for_is_waited():
    _, decisions = walk(NEW, broken(retry_after_s=77))
    assert decisions[0].delay_s == 78.0


OF_THE_WORLD = [
    "throttled",
    "call_buffer",
    "unreachable",
    "auth_refused",
    "stalled",
    "link_expired",
    "unknown_source",
    "adapter_error",
    "node_error",
    "truncated",
]


@pytest.mark.parametrize("code", OF_THE_WORLD)
def test_what_may_hit_every_item_at_once_is_no_try(code):
    item = NEW
    for _ in range(20):
        item, decisions = walk(item, broken(code=code, retry_after_s=5), RetryDue())
        assert decisions == (Give(1),)
    assert item.attempts == 0


@pytest.mark.parametrize("code", OF_THE_WORLD)
def test_without_a_try_counted_the_pauses_grow_all_the_same(code):
    item, pauses = NEW, []
    for _ in range(8):
        item, decisions = walk(item, broken(code=code))
        pauses.append(decisions[0].delay_s)
        item, _ = walk(item, RetryDue())
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 50.0, 50.0]


@pytest.mark.parametrize("code", OF_THE_WORLD)
def test_after_a_day_an_item_is_parked_for_any_reason(code):
    _, decisions = walk(NEW, broken(code=code, now_s=1000))
    assert decisions[0].parked


@pytest.mark.parametrize("code", sorted(ITEM_CODES))
def test_what_speaks_of_the_item_is_a_try(code):
    item, _ = walk(NEW, broken(code=code))
    assert (item.attempts, item.own_fault) == (1, True)


def test_a_whole_body_that_is_wrong_again_and_again_is_the_items_own_fault():
    sealed = SealedFile("x", 10, "ab", b"RIFF\x00\x00\x00\x00WAVE")
    with pytest.raises(Truncated) as caught:
        judge(sealed, MediaRef("m", MediaKind.AUDIO, "f.wav", "audio/wav", 10, "cd"))
    wrong = broken(code="truncated", message=str(caught.value))
    item, _ = walk(NEW, wrong, RetryDue())
    assert item.attempts == 0
    item, _ = walk(item, wrong, RetryDue(), wrong)
    assert item.attempts == 2


def test_a_transfer_that_breaks_off_again_and_again_is_not():
    broke = broken(code="truncated", message="files.example broke off")
    item, _ = walk(NEW, *[broke, RetryDue()] * 5)
    assert item.attempts == 0


def test_after_too_many_tries_an_item_is_parked_once_that_is_on_record():
    item, decisions = walk(NEW, broken(), RetryDue(), broken(), RetryDue(), broken())
    assert decisions == (Record(ItemState.FAILED, "not_media: why", 3, True, 3600.0),)
    assert not item.parked
    assert walk(item, RetryDue()) == (item, ())
    item, decisions = walk(item, Recorded())
    assert item.parked
    assert decisions == (Passed(),)


def test_after_too_long_an_item_is_parked_whatever_its_tries():
    _, decisions = walk(NEW, broken(now_s=1000))
    assert decisions[0].parked


def test_a_parked_item_is_tried_on_and_may_still_be_archived():
    parked = replace(NEW, state=ItemState.FAILED, parked=True, attempts=3)
    item, decisions = walk(parked, RetryDue())
    assert decisions == (Give(4),)
    again, decisions = walk(item, broken())
    assert decisions[0].parked
    assert again.parked
    item, _ = walk(item, Finished())
    assert item.state is ItemState.ARCHIVED


def test_a_parked_item_older_than_the_sources_retention_is_gone():
    old = replace(broken(code="unreachable"), forgotten=True)
    item, decisions = walk(NEW, old)
    assert decisions[0] == RetryIn(1.0), "not before it was tried for as long as any other"
    parked = replace(NEW, parked=True, attempts=3)
    item, decisions = walk(parked, old)
    reason = "retention: too old for the source to keep it; it failed with unreachable: why"
    assert decisions == (Record(ItemState.GONE, reason, 3, parked=False, retry_in_s=None),)
    item, decisions = walk(item, Recorded())
    assert (item.state, decisions) == (ItemState.GONE, (Passed(),))


@pytest.mark.parametrize("state", [ItemState.GONE, ItemState.NOT_RECORDABLE])
def test_an_end_without_media_counts_only_when_it_is_on_record(state):
    item, decisions = walk(NEW, Assigned("b"), broken(state, "gone"))
    assert decisions == (Record(state, "gone: why", 1, parked=False, retry_in_s=None),)
    assert not item.is_over
    item, decisions = walk(item, Recorded())
    assert (item.state, decisions) == (state, (Passed(),))
    assert item.is_over


@pytest.mark.parametrize("event", [Assigned("x"), broken(), Recorded(), RetryDue()])
@pytest.mark.parametrize("state", [s for s in ItemState if s.is_final])
def test_a_late_event_never_moves_a_final_item(state, event):
    item = replace(NEW, state=state)
    assert step(item, event, SETTINGS) == (item, ())


def test_a_recording_that_came_after_all_is_the_better_truth():
    gone = replace(NEW, state=ItemState.GONE)
    assert walk(gone, Finished()) == (replace(gone, state=ItemState.ARCHIVED), ())


def test_the_same_failure_told_twice_counts_once():
    once, _ = walk(NEW, broken())
    assert walk(once, broken()) == (once, ())


def test_a_result_beats_a_waiting_retry():
    item, _ = walk(NEW, broken())
    item, decisions = walk(item, Finished())
    assert decisions == (Passed(),)
    assert walk(item, RetryDue()) == (item, ())


EVENTS = st.lists(
    st.one_of(
        st.just(Assigned("b")),
        st.just(Finished()),
        st.just(Recorded()),
        st.just(RetryDue()),
        st.builds(
            broken,
            st.sampled_from([ItemState.FAILED, ItemState.GONE, ItemState.NOT_RECORDABLE]),
            st.sampled_from(["not_media", "unreachable", "throttled"]),
            st.integers(0, 2000),
        ),
    ),
    max_size=40,
)


@settings(max_examples=400)
@given(EVENTS)
def test_whatever_happens_the_machine_keeps_its_promises(events):
    item, recorded_asked = NEW, False
    for event in events:
        before = item
        item, decisions = step(item, event, SETTINGS)
        if before.is_over:
            assert item.is_over
            assert decisions == ()
        if before.state is ItemState.ARCHIVED:
            assert item == before
        recorded_asked = recorded_asked or any(isinstance(d, Record) for d in decisions)
        if Passed() in decisions and not isinstance(event, Finished):
            assert isinstance(event, Recorded)
            assert recorded_asked
        gives = [d for d in decisions if isinstance(d, Give)]
        if gives:
            assert gives[0].attempt == item.attempts + 1
            assert item.state is ItemState.FOUND
        stuck = item.state is ItemState.FAILED and before.state is not ItemState.FAILED
        if stuck:
            assert decisions, "a failed item always has something that moves it on"
