"""The web server of a node on a real port: bodies without a length, files under way, TLS, ends."""

import json
import socket
import ssl
import threading
import time
from contextlib import closing, contextmanager, suppress

import httpx
import pytest

from cluster.adapters.certs import make_certificates
from cluster.ports import Endpoint
from recorder.desk.control import OpenSource
from recorder.errors import ConfigError
from recorder.model import Window
from recorder.status import SourceStatus
from recorder.web.app import create_app
from recorder.web.limits import BODY_BYTES_MAX
from recorder.web.patient_protocol import PatientProtocol
from recorder.web.server import WebServer
from recorder.webhooks import WebhookAnswer
from sim.ucaas.clocks import wall_us
from tests.recorder.fake_node import OBJECT, TOKEN, FakeNode
from tests.recorder.fakes import MP3
from tests.waiting import wait_until


@pytest.fixture
def node():
    return FakeNode()


@contextmanager
def started(node, host="127.0.0.1", **tls):
    files = {"certificate": None, "key": None} | tls
    server = WebServer(create_app(node.control()), Endpoint(host, 0), **files)
    server.start()
    try:
        yield server.endpoint
    finally:
        server.stop()


@pytest.fixture
def url(node):
    with started(node) as endpoint:
        yield f"http://{endpoint}"


@pytest.fixture
def client(url):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=10.0) as one:
        yield one


def drip(size_bytes):
    """A body whose length nobody announces."""
    block = b" " * 65_536
    for _ in range(size_bytes // len(block)):
        yield block
    yield b" " * (size_bytes % len(block))


def test_a_body_of_unknown_length_is_cut_off_at_the_limit(client, node):
    answer = client.post("/api/v1/switchover", content=drip(BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert "larger" in answer.json()["error"]["message"]
    assert node.pair.told == []


def test_a_body_of_unknown_length_within_the_limit_is_read(client, node):
    def body():
        yield b'{"to_node":'
        yield b' "beta"}'

    headers = {"Content-Type": "application/json"}
    assert client.post("/api/v1/switchover", content=body(), headers=headers).status_code == 200
    assert [message.to_node for message in node.pair.told] == ["beta"]


class Hears:
    """A source that takes every message."""

    def hear(self, _request):
        return WebhookAnswer(204)


def test_a_webhook_whose_sender_goes_away_is_no_failure_of_the_node(capsys, caplog):
    with started(FakeNode(sources={"zoom": OpenSource("zoom", Hears())})) as endpoint:
        with socket.create_connection((endpoint.host, endpoint.port), timeout=5.0) as raw:
            line = b"POST /api/recording/cti/v1/zoom HTTP/1.1\r\n"
            raw.sendall(line + b"Host: x\r\nContent-Length: 100\r\n\r\n{")
        counted = 'tandem_webhooks_total{result="failed",source="zoom"} 1.0'
        metrics = f"http://{endpoint}/metrics"

        def counts():
            return counted in httpx.get(metrics, trust_env=False, timeout=30.0).text

        wait_until(counts, 30.0, "the count")
    logged = "".join(capsys.readouterr()) + caplog.text
    assert "went away" in logged
    assert "Exception in ASGI" not in logged


_HEAD = b"POST /api/v1/login HTTP/1.1\r\nHost: x\r\nX-Tandem-Page: 1\r\n"


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /",
        _HEAD,
        _HEAD + b"Content-Length: 100\r\n\r\n{",
        b"GET /api/recording/lan/v1/desktop HTTP/1.1\r\nUpgrade: websocket\r\n",
    ],
)
def test_whoever_says_nothing_whole_is_hung_up_on(said, monkeypatch):
    monkeypatch.setattr(PatientProtocol, "patience_s", 0.2)
    with started(FakeNode()) as endpoint:
        address = (endpoint.host, endpoint.port)
        with socket.create_connection(address, timeout=30.0) as raw:
            raw.sendall(said)
            with suppress(ConnectionResetError):
                assert raw.recv(1) == b""


def test_whoever_begins_another_request_and_does_not_end_it_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(PatientProtocol, "patience_s", 0.2)
    with started(FakeNode()) as endpoint:
        address = (endpoint.host, endpoint.port)
        with socket.create_connection(address, timeout=30.0) as raw:
            raw.sendall(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.recv(4)
            raw.sendall(b"GET /")
            with suppress(ConnectionResetError):
                while raw.recv(65_536):
                    pass


def test_an_answer_that_takes_long_is_waited_for(monkeypatch):
    looks, looked_often = [], threading.Event()

    class Looking(PatientProtocol):
        patience_s = 0.05

        def _look(self):
            super()._look()
            looks.append(1)
            if len(looks) > 5:
                looked_often.set()

    class Slow(Hears):
        def hear(self, request):
            assert looked_often.wait(30.0)
            return super().hear(request)

    monkeypatch.setattr("recorder.web.server.PatientProtocol", Looking)
    with started(FakeNode(sources={"zoom": OpenSource("zoom", Slow())})) as endpoint:
        url = f"http://{endpoint}/api/recording/cti/v1/zoom"
        answer = httpx.post(url, content=b"{}", trust_env=False, timeout=30.0)
    assert answer.status_code == 204


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"\xff", b'{"to_node": 5}'])
def test_a_body_that_is_none_of_ours_is_refused_in_the_one_form(body, client, node):
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/v1/switchover", content=body, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.json()["error"]["message"]
    assert node.pair.told == []


