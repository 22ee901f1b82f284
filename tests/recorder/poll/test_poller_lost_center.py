"""A Data Center that lost everything: a node's own watermark proves nothing any more."""

import pytest

from recorder.model import SourceProgress
from sim.stand_ins.progress import MemoryProgress
from tests.recorder.poll.polling import START_US, US, Desk, SmallCenter, known

HOUR_S = 3600


@pytest.fixture
def store():
    store = MemoryProgress()
    at_us = START_US - 600 * US
    store.save(SourceProgress("crm", 4, at_us, at_us))
    return store


def test_an_emptied_data_center_is_told_and_everything_is_listed_again(store):
    desk = Desk(store=store).start()
    desk.source.add("old", 1200)  # before the watermark on this node's disk

    desk.grant()

    assert desk.given() == ["old"]
    assert "data_center_empty" in desk.findings()
    assert desk.mark.epoch == 5
    assert desk.center.progress["crm"].epoch == 5


def test_a_node_without_duty_begins_again_too_so_that_its_peer_hears_of_it(store):
    desk = Desk(store=store).start()

    assert desk.mark.epoch == 5
    assert desk.mark.at_us <= START_US - 600 * US - HOUR_S * US


def test_beginning_again_happens_once_in_the_life_of_a_process(store):
    desk = Desk(store=store).start()
    began = desk.mark

    desk.grant()
    desk.withdraw()
    desk.run()
    desk.center.progress.clear()
    desk.grant(term=2)

    assert desk.mark.epoch == began.epoch


def test_a_data_center_that_has_progress_is_believed(store):
    desk = Desk(store=store, center=known(SmallCenter(), age_s=900)).start()

    assert (desk.mark.epoch, desk.findings()) == (4, [])


def test_a_data_center_that_knows_items_is_not_empty(store):
    first = Desk()
    ref = first.source.add("i1", 1200)
    center = SmallCenter()
    center.found["crm/i1"] = ref

    desk = Desk(store=store, center=center).start()

    assert (desk.mark.epoch, desk.findings()) == (4, [])


def test_a_data_center_that_does_not_answer_is_not_empty(store):
    center = SmallCenter()
    center.down = True

    desk = Desk(store=store, center=center).start()

    assert (desk.mark.epoch, desk.findings()) == (4, [])
