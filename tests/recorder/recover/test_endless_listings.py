"""A listing without an end ends the comparison, with its reason; it is not read for ever."""

from dataclasses import replace

import pytest

from tests.recorder.recover.reconciling import DAY_S, Bench


@pytest.fixture
def bench():
    bench = Bench(calls_per_s=100)
    bench.archived("rec-1", -5)
    return bench


def next_pages(bench, token_after):
    """The source's pages, each with a token behind it."""
    inside = bench.source.list_items

    def endless(window, page):
        return replace(inside(window, None), next_page=token_after(page))

    bench.source.list_items = endless


def test_a_listing_in_circles_ends_the_run_until_the_next_night(bench):
    next_pages(bench, lambda page: "b" if page == "a" else "a")
    bench.grant()
    bench.run(DAY_S / 4)
    (run,) = bench.runs
    assert "bad_answer: the listing came back to a page" in run.reason
    assert bench.alarms()["reconciliation_failing"].what == run.reason


def test_more_pages_than_the_shortest_section_can_have_end_the_run(bench, monkeypatch):
    monkeypatch.setattr("recorder.recover.reconcile_plan.PAGES_MAX", 4)
    monkeypatch.setattr("recorder.recover.reconcile_lane.PAGES_END", 8)
    next_pages(bench, lambda page: str(int(page or 0) + 1))
    bench.grant()
    bench.run(DAY_S / 4)
    (run,) = bench.runs
    assert "bad_answer: the shortest section has more than 8 pages" in run.reason
