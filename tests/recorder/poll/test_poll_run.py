"""One poll, page by page."""

import pytest

from recorder.errors import BadAnswer
from recorder.model import ItemRef, Page, Window
from recorder.poll import poll_run
from recorder.poll.poll_run import PollRun, TooManyPages

ONE, TWO = Window(0, 10), Window(10, 20)


def ref(key, version="1"):
    return ItemRef("crm", key, version, 5, "s")


def page(next_page):
    return Page((), next_page, None)


@pytest.fixture
def run():
    return PollRun(windows=(ONE, TWO), horizon_us=0, began_ns=0)


def test_windows_are_read_to_the_end_one_after_the_other(run):
    assert (run.window, run.page) == (ONE, None)
    run.listed(page("2"))
    assert (run.window, run.page, run.is_whole) == (ONE, "2", False)
    run.listed(page(None))
    assert run.is_whole
    run.next_window()
    assert (run.window, run.page, run.is_whole) == (TWO, None, False)
    run.listed(page(None))
    run.next_window()
    assert run.window is None


def test_an_item_listed_on_two_pages_counts_once(run):
    run.unfinished([ref("a"), ref("b")])
    run.unfinished([ref("a"), ref("a", "2")])
    assert run.found == (ref("a"), ref("b"), ref("a", "2"))


def test_items_belong_to_their_window(run):
    run.unfinished([ref("a")])
    run.listed(page(None))
    run.next_window()
    assert run.found == ()


def test_a_listing_in_circles_is_refused(run):
    run.listed(page("2"))
    run.listed(page("3"))
    with pytest.raises(BadAnswer, match="came back"):
        run.listed(page("2"))


def test_a_listing_without_end_is_refused(run, monkeypatch):
    monkeypatch.setattr(poll_run, "PAGES_MAX", 3)
    run.listed(page("1"))
    run.listed(page("2"))
    with pytest.raises(TooManyPages):
        run.listed(page("3"))


def test_more_items_than_fit_into_the_memory_are_refused(run, monkeypatch):
    monkeypatch.setattr(poll_run, "FOUND_MAX", 2)
    run.unfinished([ref("a"), ref("b")])
    run.listed(page("1"))
    run.unfinished([ref("c")])
    with pytest.raises(TooManyPages, match="more than 2 items"):
        run.listed(page("2"))


def test_the_same_token_in_another_window_is_no_circle(run):
    run.listed(page("2"))
    run.listed(page(None))
    run.next_window()
    run.listed(page("2"))
    assert run.page == "2"


def test_a_window_is_not_left_before_its_last_page(run):
    with pytest.raises(AssertionError):
        run.next_window()


def test_look_backs_come_last(run):
    with pytest.raises(AssertionError):
        run.look_back(TWO)
    run = PollRun(windows=(), horizon_us=0, began_ns=0)
    run.look_back(TWO)
    assert run.looks_back
    assert run.window == TWO
    run.listed(page(None))
    run.next_window()
    assert not run.looks_back
    assert run.looked_back == 1
