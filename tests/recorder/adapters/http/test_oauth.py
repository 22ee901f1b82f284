import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.http.client import Answer, Timeouts, open_client
from recorder.adapters.http.entra_grant import EntraGrant, refusal
from recorder.adapters.http.oauth import BearerAuth, renew_early_s
from recorder.errors import AuthRefused, BadAnswer, SourceError, Throttled, Unreachable
from tests.recorder.adapters.dynamics.scripted import FakeClock, FakeSecrets
from tests.waiting import wait_until

TOKEN_URL = "https://login.example/tenant/oauth2/v2.0/token"
API = "https://api.example/"


class Authority:
    """Gives out numbered tokens, or answers as told."""

    def __init__(self, lifetime_s=3599):
        self.lifetime_s = lifetime_s
        self.given = 0
        self.forms = []
        self.answer = None
        self.gate = None

    def __call__(self, request):
        self.forms.append(request.content.decode())
        if self.gate is not None:
            assert self.gate.wait(5)
        if self.answer is not None:
            return self.answer
        self.given += 1
        body = {
            "token_type": "Bearer",
            "expires_in": self.lifetime_s,
            "access_token": f"token-{self.given}",
        }
        return httpx.Response(200, json=body)


class Bench:
    def __init__(self, lifetime_s=3599):
        self.clock = FakeClock()
        self.secrets = FakeSecrets()
        self.authority = Authority(lifetime_s)
        self.accepted = None
        self.bearers = []
        client = open_client(
            transport=lambda: httpx.MockTransport(self.authority),
            clock=self.clock,
            user_agent="t",
            timeouts=Timeouts(),
        )
        grant = EntraGrant(
            token_url=TOKEN_URL,
            client_id="node-a",
            secret_reference="env:DYNAMICS",
            scope="https://api.example/.default",
            secrets=self.secrets,
        )
        self.auth = BearerAuth(
            grant=grant,
            origin=httpx.URL(API),
            clock=self.clock,
            client=client,
        )
        self.api = httpx.Client(transport=httpx.MockTransport(self.serve), auth=self.auth)

    def serve(self, request):
        self.bearers.append(request.headers.get("authorization"))
        ok = self.accepted is None or self.bearers[-1] == f"Bearer {self.accepted}"
        return httpx.Response(200 if ok else 401)


def test_the_request_is_a_client_credentials_grant():
    bench = Bench()

    assert bench.auth.token() == "token-1"
    (form,) = bench.authority.forms
    assert form.split("&") == [
        "grant_type=client_credentials",
        "client_id=node-a",
        "client_secret=hush-hush-secret",
        "scope=https%3A%2F%2Fapi.example%2F.default",
    ]


def test_one_token_serves_many_requests():
    bench = Bench()

    for _ in range(5):
        assert bench.api.get(API).status_code == 200

    assert bench.bearers == ["Bearer token-1"] * 5


@pytest.mark.parametrize(
    ("lifetime_s", "early_s"), [(3599, 300.0), (86_400, 300.0), (60, 6.0), (10, 1.0), (3000, 300.0)]
)
def test_a_token_is_renewed_before_it_ends(lifetime_s, early_s):
    assert renew_early_s(lifetime_s) == early_s
    bench = Bench(lifetime_s)
    bench.auth.token()

    bench.clock.advance(lifetime_s - early_s - 0.5)
    assert bench.auth.token() == "token-1"

    bench.clock.advance(0.5)
    assert bench.auth.token() == "token-2"


def test_a_401_renews_the_token_once():
    bench = Bench()
    bench.api.get(API)
    bench.accepted = "token-2"

    assert bench.api.get(API).status_code == 200
    assert bench.authority.given == 2


def test_a_second_401_is_given_to_the_caller():
    bench = Bench()
    bench.accepted = "none"

    assert bench.api.get(API).status_code == 401
    assert bench.bearers == ["Bearer token-1", "Bearer token-2"]


def test_no_token_goes_to_another_host():
    bench = Bench()

    bench.api.get("https://elsewhere.example/")
    bench.api.get("http://api.example/")

    assert bench.bearers == [None, None]
    assert bench.authority.given == 0


def test_concurrent_requests_share_one_flight():
    bench = Bench()
    bench.authority.gate = threading.Event()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(bench.auth.token) for _ in range(8)]
        wait_until(lambda: bench.authority.forms, 5, "the first request for a token")
        bench.authority.gate.set()
        tokens = {future.result(5) for future in futures}

    assert tokens == {"token-1"}
    assert len(bench.authority.forms) == 1


def test_concurrent_401s_share_one_renewal():
    bench = Bench()
    bench.api.get(API)
    bench.accepted = "token-2"
    barrier = threading.Barrier(6)

    def call():
        barrier.wait(5)
        return bench.api.get(API).status_code

    with ThreadPoolExecutor(6) as pool:
        statuses = [future.result(5) for future in [pool.submit(call) for _ in range(6)]]

    assert statuses == [200] * 6
    assert bench.authority.given == 2


