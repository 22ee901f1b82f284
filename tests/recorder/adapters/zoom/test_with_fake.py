"""The adapter against the simulator's fake account, in memory."""

import hashlib

import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import (
    BadAnswer,
    ItemGone,
    NotMedia,
    RedirectRefused,
    SourceError,
    Throttled,
    Truncated,
    Unreachable,
)
from recorder.ingest.verify import judge
from recorder.model import Window
from recorder.ports.recording import FetchLimits, SealedFile
from recorder.webhooks import WebhookRequest
from sim.contract.world import Bytes
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from sim.ucaas.zoom.media import plain_bank
from sim.ucaas.zoom.mix import MeetingMix, MixOptions
from sim.ucaas.zoom.oauth import ClientApp
from sim.ucaas.zoom.scripts import FileScript, MeetingScript, RoomScript
from sim.ucaas.zoom.service import FakeZoom
from sim.ucaas.zoom.webhooks import Subscription
from tests.recorder.adapters.zoom.scripted import HOOK_SECRET, SECRET, FakeClock, open_source, us

BEGIN_S = 100_000
DAY_S = 86_400
(SOUND, *_) = plain_bank().sounds


class Bench:
    def __init__(self, settings=None, **options):
        self.clock = FakeClock()
        self.clock.advance(BEGIN_S)
        self.fake = FakeZoom(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET)],
            account="account-1",
            **options,
        )
        self.transport = MemoryTransport(handle=self.fake.handle, wait=self.clock.advance)
        self.source = open_source(self.transport, self.clock, **(settings or {}))

    def pass_time(self, seconds):
        self.clock.advance(seconds)
        self.fake.advance()

    def place(self, *files, wait_s=60.0, **more):
        (placed,) = self.fake.place([MeetingScript(self.clock.wall_us(), files, 600.0, **more)])
        self.pass_time(wait_s)
        return placed

    def refs(self, from_s=BEGIN_S - DAY_S):
        window = Window(us(from_s), self.clock.wall_us() // 1_000_000 * 1_000_000)
        answer = self.source.list_items(window, None)
        found = [*answer.items]
        while answer.next_page is not None:
            answer = self.source.list_items(window, answer.next_page)
            found += answer.items
        return found

    def body(self, ref, media):
        sink = Bytes()
        request = next(iter(self.source.open_media(ref, media)))
        HttpxMediaFetcher(lambda: self.transport).fetch(request, sink, FetchLimits())
        return bytes(sink.data)

    def fault(self, kind, **options):
        self.fake.add_fault(Fault(kind, **options))


def judged(body, media):
    digest = hashlib.sha256(body).hexdigest()
    return judge(SealedFile("00", len(body), digest, body[:64]), media)


@pytest.mark.parametrize("way", ["direct", "signed"])
@pytest.mark.parametrize("lists_processing", [True, False])
def test_what_is_offered_is_what_is_listed_described_and_downloaded(way, lists_processing):
    bench = Bench({"page_size": 7}, way=way, lists_processing=lists_processing, per_second={})
    mix = MeetingMix(bank=plain_bank(), seed=3, options=MixOptions(rooms=0.3, attachment=0.3))
    bench.fake.place(mix.over(bench.clock.wall_us(), 3600.0, 60))
    bench.pass_time(7200.0)

    refs = bench.refs()

    truth = {item.key: item for item in bench.fake.truth()}
    assert len(truth) > 150
    failed = {key for key, item in truth.items() if item.absent}
    assert {(ref.key, ref.changed_us, ref.session_key) for ref in refs} == {
        (item.key, item.changed_us, item.session_key) for item in truth.values()
    }
    assert {(ref.key, ref.version) for ref in refs if ref.key not in failed} == {
        (key, item.version) for key, item in truth.items() if key not in failed
    }
    for ref in refs:
        bench.clock.advance(0.5)
        found = bench.source.describe(ref)
        assert found.session_key == truth[ref.key].session_key
        assert bool(found.not_recordable) == (ref.key in failed)
        for media in found.media:
            body = bench.body(ref, media)
            judged(body, media)
            bench.source.confirm(ref, media)
            assert hashlib.sha256(body).hexdigest() == truth[ref.key].sha256


def test_many_files_of_a_meeting_cost_one_call_and_no_token_leaks():
    bench = Bench(per_second={})
    bench.place(*(FileScript(media=SOUND, participant=n) for n in range(30)))
    refs = bench.refs()
    for ref in refs:
        (media,) = bench.source.describe(ref).media
        bench.body(ref, media)
        bench.source.confirm(ref, media)

    counted = bench.fake.statistics()
    calls = {row["request"]: row["count"] for row in counted["requests"]}
    assert (len(refs), calls["list"], calls["row"], calls["file"]) == (30, 1, 1, 30)
    assert counted["credential_leaks"] == 0


@pytest.mark.parametrize("way", ["direct", "signed"])
def test_a_redirect_to_a_stranger_is_not_followed(way):
    bench = Bench(way=way)
    bench.place(FileScript(media=SOUND))
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    bench.fault(FaultKind.REDIRECT)

    with pytest.raises(RedirectRefused):
        bench.body(ref, media)

    assert bench.fake.statistics()["strays"] == []


def test_files_are_watched_until_they_are_complete():
    bench = Bench()
    bench.place(FileScript(media=SOUND, ready_s=300.0), complete_s=600.0, wait_s=60.0)
    (early,) = bench.refs()
    with pytest.raises(SourceError, match="processing"):
        bench.source.describe(early)

    bench.pass_time(900.0)
    (late,) = bench.refs()

    assert (late.key, late.session_key) == (early.key, early.session_key)
    assert late.changed_us > early.changed_us
    assert bench.source.describe(late).media == bench.source.describe(early).media


def test_a_late_transcript_is_found_where_its_meeting_was():
    bench = Bench()
    bench.place(FileScript(media=SOUND), FileScript("TRANSCRIPT", late_s=3600.0))
    (first,) = bench.refs()
    bench.pass_time(4000.0)

    refs = bench.refs()

    assert first in refs
    (late,) = [ref for ref in refs if ref.key != first.key]
    assert (late.session_key, late.changed_us) == (first.session_key, first.changed_us)
    assert bench.source.describe(late).key == bench.source.describe(first).key


def test_rooms_belong_to_their_meeting():
    bench = Bench()
    rooms = (RoomScript((FileScript(media=SOUND),)), RoomScript((FileScript(media=SOUND),), 90.0))
    placed = bench.place(FileScript(media=SOUND), rooms=rooms, uuid="/room//of==", wait_s=2000.0)

    found = [bench.source.describe(ref) for ref in bench.refs()]

    assert {one.session_key for one in found} == {placed.meeting} == {"/room//of=="}
    assert len({one.key for one in found}) == 3


@pytest.mark.parametrize(
    ("file", "outcome"),
    [
        (FileScript(media=SOUND, fails=True), "archive_failed"),
        (FileScript(media=SOUND, on_premises=True), "on_premises"),
        (FileScript("CHAT", body=b""), "empty_file"),
    ],
)
def test_what_there_is_nothing_of_says_why(file, outcome):
    bench = Bench()
    bench.place(file)
    (ref,) = bench.refs()

    assert bench.source.describe(ref).not_recordable.startswith(outcome)


def test_a_file_with_a_wrong_fingerprint_is_refused_or_kept_as_configured():
    for settings, error in (({}, Truncated), ({"verify_fingerprint": "warn"}, None)):
        bench = Bench(settings)
        bench.place(FileScript(media=SOUND, fingerprint="wrong"))
        (ref,) = bench.refs()
        (media,) = bench.source.describe(ref).media
        body = bench.body(ref, media)
        if error is None:
            assert judged(body, media) == "audio/mp4"
        else:
            with pytest.raises(error, match="hash"):
                judged(body, media)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.HTML, NotMedia),
        (FaultKind.EMPTY, (NotMedia, Truncated)),
        (FaultKind.CUT, Truncated),
        (FaultKind.TRUNCATE, Truncated),
        (FaultKind.WRONG_BYTES, (Truncated, NotMedia)),
        (FaultKind.SERVER_ERROR, Unreachable),
    ],
)
def test_a_spoilt_download_is_no_media(kind, error):
    bench = Bench(way="direct")
    bench.place(FileScript(media=SOUND))
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    bench.fault(kind)

    with pytest.raises(error):
        judged(bench.body(ref, media), media)

    bench.fake.clear_faults()
    assert judged(bench.body(ref, media), media) == "audio/mp4"


