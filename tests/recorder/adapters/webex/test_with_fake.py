"""The adapter against the simulator's fake organisation, in memory."""

import hashlib
import json

import httpx
import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.adapters.webex.cdr import RecordsPending
from recorder.errors import AuthRefused, ItemGone, SourceError
from recorder.model import MediaKind, Window
from recorder.ports.recording import FetchLimits
from recorder.webhooks import WebhookRequest
from sim.audio import Recording
from sim.contract.world import Bytes
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from sim.ucaas.webex.oauth import ClientApp
from sim.ucaas.webex.scripts import CallScript, Change, Leg, RecordingScript
from sim.ucaas.webex.service import FakeWebex
from tests.recorder.adapters.dynamics.scripted import FakeClock
from tests.recorder.adapters.webex.scripted import (
    API,
    REFRESH,
    SECRET,
    SIGNING,
    FakeSecrets,
    open_source,
    us,
)

AUDIO = Recording("call.mp3", 20.0, b"\xff\xf3\x40sound of a call" * 500)
BEGIN_S = 100_000
ALL = Window(us(0), us(20 * BEGIN_S))
ONE_LEG = (Leg(0, 60.0),)
LIMITS = FetchLimits(stall_s=30.0)


def part(**more):
    return RecordingScript(AUDIO, **more)


class Bench:
    def __init__(self, settings=None, *, app=None, **options):
        self.clock = FakeClock()
        self.clock.advance(BEGIN_S)
        self.fake = FakeWebex(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[app or ClientApp("node-a", SECRET, REFRESH)],
            **options,
        )
        self.transport = MemoryTransport(handle=self.fake.handle, wait=self.clock.advance)
        self.source = open_source(self.transport, self.clock, **(settings or {}))

    def place(self, *recordings, legs=ONE_LEG, wait_s=120.0, **more):
        call = CallScript(
            self.clock.wall_us(), legs=legs, recordings=recordings or (part(),), **more
        )
        (placed,) = self.fake.place([call])
        self.wait(wait_s)
        return placed

    def wait(self, seconds):
        self.clock.advance(seconds)
        self.fake.advance()

    def refs(self, window=ALL):
        answer = self.source.list_items(window, None)
        found = [*answer.items]
        while answer.next_page is not None:
            answer = self.source.list_items(window, answer.next_page)
            found += answer.items
        return list({ref.key: ref for ref in found}.values())

    def only(self):
        (ref,) = self.refs()
        return ref

    def body(self, ref, media):
        """By the recorder's own downloader, its rules included."""
        sink = Bytes()
        request = next(self.source.open_media(ref, media))
        HttpxMediaFetcher(lambda: self.transport).fetch(request, sink, LIMITS)
        return bytes(sink.data)

    def is_right(self, ref):
        (item,) = (item for item in self.fake.truth() if item.key == ref.key)
        media = self.source.describe(ref).media[0]
        return hashlib.sha256(self.body(ref, media)).hexdigest() == item.sha256

    def fault(self, kind, **more):
        return self.fake.add_fault(Fault(kind, **more))


@pytest.mark.parametrize("dashed_ids", [True, False])
def test_what_is_offered_is_what_is_listed_and_what_is_downloaded(dashed_ids):
    bench = Bench({"page_size": 3}, dashed_ids=dashed_ids)
    for number in range(10):
        bench.place(customer=number)

    refs = bench.refs()

    truth = {item.key: item for item in bench.fake.truth()}
    assert {(ref.key, ref.changed_us, ref.session_key) for ref in refs} == {
        (item.key, item.changed_us, item.session_key) for item in truth.values()
    }
    for ref in refs:
        (media,) = bench.source.describe(ref).media
        body = bench.body(ref, media)
        assert media.size_bytes == len(body) == truth[ref.key].size_bytes
        assert hashlib.sha256(body).hexdigest() == truth[ref.key].sha256


@pytest.mark.parametrize("fault", ["empty_page", "lost_parameters", "repeat_rows"])
def test_a_listing_that_misbehaves_gives_the_same_recordings(fault):
    bench = Bench({"page_size": 3})
    placed = {bench.place().recordings[0] for _ in range(10)}
    bench.fault(FaultKind(fault))

    assert {ref.key for ref in bench.refs()} == placed


