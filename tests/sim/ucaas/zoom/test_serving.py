"""The real ports: orders by the admin API, playable media, files from another port, posts that are sent."""

import io
import json
import signal
import subprocess
import sys

import av
import httpx
import pytest

from sim.audio import RATE_HZ, speech
from sim.clockwork.chance import stream
from sim.ucaas.admin import Admin
from sim.ucaas.admin_client import SimAdmin, SimError
from sim.ucaas.clocks import monotonic_ns, wall_us
from sim.ucaas.http import MemoryTransport, Response
from sim.ucaas.server import FakeServer
from sim.ucaas.zoom import serving
from sim.ucaas.zoom.media import ArchiveBank, MediaBank, encode, plain_bank
from sim.ucaas.zoom.orders import MeetingOrders
from sim.ucaas.zoom.service import ACCOUNT, FakeZoom
from sim.ucaas.zoom.webhooks import Subscription
from tests.sim.ucaas.zoom.fakes import CLIENTS
from tests.waiting import wait_until


@pytest.fixture
def admin():
    """The admin API in memory, and the fake behind it."""
    fake = FakeZoom(now_us=wall_us, monotonic_ns=monotonic_ns, clients=CLIENTS)
    front = Admin(service=fake, orders=MeetingOrders(service=fake, bank=plain_bank()))
    transport = MemoryTransport(handle=front.handle, wait=lambda _seconds: None)
    made = SimAdmin("http://zoom.test", transport=transport)
    made.fake = fake
    yield made
    made.close()


def test_meetings_are_ordered_as_json(admin):
    body = {
        "ends_in_s": -60,
        "files": [
            {"media": 1},
            {"file_type": "MP4"},
            {"file_type": "CHAT", "text": "hello", "fingerprint": "upper"},
        ],
        "rooms": [{"files": [{"participant": 3}]}],
        "attachments": [{"name": "a.txt", "text": "attached"}],
        "topic": "Ordered",
    }

    (placed,) = admin.place({"meetings": [body]})

    assert len(placed["recordings"]) == 5
    truth = {item.key: item for item in admin.truth()}
    assert set(truth) == set(placed["recordings"])
    assert {item.session_key for item in truth.values()} == {placed["meeting"]}
    assert truth[placed["files"][2]].size_bytes == 5


def test_meetings_are_drawn_and_fed(admin):
    placed = admin.place_mix(10, over_s=0.0, seed=3, listed_s=(0.0, 0.0), complete_s=(0.0, 0.0))
    assert len(placed) == 10
    admin.feed(6000.0, seed=1)
    wait_until(lambda: len(admin.truth()) > 60, 10, "meetings that come by themselves")
    admin.feed(0.0)

    assert admin.delete_recording(admin.truth()[0].key)
    assert not admin.delete_recording("none")


@pytest.mark.parametrize(
    "body",
    [
        {"meetings": [{"topic": "x", "colour": "red"}]},
        {"meetings": [{"files": [{"file_type": "WAV"}]}]},
        {"meetings": [{"files": [{"media": 99}]}]},
        {"mix": {"options": {"unheard_of": 1.0}}},
        {"calls": []},
    ],
)
def test_an_order_that_cannot_be_is_refused(admin, body):
    with pytest.raises(SimError):
        admin.place(body)


def test_faults_are_ordered_in_the_words_of_this_service(admin):
    number = admin.add_fault("throttle", code="day", retry_after="bare", count=1)
    assert [fault["number"] for fault in admin.faults()] == [number]

    with pytest.raises(SimError, match="second, day"):
        admin.add_fault("throttle", code="requests")
    with pytest.raises(SimError, match="no kind of request: 'blob'"):
        admin.add_fault("slow", requests=("blob",))
    with pytest.raises(SimError, match="knows no fault changed_before_download"):
        admin.add_fault("changed_before_download")


# --- media ---


@pytest.fixture(scope="module")
def talk():
    return speech(2.0, stream(1, "tests"))


@pytest.mark.parametrize(("pictures", "kinds"), [(False, ["audio"]), (True, ["audio", "video"])])
def test_media_can_be_played(talk, pictures, kinds):
    data = encode(talk, pictures=pictures)

    with av.open(io.BytesIO(data + b"\0\0\0\x0cfree1234")) as played:
        assert sorted(one.type for one in played.streams) == kinds
        assert played.duration / av.time_base == pytest.approx(2.0, abs=0.3)
        heard = sum(frame.samples for frame in played.decode(audio=0))
    assert heard == pytest.approx(2 * RATE_HZ, rel=0.1)
    assert data[4:8] == b"ftyp"


