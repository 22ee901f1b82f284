"""The real port: the same answers as in memory, real trouble on the wire, the admin API."""

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading

import httpx
import pytest
import trustme

from sim.audio import Recording, of_size
from sim.ucaas.admin import Admin
from sim.ucaas.admin_client import SimAdmin, SimError
from sim.ucaas.dynamics.orders import CallOrders
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import Content, MemoryTransport, Response
from sim.ucaas.server import FakeServer
from tests.sim.ucaas.fakes import AUDIO, CLIENTS, START_US, HandClock
from tests.waiting import wait_until

BANK = (AUDIO, Recording("long.mp3", 90.0, bytes(range(251)) * 3000))


@pytest.fixture(scope="module")
def tls():
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


class Doors:
    """A fake behind one of its doors."""

    def __init__(self, door, tls):
        self.clock = HandClock()
        handler = []

        def handle(request):
            return handler[0].handle(request)

        self.server = None
        base, transport, verify = "http://127.0.0.1:5", None, True
        if door == "memory":
            transport = MemoryTransport(handle=handle, wait=self.clock.wait)
        else:
            context = tls[0] if door == "https" else None
            self.server = FakeServer(handle=handle, tls=context)
            base, verify = self.server.urls[0], tls[1]
        self.base = base
        self.service = FakeDynamics(
            now_us=self.clock,
            monotonic_ns=lambda: self.clock.now_us * 1000,
            clients=CLIENTS,
            org_url=base,
            authority_url=base,
            blob_url=f"{base}/_blob",
            elsewhere_url=base,
        )
        handler.append(
            Admin(service=self.service, orders=CallOrders(service=self.service, bank=BANK))
        )
        if self.server:
            self.server.start()
        self.http = httpx.Client(transport=transport, verify=verify, timeout=5.0, trust_env=False)
        self.admin = SimAdmin(base, transport=transport, verify=verify)

    def close(self):
        self.http.close()
        self.admin.close()
        if self.server:
            self.server.stop()


@pytest.fixture(params=["memory", "http", "https"])
def doors(request, tls):
    opened = Doors(request.param, tls)
    yield opened
    opened.close()


@pytest.fixture
def port(tls):
    opened = Doors("http", tls)
    yield opened
    opened.close()


SPOILS = (
    Fault(FaultKind.CUT, count=1, parameters={"at_bytes": 300_000}),
    Fault(FaultKind.CUT, count=1, parameters={"at_bytes": 100, "reset": True}),
    Fault(FaultKind.TRUNCATE, count=1, parameters={"announced": "full"}),
    Fault(FaultKind.TRUNCATE, count=1),
    Fault(FaultKind.DROP, count=1),
    Fault(FaultKind.EMPTY, count=1),
    Fault(FaultKind.HTML, count=1),
    Fault(FaultKind.REDIRECT, count=1),
    Fault(FaultKind.LINK_EXPIRED, count=1),
    Fault(FaultKind.SERVER_ERROR, count=1),
)


def shown(answer, base):
    """An answer as text, without what must differ from run to run: addresses, signatures, tokens."""
    headers = {k.lower(): v for k, v in answer.headers.items()}
    if base.encode() in answer.content or b"access_token" in answer.content:
        del headers["content-length"]
    text = f"{answer.status_code} {sorted(headers.items())} {answer.content!r}"
    text = re.sub(r'"access_token":"[^"]+"', "TOKEN", text.replace(base, "BASE"))
    return re.sub(r"sig=[^\"&']+|BASE[^ ]*sig[^ ]*", "SIG", text)


