import httpx
import pytest

from recorder.adapters.webex.links import NoLink
from recorder.errors import BadAnswer, ItemGone, Throttled, Unreachable
from recorder.model import Window
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import MEDIA, ScriptedWebex, Story, error_answer, us

SOUND = b"ID3" + b"sound" * 20


class Bench:
    """One recording, described."""

    def __init__(self, **settings):
        self.world = ScriptedWebex()
        self.story = Story(self.world)
        self.key = calls.recorded_call(self.world, self.story, body=SOUND)
        self.world.transcripts[self.key] = b"Hello."
        self.source = self.world.open(**settings)
        (self.ref,) = self.source.list_items(Window(us(0), us(1000)), None).items
        self.sound, self.text = self.source.describe(self.ref).media

    def ways(self, media=None):
        return self.source.open_media(self.ref, media or self.sound)

    def fetch(self, request):
        with httpx.Client(transport=self.world) as client:
            return client.get(request.url, headers=list(request.headers))


@pytest.fixture
def bench():
    return Bench()


def test_a_link_is_asked_for_right_before_the_download_and_carries_no_token(bench):
    before = len(bench.world.requests)
    ways = bench.ways()
    assert len(bench.world.requests) == before

    request = next(ways)

    assert request.url.startswith(MEDIA)
    assert request.headers == ()
    assert request.size_bytes == len(SOUND)
    assert request.allowed_hosts == (".webex.com",)
    assert bench.fetch(request).content == SOUND


def test_the_transcript_has_a_link_of_its_own(bench):
    request = next(bench.ways(bench.text))

    assert bench.fetch(request).content == b"Hello."
    assert request.size_bytes is None


def test_when_the_first_link_fails_there_is_one_fresh_one_and_no_more(bench):
    first, second = bench.ways()

    assert first.url != second.url
    assert bench.fetch(second).content == SOUND


def test_a_link_that_ran_out_is_replaced(bench):
    stale = next(bench.ways())
    bench.world.clock.advance(3 * 3600)

    assert bench.fetch(stale).status_code == 403
    assert bench.fetch(next(bench.ways())).content == SOUND


def test_a_recording_that_is_gone_by_now_is_gone(bench):
    bench.story.delete(bench.key)

    with pytest.raises(ItemGone):
        next(bench.ways())


def test_a_link_that_is_withdrawn_meanwhile_is_tried_again(bench):
    bench.story.row(bench.key)["links"] = False

    with pytest.raises(NoLink):
        next(bench.ways())


@pytest.mark.parametrize(("status", "kind"), [(429, Throttled), (503, Unreachable)])
def test_trouble_of_the_service_is_told_as_it_is(bench, status, kind):
    bench.world.order("convergedRecordings/", error_answer(status))

    with pytest.raises(kind):
        next(bench.ways())


def test_another_size_than_described_is_no_longer_the_same_file(bench):
    bench.story.row(bench.key)["sizeBytes"] = 5

    with pytest.raises(BadAnswer, match="changed its size"):
        next(bench.ways())
    with pytest.raises(BadAnswer, match="changed its size"):
        bench.source.confirm(bench.ref, bench.sound)


def test_a_download_is_confirmed_with_one_call(bench):
    before = len(bench.world.requests)

    bench.source.confirm(bench.ref, bench.sound)

    assert len(bench.world.requests) == before + 1


def test_what_is_gone_after_the_download_was_right_when_it_was_downloaded(bench):
    bench.story.delete(bench.key)

    bench.source.confirm(bench.ref, bench.sound)


def test_a_transcript_needs_no_confirming(bench):
    before = len(bench.world.requests)

    bench.source.confirm(bench.ref, bench.text)

    assert len(bench.world.requests) == before


def test_sizes_can_be_left_unverified():
    bench = Bench(verify_size=False)

    assert bench.sound.size_bytes is None
    assert next(bench.ways()).size_bytes is None


def test_media_hosts_can_be_named():
    bench = Bench(media_hosts=["nsq1wss.dmz.webex.com"])

    assert next(bench.ways()).allowed_hosts == ("nsq1wss.dmz.webex.com",)
