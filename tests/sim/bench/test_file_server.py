"""The files every contender fetches, from our own server where nginx is not installed."""

import hashlib
import re
import subprocess

import httpx
import pytest

from cluster.adapters.certs import make_certificates
from cluster.adapters.real_clock import RealClock
from recorder.adapters.media import open_media_fetcher
from recorder.ports.recording import FetchLimits
from sim.bench import file_server
from sim.bench.file_server import HOST, file_name, make_files, make_tls, serving
from sim.bench.listed_source import NAME, ListedSource
from sim.ucaas.clocks import wall_us
from tests.sim.ucaas.fakes import AUDIO

COUNT = 4


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    return make_tls(tmp_path_factory.mktemp("tls"), wall_us())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    directory = tmp_path_factory.mktemp("served") / "files"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(file_server.AudioBank, "load", lambda _self: (AUDIO,))
        size_bytes = make_files(directory, COUNT, 20_000)
    return directory, size_bytes


@pytest.fixture
def served(files, tls, tmp_path, monkeypatch):
    monkeypatch.setattr(file_server.shutil, "which", lambda _name, **_where: None)
    with serving(files[0], tmp_path / "home", tls) as one:
        yield one


@pytest.fixture
def client(tls):
    with httpx.Client(verify=tls.of_client(), trust_env=False) as one:
        yield one


def test_files_are_of_one_size_and_no_two_alike(files):
    directory, size_bytes = files
    paths = sorted(directory.iterdir())
    assert [path.name for path in paths] == [file_name(number) for number in range(COUNT)]
    assert 19_000 < size_bytes <= 20_000
    assert {path.stat().st_size for path in paths} == {size_bytes}
    assert len({hashlib.sha256(path.read_bytes()).digest() for path in paths}) == COUNT


def test_every_file_is_served_whole_over_tls(served, client, files):
    assert served.program == "our own server"
    for path in files[0].iterdir():
        answer = client.get(served.url + path.name)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
        assert answer.content == path.read_bytes()


def test_the_index_names_every_file_as_a_peer_reads_it(served, client):
    page = client.get(served.url).text
    assert re.findall(r'href="([^"]+)"', page) == [file_name(number) for number in range(COUNT)]


@pytest.mark.parametrize("path", ["99999.mp3", "../secret.txt", "%2e%2e/secret.txt", "a/00009.mp3"])
def test_nothing_else_is_served(path, served, client, files):
    (files[0].parent / "secret.txt").write_text("secret", encoding="utf-8")
    assert client.get(served.url + path).status_code == 404


def test_only_those_who_know_the_authority_trust_it(served, tmp_path):
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
        httpx.get(served.url, trust_env=False)
    make_certificates(tmp_path / "x", "other", ["s"], {"s": [HOST]}, now_us=wall_us())
    context = file_server.Tls(tmp_path / "x/authority.pem", tmp_path, tmp_path).of_client()
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE"):
        httpx.get(served.url, verify=context, trust_env=False)


def test_the_server_ends_with_its_context(files, tls, tmp_path, monkeypatch):
    monkeypatch.setattr(file_server.shutil, "which", lambda _name, **_where: None)
    with serving(files[0], tmp_path, tls) as one:
        url = one.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, verify=tls.of_client(), trust_env=False)


def test_nginx_is_told_files_certificate_and_port(files, tls, tmp_path):
    text = file_server._nginx_config(files[0], tmp_path, tls, 8443)
    assert f"root {files[0]};" in text
    assert "listen 127.0.0.1:8443 ssl;" in text
    assert f"ssl_certificate_key {tls.key};" in text
    assert text.count("{") == text.count("}")


def test_nginx_is_ended_although_it_never_answers(files, tls, tmp_path, monkeypatch):
    monkeypatch.setattr(file_server.shutil, "which", lambda _name, **_where: "nginx")
    monkeypatch.setattr(file_server, "until", _never)
    started = []

    class Process:
        def __init__(self, command):
            started.append(command)

        def terminate(self):
            started.append("terminate")

        def wait(self):
            started.append("wait")

    monkeypatch.setattr(subprocess, "Popen", Process)
    with pytest.raises(TimeoutError), serving(files[0], tmp_path / "home", tls):
        pytest.fail("it does not answer")
    assert started[0][:3] == ["nginx", "-p", str(tmp_path / "home")]
    assert started[1:] == ["terminate", "wait"]


def _never(_look, _timeout_s, what):
    raise TimeoutError(what)


# --- the source that names these files ---


@pytest.fixture
def source(served, files):
    clock = RealClock()
    yield ListedSource(url=served.url, files=COUNT, size_bytes=files[1], clock=clock)
    clock.stop()


class Sink:
    """Keeps what is downloaded."""

    def __init__(self):
        self.data = b""

    @property
    def offset(self):
        return len(self.data)

    def write(self, data):
        self.data += bytes(data)

    def restart(self):
        self.data = b""


def test_item_n_is_file_n_in_a_call_of_its_own(source, files, tls):
    fetcher = open_media_fetcher("httpx", ca_file=str(tls.authority))
    ref = source.item(2)
    told = source.describe(ref)
    assert (ref.source, told.session_key, told.key) == (NAME, ref.session_key, ref.key)
    assert [party.role for party in told.parties] == ["customer", "agent"]
    assert set(told.segments[0].party_keys) == {party.key for party in told.parties}
    (media,) = told.media
    assert (media.file_name, media.size_bytes) == (file_name(2), files[1])
    (request,) = source.open_media(ref, media)
    sink = Sink()
    try:
        fetcher.fetch(request, sink, FetchLimits(stall_s=5.0))
    finally:
        fetcher.close()
    assert sink.data == (files[0] / file_name(2)).read_bytes()


def test_beyond_the_last_file_they_come_again_as_other_items(source):
    first, again = source.item(1), source.item(1 + COUNT)
    assert first.key != again.key
    assert first.session_key != again.session_key
    names = [source.describe(ref).media[0].file_name for ref in (first, again)]
    assert names == [file_name(1)] * 2


def test_it_lists_nothing_and_is_always_well(source):
    assert source.list_items(None, None).items == ()
    assert source.check() == ()
    assert source.name == NAME
    assert source.capabilities.retention_s is None
    assert source.server_time().source_us > 0
    source.close()
