"""What is due happens in order, told the instant it was due; a feed goes on until it is stopped."""

from hypothesis import given
from hypothesis import strategies as st

from sim.ucaas.timetable import Timetable


class Diary(Timetable[int]):
    """Scripts are instants; what happens is written down."""

    def __init__(self):
        super().__init__()
        self.told = []

    def place(self, script):
        self.at(script, lambda at_us: self.told.append((script, at_us)))


class EverySecond:
    """A feed of one a second."""

    def call(self, end_us):
        return end_us

    def gap_s(self, calls_per_minute):
        return 60.0 / calls_per_minute


@given(st.lists(st.integers(0, 50)), st.lists(st.integers(0, 60)))
def test_everything_happens_once_in_order_however_often_somebody_looks(due, looks):
    diary = Diary()
    for at_us in due:
        diary.place(at_us)
    for now_us in sorted(looks):
        diary.advance(now_us)
        assert all(at_us <= now_us for at_us, _ in diary.told)
    diary.advance(60)

    assert diary.told == [(at_us, at_us) for at_us in sorted(due)]
    assert diary.pending() == 0


@given(st.lists(st.text(max_size=3), max_size=10))
def test_equal_instants_keep_their_order(names):
    diary, told = Diary(), []
    for name in names:
        diary.at(7, lambda _at_us, name=name: told.append(name))
    diary.advance(7)

    assert told == names


def test_what_happens_may_let_more_happen():
    diary, told = Diary(), []

    def again(at_us):
        told.append(at_us)
        if at_us < 30:
            diary.at(at_us + 10, again)

    diary.at(10, again)
    diary.advance(25)
    assert told == [10, 20]
    diary.advance(100)
    assert told == [10, 20, 30]


def test_a_feed_comes_from_now_on_until_it_is_stopped():
    diary = Diary()
    diary.feed(EverySecond(), 60.0, 5_000_000)
    diary.advance(8_000_000)
    diary.feed(None, 60.0, 8_000_000)
    diary.advance(20_000_000)

    assert [at_us for at_us, _ in diary.told] == [5_000_000, 6_000_000, 7_000_000, 8_000_000]


def test_a_rate_of_nothing_stops_a_feed_too():
    diary = Diary()
    diary.feed(EverySecond(), 0.0, 0)
    diary.advance(10_000_000)

    assert diary.told == []
