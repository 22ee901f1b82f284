"""Which question about a day comes next, and when a source that does not give it whole is given up."""

import pytest

from recorder.errors import AuthRefused, BadAnswer, SourceError, Throttled, Unreachable
from recorder.model import ItemRef, Page, SourceTime, Window
from recorder.prove.listing import TRIES, DayListing, Question, list_day

HOUR_US = 3_600_000_000
DAY = Window(0, 24 * HOUR_US)
NO_ANSWER = Unreachable("no answer")


def ref(number):
    return ItemRef("zoom", f"i{number}", "v1", number * HOUR_US, "s")


class PagedSource:
    """One item an hour, one a page; `problems` are raised by the page they are for."""

    def __init__(self, **problems):
        self.problems = problems
        self.asked = []
        self.token = str

    @property
    def capabilities(self):
        return type("Capabilities", (), {"window_max_s": 86_400.0})

    def server_time(self):
        return SourceTime(DAY.to_us, 0, 0)

    def list_items(self, window, page):
        self.asked.append((window.from_us // HOUR_US, page))
        some = self.problems.get(f"page_{page}", [])
        if some:
            raise some.pop(0)
        place = int(page or 0)
        found = [ref(n) for n in range(24) if window.from_us <= n * HOUR_US < window.to_us]
        more = place + 1 < len(found)
        return Page((found[place],), self.token(place + 1) if more else None, None)


def listed(source):
    waits = []
    return list_day(source, DAY, waits.append), waits


def test_a_day_is_listed_piece_by_piece():
    listing, waits = listed(PagedSource())
    assert [one.key for one in listing.items] == [f"i{n}" for n in range(24)]
    assert (listing.pages, waits) == (24, [])


def test_a_piece_that_broke_is_begun_again():
    source = PagedSource(page_2=[NO_ANSWER])
    listing, waits = listed(source)
    assert len(listing.items) == listing.pages == 24
    assert source.asked[:5] == [(0, None), (0, "1"), (0, "2"), (0, None), (0, "1")]
    assert waits == [2.0]


def test_failures_of_one_piece_do_not_count_for_the_next():
    listing, _ = listed(PagedSource(page_2=[NO_ANSWER] * (TRIES - 1)))
    assert len(listing.items) == 24


@pytest.mark.parametrize("error", [NO_ANSWER, BadAnswer("odd")])
def test_a_page_that_never_comes_is_given_up_however_often_the_first_one_comes(error):
    source = PagedSource(page_2=[error] * 1000)
    with pytest.raises(SourceError, match=str(error)):
        listed(source)
    assert source.asked.count((0, "2")) == TRIES


def test_a_listing_in_circles_is_given_up():
    source = PagedSource()
    source.token = lambda place: str(place % 3)
    with pytest.raises(BadAnswer, match="came back"):
        listed(source)
    assert len(source.asked) < 10 * TRIES


def test_who_asks_for_patience_is_asked_for_the_same_page_again():
    source = PagedSource(
        page_2=[Throttled("slow down", retry_after_s=7.0)] * (TRIES - 1),
        page_4=[Throttled("slow down")] * (TRIES - 1),
    )
    listing, waits = listed(source)
    assert len(listing.items) == listing.pages == 24
    assert source.asked.count((0, None)) == 1
    assert waits == [7.0] * 3 + [2.0, 4.0, 8.0]


def test_patience_has_an_end():
    with pytest.raises(Throttled):
        listed(PagedSource(page_2=[Throttled("slow down")] * TRIES))


def test_credentials_that_are_refused_are_not_tried_again():
    source = PagedSource(page_None=[AuthRefused("no")])
    with pytest.raises(AuthRefused):
        listed(source)
    assert len(source.asked) == 1


def test_the_time_of_the_source_is_asked_first():
    assert DayListing(DAY, 86_400.0).question() == Question()
