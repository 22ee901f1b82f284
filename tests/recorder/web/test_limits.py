import asyncio
import base64
import json

import pytest

from recorder.web.limits import BODY_BYTES_MAX, BodyLimit
from tests.recorder.fake_node import TOKEN, FakeNode


@pytest.fixture
def node():
    return FakeNode()


@pytest.fixture
def client(node):
    return node.client(TOKEN)


def test_a_body_over_the_limit_is_refused_whoever_sends_it(node):
    for client in (node.client(TOKEN), node.client("wrong"), node.client()):
        answer = client.post("/api/v1/switchover", content=b" " * (BODY_BYTES_MAX + 1))
        assert answer.status_code == 413
        assert "larger" in answer.json()["error"]["message"]
    assert node.pair.told == []


def test_a_body_at_the_limit_is_judged_as_any_other(client):
    filled = b'{"to_node": "beta"}'.ljust(BODY_BYTES_MAX)
    headers = {"Content-Type": "application/json"}
    answer = client.post("/api/v1/switchover", content=filled, headers=headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("announced", ["-1", "1e9", "9" * 5000, "x"])
def test_a_length_that_is_no_number_is_refused(client, announced):
    answer = client.post("/api/v1/switchover", content=b"{}", headers={"Content-Length": announced})
    assert answer.status_code == 413


@pytest.mark.parametrize("to", ["0001-01-01T00:00:00+23:59", "1969-12-31T00:00:00Z"])
def test_a_rewind_before_1970_is_refused(client, to):
    assert client.post("/api/v1/sources/zoom/rewind", json={"to": to}).status_code == 422


@pytest.mark.parametrize("to", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"])
def test_a_rewind_into_the_future_is_refused_and_says_why(client, to):
    answer = client.post("/api/v1/sources/zoom/rewind", json={"to": to})
    assert answer.status_code == 422
    assert "nothing would be recorded" in answer.json()["error"]["message"] or "to:" in answer.text


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/switchover", '{"to_node": "\\ud800"}'),
        ("/api/v1/items/retry", '{"source": "zoom", "items": ["\\ud800"]}'),
        ("/api/v1/sources/zoom/rewind", '{"to": "\\ud800"}'),
    ],
)
def test_half_a_character_is_refused(client, path, body):
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422


def cursor(*place):
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "after", ["", "x", "%00", cursor(2**70, "a", "b"), cursor(1, "\ud800", "b"), cursor([], {})]
)
@pytest.mark.parametrize("path", ["/api/v1/items", "/api/v1/contacts"])
def test_a_cursor_nobody_gave_out_is_the_askers_fault(client, path, after):
    answer = client.get(path, params={"after": after})
    assert answer.status_code in {200, 422}, "the memory database may take any cursor"
    assert answer.status_code != 500


@pytest.mark.parametrize("path", ["/health", "/metrics", "/health/live", "/health/ready"])
def test_head_works_where_load_balancers_look(client, path):
    assert client.head(path).status_code in {200, 503}


def test_what_is_no_request_passes_the_limit_untouched():
    passed = []

    async def app(scope, receive, send):
        passed.append((scope, receive, send))

    asyncio.run(BodyLimit(app)({"type": "lifespan"}, "receive", "send"))
    assert passed == [({"type": "lifespan"}, "receive", "send")]


def test_an_answer_that_has_begun_is_not_followed_by_another():
    sent = []

    async def app(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200})
        await receive()

    async def receive():
        return {"type": "http.request", "body": b" " * (BODY_BYTES_MAX + 1)}

    async def send(message):
        sent.append(message)

    asyncio.run(BodyLimit(app)({"type": "http", "headers": []}, receive, send))
    assert sent == [{"type": "http.response.start", "status": 200}]
