"""The adapter against the simulator's fake service, in memory."""

import hashlib
from dataclasses import replace

import httpx
import pytest

from recorder.adapters.media_httpx import HttpxMediaFetcher
from recorder.errors import AuthRefused, ItemGone, SourceError, Throttled, Unreachable
from recorder.model import Window
from recorder.ports.recording import FetchLimits
from sim.audio import Recording
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.people import agent_id, person, phone
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Fault, FaultKind, Target
from sim.ucaas.http import MemoryTransport
from tests.recorder.adapters.dynamics.scripted import SECRET, FakeClock, open_source, us

AUDIO = Recording("call.mp3", 20.0, b"\xff\xf3sound of a call" * 500)
LARGE = Recording("large.mp3", 600.0, b"\xff\xf3sound of a call" * 500_000)
CLIENTS = (ClientApp("node-a", SECRET),)
ONE_LEG = (Leg(0, 60.0),)
BEGIN_S = 100_000
ALL = Window(0, us(10 * BEGIN_S))


class Bench:
    def __init__(self, settings=None, **options):
        self.clock = FakeClock()
        self.clock.advance(BEGIN_S)
        self.fake = FakeDynamics(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=options.pop("clients", CLIENTS),
            **options,
        )
        self.transport = MemoryTransport(handle=self.fake.handle, wait=self.clock.advance)
        self.source = open_source(self.transport, self.clock, **(settings or {}))

    def place(self, *recordings, legs=ONE_LEG, wait_s=60.0, **more):
        parts = recordings or (RecordingScript(AUDIO),)
        (placed,) = self.fake.place([CallScript(self.clock.wall_us(), legs, parts, **more)])
        self.clock.advance(wait_s)
        self.fake.advance()
        return placed

    def refs(self, window=ALL):
        return every_ref(self.source, window)

    def fetch(self, request):
        with httpx.Client(transport=self.transport) as client:
            return client.get(request.url, headers=list(request.headers))


def every_ref(source, window):
    answer = source.list_items(window, None)
    found = [*answer.items]
    while answer.next_page is not None:
        answer = source.list_items(window, answer.next_page)
        found += answer.items
    return found


def agent(number):
    first, last = person(number)
    return agent_id(1, number), f"{first} {last}"


def test_what_is_offered_is_what_is_listed_and_what_is_downloaded():
    bench = Bench({"page_size": 3})
    for number in range(10):
        bench.place(customer=number)

    refs = bench.refs()

    truth = {item.key: item for item in bench.fake.truth()}
    assert {(ref.key, ref.version, ref.changed_us, ref.session_key) for ref in refs} == {
        (item.key, item.version, item.changed_us, item.session_key) for item in truth.values()
    }
    for ref in refs:
        (media,) = bench.source.describe(ref).media
        request = next(bench.source.open_media(ref, media))
        body = bench.fetch(request).content
        assert media.size_bytes == request.size_bytes == len(body) == truth[ref.key].size_bytes
        assert hashlib.sha256(body).hexdigest() == truth[ref.key].sha256


def test_a_call_with_reject_time_out_consult_and_transfer_is_described():
    bench = Bench()
    legs = (
        Leg(1, 5.0, answer="rejected"),
        Leg(2, 15.0, answer="timed_out"),
        Leg(3, 60.0, consult=4, hold_s=10.0),
        Leg(5, 60.0),
    )
    placed = bench.place(legs=legs, customer=7)
    (ref,) = bench.refs()

    found = bench.source.describe(ref)

    assert found.key == found.session_key == placed.conversation
    assert (found.channel, found.direction) == ("voice_call", "inbound")
    reasons = [segment.reason for segment in found.segments]
    assert reasons[:3] == ["agent_reject", "agent_timeout", "agent_transferred"]
    assert [len(segment.party_keys) for segment in found.segments] == [0, 0, 2, 1]
    (customer, *others) = found.parties
    assert (customer.role, customer.number) == ("customer", phone(7))
    assert {(party.key.partition(":")[0], party.role, party.name) for party in others} == {
        (agent(3)[0], "agent", agent(3)[1]),
        (agent(4)[0], "consultant", agent(4)[1]),
        (agent(5)[0], "agent", agent(5)[1]),
    }
    assert all(party.joined_us and party.left_us for party in others)
    assert found.media[0].duration_ms == 20_000
    assert any(name.startswith("pauses:") for name in found.attributes)
    assert not any(name.startswith("not_read:") for name in found.attributes)