def test_those_who_waited_share_the_failure():
    bench = Bench()
    bench.authority.gate = threading.Event()
    bench.authority.answer = httpx.Response(503)
    started = threading.Semaphore(0)

    def call():
        started.release()
        with pytest.raises(Unreachable):
            bench.auth.token()

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(call) for _ in range(4)]
        for _ in range(4):
            assert started.acquire(timeout=5)
        wait_until(lambda: bench.authority.forms, 5, "the first request for a token")
        bench.authority.gate.set()
        for future in futures:
            future.result(5)

    assert len(bench.authority.forms) <= 4


def test_a_mended_secret_heals_by_itself():
    bench = Bench()
    del bench.secrets.values["env:DYNAMICS"]
    with pytest.raises(AuthRefused, match="env:DYNAMICS"):
        bench.auth.token()

    bench.secrets.values["env:DYNAMICS"] = "new"

    assert bench.auth.token() == "token-1"
    assert "client_secret=new" in bench.authority.forms[-1]


def test_the_secret_is_read_at_every_renewal():
    bench = Bench(lifetime_s=60)
    for _ in range(3):
        bench.auth.token()
        bench.clock.advance(60)

    assert bench.secrets.reads == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_token_due_for_renewal_serves_while_the_authority_is_away(status):
    bench = Bench(lifetime_s=1000)
    bench.auth.token()
    bench.authority.answer = httpx.Response(status)
    bench.clock.advance(950)

    assert bench.auth.token() == "token-1"
    assert bench.auth.token() == "token-1"
    assert len(bench.authority.forms) == 2

    bench.clock.advance(50)
    with pytest.raises((Unreachable, Throttled)):
        bench.auth.token()


def test_a_token_refused_by_the_api_does_not_serve_while_the_authority_is_away():
    bench = Bench()
    bench.api.get(API)
    bench.accepted = "token-2"
    bench.authority.answer = httpx.Response(503)

    with pytest.raises(Unreachable):
        bench.api.get(API)


def refused(word, code=None, status=400, **headers):
    body = {"error": word, "error_description": f"AADSTS{code}: words.\r\nTrace ID: x"}
    return httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "kind", "shown"),
    [
        (refused("invalid_client", 7000215, 401), AuthRefused, "AADSTS7000215"),
        (refused("invalid_client", 7000222, 401), AuthRefused, "AADSTS7000222"),
        (refused("unauthorized_client", 700016), AuthRefused, "unauthorized_client"),
        (refused("invalid_scope", 70011), AuthRefused, "invalid_scope"),
        (refused("a_new_word", 123456), AuthRefused, "AADSTS123456"),
        (refused("temporarily_unavailable", 90033), Unreachable, "temporarily_unavailable"),
        (httpx.Response(429), Throttled, "429"),
        (httpx.Response(500, text="<html>"), Unreachable, "500"),
        (httpx.Response(400, text="<html>"), AuthRefused, "400"),
        (httpx.Response(302, headers={"location": "https://x.example"}), AuthRefused, "302"),
    ],
)
def test_a_refusal_is_told_by_its_word(answer, kind, shown):
    bench = Bench()
    bench.authority.answer = answer

    with pytest.raises(kind) as caught:
        bench.auth.token()

    assert type(caught.value) is kind
    assert shown in str(caught.value)
    assert "Trace" not in str(caught.value)
    if kind is AuthRefused:
        assert caught.value.hint


def test_throttling_names_the_wait():
    bench = Bench()
    bench.authority.answer = httpx.Response(429, headers={"retry-after": "7"})

    with pytest.raises(Throttled) as caught:
        bench.auth.token()

    assert caught.value.retry_after_s == 7.0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"access_token": "x"}',
        b'{"access_token": "a b", "token_type": "Bearer", "expires_in": 10}',
        b'{"access_token": "a\\r\\nx: y", "token_type": "Bearer", "expires_in": 10}',
        b'{"access_token": "x", "token_type": "mac", "expires_in": 10}',
        b'{"access_token": "x", "token_type": "Bearer", "expires_in": 0}',
        b'{"access_token": "x", "token_type": "Bearer", "expires_in": "soon"}',
    ],
)
def test_an_answer_without_a_usable_token_is_a_bad_answer(body):
    bench = Bench()
    bench.authority.answer = httpx.Response(200, content=body)

    with pytest.raises(BadAnswer):
        bench.auth.token()


def test_an_authority_that_cannot_be_reached_is_unreachable():
    bench = Bench()

    def refuse(_request):
        raise httpx.ConnectError("refused")

    bench.auth._client = httpx.Client(transport=httpx.MockTransport(refuse))

    with pytest.raises(Unreachable, match=r"login\.example"):
        bench.auth.token()


@given(st.integers(300, 599), st.binary(max_size=200))
def test_any_refusal_is_a_source_error(status, body):
    answer = Answer(httpx.URL(TOKEN_URL), status, httpx.Headers(), body, 0, 0)

    assert isinstance(refusal(answer), SourceError)


def test_no_repr_and_no_error_shows_a_token_or_a_secret():
    bench = Bench()
    bench.auth.token()
    shown = f"{bench.auth!r} {bench.auth._token!r} {bench.api!r}"

    assert "token-1" not in shown
    assert "hush" not in shown
