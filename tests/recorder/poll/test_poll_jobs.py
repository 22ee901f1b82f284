"""The blocking work of a poller."""

import pytest

from cluster.errors import StaleTerm
from recorder.errors import CallBufferError, RecorderError, SchemaTooNew
from recorder.model import ItemEvent, ItemRef, SourceProgress
from recorder.poll.poll_jobs import (
    REFS_AT_ONCE,
    load_progress,
    record_found,
    record_seen,
    save_progress,
    unfinished,
)
from sim.stand_ins.progress import MemoryProgress
from tests.recorder.poll.polling import SmallCenter

MINE, OTHER = SourceProgress("crm", 0, 100, 100), SourceProgress("other", 0, 200, 200)
EVENT = ItemEvent("crm", "a", "n", "b", 1, 0, "found")


class BrokenDisk:
    def load(self):
        raise RecorderError("damaged", hint="move it")

    def save(self, progress):
        raise CallBufferError(f"full: {progress.source}")


@pytest.fixture
def center():
    return SmallCenter()


def refs(number):
    return tuple(ItemRef("crm", f"i{index}", "1", index, "s") for index in range(number))


def test_loading_asks_disk_and_data_center_for_one_source(center):
    store = MemoryProgress()
    store.save(OTHER)
    center.progress = {"other": OTHER, "crm": MINE}
    loaded = load_progress(store, center, "crm")
    assert (loaded.disk, loaded.center) == (None, MINE)


def test_a_broken_disk_and_an_absent_data_center_do_not_hide_each_other(center):
    center.down = True
    loaded = load_progress(BrokenDisk(), center, "crm")
    assert (loaded.disk, loaded.center) == (None, None)
    assert (loaded.disk_error, loaded.center_error) == ("damaged. move it", "away")


def test_a_standby_saves_on_its_disk_only(center):
    store = MemoryProgress()
    assert save_progress(store, center, MINE, (EVENT,), None).row is None
    assert store.load() == (MINE,)
    assert (center.progress, center.events) == ({}, [])


def test_a_primary_saves_in_the_data_center_with_the_story(center):
    saved = save_progress(MemoryProgress(), center, MINE, (EVENT,), 4)
    assert (saved.row, saved.events_written) == (MINE, 1)
    assert center.events == [EVENT]


def test_a_full_disk_does_not_keep_the_data_center_from_knowing(center):
    saved = save_progress(BrokenDisk(), center, MINE, (), 4)
    assert saved.disk_error == "full: crm"
    assert saved.row == MINE


def test_an_absent_data_center_keeps_the_story_for_later(center):
    center.down = True
    saved = save_progress(MemoryProgress(), center, MINE, (EVENT,), 4)
    assert (saved.center_error, saved.events_written, saved.stale) == ("away", 0, None)


def test_a_stale_term_is_said_and_writes_nothing(center):
    center.term_seen = 9
    stale = save_progress(MemoryProgress(), center, MINE, (EVENT,), 4).stale
    assert (stale.term, stale.seen) == (4, 9)
    assert center.events == []
    with pytest.raises(StaleTerm):
        center.save_progress(MINE, 4)


def test_many_items_are_asked_for_and_recorded_in_batches(center):
    many = refs(2 * REFS_AT_ONCE + 1)
    assert unfinished(center, many) == many
    events = [ItemEvent("crm", ref.key, "n", "b", 1, 0, "found") for ref in many]
    record_found(center, many, events)
    assert len(center.found) == len(many)


def test_a_schema_that_is_too_new_refuses_no_item_and_is_tried_again():
    class Migrated:
        def record_found(self, _refs, _events, *, late):
            assert late
            raise SchemaTooNew("the other node has a newer program")

    with pytest.raises(SchemaTooNew):
        record_seen(Migrated(), ["a", "b"], ["", ""])