def test_plain_bodies_begin_as_real_ones_do():
    bank = plain_bank()

    for one in (*bank.sounds, *bank.pictures):
        assert one.data[4:8] == b"ftyp"
        assert f"-{len(one.data)}." in one.name


def test_the_bank_is_made_once_and_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr("sim.ucaas.zoom.media._SOUNDS_S", (1, 2))
    monkeypatch.setattr("sim.ucaas.zoom.media._PICTURES_S", (1,))
    made = ArchiveBank(tmp_path).load()
    monkeypatch.setattr("sim.ucaas.zoom.media.encode", None)

    assert ArchiveBank(tmp_path).load() == made
    assert [one.seconds for one in made.sounds] == [1.0, 2.0]
    assert [one.seconds for one in made.pictures] == [1.0]


# --- ports ---


class Listener:
    """A webhook end point that answers what it is told to and keeps what it heard."""

    def __init__(self, *statuses):
        self.heard = []
        self._statuses = [*statuses]
        self._server = FakeServer(handle=self._handle)
        self._server.start()
        self.url = f"{self._server.urls[0]}/hook"
        self.stop = self._server.stop

    def _handle(self, request):
        self.heard.append((request.headers["x-zm-signature"], request.body))
        return Response(self._statuses.pop(0) if self._statuses else 204)


@pytest.fixture
def small_bank(monkeypatch, talk):
    plain = plain_bank()
    sounds = (plain.sounds[0].__class__("a.m4a", 2.0, encode(talk, pictures=False)),)
    bank = MediaBank(sounds, plain.pictures)
    monkeypatch.setattr(serving.ArchiveBank, "load", lambda _self: bank)
    return bank


@pytest.fixture
def listener():
    made = Listener(500)
    yield made
    made.stop()


def test_a_meeting_goes_all_the_way_over_real_ports(small_bank, listener):
    subscription = Subscription(listener.url, "hook", delay_s=0.0, scale=0.001)
    served = serving.serve_zoom(clients=CLIENTS, subscriptions=(subscription,))
    urls = served.urls
    admin = SimAdmin(urls.base)
    try:
        (placed,) = admin.place({"meetings": [{"ends_in_s": -60}]})
        form = {"grant_type": "account_credentials", "account_id": ACCOUNT}
        with httpx.Client(trust_env=False) as client:
            token = client.post(f"{urls.oauth}/oauth/token", data=form, auth=("beta", "secret-b"))
            bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
            days = {"query_date_type": "archive_complete_time"}
            listing = client.get(f"{urls.api}/v2/archive_files", params=days, headers=bearer)
            ((file,),) = [one["archive_files"] for one in listing.json()["meetings"]]
            first = client.get(file["download_url"], headers=bearer)
            data = client.get(first.headers["location"]).content
        assert urls.files != urls.api
        assert first.headers["location"].startswith(urls.files)
        assert file["id"] == placed["recordings"][0]
        assert data.startswith(small_bank.sounds[0].data)
        wait_until(lambda: len(listener.heard) == 2, 5, "a post and another try")
        assert listener.heard[0][1] == listener.heard[1][1]
    finally:
        admin.close()
        served.stop()


def test_the_program_serves_until_it_is_told_to_stop(tmp_path):
    bank = tmp_path / f"zoom-1-av{av.__version__}"
    bank.mkdir()
    (bank / "index.json").write_text(json.dumps({"a.m4a": 1.0}))
    (bank / "a.m4a").write_bytes(b"\0\0\0\x18ftypM4A ")
    command = [sys.executable, "-m", "sim.ucaas.zoom", "--audio", str(tmp_path)]
    command += ["--client", "alpha:secret:60", "--way", "direct"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        urls = json.loads(program.stdout.readline())
        form = {"grant_type": "account_credentials", "account_id": urls["account"]}
        token = httpx.post(
            f"{urls['oauth']}/oauth/token", data=form, auth=("alpha", "secret"), trust_env=False
        )
        program.send_signal(signal.SIGTERM)
        assert program.wait(10) == 0
    assert token.json()["expires_in"] == 60