@pytest.mark.parametrize(
    "change", [Change(30, "trash"), Change(30, "reassign"), Change(30, "restore")]
)
def test_a_recording_that_was_moved_is_archived_all_the_same(change):
    bench = Bench()
    bench.place(part(changes=(change,)))

    assert bench.is_right(bench.only())


@pytest.mark.parametrize("what", ["purge", "delete"])
def test_a_recording_that_was_purged_is_not_listed_any_more(what):
    bench = Bench()
    bench.place(part(changes=(Change(30, what),)))

    assert bench.refs() == []


def test_a_recording_that_is_deleted_between_list_and_details_is_gone():
    bench = Bench()
    key = bench.place().recordings[0]
    ref = bench.only()
    assert bench.fake.delete_recording(key)

    with pytest.raises(ItemGone):
        bench.source.describe(ref)


@pytest.mark.parametrize("unready", ["size", "link"])
def test_a_file_that_comes_later_is_waited_for(unready):
    bench = Bench()
    bench.place(part(file_delay_s=600.0, unready=unready))
    ref = bench.only()
    with pytest.raises(SourceError) as caught:
        bench.source.describe(ref)
    assert caught.value.retryable

    bench.wait(600)

    assert bench.is_right(ref)


def test_a_transcript_comes_with_the_sound():
    bench = Bench()
    bench.place(part(transcript=True, notes=True))
    ref = bench.only()

    sound, text = bench.source.describe(ref).media

    assert (sound.kind, text.kind) == (MediaKind.AUDIO, MediaKind.TEXT)
    assert bench.body(ref, text)


def test_a_call_recorded_on_both_sides_is_one_session():
    bench = Bench()
    placed = bench.place(part(leg=0), part(leg=1), legs=(Leg(0, 60.0), Leg(1, 60.0)))

    found = [bench.source.describe(ref) for ref in bench.refs()]

    assert len({one.key for one in found}) == 2
    assert {one.session_key for one in found} == {placed.session}


@pytest.mark.parametrize("outbound", [True, False])
def test_sides_and_direction_are_those_of_the_call(outbound):
    bench = Bench()
    bench.place(outbound=outbound, customer=7)

    found = bench.source.describe(bench.only())

    assert found.direction == ("outbound" if outbound else "inbound")
    (customer,) = (party for party in found.parties if party.role == "customer")
    (agent,) = (party for party in found.parties if party.role == "agent")
    assert customer.number == "+13035550007"
    assert agent.name == "Ada Albers"
    assert customer.joined_us
    assert agent.left_us


@pytest.mark.parametrize("kind", ["user", "place", "virtualLine", "callQueue"])
def test_every_kind_of_owner_is_archived(kind):
    bench = Bench()
    bench.place(legs=(Leg(0, 60.0, kind=kind),))

    found = bench.source.describe(bench.only())

    assert found.attributes["owner_kind"] == kind.lower()
    assert any(party.role == "customer" for party in found.parties)
    assert any(party.role == "agent" for party in found.parties) == (kind != "callQueue")


def test_without_metadata_the_recording_is_archived():
    bench = Bench()
    bench.place()
    bench.fault(FaultKind.NO_METADATA)

    assert bench.source.describe(bench.only()).media


def test_an_administrators_token_sees_the_list_and_says_what_it_lacks():
    bench = Bench(app=ClientApp("node-a", SECRET, REFRESH, role="admin"))
    bench.place()
    ref = bench.only()

    with pytest.raises(SourceError) as caught:
        bench.source.describe(ref)

    assert "compliance officer" in caught.value.hint
    assert [finding.code for finding in bench.source.check()] == ["compliance_token_needed"]


def test_a_token_of_one_person_may_not_list():
    bench = Bench(app=ClientApp("node-a", SECRET, REFRESH, role="user"))

    with pytest.raises(AuthRefused):
        bench.refs()
    assert [finding.code for finding in bench.source.check()] == ["right_missing"]


def test_a_service_that_changes_refresh_tokens_needs_the_file_over_a_restart(tmp_path):
    settings = {"token_file": str(tmp_path / "token")}
    bench = Bench(settings, rotate_refresh_tokens=True)
    bench.place()
    bench.refs()
    bench.clock.advance(50_000)
    bench.refs()

    bench.source = open_source(bench.transport, bench.clock, **settings)
    assert len(bench.refs()) == 1


