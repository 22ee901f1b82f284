"""The adapter before the fake: what must be archived comes through, whatever the pages are like."""

import hashlib

import httpx
import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import SourceError, Throttled
from recorder.model import Window
from recorder.ports.recording import FetchLimits
from recorder.webhooks import WebhookRequest
from sim.audio import Recording
from sim.contract.world import Bytes
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from sim.ucaas.webex.mix import CallMix, MixOptions
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.service import FakeWebex
from tests.recorder.adapters.dynamics.scripted import FakeClock
from tests.recorder.adapters.webex.scripted import API, REFRESH, SECRET, SIGNING, open_source, us

MIX = MixOptions(late=0.1, deleted=0.05, trashed=0.1, unrecorded=0.05, slow=0.1, equal_stamps=0.2)
BANK = tuple(
    Recording(f"{count}.mp3", seconds, (b"\xff\xf3\x44\xc4" + bytes(140)) * count)
    for seconds, count in ((5.0, 20), (20.0, 60), (90.0, 300))
)
WINDOW = Window(us(-3600), us(5 * 3600))
QUIRKS = {
    "plain": (),
    "empty pages": (FaultKind.EMPTY_PAGE,),
    "lost parameters": (FaultKind.LOST_PARAMETERS,),
    "repeated rows": (FaultKind.REPEAT_ROWS,),
    "all at once": (FaultKind.EMPTY_PAGE, FaultKind.LOST_PARAMETERS, FaultKind.REPEAT_ROWS),
}


class Both:
    """An organisation `hours` after a busy hour began, and the source that reads it."""

    def __init__(self, calls, *, hours=4.0, page_size=7, cdr="off", hook=None, **options):
        self.clock = FakeClock()
        self.fake = FakeWebex(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET, REFRESH)],
            **options,
        )
        self.transport = MemoryTransport(handle=self.fake.handle, wait=self.clock.advance)
        self.source = open_source(
            self.transport,
            self.clock,
            page_size=page_size,
            requests_per_min=6000,
            cdr=cdr,
            webhook_secret="env:HOOK",
        )
        if hook is not None:
            self.register(hook)
        mix = CallMix(bank=BANK, seed=5, options=MIX)
        self.fake.place(mix.over(self.clock.wall_us(), 3600, calls))
        self.clock.advance(hours * 3600)

    def register(self, hook):
        """As an operator does, with a token of his own."""
        form = {
            "grant_type": "refresh_token",
            "client_id": "node-a",
            "client_secret": SECRET,
            "refresh_token": REFRESH,
        }
        with httpx.Client(transport=self.transport) as http:
            token = http.post(f"{API}access_token", data=form).json()["access_token"]
            http.headers["authorization"] = f"Bearer {token}"
            assert http.post(f"{API}webhooks", json=hook).status_code == 200

    def listed(self):
        found, page = {}, None
        while True:
            answer = self.source.list_items(WINDOW, page)
            found |= {ref.key: ref for ref in answer.items}
            page = answer.next_page
            if page is None:
                return found

    def patiently(self, ask):
        """Again after every request to wait."""
        while True:
            try:
                return ask()
            except Throttled as error:
                self.clock.advance((error.retry_after_s or 0.0) + 1.0)

    def must(self):
        return {item.key: item for item in self.fake.truth() if item.must_be_archived}


@pytest.fixture
def open_both():
    opened = []

    def make(*args, **options):
        opened.append(Both(*args, **options))
        return opened[-1]

    yield make
    for both in opened:
        both.source.close()


@pytest.mark.parametrize("dashed", [True, False])
@pytest.mark.parametrize("quirks", QUIRKS.values(), ids=QUIRKS)
def test_everything_that_must_be_archived_is_listed_as_the_truth_has_it(open_both, quirks, dashed):
    both = open_both(60, dashed_ids=dashed)
    for kind in quirks:
        both.fake.add_fault(Fault(kind))

    found = both.listed()

    assert both.must().keys() <= found.keys()
    for key, item in both.must().items():
        ref = found[key]
        assert (ref.version, ref.session_key) == (item.version, item.session_key)
        assert ref.changed_us == item.changed_us


def test_every_file_has_the_bytes_of_the_truth_and_no_token_leaks(open_both):
    both = open_both(25)
    fetcher = HttpxMediaFetcher(lambda: both.transport)
    for key, item in both.must().items():
        ref = both.listed()[key]
        for media in both.source.describe(ref).media:
            sink = Bytes()
            fetcher.fetch(next(iter(both.source.open_media(ref, media))), sink, FetchLimits())
            sha256 = hashlib.sha256(sink.data).hexdigest()
            assert sha256 == item.sha256 or sha256 in item.other_sha256

    statistics = both.fake.statistics()
    assert (statistics["credential_leaks"], statistics["strays"]) == (0, [])


def test_a_recording_without_its_file_is_not_described_before_it_is_there(open_both):
    both = open_both(60)
    absent = [item.key for item in both.fake.truth() if item.absent]
    refs = both.listed()

    assert absent
    for key in absent:
        with pytest.raises(SourceError):
            both.source.describe(refs[key])


@pytest.mark.parametrize(("cdr", "hours"), [("stream", 1.5), ("feed", 4.0)])
def test_the_call_history_joins_what_it_recorded(open_both, cdr, hours):
    both = open_both(20, cdr=cdr, hours=hours)
    refs = both.listed()

    joined = 0
    for key in both.must():
        described = both.patiently(lambda ref=refs[key]: both.source.describe(ref))
        if "cdr_report_id" in described.attributes:
            joined += 1
            assert described.attributes["cdr_correlation_id"] == described.session_key

    assert joined == len(both.must())


def test_a_signed_webhook_of_the_fake_is_a_hint_to_poll(open_both):
    hook = {
        "name": "recorder",
        "targetUrl": "https://recorder.example/hook",
        "resource": "convergedRecordings",
        "event": "created",
        "ownedBy": "org",
        "secret": SIGNING,
    }
    both = open_both(5, hook=hook)
    deliveries = both.fake.deliveries()

    assert deliveries
    for delivery in deliveries:
        headers = {name.lower(): value for name, value in delivery.headers}
        heard = both.source.hear(WebhookRequest(headers, delivery.body))
        forged = both.source.hear(WebhookRequest(headers, delivery.body + b" "))
        assert (heard.status, heard.poll_now) == (200, True)
        assert (forged.status, forged.poll_now) == (401, False)
