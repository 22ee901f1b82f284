"""The sampler of the tests on real processes sees what is over before the end."""

import pytest

from recorder.errors import DataCenterDown
from recorder.model import ItemState, SourceProgress
from tests.process.sampler import Sampler, look
from tests.sim.checkers.data import SECOND, T0_US, DataCenter, item_row, offered
from tests.waiting import wait_until


@pytest.fixture
def truth():
    return [offered(number) for number in range(5)]


@pytest.fixture
def center(truth):
    return DataCenter(truth)


@pytest.fixture
def sampler(center, truth):
    made = Sampler(lambda: look(center, lambda: truth), every_s=0.01)
    yield made
    made.stop()


def test_a_run_without_fault_is_passed(sampler):
    sampler.sample()
    sampler.check()
    assert sampler.looks == 1


def test_a_watermark_that_is_ahead_for_a_while_fails_the_test_at_the_end(sampler, center, truth):
    sound = center.item_rows[2]
    sampler.start()
    center.item_rows[2] = item_row(truth[2], ItemState.FETCHING)
    wait_until(lambda: sampler.violations, 5.0, "it is seen")
    center.item_rows[2] = sound
    sampler.stop()
    with pytest.raises(AssertionError, match=r"passed unfinished items.*r2"):
        sampler.check()


def test_an_item_that_the_watermark_passed_unseen_fails_the_test(sampler, center):
    del center.item_rows[4]
    sampler.sample()
    with pytest.raises(AssertionError, match="never seen"):
        sampler.check()


def test_an_item_with_two_rows_fails_the_test(sampler, center):
    center.item_rows.append(center.item_rows[0])
    sampler.sample()
    with pytest.raises(AssertionError, match="two rows"):
        sampler.check()


def test_what_is_offered_while_the_rows_are_read_is_not_held_against_the_watermark(center, truth):
    new = offered(7, source="dynamics")
    answers = iter([truth, [*truth, new]])
    center.progress = [SourceProgress("dynamics", 0, T0_US + 20 * SECOND, T0_US)]
    sampler = Sampler(lambda: look(center, lambda: next(answers)))
    sampler.sample()
    sampler.check()


def test_items_from_the_past_may_be_unfinished_below_the_watermark(center, truth):
    late = [offered(9, late=True), *truth]
    center.item_rows.append(item_row(late[0], ItemState.FOUND))
    sampler = Sampler(lambda: look(center, lambda: late))
    sampler.sample()
    sampler.check()


def test_the_progress_is_read_before_the_items(center, truth):
    """An item found between the two reads is on record by the time it is looked for."""
    center.item_rows, rows = center.item_rows[:-1], center.item_rows
    read = center.load_progress

    def then_found():
        progress = read()
        center.item_rows = rows
        return progress

    center.load_progress = then_found
    sampler = Sampler(lambda: look(center, lambda: truth))
    sampler.sample()
    sampler.check()


def test_a_data_center_that_is_away_is_looked_at_later():
    def away():
        raise DataCenterDown("away")

    sampler = Sampler(away)
    sampler.sample()
    sampler.check()
    assert sampler.looks == 0


def test_a_sampler_that_fails_fails_the_test():
    def odd():
        raise KeyError("odd")

    sampler = Sampler(odd, every_s=0.01)
    sampler.start()
    sampler.stop()
    with pytest.raises(AssertionError, match="the sampler failed"):
        sampler.check()