def test_a_row_is_listed_when_its_file_is_there():
    bench = Bench()
    bench.place(RecordingScript(AUDIO, row_delay_s=2.0, file_delay_s=30.0), wait_s=10.0)
    assert bench.refs() == []

    bench.clock.advance(30.0)

    assert len(bench.refs()) == 1


def test_a_row_that_lost_its_file_between_list_and_describe_is_tried_again():
    bench = Bench()
    placed = bench.place()
    (ref,) = bench.refs()
    table = bench.fake._env.store.table("msdyn_ocrecording")
    table.put(placed.recordings[0], {"msdyn_recording": None}, bench.clock.wall_us())

    with pytest.raises(SourceError) as caught:
        bench.source.describe(ref)

    assert caught.value.retryable


def test_a_replaced_file_is_a_new_version_with_a_new_media_key():
    bench = Bench()
    bench.place(RecordingScript(AUDIO, replace_after_s=100.0))
    (before,) = bench.refs()
    old = bench.source.describe(before).media[0].key
    bench.clock.advance(200.0)

    (after,) = bench.refs()

    assert after.key == before.key
    assert after.version != before.version
    assert bench.source.describe(after).media[0].key != old


def test_a_later_change_lists_the_same_version_again():
    bench = Bench()
    bench.place(RecordingScript(AUDIO, bumps_s=(100.0,)))
    (before,) = bench.refs()
    bench.clock.advance(200.0)

    (after,) = bench.refs()

    assert (after.key, after.version) == (before.key, before.version)
    assert after.changed_us > before.changed_us


def test_orphans_keep_what_is_known():
    bench = Bench()
    bench.place(removed_after_s=5.0, wait_s=100.0)
    (ref,) = bench.refs()

    found = bench.source.describe(ref)

    assert len(found.media) == 1
    assert found.started_us is not None


def test_a_deletion_before_the_download_is_gone_or_an_error_of_the_source():
    bench = Bench()
    bench.place()
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    bench.fake.add_fault(Fault(FaultKind.DELETED_BEFORE_DOWNLOAD))

    requests = list(bench.source.open_media(ref, media))

    assert all(request.url.endswith("$value") for request in requests)
    assert bench.fetch(requests[0]).status_code == 404
    with pytest.raises(ItemGone):
        bench.source.describe(ref)


def test_customer_managed_keys_leave_the_api():
    bench = Bench(customer_managed_keys=True)
    bench.place()
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media

    requests = list(bench.source.open_media(ref, media))

    assert [request.chunk_bytes for request in requests] == [4 * 1024**2, None]
    assert len(bench.fetch(requests[-1]).content) == media.size_bytes
    assert "signed_link_refused" in {finding.code for finding in bench.source.check()}


def test_the_older_schema_works_without_the_newer_columns():
    bench = Bench(newer_schema=False)
    bench.place()

    (ref,) = bench.refs()

    assert bench.source.describe(ref).media
    missing = {finding.subject for finding in bench.source.check()}
    assert "crm/msdyn_ocrecording.msdyn_recordingtarget" in missing


def test_rows_listed_twice_are_one_item():
    bench = Bench()
    bench.place()
    bench.fake.add_fault(Fault(FaultKind.REPEAT_ROWS))

    assert len(bench.refs()) == 1


