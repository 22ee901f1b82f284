"""Which period is asked next."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.model import Window
from recorder.poll.coverage import Coverage
from recorder.poll.window import WINDOWS_MAX, LookBacks, newest, poll_windows, split
from recorder.settings.stages import PollSettings, Tier

S = 1_000_000_000
US = 1_000_000


def test_a_poll_asks_from_the_overlap_to_what_is_settled():
    windows = poll_windows(next_from_us=1000, to_us=1500, overlap_us=100, max_us=10_000)
    assert windows == (Window(900, 1500),)


def test_a_poll_that_comes_early_asks_for_the_overlap_alone():
    windows = poll_windows(next_from_us=1000, to_us=950, overlap_us=100, max_us=10_000)
    assert windows == (Window(900, 950),)
    assert poll_windows(next_from_us=1000, to_us=1000, overlap_us=0, max_us=50) == ()


@given(st.integers(0, 1000), st.integers(0, 1000), st.integers(1, 300))
def test_pieces_are_the_whole_in_order_without_gap_or_overlap(from_us, to_us, max_us):
    pieces = split(from_us, to_us, max_us)
    assert all(0 < piece.to_us - piece.from_us <= max_us for piece in pieces)
    covered = [at for piece in pieces for at in range(piece.from_us, piece.to_us)]
    assert covered == list(range(from_us, to_us))


FAR = 2**63 - 1


@given(st.integers(-FAR, FAR), st.integers(-FAR, FAR), st.integers(1, 10**12))
def test_no_span_gives_more_than_a_bounded_number_of_pieces(from_us, to_us, max_us):
    pieces = split(from_us, to_us, max_us)
    assert len(pieces) <= WINDOWS_MAX
    assert not pieces or pieces[0].from_us == from_us


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(1, 300))
def test_the_newest_piece_of_a_span_is_the_last_of_all(from_us, length, max_us):
    span = Window(from_us, from_us + length)
    assert newest(span, max_us) == split(span.from_us, span.to_us, max_us)[-1]


def test_a_look_back_over_an_absurd_span_is_planned_at_once_and_the_newest_first():
    looks = look_backs(retention_s=1e15)
    absurd = Coverage([Window(-FAR, FAR)])
    for _ in range(3):
        window = looks.next(now_ns=4000 * S, coverage=absurd, horizon_us=FAR, max_us=US)
        assert 0 < window.to_us - window.from_us <= US
        looks.looked(window)


def look_backs(retention_s=None):
    settings = PollSettings(
        tiers=(Tier(every_s=86_400, back_s=4000), Tier(every_s=900, back_s=1000)),
        retention_every_s=7 * 86_400,
    )
    looks = LookBacks(settings=settings, retention_s=retention_s)
    looks.granted(0)
    return looks


COVERED = Coverage([Window(0, 10_000 * US)])


def take(looks, now_s, coverage=COVERED, max_s=10_000):
    """Every window that is due now, in the order asked."""
    windows = []
    while True:
        window = looks.next(
            now_ns=now_s * S, coverage=coverage, horizon_us=10_000 * US, max_us=max_s * US
        )
        if window is None:
            return windows
        windows.append((window.from_us // US, window.to_us // US))
        looks.looked(window)


def test_look_backs_are_due_soon_after_a_takeover_and_then_by_their_period():
    looks = look_backs()
    assert take(looks, 89) == []
    assert take(looks, 90) == [(9000, 10_000)]
    assert take(looks, 91) == []
    assert take(looks, 990) == [(9000, 10_000)]
    assert take(looks, 3600) == [(9000, 10_000), (6000, 10_000)]


def test_the_whole_retention_is_looked_at_too():
    looks = look_backs(retention_s=9000)
    assert take(looks, 4000)[-1] == (1000, 10_000)


def test_a_long_look_back_goes_in_pieces_the_newest_first():
    looks = look_backs()
    assert take(looks, 90, max_s=400) == [(9800, 10_000), (9400, 9800), (9000, 9400)]


def test_a_piece_that_failed_is_asked_again():
    looks = look_backs()
    first = looks.next(now_ns=90 * S, coverage=COVERED, horizon_us=10_000 * US, max_us=400 * US)
    again = looks.next(now_ns=95 * S, coverage=COVERED, horizon_us=10_000 * US, max_us=400 * US)
    assert first == again


def test_a_piece_that_turns_out_too_long_is_cut_the_newest_first():
    looks = look_backs()
    looks.next(now_ns=90 * S, coverage=COVERED, horizon_us=10_000 * US, max_us=1000 * US)
    assert take(looks, 95, max_s=400) == [(9800, 10_000), (9400, 9800), (9000, 9400)]


def test_only_covered_ground_is_looked_back_at():
    assert take(look_backs(), 90, Coverage([Window(9500 * US, 10_000 * US)])) == [(9500, 10_000)]
    assert take(look_backs(), 90, Coverage()) == []


def test_a_new_reign_waits_a_little_again_and_forgets_pieces():
    looks = look_backs()
    looks.next(now_ns=90 * S, coverage=COVERED, horizon_us=10_000 * US, max_us=400 * US)
    looks.granted(5000 * S)
    assert take(looks, 5089) == []
    assert take(looks, 5090) == [(9000, 10_000)]