def test_a_sign_in_page_for_an_old_token_is_no_media_and_heals():
    bench = Bench(way="direct", sign_in=True)
    bench.place(FileScript(media=SOUND))
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    ways = bench.source.open_media(ref, media)
    next(ways)
    bench.fault(FaultKind.TOKEN_REVOKED)

    with pytest.raises(NotMedia):
        bench.body(ref, media)

    sink = Bytes()
    HttpxMediaFetcher(lambda: bench.transport).fetch(next(ways), sink, FetchLimits())
    judged(bytes(sink.data), media)


def test_a_meeting_deleted_between_list_and_describe_is_gone():
    bench = Bench()
    placed = bench.place(FileScript(media=SOUND))
    (ref,) = bench.refs()
    assert bench.fake.delete_recording(placed.files[0])

    with pytest.raises(ItemGone):
        bench.source.describe(ref)
    assert bench.refs() == []


@pytest.mark.parametrize(
    ("parameters", "wait_s"),
    [
        ({"retry_after": "seconds", "seconds": 7.0}, 7.0),
        ({"retry_after": "instant", "seconds": 7.0}, 7.0),
        ({"retry_after": "date", "seconds": 7.0}, 7.0),
        ({"code": "day", "seconds": 20_000.0}, 3600.0),
        ({"retry_after": "absent"}, None),
        ({"retry_after": "bare"}, None),
    ],
)
def test_a_limit_is_heeded_in_all_its_forms(parameters, wait_s):
    bench = Bench()
    bench.refs()
    bench.fault(FaultKind.THROTTLE, parameters=parameters, count=1)

    with pytest.raises(Throttled) as caught:
        bench.refs()

    assert caught.value.retry_after_s == pytest.approx(wait_s, abs=1.0)
    bench.pass_time(wait_s or 0.0)
    bench.refs()