def test_a_short_lived_token_is_renewed_on_the_way():
    bench = Bench(clients=(ClientApp("node-a", SECRET, token_life_s=20.0),))
    for _ in range(5):
        bench.clock.advance(30)
        assert bench.refs() == []


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault(FaultKind.FORBIDDEN, count=1, parameters={"why": "no_user"}), AuthRefused),
        (Fault(FaultKind.FORBIDDEN, count=1, parameters={"why": "privilege"}), AuthRefused),
        (Fault(FaultKind.SERVER_ERROR, count=1), Unreachable),
        (Fault(FaultKind.DROP, Target(("list",)), count=1), Unreachable),
        (
            Fault(FaultKind.SLOW, Target(("list",)), count=1, parameters={"delay_s": 99.0}),
            Unreachable,
        ),
        (Fault(FaultKind.CUT, Target(("list",)), count=1), Unreachable),
        (Fault(FaultKind.STALL, Target(("list",)), count=1), Unreachable),
        (Fault(FaultKind.HTML, Target(("list",)), count=1), SourceError),
        (Fault(FaultKind.EMPTY, Target(("list",)), count=1), SourceError),
        (Fault(FaultKind.REDIRECT, Target(("list",)), count=1), SourceError),
        (Fault(FaultKind.THROTTLE, count=1, parameters={"code": "time"}), Throttled),
        (Fault(FaultKind.THROTTLE, count=1, parameters={"retry_after": "date"}), Throttled),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else value.__name__,
)
def test_a_fault_is_an_error_of_the_source_and_passes(fault, kind):
    bench = Bench()
    bench.place()
    bench.refs()
    bench.fake.add_fault(fault)

    with pytest.raises(kind):
        bench.refs()

    bench.clock.advance(400)
    assert len(bench.refs()) == 1


def test_no_credential_ever_leaves_for_a_signed_link():
    bench = Bench()
    bench.place()
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media

    assert bench.fetch(next(bench.source.open_media(ref, media))).status_code == 200
    assert bench.fake.statistics()["credential_leaks"] == 0


class Sink:
    def __init__(self):
        self.data = bytearray()

    @property
    def offset(self):
        return len(self.data)

    def write(self, data):
        self.data += data

    def restart(self):
        self.data.clear()


@pytest.mark.parametrize("number", [0, 2])
def test_the_media_fetcher_downloads_a_large_file_by_link_and_at_once(number):
    bench = Bench()
    bench.place(RecordingScript(LARGE))
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    fetcher = HttpxMediaFetcher(lambda: bench.transport)
    sink = Sink()

    fetcher.fetch(list(bench.source.open_media(ref, media))[number], sink, FetchLimits())

    fetcher.close()
    (item,) = bench.fake.truth()
    assert sink.offset == item.size_bytes == media.size_bytes > 8_000_000
    assert hashlib.sha256(sink.data).hexdigest() == item.sha256


def test_the_ranges_of_the_second_way_add_up_to_the_file():
    bench = Bench()
    bench.place(RecordingScript(LARGE))
    (ref,) = bench.refs()
    (media,) = bench.source.describe(ref).media
    _, request, _ = bench.source.open_media(ref, media)
    body = b""
    while len(body) < request.size_bytes:
        part = f"bytes={len(body)}-{len(body) + request.chunk_bytes - 1}"
        answer = bench.fetch(replace(request, headers=(*request.headers, ("Range", part))))
        assert answer.status_code == 206
        body += answer.content

    (item,) = bench.fake.truth()
    assert hashlib.sha256(body).hexdigest() == item.sha256


def test_describing_costs_few_calls():
    bench = Bench()
    bench.place(legs=tuple(Leg(number, 10.0) for number in range(4)))
    (ref,) = bench.refs()
    bench.source.describe(ref)
    before = bench.source._odata._patience._bucket.full_at_ns

    bench.source.describe(ref)

    spent_ns = bench.source._odata._patience._bucket.full_at_ns - before
    assert spent_ns // bench.source._odata._patience._bucket.budget.refill_ns == 6
    assert bench.source.budget().used >= 12
