"""Periods proven complete."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from recorder.model import Window
from recorder.poll.coverage import INTERVALS_MAX, Coverage

WINDOWS = st.lists(st.builds(Window, st.integers(0, 60), st.integers(0, 60)), max_size=20)


def instants(windows):
    return {at for window in windows for at in range(window.from_us, window.to_us)}


def test_touching_windows_become_one():
    coverage = Coverage([Window(10, 20), Window(30, 40), Window(20, 30)])
    assert coverage.windows == (Window(10, 40),)
    assert coverage.start_us == 10


def test_gaps_are_what_is_not_covered():
    coverage = Coverage([Window(10, 20), Window(30, 40)])
    assert coverage.gaps(0, 50) == (Window(0, 10), Window(20, 30), Window(40, 50))
    assert coverage.gaps(12, 18) == ()
    assert Coverage().gaps(5, 5) == ()
    assert Coverage().start_us is None


def test_nothing_counts_from_a_cut_on():
    coverage = Coverage([Window(10, 20), Window(30, 40)])
    coverage.cut(15)
    assert coverage.windows == (Window(10, 15),)


@given(WINDOWS)
def test_it_covers_exactly_what_was_added(windows):
    coverage = Coverage(windows)
    assert instants(coverage.windows) == instants(windows)
    parts = coverage.windows
    assert all(one.to_us < two.from_us for one, two in itertools.pairwise(parts))


@given(WINDOWS, st.integers(0, 60), st.integers(0, 60))
def test_gaps_and_covered_parts_together_are_the_whole(windows, from_us, to_us):
    coverage = Coverage(windows)
    gaps, parts = instants(coverage.gaps(from_us, to_us)), instants(coverage.within(from_us, to_us))
    assert not gaps & parts
    assert gaps | parts == set(range(from_us, to_us))
    assert parts <= instants(windows)


@given(WINDOWS, st.integers(0, 60))
def test_a_cut_keeps_what_lies_before(windows, cut):
    coverage = Coverage(windows)
    coverage.cut(cut)
    assert instants(coverage.windows) == {at for at in instants(windows) if at < cut}


def test_the_number_of_intervals_is_bounded_and_the_oldest_go_first():
    coverage = Coverage(Window(at * 10, at * 10 + 5) for at in range(INTERVALS_MAX + 10))
    assert len(coverage.windows) == INTERVALS_MAX
    assert coverage.start_us == 100
