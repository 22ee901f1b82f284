"""What goes wrong on the way, made to order."""

import httpx
import pytest

from recorder.adapters.http.retry_after import retry_after_s
from sim.contract.hand_clock import BEGIN_US, HandClock
from sim.contract.overlay import Overlay

BODY = b'{"recordings": [1, 2, 3]}'


@pytest.fixture
def overlay():
    clock = HandClock()

    def answered(request):
        headers = {"date": "Thu, 01 Jan 2026 00:00:00 GMT"}
        return httpx.Response(200, content=BODY, headers=headers, request=request)

    return Overlay(
        httpx.MockTransport(answered),
        wall_s=clock.wall_s,
        is_api=lambda request: request.url.path.startswith("/api"),
        is_media=lambda request: request.url.path.startswith("/media"),
        is_token=lambda request: request.url.path == "/token",
    )


@pytest.fixture
def client(overlay):
    with httpx.Client(transport=overlay, base_url="https://service.example") as made:
        yield made


def test_without_an_order_everything_passes(client):
    assert client.get("/api/list").content == BODY
    assert client.get("/media/1").content == BODY


def test_an_order_is_for_the_next_call_of_the_api_alone(overlay, client):
    overlay.fail(503)
    assert client.get("/media/1").status_code == 200
    assert client.get("/token").status_code == 200
    assert [client.get("/api/list").status_code for _ in range(2)] == [503, 200]


@pytest.mark.parametrize(
    ("wish", "wait_s"), [("17", 17.0), ("{+90}", 90.0), (None, None), ("soon", None)]
)
def test_a_429_comes_with_the_wish_in_the_form_asked_for(overlay, client, wish, wait_s):
    overlay.skew_s = 600.0
    overlay.throttle(wish)
    answer = client.get("/api/list")
    assert answer.status_code == 429
    head = answer.headers
    assert retry_after_s(head.get("retry-after"), head["date"]) == wait_s


def test_a_call_may_never_be_answered(overlay, client):
    overlay.stall()
    with pytest.raises(httpx.ReadTimeout):
        client.get("/api/list")
    assert client.get("/api/list").content == BODY


def test_an_answer_may_end_in_the_middle_by_its_own_word(overlay, client):
    overlay.truncate("body")
    assert client.get("/api/list").content == BODY[: len(BODY) // 2]


def test_an_answer_may_end_as_the_connection_breaks(overlay, client):
    overlay.truncate("connection")
    with pytest.raises(httpx.RemoteProtocolError):
        client.get("/api/list")


@pytest.mark.parametrize(
    ("how", "error"), [("cut", httpx.RemoteProtocolError), ("stall", httpx.ReadTimeout)]
)
def test_a_download_may_break_off_or_stop(overlay, client, how, error):
    overlay.spoil_download(how)
    assert client.get("/api/list").content == BODY
    with client.stream("GET", "/media/1") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == BODY[: len(BODY) // 2]
        with pytest.raises(error):
            next(pieces)
    assert client.get("/media/1").content == BODY


def test_tokens_are_counted(overlay, client):
    client.get("/token")
    client.get("/api/list")
    assert overlay.tokens_given == 1


def test_the_services_clock_may_be_off(overlay, client):
    overlay.skew_s = 3600.0
    assert client.get("/api/list").headers["date"] == "Thu, 01 Jan 2026 01:00:00 GMT"


def test_the_clock_moves_by_hand_only_and_has_no_timers():
    clock = HandClock()
    assert (clock.monotonic_ns(), clock.wall_us()) == (0, BEGIN_US)
    clock.advance(1.5)
    assert (clock.monotonic_ns(), clock.wall_us()) == (1_500_000_000, BEGIN_US + 1_500_000)
    assert clock.wall_s() == clock.wall_us() / 1e6
    with pytest.raises(AssertionError, match="no timers"):
        clock.call_later(1.0, None, "wake up")