def test_an_expired_page_begins_again():
    bench = Bench({"page_size": 1})
    for _ in range(3):
        bench.place(FileScript(media=SOUND))
    bench.fault(FaultKind.PAGE_EXPIRED)
    with pytest.raises(BadAnswer):
        bench.refs()
    bench.fake.clear_faults()

    assert len(bench.refs()) == 3


def test_empty_and_repeated_pages_hide_and_double_nothing():
    bench = Bench({"page_size": 2})
    for _ in range(5):
        bench.place(FileScript(media=SOUND))
    bench.fault(FaultKind.EMPTY_PAGE, count=2)
    assert len(bench.refs()) == 5

    bench.fake.clear_faults()
    bench.fault(FaultKind.REPEAT_ROWS)
    assert len({ref.key for ref in bench.refs()}) == 5


def test_its_webhooks_are_heard():
    subscription = Subscription("https://tandem.example/hook", HOOK_SECRET)
    bench = Bench({"webhook_secret": "env:HOOK"}, subscriptions=(subscription,))
    bench.fake.validate_webhooks()
    bench.place(FileScript(media=SOUND), wait_s=10.0)

    answers = []
    for delivery in bench.fake.deliveries():
        headers = {name.lower(): value for name, value in delivery.headers}
        answers.append(bench.source.hear(WebhookRequest(headers, delivery.body)))

    assert [(one.status, one.poll_now) for one in answers] == [(200, False), (204, True)]


def test_the_check_is_no_poll():
    bench = Bench()
    bench.place(FileScript(media=SOUND))
    before = len(bench.fake.polls())

    assert [one for one in bench.source.check() if one.level != "info"] == []

    assert len(bench.fake.polls()) == before


def test_what_a_listing_costs_is_told():
    bench = Bench()
    before = bench.source.budget()
    bench.refs()
    told = bench.source.budget()
    assert (before.used, told.limit, told.waits) == (0, before.limit, 0)
    assert told.used > 0
