import json
import stat
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from recorder.adapters.http.client import Timeouts, open_client
from recorder.adapters.http.oauth import BearerAuth
from recorder.adapters.http.refresh_grant import KeptToken, RefreshGrant, TokenFile
from recorder.errors import AuthRefused, BadAnswer, Throttled, Unreachable
from tests.recorder.adapters.webex.scripted import REFRESH, SECRET, FakeSecrets, ScriptedWebex

API = "https://webexapis.com/"


class Bench:
    """A grant against the scripted service."""

    def __init__(self, world=None, store=None, secrets=None):
        self.world = world or ScriptedWebex()
        self.secrets = secrets or FakeSecrets()
        self.grant = RefreshGrant(
            token_url=f"{API}v1/access_token",
            client_id="node-a",
            secret_reference="env:WEBEX",
            refresh_reference="env:REFRESH",
            secrets=self.secrets,
            store=store,
        )
        client = open_client(
            transport=lambda: self.world,
            clock=self.world.clock,
            user_agent="t",
            timeouts=Timeouts(),
        )
        self.auth = BearerAuth(
            grant=self.grant, origin=httpx.URL(API), clock=self.world.clock, client=client
        )

    def renewed(self):
        self.world.clock.advance(self.world.token_lifetime_s)
        return self.auth.token()


def test_the_request_is_a_refresh_grant_in_a_form():
    bench = Bench()

    assert bench.auth.token() == "token-number-1"

    (request,) = bench.world.requests
    assert request.content.decode().split("&") == [
        "grant_type=refresh_token",
        "client_id=node-a",
        f"client_secret={SECRET}",
        f"refresh_token={REFRESH}",
    ]


def test_the_lifetime_that_the_service_names_is_obeyed():
    bench = Bench()
    bench.world.token_lifetime_s = 1000
    bench.auth.token()

    bench.world.clock.advance(899)
    assert bench.auth.token() == "token-number-1"
    bench.world.clock.advance(2)
    assert bench.auth.token() == "token-number-2"


def test_a_changed_refresh_token_is_used_from_then_on():
    bench = Bench()
    bench.world.rotates = True
    bench.auth.token()

    assert bench.renewed() == "token-number-2"
    assert bench.renewed() == "token-number-3"
    assert "refresh_token=refresh-number-2" in bench.world.requests[-1].content.decode()
    assert bench.grant.is_rotated


def test_without_a_file_a_changed_refresh_token_dies_with_the_process():
    first = Bench()
    first.world.rotates = True
    first.auth.token()

    with pytest.raises(AuthRefused) as caught:
        Bench(first.world).auth.token()

    assert "authorise the service app again" in caught.value.hint


def test_with_a_file_it_survives_a_restart(tmp_path):
    first = Bench(store=TokenFile(tmp_path / "token"))
    first.world.rotates = True
    first.auth.token()

    again = Bench(first.world, store=TokenFile(tmp_path / "token"))

    assert again.auth.token() == "token-number-2"
    assert again.renewed() == "token-number-3"


def test_only_its_owner_may_read_the_file(tmp_path):
    path = tmp_path / "token"
    bench = Bench(store=TokenFile(path))
    bench.world.rotates = True
    bench.auth.token()
    bench.renewed()

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text())["refresh_token"] == "refresh-number-2"
    assert [one.name for one in tmp_path.iterdir()] == ["token"]


def test_a_new_token_of_the_operator_beats_the_one_that_was_kept(tmp_path):
    bench = Bench(store=TokenFile(tmp_path / "token"))
    bench.world.rotates = True
    bench.auth.token()
    bench.world.refresh_tokens.add("a-second-one")
    bench.secrets.values["env:REFRESH"] = "a-second-one"

    bench.renewed()

    assert "refresh_token=a-second-one" in bench.world.requests[-1].content.decode()


