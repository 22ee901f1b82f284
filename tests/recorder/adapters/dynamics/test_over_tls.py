"""The adapter over real sockets and TLS, against the simulator's fake service."""

import ssl
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import trustme

from recorder.errors import Unreachable
from recorder.model import Window
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.server import FakeServer
from tests.recorder.adapters.dynamics.scripted import open_source
from tests.recorder.adapters.dynamics.test_with_fake import AUDIO, CLIENTS, every_ref


class RealClock:
    def monotonic_ns(self):
        return time.monotonic_ns()  # noqa: TID251 - real connections are the subject

    def wall_us(self):
        return time.time_ns() // 1000  # noqa: TID251


@pytest.fixture
def served(tmp_path):
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    handlers = []

    def handle(request):
        (handler,) = handlers
        return handler(request)

    server = FakeServer(handle=handle, tls=tls)
    url = server.urls[0]
    clock = RealClock()
    fake = FakeDynamics(
        now_us=clock.wall_us,
        monotonic_ns=clock.monotonic_ns,
        clients=CLIENTS,
        org_url=url,
        authority_url=url,
        blob_url=f"{url}/_blob",
    )
    handlers.append(fake.handle)
    server.start()
    yield fake, clock, {"org_url": url, "authority": url}, str(file)
    server.stop(0.1)


def test_over_tls_with_a_private_ca_many_jobs_share_one_source(served):
    fake, clock, settings, ca_file = served
    end_us = clock.wall_us() - 100_000_000
    calls = [CallScript(end_us, (Leg(n % 5, 20.0),), (RecordingScript(AUDIO),)) for n in range(12)]
    fake.place(calls)
    source = open_source(httpx.HTTPTransport(), clock, ca_file=ca_file, page_size=5, **settings)
    window = Window(end_us - 1_000_000_000, end_us + 1_000_000_000)

    refs = every_ref(source, window)
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(source.describe, refs))
    with httpx.Client(verify=ssl.create_default_context(cafile=ca_file)) as client:
        request = next(source.open_media(refs[0], found[0].media[0]))
        body = client.get(request.url).content
    source.close()

    assert len({one.media[0].key for one in found}) == 12
    assert len(body) == found[0].media[0].size_bytes
    assert fake.statistics()["credential_leaks"] == 0


def test_an_untrusted_certificate_is_unreachable_with_a_hint(served):
    _, clock, settings, _ = served
    source = open_source(httpx.HTTPTransport(), clock, **settings)

    with pytest.raises(Unreachable) as caught:
        source.server_time()

    source.close()
    assert "ca_file" in caught.value.hint


def test_a_service_that_is_not_there_is_unreachable(served):
    fake, clock, settings, ca_file = served
    assert fake.truth() == ()
    url = settings["org_url"].rpartition(":")[0] + ":9"
    source = open_source(httpx.HTTPTransport(), clock, ca_file=ca_file, org_url=url, authority=url)

    with pytest.raises(Unreachable, match="refused"):
        source.server_time()

    source.close()
