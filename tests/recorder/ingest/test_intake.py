"""How much work is taken, and whose turn it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.ingest.intake import NOT_LOOKED, Intake
from recorder.settings.stages import IngestSettings
from recorder.status import SourceWork

SOURCES = ("zoom", "busy", "calm")


def intake(downloads=2, queue=3, backlog_max=100, *, sources=SOURCES, is_open=True):
    settings = IngestSettings(downloads=downloads, queue=queue, backlog_max=backlog_max)
    made = Intake(settings, sources)
    if is_open:
        made.space("")
    return made


def started(made):
    keys = []
    while (key := made.start_next()) is not None:
        keys.append(key)
    return keys


def test_nothing_is_taken_before_the_buffer_was_looked_at():
    made = intake(is_open=False)
    assert made.free_by_source["zoom"] == 0
    assert made.closed_because == NOT_LOOKED
    assert made.take("a", "zoom") is False


def test_downloads_and_queue_together_are_the_capacity():
    made = intake()
    assert made.free_by_source["zoom"] == 5
    for number in range(5):
        assert made.take(str(number), "zoom")
    assert made.free_by_source["zoom"] == 0
    assert started(made) == ["0", "1"]
    assert (made.downloading, made.queued, made.free_by_source["zoom"]) == (2, 3, 0)
    assert made.free_by_source["calm"] == 5, "another source has its own"


def test_work_given_beyond_the_capacity_is_taken_all_the_same():
    made = intake(downloads=1, queue=0)
    assert [made.take(key, "zoom") for key in "abc"] == [True, True, True]
    assert made.free_by_source["zoom"] == 0
    assert started(made) == ["a"]


def test_a_finished_download_makes_room():
    made = intake(downloads=1, queue=0)
    made.take("a", "zoom")
    started(made)
    made.buffered("a")
    assert made.free_by_source["zoom"] == 1
    made.ended("a")
    assert made.free_by_source["zoom"] == 1


def test_items_that_wait_for_the_data_center_close_the_intake_at_a_limit():
    made = intake(backlog_max=2)
    for key in "ab":
        made.take(key, "zoom")
    started(made)
    assert made.free_by_source["zoom"] == 0
    made.buffered("a")
    made.buffered("b")
    assert made.closed_because == "2 items wait for the Data Center"
    made.ended("a")
    assert made.closed_because == ""
    assert made.free_by_source["zoom"] == 1


def test_a_closing_buffer_gives_back_what_waits_and_keeps_what_runs():
    made = intake(downloads=1)
    for key in "abc":
        made.take(key, "zoom")
    started(made)
    assert made.space("it is full") == ("b", "c")
    assert (made.downloading, made.queued, made.free_by_source["zoom"]) == (1, 0, 0)
    assert started(made) == []
    made.space("")
    assert made.free_by_source["zoom"] == 3


def test_a_source_whose_downloads_hang_takes_nothing_from_the_others():
    made = intake(downloads=2, queue=1)
    for number in range(3):
        made.take(f"busy{number}", "busy")
    assert started(made) == ["busy0", "busy1"]
    made.take("calm0", "calm")
    made.take("calm1", "calm")
    assert started(made) == ["calm0", "calm1"]
    assert made.free_by_source == {"zoom": 3, "busy": 0, "calm": 1}
    made.ended("busy0")
    assert started(made) == ["busy2"]


def test_what_is_in_hand_is_told_by_source():
    made = intake(downloads=1, queue=1, sources=("busy", "calm"))
    for key in ("busy0", "busy1"):
        made.take(key, "busy")
    started(made)
    assert made.by_source == {"busy": SourceWork(1, 1, 0), "calm": SourceWork(0, 0, 2)}
    assert made.downloads_max == 2


def test_a_key_is_in_hand_once():
    made = intake()
    made.take("a", "zoom")
    for step in (started, lambda made: made.buffered("a")):
        with pytest.raises(AssertionError, match="in hand already"):
            made.take("a", "zoom")
        step(made)


STEPS = st.lists(
    st.tuples(st.sampled_from(("take", "buffered", "ended", "start")), st.sampled_from("abc")),
    max_size=80,
)


@given(STEPS)
def test_a_source_below_its_share_is_never_refused_because_of_others(steps):
    made = intake(downloads=2, queue=2, sources="abc")
    waiting, running, buffered = ({source: [] for source in "abc"} for _ in range(3))
    for number, (what, source) in enumerate(steps):
        if what == "take" and made.free_by_source[source]:
            made.take(f"{source}{number}", source)
            waiting[source].append(f"{source}{number}")
        elif what == "buffered" and running[source]:
            buffered[source].append(running[source].pop(0))
            made.buffered(buffered[source][-1])
        elif what == "ended" and (running[source] or buffered[source]):
            made.ended((buffered[source] or running[source]).pop(0))
        elif what == "start":
            for key in started(made):
                waiting[key[0]].remove(key)
                running[key[0]].append(key)
            assert all(len(running[s]) == 2 or not waiting[s] for s in "abc")
        for each in "abc":
            assert made.free_by_source[each] == 4 - len(waiting[each]) - len(running[each])
            assert len(running[each]) <= 2


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=30, unique=True))
def test_every_item_is_started_once_and_sources_take_turns(given_keys):
    made = intake(downloads=1, queue=0, sources="abc")
    for source, number in given_keys:
        made.take(f"{source}{number}", source)
    order = []
    while (key := made.start_next()) is not None:
        order.append(key)
        made.ended(key)
    assert sorted(order) == sorted(f"{source}{number}" for source, number in given_keys)
    for source in "abc":
        own = [key for key in order if key[0] == source]
        assert own == [f"{s}{n}" for s, n in given_keys if s == source]
