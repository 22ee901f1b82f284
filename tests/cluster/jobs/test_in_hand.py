"""What a worker has in hand, whoever asked for it."""

import pytest

from cluster.jobs.in_hand import FAILURES_MAX, InHand, Task


@pytest.fixture
def in_hand():
    made = InHand()
    made.start(Task("c1", "key", report="c1"))
    return made


def test_a_task_is_known_by_key_and_by_claim(in_hand):
    assert dict(in_hand.claims) == {"key": "c1"}
    assert in_hand.moved("c1", 10, held=False) == Task("c1", "key", "c1", 10)
    assert in_hand.moved("other", 10, held=False) is None


def test_bytes_never_go_back_and_held_stays_held(in_hand):
    in_hand.moved("c1", 10, held=True)
    assert in_hand.moved("c1", 5, held=False) == Task("c1", "key", "c1", 10, held=True)


def test_a_key_is_never_in_hand_twice(in_hand):
    with pytest.raises(AssertionError):
        in_hand.start(Task("c2", "key"))


def test_the_claim_it_is_reported_under_may_change(in_hand):
    assert in_hand.report_as("key", "new") == Task("c1", "key", "new")
    assert in_hand.report_as("unknown", "new") is None
    in_hand.unwanted("c1")
    assert in_hand.moved("c1", 0, held=False).report == "new"
    in_hand.unwanted("new")
    assert in_hand.moved("c1", 0, held=False).report == ""


def test_what_ended_is_forgotten(in_hand):
    assert in_hand.ended("key") == Task("c1", "key", "c1")
    assert in_hand.ended("key") is None
    assert dict(in_hand.claims) == {}
    assert in_hand.moved("c1", 10, held=False) is None


def test_a_failure_is_remembered_by_the_claim_it_was_reported_under(in_hand):
    in_hand.failed("c1", b"why")
    assert in_hand.failure("c1") == b"why"
    assert in_hand.failure("c2") is None
    in_hand.failed("c1", b"why else")
    assert in_hand.failure("c1") == b"why else"


def test_of_many_failures_the_newest_are_remembered(in_hand):
    for number in range(FAILURES_MAX + 5):
        in_hand.failed(f"c{number}", b"why")
    assert in_hand.failure("c4") is None
    assert in_hand.failure("c5") == b"why"
    assert in_hand.failure(f"c{FAILURES_MAX + 4}") == b"why"