def test_a_kept_token_that_is_refused_gives_way_to_the_configured_one(tmp_path):
    bench = Bench(store=TokenFile(tmp_path / "token"))
    bench.world.rotates = True
    bench.auth.token()
    bench.world.refresh_tokens = {REFRESH}
    bench.world.clock.advance(bench.world.token_lifetime_s)

    with pytest.raises(Unreachable, match="refused"):
        bench.auth.token()

    assert bench.auth.token() == "token-number-2"


def test_a_configured_token_that_is_refused_says_what_to_do():
    bench = Bench()
    bench.world.refresh_tokens.clear()

    with pytest.raises(AuthRefused, match="invalid_grant ROUTER_3") as caught:
        bench.auth.token()

    assert "refresh_token" in caught.value.hint
    bench.world.refresh_tokens.add(REFRESH)
    assert bench.auth.token()


def test_a_wrong_secret_says_which_setting_to_look_at():
    bench = Bench(secrets=FakeSecrets({"env:WEBEX": "wrong", "env:REFRESH": REFRESH}))

    with pytest.raises(AuthRefused, match="invalid_client") as caught:
        bench.auth.token()

    assert "client_secret" in caught.value.hint


@pytest.mark.parametrize("missing", ["env:WEBEX", "env:REFRESH"])
def test_a_secret_that_cannot_be_read_is_this_nodes_fault(missing):
    bench = Bench()
    del bench.secrets.values[missing]

    with pytest.raises(AuthRefused, match=missing):
        bench.auth.token()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(429, headers={"retry-after": "9"}), Throttled),
        (httpx.Response(503, content=b"<html>"), Unreachable),
        (httpx.Response(400, content=b"[]"), AuthRefused),
        (httpx.Response(400, json={"error": 5, "trackingId": []}), AuthRefused),
        (httpx.Response(200, json={"access_token": "x"}), BadAnswer),
        (httpx.Response(200, content=b"{"), BadAnswer),
        (
            httpx.Response(
                200,
                json={
                    "access_token": "a",
                    "token_type": "Bearer",
                    "expires_in": 9,
                    "refresh_token": "a b",
                },
            ),
            BadAnswer,
        ),
    ],
)
def test_other_answers_are_told_apart(answer, kind):
    bench = Bench()
    bench.world.order("access_token", answer)

    with pytest.raises(kind):
        bench.auth.token()


def test_a_disk_that_refuses_does_not_cost_the_token(tmp_path):
    bench = Bench(store=TokenFile(tmp_path / "no" / "such" / "folder"))
    bench.world.rotates = True

    assert bench.auth.token() == "token-number-1"
    assert "No such file" in bench.grant.not_saved
    (tmp_path / "no" / "such").mkdir(parents=True)
    bench.renewed()
    assert bench.grant.not_saved == ""


@pytest.mark.parametrize("body", [b"", b"{}", b"\xff", b'{"origin": "x", "refresh_token": "y"}'])
def test_a_damaged_file_is_as_none(tmp_path, body):
    path = tmp_path / "token"
    path.write_bytes(body)

    assert TokenFile(path).load() is None
    TokenFile(path).save(KeptToken("0" * 64, "t"))
    assert TokenFile(path).load() == KeptToken("0" * 64, "t")


def test_the_end_of_the_refresh_token_is_known():
    bench = Bench()
    now_ns = bench.world.clock.monotonic_ns()
    bench.auth.token()

    assert bench.grant.refresh_ends_ns == now_ns + 90 * 86_400 * 10**9


def test_many_jobs_renew_a_changing_token_once():
    bench = Bench()
    bench.world.rotates = True

    with ThreadPoolExecutor(8) as pool:
        tokens = {
            future.result(10) for future in [pool.submit(bench.auth.token) for _ in range(64)]
        }

    assert tokens == {"token-number-1"}
    assert bench.world.tokens_given == 1


def test_nothing_shows_a_token():
    bench = Bench()
    bench.world.rotates = True
    bench.auth.token()

    shown = (
        f"{bench.grant!r} {bench.auth!r} {KeptToken('a', 'secret-token')!r} {bench.grant._kept!r}"
    )
    assert "secret-token" not in shown
    assert "refresh-number" not in shown
    assert SECRET not in shown
