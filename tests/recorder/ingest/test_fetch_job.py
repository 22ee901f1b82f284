"""One item into the call buffer, by whichever way works."""

from types import SimpleNamespace

import pytest

from recorder.errors import (
    AuthRefused,
    BadAnswer,
    CallBufferError,
    ItemGone,
    LinkExpired,
    NotMedia,
    Stalled,
    Throttled,
    TooLarge,
    Truncated,
    Unreachable,
)
from recorder.ingest.fetch_job import (
    AlreadyFinal,
    Fetched,
    FetchTools,
    NothingToFetch,
    buffer_name,
    fetch_item,
)
from recorder.ports.recording import FetchLimits, MediaRequest
from sim.stand_ins.buffer import SimBufferFiles
from tests.recorder.fakes import (
    MP3,
    FakeContactDb,
    FakeFetcher,
    FakeSource,
    interaction,
    media,
    ref,
)
from tests.recorder.hand_clock import HandClock

NAME = buffer_name("zoom", "m1")
A, B = "https://zoom/a", "https://zoom/b"


class World:
    def __init__(self):
        self.clock = HandClock()
        self.source = FakeSource(items={"i1": interaction()}, ways={"m1": [A, B]})
        self.fetcher = FakeFetcher()
        self.files = SimBufferFiles(self.clock)
        self.contact_db = FakeContactDb()
        self.moved = []

    def fetch(self, *, ask_first=False, limits=None):
        tools = FetchTools(
            source=self.source,
            fetcher=self.fetcher,
            files=self.files,
            contact_db=self.contact_db,
            clock=self.clock,
            limits=limits or FetchLimits(),
        )
        return fetch_item(tools, ref(), ask_first=ask_first, moved=self.moved.append)

    def urls(self):
        return [url for url, _ in self.fetcher.calls]


@pytest.fixture
def world():
    return World()


def test_every_file_of_an_item_is_sealed_with_what_its_bytes_are(world):
    world.source.items["i1"] = interaction(files=(media("m1"), media("m2")))
    result = world.fetch()
    assert isinstance(result, Fetched)
    assert [stored.ref.key for stored in result.media] == ["m1", "m2"]
    assert {stored.media_type for stored in result.media} == {"audio/mpeg"}
    assert {stored.buffer_name for stored in result.media} == set(world.files.names())
    assert result.media[0].sha256 == media().sha256


def test_the_next_way_is_asked_for_only_when_the_one_before_failed(world):
    asked = []

    def ways(_ref, _media):
        for url in (A, B):
            asked.append(url)
            yield MediaRequest(url=url)

    world.source.open_media = ways
    world.fetch()
    assert asked == [A]


@pytest.mark.parametrize(
    "error", [LinkExpired("x"), Unreachable("x"), Stalled("x"), NotMedia("x"), BadAnswer("x")]
)
def test_a_link_that_fails_makes_room_for_the_next_way(world, error):
    world.fetcher.plans[A] = [error]
    assert isinstance(world.fetch(), Fetched)
    assert world.urls() == [A, B]


@pytest.mark.parametrize("error", [AuthRefused("x"), Throttled("x"), TooLarge("x")])
def test_what_another_link_cannot_mend_ends_the_try(world, error):
    world.fetcher.plans[A] = [error]
    with pytest.raises(type(error)):
        world.fetch()
    assert world.urls() == [A]


def test_a_link_with_nothing_behind_it_makes_room_for_the_next_way(world):
    world.fetcher.plans[A] = [ItemGone("x")]
    assert isinstance(world.fetch(), Fetched)
    assert world.urls() == [A, B]


def test_an_item_is_not_gone_while_the_source_describes_it(world):
    world.fetcher.plans |= {A: [ItemGone("x")], B: [ItemGone("x")]}
    with pytest.raises(BadAnswer, match="nothing is behind its address"):
        world.fetch()


def test_an_item_is_gone_when_the_source_says_so_too(world):
    describe = world.source.describe

    def gone_by_now(ref):
        if world.fetcher.calls:
            raise ItemGone("the row is deleted")
        return describe(ref)

    world.source.describe = gone_by_now
    world.fetcher.plans |= {A: [(3000, ItemGone("x"))], B: [ItemGone("x")]}
    before = world.files.free_bytes()
    with pytest.raises(ItemGone, match="row is deleted"):
        world.fetch()
    assert world.files.free_bytes() == before


def test_a_link_is_resumed_while_it_brings_bytes(world):
    world.fetcher.plans[A] = [(3000, Stalled("x")), (2000, Truncated("x")), (10**6, None)]
    assert isinstance(world.fetch(), Fetched)
    assert world.fetcher.calls == [(A, 0), (A, 3000), (A, 5000)]


def test_a_link_that_stands_still_is_left_for_the_next_which_goes_on_behind(world):
    world.fetcher.plans[A] = [(3000, Stalled("x")), Stalled("y")]
    assert isinstance(world.fetch(), Fetched)
    assert world.fetcher.calls == [(A, 0), (A, 3000), (B, 3000)]


def test_an_expired_link_is_not_tried_again(world):
    world.fetcher.plans[A] = [(3000, LinkExpired("x"))]
    assert isinstance(world.fetch(), Fetched)
    assert world.fetcher.calls == [(A, 0), (B, 3000)]


def test_a_link_that_cannot_resume_is_not_tried_again(world):
    world.source.ways["m1"] = [MediaRequest(url=A, resumable=False), B]
    world.fetcher.plans[A] = [(3000, Stalled("x"))]
    assert isinstance(world.fetch(), Fetched)
    assert world.urls() == [A, B]