def story(doors):
    """A conversation of requests, as what was answered."""
    http, base, told = doors.http, doors.base, []
    api = f"{base}/api/data/v9.2"

    def tell(method, url, **more):
        try:
            answer = http.request(method, url, **more)
        except (httpx.ReadError, httpx.RemoteProtocolError):
            told.append("lost")  # a reset below TLS reads as an end of file
            return None
        told.append(shown(answer, base))
        return answer

    placed = doors.service.place(
        CallScript(START_US + n * 1_000_000, (Leg(n, 9.0),), (RecordingScript(BANK[n % 2]),))
        for n in range(5)
    )
    doors.clock.go(60)
    form = {
        "grant_type": "client_credentials",
        "client_id": "alpha",
        "client_secret": "secret-a",
        "scope": f"{base}/.default",
    }
    tell("GET", f"{api}/WhoAmI")
    tell("POST", f"{base}/contoso.example/oauth2/v2.0/token", data=form | {"client_secret": "x"})
    token = tell("POST", f"{base}/contoso.example/oauth2/v2.0/token", data=form).json()[
        "access_token"
    ]
    http.headers["Authorization"] = f"Bearer {token}"
    pages = {"Prefer": 'odata.maxpagesize=2,odata.include-annotations="*"'}
    url = f"{api}/msdyn_ocrecordings?$filter=modifiedon ge 2026-01-01T00:00:00Z&$orderby=modifiedon"
    while url:
        url = tell("GET", url, headers=pages).json().get("@odata.nextLink")
    tell("GET", f"{api}/msdyn_ocliveworkitems({placed[0].conversation})?$expand=nosuch")
    tell(
        "GET",
        f"{api}/msdyn_ocrecordings({placed[1].recordings[0]})/msdyn_recording/$value",
        headers={"Range": "bytes=5-99"},
    )
    body = {
        "Target": {
            "msdyn_ocrecordingid": placed[0].recordings[0],
            "@odata.type": "x.msdyn_ocrecording",
        },
        "FileAttributeName": "msdyn_recording",
    }
    tell("POST", f"{api}/InitializeFileBlocksDownload", json=body)
    reference = f"{{'@odata.id':'msdyn_ocrecordings({placed[1].recordings[0]})'}}"
    sas = tell(
        "GET",
        f"{api}/GetFileSasUrl(Target=@p1,FileAttributeName='msdyn_recording')?@p1={reference}",
    )
    link = sas.json()["Result"]["SasUrl"]
    tell("GET", link)
    del http.headers["Authorization"]
    tell("GET", link)
    tell("HEAD", link)
    tell("GET", link, headers={"Range": "bytes=700000-"})
    for fault in SPOILS:
        doors.service.add_fault(fault)
        tell("GET", link)
    tell("GET", f"{base}/nowhere")
    return told


def test_the_same_conversation_has_the_same_answers_through_every_door(tls):
    told = {}
    for door in ("memory", "http", "https"):
        opened = Doors(door, tls)
        try:
            told[door] = story(opened)
        finally:
            opened.close()
    assert len(told["memory"]) > 20
    for number, answers in enumerate(zip(*told.values(), strict=True)):
        assert answers[0] == answers[1] == answers[2], number


def test_the_admin_api_works_through_every_door(doors):
    admin = doors.admin
    number = admin.add_fault("throttle", client="alpha", count=2, code="time", for_s=60)
    (shown,) = admin.faults()
    assert (shown["number"], shown["kind"], shown["parameters"]) == (
        number,
        "throttle",
        {"code": "time"},
    )
    assert admin.remove_fault(number)
    assert not admin.remove_fault(number)
    admin.add_fault("slow")
    assert admin.clear_faults() == 1
    placed = admin.place_calls(
        {
            "ends_in_s": -30,
            "legs": [{"agent": 3, "answer": "accepted"}],
            "recordings": [{"audio": 1}],
        }
    )
    assert [item.key for item in admin.truth()] == placed[0]["recordings"]
    assert admin.truth() == doors.service.truth()
    assert len(admin.place_mix(5, seed=2, transfer=1.0)) == 5
    doors.clock.go(120)
    assert len(admin.truth()) >= 6
    assert admin.delete_recording(placed[0]["recordings"][0])
    assert admin.truth()[0].deleted_us is not None
    assert admin.clock()["now_us"] == doors.clock.now_us
    admin.feed(600)
    doors.clock.go(60)
    assert len(admin.truth()) > 100
    admin.feed(0)


def test_the_admin_api_says_what_is_wrong(doors):
    with pytest.raises(SimError, match="kind"):
        doors.admin.add_fault("nosuch")
    with pytest.raises(SimError, match="extra"):
        doors.admin.place_calls({"nonsense": 1})
    with pytest.raises(SimError, match="there are faults"):
        doors.admin._ask("GET", "nosuch")