def test_a_link_is_good_for_three_hours_and_gets_no_token():
    bench = Bench()
    bench.place()
    ref = bench.only()
    (media,) = bench.source.describe(ref).media
    request = next(bench.source.open_media(ref, media))

    bench.clock.advance(3 * 3600 - 60)
    with httpx.Client(transport=bench.transport) as client:
        assert client.get(request.url, headers=list(request.headers)).status_code == 200
        bench.clock.advance(120)
        assert client.get(request.url, headers=list(request.headers)).status_code == 403
    assert request.headers == ()


@pytest.mark.parametrize("mode", ["stream", "feed"])
def test_a_record_of_the_history_is_joined_by_its_session(mode):
    bench = Bench({"cdr": mode, "cdr_wait_s": 900})
    placed = bench.place(customer=7, history_delay_s=30.0, history_repeats=True, queue=True)
    ref = bench.only()

    for _ in range(20):
        try:
            found = bench.source.describe(ref)
        except RecordsPending as error:
            bench.wait(error.retry_after_s)
        else:
            break

    assert found.attributes["cdr_join"] == "callSessionId = Correlation ID"
    assert found.attributes["cdr_correlation_id"] == placed.session
    assert found.attributes["cdr_answered"] == "true"
    ids = found.attributes["cdr_report_ids"].split(",")
    assert len(set(ids)) == len(ids) == 2


def test_the_history_in_another_region_names_its_end_point():
    bench = Bench({"cdr": "stream"})
    bench.place(wait_s=1000)
    bench.fault(FaultKind.WRONG_REGION)

    assert bench.source.describe(bench.only()).media
    (finding,) = bench.source.check()
    assert finding.code == "cdr_wrong_region"
    assert "https://analytics-calling" in finding.hint


def test_no_right_to_the_history_stops_no_recording():
    app = ClientApp("node-a", SECRET, REFRESH, history=False)
    bench = Bench({"cdr": "stream"}, app=app)
    bench.place()

    assert bench.source.describe(bench.only()).media
    assert [finding.code for finding in bench.source.check()] == ["cdr_right_missing"]


def test_the_history_is_never_asked_more_often_than_the_service_allows():
    bench = Bench({"cdr": "stream", "requests_per_min": 6000}, history_page_cap=5)
    for number in range(30):
        bench.place(customer=number, wait_s=7.0)
        for ref in bench.refs():
            try:
                bench.source.describe(ref)
            except RecordsPending:
                continue
        assert bench.source._connections.history.problem is None
    bench.wait(300)

    assert bench.source.describe(bench.refs()[0]).attributes["cdr_join"]
    assert bench.source.check() == ()


def test_a_webhook_of_the_service_is_genuine_and_asks_for_a_poll():
    secrets = FakeSecrets()
    bench = Bench({"webhook_secret": "env:HOOK", "secrets": secrets})
    hook = {
        "name": "recorder",
        "targetUrl": "https://recorder.example/hooks/webex",
        "resource": "convergedRecordings",
        "event": "all",
        "secret": SIGNING,
        "ownedBy": "org",
    }
    bench.source.server_time()
    token = bench.source._connections._auth.token()
    with httpx.Client(transport=bench.transport) as client:
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post(f"{API}webhooks", json=hook, headers=headers).status_code == 200
    bench.place()

    deliveries = bench.fake.deliveries()
    assert deliveries
    for delivery in deliveries:
        told = {name.lower(): value for name, value in delivery.headers}
        answer = bench.source.hear(WebhookRequest(told, delivery.body))
        assert (answer.status, answer.poll_now) == (200, True)
        spoilt = json.dumps(json.loads(delivery.body) | {"x": 1}).encode()
        assert bench.source.hear(WebhookRequest(told, spoilt)).status == 401


def test_every_quirk_together_loses_nothing():
    bench = Bench({"page_size": 2, "cdr": "stream", "cdr_wait_s": 1})
    placed = {bench.place(customer=number).recordings[0] for number in range(8)}
    for kind in (FaultKind.LOST_PARAMETERS, FaultKind.EMPTY_PAGE, FaultKind.REPEAT_ROWS):
        bench.fault(kind)
    bench.fault(FaultKind.THROTTLE, count=3, parameters={"retry_after": "seconds", "seconds": 2.0})
    bench.fault(FaultKind.SERVER_ERROR, count=3)
    got = set()
    for _ in range(40):
        try:
            for ref in bench.refs():
                got.add(ref.key if bench.is_right(ref) else "wrong")
        except SourceError as error:
            bench.wait(error.retry_after_s or 1.0)

    assert got == placed