def test_a_link_that_trickles_for_ever_is_given_up(world):
    world.fetcher.plans[A] = [(1, Stalled("x"))] * 10_000
    assert isinstance(world.fetch(), Fetched)
    assert len(world.urls()) == 101


def test_the_last_failure_is_told_when_no_way_works(world):
    world.fetcher.plans = {A: [NotMedia("first")], B: [Unreachable("second", retry_after_s=9)]}
    with pytest.raises(Unreachable, match="second") as raised:
        world.fetch()
    assert raised.value.retry_after_s == 9


def test_a_source_without_any_way_is_a_bad_answer(world):
    world.source.ways["m1"] = []
    with pytest.raises(BadAnswer, match="no way"):
        world.fetch()


def test_bytes_that_are_no_media_are_thrown_away_and_fetched_by_the_next_way(world):
    world.fetcher.contents[A] = b"<html>" + MP3[6:]
    result = world.fetch()
    assert world.fetcher.calls == [(A, 0), (B, 0)]
    assert world.files.content(world.files.path(NAME)) == MP3
    assert result.media[0].sha256 == media().sha256


def test_bytes_with_another_hash_are_never_kept(world):
    wrong = MP3[:-1] + b"!"
    world.fetcher.contents = {A: wrong, B: wrong}
    with pytest.raises(Truncated, match="hash"):
        world.fetch()
    assert world.files.names() == ()
    assert world.fetcher.calls == [(A, 0), (B, 0)]


def test_a_sealed_file_of_an_earlier_try_is_used_again(world):
    world.fetch()
    world.fetcher.calls.clear()
    assert isinstance(world.fetch(), Fetched)
    assert world.fetcher.calls == []


def test_a_sealed_file_that_does_not_pass_is_fetched_anew(world):
    part = world.files.open_part(NAME, 10**6)
    part.write(b"<html>")
    part.seal()
    assert isinstance(world.fetch(), Fetched)
    assert world.files.content(world.files.path(NAME)) == MP3


def test_an_interrupted_try_is_resumed_by_the_next(world):
    world.fetcher.plans = {A: [(3000, Unreachable("x")), Unreachable("x")], B: [Unreachable("x")]}
    with pytest.raises(Unreachable):
        world.fetch()
    world.fetcher.calls.clear()
    world.fetch()
    assert world.fetcher.calls == [(A, 3000)]


def test_a_crash_while_downloading_is_resumed_too(world):
    class Crash(BaseException):
        pass

    world.fetcher.plans[A] = [(3000, Crash())]
    with pytest.raises(Crash):
        world.fetch()
    world.files.crash(power=False)
    assert isinstance(world.fetch(), Fetched)
    assert world.fetcher.calls[-1] == (A, 3000)


def test_what_is_too_large_leaves_nothing_in_the_buffer(world):
    before = world.files.free_bytes()
    world.fetcher.plans[A] = [(3000, TooLarge("x"))]
    with pytest.raises(TooLarge):
        world.fetch()
    assert world.files.free_bytes() == before


def test_a_file_above_the_limit_is_too_large(world):
    with pytest.raises(TooLarge):
        world.fetch(limits=FetchLimits(size_bytes_max=2000))


def test_a_disk_that_fills_up_ends_the_try_and_gets_its_room_back(world):
    world.files.capacity_bytes = 5000
    with pytest.raises(CallBufferError, match="no space"):
        world.fetch()
    assert world.files.free_bytes() == 5000
    world.files.capacity_bytes = 10**6
    world.fetch()
    assert world.fetcher.calls[-1] == (A, 0)


def test_an_item_without_anything_to_keep_says_why(world):
    world.source.items["i1"] = interaction(files=(), not_recordable="no_media: missed call")
    assert world.fetch() == NothingToFetch("no_media: missed call")


def test_an_item_without_media_and_without_a_reason_is_a_bad_answer(world):
    world.source.items["i1"] = interaction(files=())
    with pytest.raises(BadAnswer, match="no media"):
        world.fetch()


def test_what_the_data_center_has_already_is_not_fetched_again(world):
    world.contact_db.items["zoom", "i1", "v1"] = object()
    assert world.fetch(ask_first=True) == AlreadyFinal()
    assert world.source.described == []


def test_a_parked_item_that_is_tried_again_is_fetched(world):
    world.contact_db.parked = [SimpleNamespace(ref=ref(), parked=True)]
    assert isinstance(world.fetch(ask_first=True), Fetched)


def test_without_an_answer_of_the_data_center_the_item_is_fetched(world):
    world.contact_db.down = True
    assert isinstance(world.fetch(ask_first=True), Fetched)


def test_progress_is_told_every_second_and_only_while_bytes_move(world):
    write = SimBufferFiles.wrote

    def slow(files, name, part, data):
        world.clock.now_ns += 400_000_000
        write(files, name, part, data)

    world.files.wrote = slow.__get__(world.files)
    world.fetch()
    assert world.moved == [3000, 6000, 9000]


def test_names_in_the_buffer_never_clash_between_sources():
    assert buffer_name("a", "bc") != buffer_name("ab", "c")
    assert len(NAME) == 64


def test_bytes_of_a_file_that_was_replaced_meanwhile_are_not_kept_under_its_name(world):
    world.source.replaced.add("m1")
    with pytest.raises(BadAnswer, match="another file"):
        world.fetch()
    assert world.files.names() == ()


def test_every_downloaded_file_is_confirmed_once(world):
    world.source.items["i1"] = interaction(files=(media("m1"), media("m2")))
    world.fetch()
    assert world.source.confirmed == ["m1", "m2"]
