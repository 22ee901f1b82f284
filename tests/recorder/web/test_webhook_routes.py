"""Webhooks: the signature is the authentication, and a message is only ever a hint."""

import hashlib
import hmac
import json

import pytest

from recorder.desk.control import OpenSource
from recorder.errors import ConfigError
from recorder.messages import PollNow
from recorder.web.limits import BODY_BYTES_MAX
from recorder.webhooks import ADAPTERS, WebhookAnswer, kind_of
from tests.recorder.fake_node import FakeNode
from tests.recorder.web.test_metrics import scraped

PATH = "/api/recording/cti/v1"
ZOOM = f"{PATH}/ZoomMeetingsAdapter"
NEWS = b'{"event": "recording.archive_files_completed"}'


class Signed:
    """A source whose service signs with `secret`."""

    def __init__(self, secret):
        self.secret = secret
        self.asked = 0

    def sign(self, body):
        return hmac.new(self.secret, body, hashlib.sha256).hexdigest()

    def hear(self, request):
        self.asked += 1
        if self.secret is None:
            return WebhookAnswer(403)
        if not hmac.compare_digest(request.headers.get("x-sign", ""), self.sign(request.body)):
            return WebhookAnswer(401)
        if b"validation" in request.body:
            return WebhookAnswer(200, b'{"token": "x"}')
        return WebhookAnswer(204, poll_now=True)


class Deaf:
    """A source whose service sends nothing."""


class Broken:
    def __init__(self, error):
        self.error = error

    def hear(self, _request):
        raise self.error


def node_with(**sources):
    kinds = {"crm": "dynamics"}
    return FakeNode(
        sources={
            name: OpenSource(kinds.get(name, "zoom"), source) for name, source in sources.items()
        }
    )


def post(node, path=ZOOM, body=NEWS, sign=""):
    return node.client().post(path, content=body, headers={"X-Sign": sign})


def results(node, client_of=None):
    told = scraped(client_of or node)
    return {
        (dict(key[1:])["source"], dict(key[1:])["result"]): value
        for key, value in told.items()
        if key[0] == "tandem_webhooks_total"
    }


@pytest.fixture
def zoom():
    return Signed(b"secret")


@pytest.fixture
def node(zoom):
    return node_with(zoom=zoom)


def test_a_genuine_message_needs_no_token_and_polls_early(node, zoom):
    answer = post(node, sign=zoom.sign(NEWS))
    assert (answer.status_code, answer.content) == (204, b"")
    assert node.poller.messages == [PollNow("zoom")]


def test_what_a_service_asks_for_is_answered_without_a_poll(node, zoom):
    body = json.dumps({"event": "endpoint.url_validation"}).encode()
    answer = post(node, body=body, sign=zoom.sign(body))
    assert answer.json() == {"token": "x"}
    assert answer.headers["content-type"] == "application/json"
    assert node.poller.messages == []


@pytest.mark.parametrize("sign", ["", "wrong"])
def test_a_wrong_signature_is_refused_and_polls_nothing(node, sign):
    answer = post(node, sign=sign)
    assert answer.status_code == 401
    assert "signature" in answer.json()["error"]["message"]
    assert node.poller.messages == []


def test_the_admin_token_is_no_signature(node):
    token = node.client("the-admin-token")
    assert token.post(ZOOM, content=NEWS).status_code == 401


def test_a_source_without_a_secret_refuses_everything():
    answer = post(node_with(zoom=Signed(None)))
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path",
    [
        f"{PATH}/NoSuchAdapter",
        f"{PATH}/WebexCallingAdapter",
        f"{PATH}/MicrosoftDynamicsOmnichannelAdapter",
        f"{ZOOM}/other",
        f"{ZOOM}/zoom/more",
        PATH,
    ],
)
def test_an_address_behind_which_nobody_hears_is_not_found(node, zoom, path):
    node.sources["crm"] = OpenSource("dynamics", Deaf())
    answer = post(node, path, sign=zoom.sign(NEWS))
    assert answer.status_code == 404
    assert zoom.asked == 0


def test_only_posts_are_heard(node):
    assert node.client().get(ZOOM).status_code == 405


def test_of_several_sources_the_one_whose_secret_fits_hears():
    first, second = Signed(b"first"), Signed(b"second")
    node = node_with(a=first, zoom=second)
    assert post(node, sign=second.sign(NEWS)).status_code == 204
    assert node.poller.messages == [PollNow("zoom")]
    assert post(node, sign="nobody's").status_code == 401


def test_a_source_may_be_named_in_the_address():
    first, second = Signed(b"same"), Signed(b"same")
    node = node_with(a=first, zoom=second)
    assert post(node, f"{ZOOM}/zoom", sign=second.sign(NEWS)).status_code == 204
    assert node.poller.messages == [PollNow("zoom")]
    assert first.asked == 0


def test_one_without_a_secret_does_not_hide_that_anothers_signature_is_wrong():
    node = node_with(a=Signed(None), zoom=Signed(b"secret"))
    assert post(node).status_code == 401


def test_a_message_that_is_too_large_is_refused_unread(node, zoom):
    answer = post(node, body=b"x" * (BODY_BYTES_MAX + 1))
    assert answer.status_code == 413
    assert zoom.asked == 0


def test_any_bytes_are_judged_by_their_signature(node, zoom):
    body = b"\xff\x00not json"
    assert post(node, body=body, sign=zoom.sign(body)).status_code == 204


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigError("secret file:/etc/hook: gone", hint="h"), 503), (ZeroDivisionError("x"), 500)],
)
def test_an_adapter_that_fails_tells_the_service_nothing_of_it(error, status):
    node = node_with(zoom=Broken(error))
    answer = post(node)
    assert answer.status_code == status
    assert "/etc" not in answer.text
    assert "Zero" not in answer.text


def test_what_became_of_messages_is_counted_by_source(node, zoom):
    client = node.client()
    for sign in (zoom.sign(NEWS), zoom.sign(NEWS), "wrong"):
        client.post(ZOOM, content=NEWS, headers={"X-Sign": sign})
    client.post(f"{PATH}/nobody", content=NEWS)

    class Same:
        def client(self):
            return client

    assert results(node, Same()) == {
        ("zoom", "hint"): 2,
        ("zoom", "refused"): 1,
        ("-", "unknown"): 1,
    }


def test_every_named_adapter_stands_for_a_kind_and_others_for_themselves():
    assert set(ADAPTERS.values()) == {"dynamics", "zoom", "webex"}
    assert kind_of("WebexCallingAdapter") == "webex"
    assert kind_of("teams") == "teams"


def test_a_stranger_kind_hears_under_its_own_name(zoom):
    node = FakeNode(sources={"zoom": OpenSource("teams", zoom)})
    assert post(node, f"{PATH}/teams", sign=zoom.sign(NEWS)).status_code == 204
