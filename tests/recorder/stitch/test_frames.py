from hypothesis import given
from hypothesis import strategies as st

from recorder.stitch.frames import Frame, Shot, cuts, joined, runs, shown
from recorder.stitch.plan_model import Keep

KEY_EVERY = 5


def frames(first, last, part=0, *, seq=True):
    """Frames of one stream, one every 200 ms, each fifth a key frame."""
    return [
        Frame(part, index, number * 200, number % KEY_EVERY == 0, number if seq else None)
        for index, number in enumerate(range(first, last))
    ]


def test_frames_that_two_nodes_received_are_joined_once_and_without_a_hole():
    found = list(joined([frames(0, 12, 0), frames(10, 20, 1)]))

    assert [one.pts_ms // 200 for one, _ in found] == list(range(20))
    assert [follows for _, follows in found] == [False] + [True] * 19


def test_a_hole_between_parts_is_seen_also_where_no_numbers_tell():
    for seq in (True, False):
        found = list(joined([frames(0, 8, 0, seq=seq), frames(10, 20, 1, seq=seq)]))
        assert [one.pts_ms // 200 for one, follows in found if not follows] == [0, 10]


def test_a_part_that_goes_on_where_the_one_before_ended_leaves_no_hole():
    found = list(joined([frames(0, 10, 0), frames(10, 20, 1)]))

    assert [one.pts_ms for one, follows in found if not follows] == [0]


def test_a_stretch_begins_with_a_key_frame_and_ends_with_its_time():
    shots = shown(
        joined([frames(0, 40)]), 0, [Keep(from_us=500_000, to_us=2_100_000, lead_us=500_000)]
    )

    assert [one.at_ms for one in shots] == [1_000, 1_200, 1_400, 1_600, 1_800, 2_000]
    assert [one.begins for one in shots] == [True] + [False] * 5


def test_a_stretch_that_builds_on_frames_before_it_begins_with_them_all_at_its_begin():
    keep = Keep(from_us=1_500_000, to_us=2_100_000, lead_us=0)

    shots = shown(joined([frames(0, 40)]), 0, [keep])

    assert [(one.at_ms, one.number) for one in shots] == [
        (1_500, 5), (1_500, 6), (1_500, 7), (1_600, 8), (1_800, 9), (2_000, 10),
    ]  # fmt: skip
    assert [one.begins for one in shots] == [True] + [False] * 5


def test_a_stretch_behind_a_short_gap_begins_again_from_the_key_frame_of_the_one_before():
    keeps = [
        Keep(from_us=1_000_000, to_us=1_300_000, lead_us=0),
        Keep(from_us=1_500_000, to_us=1_700_000, lead_us=0),
    ]

    shots = shown(joined([frames(0, 40)]), 0, keeps)

    assert [(one.at_ms, one.number, one.begins) for one in shots] == [
        (1_000, 5, True), (1_200, 6, False),
        (1_500, 5, True), (1_500, 6, False), (1_500, 7, False), (1_600, 8, False),
    ]  # fmt: skip


def test_after_a_mask_it_goes_on_at_the_next_key_frame():
    keeps = [
        Keep(from_us=0, to_us=900_000, lead_us=0),
        Keep(from_us=1_300_000, to_us=None, lead_us=1_300_000),
    ]

    shots = shown(joined([frames(0, 13)]), 0, keeps)

    assert [one.at_ms for one in shots] == [0, 200, 400, 600, 800, 2_000, 2_200, 2_400]
    assert list(runs(shots)) == [(0, 4), (5, 7)]


def shots_of(first, last, *, screen_ms=0):
    return shown(
        joined([frames(first, last)]), screen_ms * 1000, [Keep(from_us=-1, to_us=None, lead_us=-1)]
    )


def test_one_picture_shows_the_screen_that_began_last_and_goes_back_at_a_key_frame():
    old, new = shots_of(0, 40), shots_of(0, 8, screen_ms=2_100)

    found = cuts([old, new])

    assert [(one.screen, (old, new)[one.screen][one.first].at_ms) for one in found] == [
        (0, 0),
        (1, 2_100),
        (0, 4_000),
    ]
    assert (old, new)[found[0].screen][found[0].last].at_ms == 2_000


HOLES = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4)


@given(HOLES, st.integers(0, 60), st.integers(0, 60), st.booleans(), st.integers(0, 8))
def test_every_frame_that_is_shown_can_be_decoded_and_lies_where_it_may(
    holes, cut, overlap, seq, early
):
    """A frame that is no key frame is shown only right behind the frame that it builds on."""
    begin = max(0, (cut - overlap) // KEY_EVERY * KEY_EVERY)
    both = [frames(0, cut, 0, seq=seq), frames(begin, 60, 1, seq=seq)]
    edges = sorted({0, 60, *(b for b, _ in holes), *(b + n for b, n in holes)})
    keeps = [
        Keep(from_us=a * 200_000, to_us=b * 200_000, lead_us=max(0, a - early) * 200_000)
        for a, b in zip(edges[::2], edges[1::2], strict=False)
    ]

    shots = shown(joined(both), 0, keeps)

    numbers = [one.number + (begin if one.part else 0) for one in shots]
    before, before_ms = None, 0
    for shot, number in zip(shots, numbers, strict=True):
        at_us = number * 200_000
        assert any(
            keep.lead_us <= at_us < keep.to_us and shot.at_ms * 1000 == max(at_us, keep.from_us)
            for keep in keeps
        )
        assert shot.is_key or before == number - 1
        assert shot.at_ms >= before_ms
        before, before_ms = number, shot.at_ms


SCREENS = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 40), st.integers(0, 9_999)), min_size=1, max_size=4
)


@given(SCREENS)
def test_one_picture_never_shows_two_screens_nor_goes_back_nor_begins_without_a_key_frame(
    given_screens,
):
    screens = sorted(
        (shots_of(0, count, screen_ms=begin * 200 + off) for begin, count, off in given_screens),
        key=lambda one: one[0].at_ms,
    )

    found = cuts(screens)

    at_ms = -1
    for cut in found:
        shots = screens[cut.screen]
        assert shots[cut.first].is_key
        assert all(not one.begins for one in shots[cut.first + 1 : cut.last + 1])
        assert shots[cut.first].at_ms > at_ms
        at_ms = shots[cut.last].at_ms
    newest = screens[-1]
    assert any(cut.screen == len(screens) - 1 and cut.last == len(newest) - 1 for cut in found)


def test_a_shot_says_where_its_bytes_are():
    assert shots_of(0, 2)[1] == Shot(200, 0, 1, False, False)