def test_the_original_of_a_recording_is_streamed_with_length_and_hash(client, node):
    row = node.archive_one()
    answer = client.get(f"/api/v1/contacts/{row.contact_id}/media/0")
    assert answer.content == MP3
    assert answer.headers["content-length"] == str(len(MP3))
    assert len(answer.headers["x-content-sha256"]) == 64
    assert answer.headers["content-type"] == "audio/mpeg"


@pytest.mark.parametrize("number", ["1", "-1", "99999999999999999999", "x", "0.5"])
def test_media_that_a_contact_does_not_have_are_not_there(number, client, node):
    row = node.archive_one()
    answer = client.get(f"/api/v1/contacts/{row.contact_id}/media/{number}")
    assert answer.status_code in {404, 422}
    assert answer.json()["error"]["message"]


def test_an_original_that_shrank_in_the_archive_breaks_off_and_is_no_success(client, node):
    row = node.archive_one()
    whole = node.archive.info(OBJECT)
    node.objects.objects[OBJECT] = MP3[:10]
    node.archive.info = lambda _key: whole
    with pytest.raises(httpx.HTTPError):
        client.get(f"/api/v1/contacts/{row.contact_id}/media/0")
    assert client.get("/health/live").status_code == 200


def test_one_connection_carries_many_requests_and_none_waits_for_the_network(client):
    """The system holds a small answer back by 40 ms until the last one is acknowledged, if it may."""
    took_s = []
    for _ in range(20):
        started_ns = time.monotonic_ns()  # noqa: TID251 - real time is the subject
        assert client.get("/health/live").status_code == 200
        took_s.append((time.monotonic_ns() - started_ns) / 1e9)  # noqa: TID251
    assert min(took_s) < 0.025


@pytest.mark.parametrize(
    "sent", [b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"x" * 200_000]
)  # fmt: skip
def test_what_is_no_http_ends_its_own_connection_only(sent, client, url):
    host, port = url.removeprefix("http://").split(":")
    heard = b""
    with socket.create_connection((host, int(port)), timeout=5.0) as raw, suppress(OSError):
        raw.sendall(sent)
        raw.shutdown(socket.SHUT_WR)
        while chunk := raw.recv(65_536):
            heard += chunk
    assert heard == b"" or heard.startswith(b"HTTP/1.1 4")
    assert client.get("/health/live").status_code == 200


