"""The organisation on a real port: all hosts in one, the admin API, webhooks that are really sent."""

import json
import re
import signal
import subprocess
import sys

import httpx
import pytest

from sim.audio import Recording
from sim.ucaas.admin import Admin
from sim.ucaas.admin_client import SimAdmin, SimError
from sim.ucaas.http import MemoryTransport, Response
from sim.ucaas.server import FakeServer
from sim.ucaas.webex.orders import CallOrders
from sim.ucaas.webex.serving import serve_webex
from tests.sim.ucaas.webex.fakes import ALPHA, AUDIO, Fake, at
from tests.waiting import wait_until

BANK = (AUDIO, Recording("long.mp3", 90.0, bytes(range(251)) * 3000))
FORM = {
    "grant_type": "refresh_token",
    "client_id": ALPHA.client_id,
    "client_secret": ALPHA.secret,
    "refresh_token": ALPHA.refresh_token,
}


class Ordered(Fake):
    """A fake in memory with its admin API."""

    def __init__(self):
        super().__init__()
        orders = CallOrders(service=self.service, bank=BANK)
        front = Admin(service=self.service, orders=orders)
        transport = MemoryTransport(handle=front.handle, wait=self.clock.wait)
        self.admin = SimAdmin("http://admin.invalid", transport=transport)


@pytest.fixture
def ordered():
    made = Ordered()
    yield made
    made.admin.close()


def test_calls_are_placed_as_json_orders_them(ordered):
    (placed,) = ordered.admin.place_calls(
        {
            "legs": [{"owner": 2, "kind": "place", "seconds": 30}],
            "recordings": [
                {"audio": 1, "transcript": True, "changes": [{"after_s": 5, "what": "reassign"}]}
            ],
            "queue": True,
        }
    )
    ordered.clock.go(60)

    shown = ordered.details(placed["recordings"][0]).json()

    assert shown["serviceData"]["callSessionId"] == placed["session"]
    assert shown["durationSeconds"] == 90
    assert shown["ownerEmail"] == "user17@contoso.example"
    assert [item.key for item in ordered.admin.truth()] == placed["recordings"]


def test_sizes_and_mixes_may_be_ordered(ordered):
    ordered.admin.place_calls({"recordings": [{"size_bytes": 50_000}, {"size_bytes": 50_000}]})
    ordered.admin.place_mix(5, over_s=10.0, late=1.0, create_delay_s=(1.0, 2.0))
    ordered.admin.feed(60.0)
    ordered.clock.go(300)
    assert ordered.admin.truth()
    ordered.admin.feed(0.0)
    ordered.clock.go(300)

    sizes = [item.size_bytes for item in ordered.admin.truth()]

    assert sizes[:2] == [49_824 + 128] * 2
    assert len(sizes) > 100
    assert ordered.admin.delete_recording(ordered.admin.truth()[0].key)


@pytest.mark.parametrize(
    "wrong",
    [
        {"recordings": [{"leg": 3}]},
        {"recordings": [{"changes": [{"after_s": 1, "what": "eat"}]}]},
        {"legs": [{"kind": "robot"}]},
        {"recordings": [{"audio": 99}]},
        {"colour": "blue"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(ordered, wrong):
    with pytest.raises(SimError):
        ordered.admin.place_calls(wrong)


def test_faults_are_ordered_in_the_words_of_this_service(ordered):
    ordered.admin.add_fault("empty_page", count=1)
    assert ordered.listing(to=at(100)).headers["link"]
    assert ordered.admin.faults() == []

    with pytest.raises(SimError, match="grant_expired"):
        ordered.admin.add_fault("changed_before_download_", count=1)
    with pytest.raises(SimError, match="reassign"):
        ordered.admin.add_fault("changed_before_download", how="replace")
    with pytest.raises(SimError, match="metadata"):
        ordered.admin.add_fault("throttle", requests=("sas",))


@pytest.fixture(scope="module")
def served():
    made = serve_webex(clients=[ALPHA], history_pace=False)
    yield made
    made.stop()


@pytest.fixture
def http(served):
    with httpx.Client(timeout=5.0, trust_env=False) as client:
        given = client.post(f"{served.urls.api}/v1/access_token", data=FORM).json()
        client.headers["Authorization"] = f"Bearer {given['access_token']}"
        yield client


def test_real_audio_comes_through_a_real_port(served, http):
    admin = SimAdmin(served.urls.base)
    (placed,) = admin.place_calls({"recordings": [{"create_delay_s": 0, "file_delay_s": 0}]})
    (key,) = placed["recordings"]
    shown = http.get(f"{served.urls.api}/v1/convergedRecordings/{key}").json()
    link = shown["temporaryDirectDownloadLinks"]["audioDownloadLink"]
    audio = httpx.get(link, trust_env=False)

    assert link.startswith(f"{served.urls.files}/nbr/")
    assert audio.content.startswith(served.bank[0].data)
    assert len(audio.content) == shown["sizeBytes"]
    admin.close()


def test_call_history_is_on_the_same_port_and_in_no_other_region(served, http):
    asked = {"startTime": "2020-01-01T00:00:00.000Z", "endTime": "2020-01-01T01:00:00.000Z"}

    assert http.get(f"{served.urls.history}/v1/cdr_feed", params=asked).status_code == 400


class Receiver:
    """A real server that remembers what it was sent."""

    def __init__(self, status=204):
        self.seen = []
        self.status = status
        self.server = FakeServer(handle=self.handle)
        self.server.start()

    def handle(self, request):
        self.seen.append((request.path, dict(request.headers), json.loads(request.body)))
        return Response(self.status)


def test_webhooks_are_really_sent_and_given_up_when_nobody_listens(served, http):
    receiver = Receiver()
    url = f"{served.urls.api}/v1/webhooks"
    hook = {"name": "n", "resource": "convergedRecordings", "event": "created", "secret": "s"}
    hook |= {"ownedBy": "org", "targetUrl": f"{receiver.server.urls[0]}/hook"}
    http.post(url, json=hook)
    http.post(url, json=hook | {"targetUrl": "http://127.0.0.1:9/closed"})
    http.post(url, json=hook | {"targetUrl": "no url"})
    admin = SimAdmin(served.urls.base)
    admin.place_calls({"recordings": [{"create_delay_s": 0, "file_delay_s": 0}]})

    wait_until(lambda: receiver.seen, 10.0, "a webhook comes")
    admin.close()
    receiver.server.stop()

    path, headers, body = receiver.seen[0]
    assert path == "/hook"
    assert re.fullmatch("[0-9a-f]{40}", headers["x-spark-signature"])
    assert body["data"]["id"] == served.service.truth()[-1].key


def test_the_program_serves_until_it_is_told_to_stop():
    command = [sys.executable, "-m", "sim.ucaas.webex", "--client", "a:s:r:admin"]
    with subprocess.Popen([*command, "--audio", "var/audio"], stdout=subprocess.PIPE) as program:
        urls = json.loads(program.stdout.readline())
        form = FORM | {"client_id": "a", "client_secret": "s", "refresh_token": "r"}
        answer = httpx.post(f"{urls['api']}/v1/access_token", data=form, trust_env=False)
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0

    assert "spark-admin:recordings_read" in answer.json()["scope"]
