"""Merging progress is a join: order, grouping and repetition do not matter."""

import functools
import itertools

from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.contact_db.progress import join_windows, merge_progress
from recorder.model import SourceProgress, Window

instants = st.integers(0, 50)
windows = st.lists(st.builds(Window, instants, instants), max_size=5).map(tuple)
progresses = st.builds(
    SourceProgress, st.just("dyn"), st.integers(1, 3), instants, instants, windows
).map(lambda progress: merge_progress(progress, progress))


def covered(some):
    return {instant for window in some for instant in range(window.from_us, window.to_us)}


@given(windows)
def test_joined_windows_cover_the_same_instants_in_order_without_touching(some):
    joined = join_windows(some)
    assert covered(joined) == covered(some)
    assert all(one.to_us < after.from_us for one, after in itertools.pairwise(joined))
    assert join_windows(joined) == joined


@given(st.lists(progresses, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_progress(some, chance):
    shuffled = [*some, *chance.choices(some, k=3)]
    chance.shuffle(shuffled)
    assert functools.reduce(merge_progress, shuffled) == functools.reduce(merge_progress, some)


@given(progresses, progresses, progresses)
def test_the_grouping_does_not_matter(one, two, three):
    left = merge_progress(merge_progress(one, two), three)
    assert left == merge_progress(one, merge_progress(two, three))


@given(progresses, progresses)
def test_merging_never_lowers_epoch_and_watermark(one, other):
    merged = merge_progress(one, other)
    assert (merged.epoch, merged.watermark_us) == max(
        (one.epoch, one.watermark_us), (other.epoch, other.watermark_us)
    )
