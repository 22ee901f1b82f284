"""What is changed or listened to over the API goes on record, with who did it and what became of it."""

import re
from dataclasses import replace

import pytest

from cluster.messages import CommandAnswer
from recorder.audit.audit_messages import Record, Recorded
from recorder.desk.control import NamedToken
from recorder.web.app import create_app
from tests.by_hand import Inbox
from tests.recorder.fake_node import TOKEN, FakeNode


@pytest.fixture
def node():
    return FakeNode()


def told(node):
    return [(what, subject, actor) for what, subject, actor, _ in node.trail.told]


def test_a_command_is_on_record_before_it_is_done_and_with_what_became_of_it(node):
    seen = []
    node.pair.then = lambda _message: seen.extend(told(node))
    node.client(TOKEN).post("/api/v1/switchover", json={"to_node": "beta"})
    assert seen == [("switchover_ordered", "beta", "admin")]
    assert node.trail.told == [
        ("switchover_ordered", "beta", "admin", {"to_node": "beta"}),
        ("switchover", "beta", "admin", {"code": 200, "status": "done", "message": "it is done"}),
    ]


@pytest.mark.parametrize(
    ("path", "body", "what", "subject"),
    [
        ("/api/v1/failover", {"without_peer": True}, "failover", "alpha"),
        ("/api/v1/pause", None, "pause", "alpha"),
        ("/api/v1/resume", None, "resume", "alpha"),
        ("/api/v1/sources/zoom/rewind", {"to": "1970-01-01T00:00:09Z"}, "rewind", "zoom"),
        ("/api/v1/sources/zoom/poll", None, "poll", "zoom"),
        ("/api/v1/items/retry", {"source": "zoom", "items": ["i2"]}, "retry", "zoom"),
    ],
)
def test_every_command_is_on_record(node, path, body, what, subject):
    node.client(TOKEN).post(path, json=body)
    assert told(node) == [(f"{what}_ordered", subject, "admin"), (what, subject, "admin")]
    assert node.trail.told[0][3] == (body or {})


def test_a_refused_command_is_on_record_as_refused(node):
    node.pair.answer = CommandAnswer("refused", "beta is not healthy", "")
    node.client(TOKEN).post("/api/v1/switchover", json={})
    assert node.trail.told[-1][3] == {
        "code": 409,
        "status": "refused",
        "message": "beta is not healthy",
    }


def test_a_command_for_what_is_not_there_is_on_record_with_its_code(node):
    node.client(TOKEN).post("/api/v1/sources/crm/poll")
    assert node.trail.told[-1] == ("poll", "crm", "admin", {"code": 404})


def test_a_command_that_breaks_is_on_record(node):
    def broken(_message):
        raise ZeroDivisionError

    node.pair.then = broken
    assert node.client(TOKEN).post("/api/v1/pause").status_code == 500
    assert node.trail.told[-1][3] == {"failed": "ZeroDivisionError"}


@pytest.mark.parametrize("token", [None, "wrong"])
def test_who_has_no_token_leaves_no_record(node, token):
    node.client(token).post("/api/v1/pause")
    assert node.trail.told == []


def test_the_person_is_told_beside_the_name_of_the_token(node):
    node.tokens = (NamedToken("ops", frozenset({"admin"}), lambda: "ops-token"),)
    node.client("ops-token").post("/api/v1/pause", headers={"X-Tandem-User": "anna"})
    assert told(node)[0] == ("pause_ordered", "alpha", "ops (anna)")


def test_reading_is_not_on_record_but_listening_is(node):
    node.archive_one("i1")
    contact = node.client(TOKEN).get("/api/v1/contacts").json()["contacts"][0]["contact"]
    node.client(TOKEN).get(f"/api/v1/contacts/{contact}")
    assert node.trail.told == []
    assert node.client(TOKEN).get(f"/api/v1/contacts/{contact}/media/0").status_code == 200
    ((what, subject, actor, detail),) = node.trail.told
    assert (what, subject, actor) == ("media_read", contact, "admin")
    assert detail["media"] == "m-i1"


def test_nobody_listens_to_what_is_not_there_and_nothing_is_on_record(node):
    node.archive_one("i1")
    contact = node.client(TOKEN).get("/api/v1/contacts").json()["contacts"][0]["contact"]
    assert node.client(TOKEN).get(f"/api/v1/contacts/{contact}/media/9").status_code == 404
    assert node.trail.told == []


class Writer(Inbox):
    """The writer behind the door: it answers, or it does not."""

    answers = True

    def tell(self, message):
        super().tell(message)
        if self.answers:
            message.reply_to.tell(Recorded("alpha.boot.1"))


class WithWriter(FakeNode):
    def control(self, web_url="http://h:1"):
        self.writer = getattr(self, "writer", Writer("audit"))
        return replace(super().control(web_url), audit_writer=self.writer)


def test_media_are_only_read_when_that_is_safe_on_record():
    node = WithWriter()
    node.archive_one("i1")
    client = node.client(TOKEN)
    contact = client.get("/api/v1/contacts").json()["contacts"][0]["contact"]
    path = f"/api/v1/contacts/{contact}/media/0"
    assert client.get(path).status_code == 200
    assert [message.what for message in node.writer.of(Record)] == ["media_read"]
    node.writer.answers = False
    answer = client.get(path)
    assert answer.status_code == 503
    assert "on record" in answer.json()["error"]["message"]


def test_a_failover_does_not_wait_for_a_writer_that_is_stuck():
    node = WithWriter()
    client = node.client(TOKEN)
    node.writer.answers = False
    assert client.post("/api/v1/failover", json={}).status_code == 200
    assert [message.what for message in node.writer.of(Record)] == ["failover_ordered"]


def routes_that_change():
    paths = create_app(FakeNode().control()).openapi()["paths"]
    return [
        (method.upper(), path)
        for path, methods in paths.items()
        for method in methods
        if method not in {"get", "head"} and "/cti/" not in path
    ]


@pytest.mark.parametrize(("method", "path"), routes_that_change())
def test_no_route_changes_anything_without_a_record(node, method, path):
    node.client(TOKEN).request(method, re.sub(r"{\w+}", "zoom", path), json={})
    assert len(node.trail.told) == 2
    assert node.trail.told[0][0].endswith("_ordered")
