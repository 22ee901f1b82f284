import pytest

from recorder.adapters.zoom.cache import MeetingCache
from recorder.adapters.zoom.records import File, Meeting

SECOND_NS = 1_000_000_000


def meeting(number, files=1):
    listed = tuple(File(id=f"f{n}", status="completed") for n in range(files))
    return Meeting(uuid=f"m{number}", files=listed)


@pytest.fixture
def cache():
    return MeetingCache(meetings_max=3, files_max=10, age_max_s=30)


def test_a_meeting_serves_each_item_once(cache):
    cache.keep(meeting(1), 0, "f0")

    assert cache.describing("m1", "f0", 0) is None
    assert cache.describing("m1", "f1", 0) == meeting(1)
    assert cache.describing("m1", "f1", 0) is None
    assert cache.known("m1", 0) == meeting(1)


def test_a_fresh_answer_serves_nobody_a_second_time(cache):
    cache.keep(meeting(1), 0, "f0")
    cache.describing("m1", "f1", 0)
    cache.keep(meeting(1), SECOND_NS, "f1")

    assert cache.describing("m1", "f0", SECOND_NS) is None
    assert cache.describing("m1", "f2", SECOND_NS) == meeting(1)


def test_a_meeting_is_forgotten_with_its_age(cache):
    cache.keep(meeting(1), 0)

    assert cache.known("m1", 30 * SECOND_NS - 1) is not None
    assert cache.known("m1", 30 * SECOND_NS) is None
    assert cache._entries == {}


def test_a_meeting_that_is_gone_is_forgotten(cache):
    cache.keep(meeting(1), 0)
    cache.forget("m1")
    cache.forget("m1")

    assert cache.known("m1", 0) is None


def test_the_oldest_go_when_there_are_many(cache):
    for number in range(5):
        cache.keep(meeting(number), 0)

    assert list(cache._entries) == ["m2", "m3", "m4"]


def test_the_files_of_all_together_are_bounded_but_the_latest_meeting_stays(cache):
    cache.keep(meeting(1, files=6), 0)
    cache.keep(meeting(2, files=6), 0)
    assert list(cache._entries) == ["m2"]

    cache.keep(meeting(3, files=99), 0)
    assert list(cache._entries) == ["m3"]