def test_polls_are_recorded_with_client_and_instants(doors):
    form = {
        "grant_type": "client_credentials",
        "client_id": "beta",
        "client_secret": "secret-b",
        "scope": f"{doors.base}/.default",
    }
    token = doors.http.post(f"{doors.base}/contoso.example/oauth2/v2.0/token", data=form).json()[
        "access_token"
    ]
    doors.http.headers["Authorization"] = f"Bearer {token}"
    url = f"{doors.base}/api/data/v9.2/msdyn_ocrecordings"
    for query in (
        "?$filter=modifiedon ge 2026-01-01T00:00:00Z",
        "?$filter=modifiedon ge 2026-01-01T00:00:00Z&$top=1",
        "",
    ):
        assert doors.http.get(url + query).status_code == 200
    (poll,) = doors.admin.polls()
    assert (poll.client, poll.first_page, poll.status) == ("beta", True, 200)
    assert poll.monotonic_ns == poll.wall_us * 1000 == doors.clock.now_us * 1000
    assert doors.admin.polls(after=1) == ()
    rows = doors.admin.statistics()["requests"]
    assert {"client": "beta", "request": "token", "status": 200, "count": 1} in rows


def test_recordings_of_a_wanted_size_can_be_placed(doors):
    assert abs(len(of_size(BANK, 2_000_000).data) - 2_000_000) < 300
    doors.admin.place_calls({"ends_in_s": -10, "recordings": [{"size_bytes": 200_000}]})
    assert abs(doors.admin.truth()[0].size_bytes - 200_000) < 500


def test_a_real_stall_holds_the_bytes_back_until_the_client_gives_up(port):
    port.service.add_fault(Fault(FaultKind.STALL, count=1, parameters={"at_bytes": 1000}))
    port.admin.place_calls({"ends_in_s": -30})
    link = port.service._env.files.link(
        "alpha", port.service.truth()[0].version, port.clock.now_us, 60
    )
    received = []
    with port.http.stream("GET", link, timeout=0.3) as answer, pytest.raises(httpx.ReadTimeout):
        received.extend(answer.iter_raw())
    assert len(b"".join(received)) == 1000


def test_stopping_ends_a_stalled_answer_at_once(tls):
    opened = Doors("http", tls)
    opened.admin.place_calls({"ends_in_s": -30})
    opened.service.add_fault(Fault(FaultKind.STALL, parameters={"seconds": 600}))
    link = opened.service._env.files.link(
        "alpha", opened.service.truth()[0].version, opened.clock.now_us, 60
    )
    with opened.http.stream("GET", link, timeout=30) as answer:
        pieces = answer.iter_raw()
        next(pieces)
        opened.server.stop(grace_s=0.2)
        with pytest.raises(httpx.TransportError):
            list(pieces)
    opened.close()


def test_one_connection_serves_many_requests(port):
    with socket.create_connection(
        (port.base.partition("//")[2].split(":")[0], int(port.base.rpartition(":")[2]))
    ) as sock:
        sock.settimeout(5)
        sock.sendall(b"GET /_sim/clock HTTP/1.1\r\nHost: x\r\n\r\n" * 3)
        received = b""
        while received.count(b"monotonic_ns") < 3:
            received += sock.recv(65536)
    assert received.count(b"HTTP/1.1 200 OK") == 3


def test_one_handler_serves_several_ports_and_stops_even_unstarted():
    served = FakeServer(
        handle=lambda request: Response(content=Content((request.host.encode(),))), ports=(0, 0)
    )
    served.start()
    for url in served.urls:
        assert httpx.get(url, trust_env=False).text == url.partition("//")[2]
    served.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.get(served.urls[1], trust_env=False)
    FakeServer(handle=lambda _: Response()).stop()


def test_many_clients_at_once_get_whole_bodies(port):
    port.admin.place_calls({"ends_in_s": -30, "recordings": [{"audio": 1}]})
    item = port.service.truth()[0]
    link = port.service._env.files.link("alpha", item.version, port.clock.now_us, 60)
    sizes = []

    def fetch():
        with httpx.Client(trust_env=False, timeout=10) as client:
            sizes.extend(len(client.get(link).content) for _ in range(5))

    threads = [threading.Thread(target=fetch) for _ in range(8)]  # noqa: TID251 - clients of a real port
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sizes == [item.size_bytes] * 40


def test_it_serves_as_a_program_until_it_is_told_to_stop(tmp_path):
    command = [
        sys.executable,
        "-m",
        "sim.ucaas.dynamics",
        "--audio",
        str(tmp_path),
        "--client",
        "alpha:secret-a:60",
    ]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        urls = json.loads(program.stdout.readline())
        admin = SimAdmin(urls["base"])
        admin.place_mix(3, longest_s=10.0)
        wait_until(lambda: len(admin.truth()) >= 3, 10, "the recordings are offered")
        admin.close()
        program.send_signal(signal.SIGTERM)
        assert program.wait(5) == 0
    finally:
        program.kill()
        program.stdout.close()
        program.wait()