def test_the_server_does_not_say_which_program_it_is(client):
    assert "server" not in client.get("/health/live").headers


def test_a_stopped_server_gives_its_port_back(node):
    with started(node) as endpoint:
        httpx.get(f"http://{endpoint}/live", trust_env=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://{endpoint}/live", trust_env=False)
    WebServer(create_app(node.control()), endpoint, certificate=None, key=None).stop()


def test_a_connection_that_idles_does_not_keep_a_server_from_stopping(node):
    with started(node) as endpoint, socket.create_connection((endpoint.host, endpoint.port)) as raw:
        raw.sendall(b"GET /live HTTP/1.1\r\nHost: a\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 200")
    wait_until(lambda: _is_free(endpoint), 5.0, "the port is free")


def _is_free(endpoint):
    with closing(socket.socket()) as probe:
        return probe.connect_ex((endpoint.host, endpoint.port)) != 0


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_a_node_may_listen_on_ipv6(node):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 loopback here")
    with started(node, host="::1") as endpoint:
        assert str(endpoint).startswith("[::1]:")
        assert httpx.get(f"http://{endpoint}/live", trust_env=False).status_code == 200


def test_an_address_of_another_computer_is_told_by_its_key(node):
    with pytest.raises(ConfigError, match=r"web\.listen: cannot listen on 203\.0\.113\.1:0"):
        WebServer(
            create_app(node.control()), Endpoint("203.0.113.1", 0), certificate=None, key=None
        )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certs")
    make_certificates(
        folder, "emea", ["alpha", "beta"], {n: ["127.0.0.1"] for n in ("alpha", "beta")},
        now_us=wall_us(),
    )  # fmt: skip
    return folder


def test_with_a_certificate_it_speaks_https_only(node, certificates):
    files = {"certificate": certificates / "alpha.pem", "key": certificates / "alpha.key"}
    trust = ssl.create_default_context(cafile=str(certificates / "authority.pem"))
    with started(node, **files) as endpoint:
        answer = httpx.get(f"https://{endpoint}/health", verify=trust, trust_env=False)
        assert answer.json()["node"] == "alpha"
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"http://{endpoint}/health", trust_env=False)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
            httpx.get(f"https://{endpoint}/health", trust_env=False)


def test_a_key_that_does_not_belong_to_the_certificate_is_refused(node, certificates):
    with pytest.raises(ConfigError, match=r"web\.tls_certificate: .*alpha\.pem with .*beta\.key"):
        WebServer(
            create_app(node.control()),
            Endpoint("127.0.0.1", 0),
            certificate=certificates / "alpha.pem",
            key=certificates / "beta.key",
        )


def test_a_server_that_gives_up_ends_its_thread_with_an_error(node, monkeypatch):
    """A thread that ends with an exception ends the node: nobody must be left without an API."""
    server = WebServer(
        create_app(node.control()), Endpoint("127.0.0.1", 0), certificate=None, key=None
    )

    def gives_up(sockets):
        assert len(sockets) == 1
        raise SystemExit(3)

    monkeypatch.setattr(server._server, "run", gives_up)
    with pytest.raises(RuntimeError, match="gave up with status 3"):
        server._run()
    server.stop()


def test_every_instant_of_a_period_is_told_in_utc(client, node):
    node.change("source:zoom", SourceStatus, coverage=(Window(0, 1_500_000),))
    (source,) = client.get("/api/v1/sources").json()["sources"]
    assert source["coverage"] == [
        {"begin": "1970-01-01T00:00:00Z", "end": "1970-01-01T00:00:01.500000Z"}
    ]


def test_half_characters_in_json_are_refused_by_name(client):
    body = json.dumps({"to_node": "b\ud800"})
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/v1/switchover", content=body, headers=headers)
    assert answer.status_code == 422
    assert "to_node" in answer.json()["error"]["message"]
