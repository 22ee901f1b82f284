"""Named tokens: each opens what its roles say, and nothing else."""

import pytest

from recorder.desk.control import NamedToken
from recorder.errors import ConfigError
from tests.recorder.fake_node import TOKEN, FakeNode

READ = ("GET", "/api/v1/contacts")
CHANGE = ("POST", "/api/v1/pause")
AUDIT = ("GET", "/api/v1/audit")


def a_token(name, *roles):
    return NamedToken(name, frozenset(roles), lambda: f"{name}-token")


@pytest.fixture
def node():
    return FakeNode(
        tokens=(a_token("ops", "admin"), a_token("bi", "das"), a_token("coach", "replay"))
    )


@pytest.mark.parametrize(
    ("token", "route", "code"),
    [
        (TOKEN, READ, 200),
        (TOKEN, CHANGE, 200),
        (TOKEN, AUDIT, 200),
        ("ops-token", READ, 200),
        ("ops-token", CHANGE, 200),
        ("ops-token", AUDIT, 200),
        ("coach-token", READ, 200),
        ("coach-token", CHANGE, 403),
        ("coach-token", AUDIT, 403),
        ("bi-token", READ, 403),
        ("bi-token", CHANGE, 403),
        ("nobody-token", READ, 401),
        (None, READ, 401),
    ],
)
def test_a_token_opens_what_its_roles_say(node, token, route, code):
    answer = node.client(token).request(*route)
    assert answer.status_code == code
    assert code == 200 or answer.json()["error"]["hint"]


def test_a_named_token_closes_a_node_that_has_no_admin_token(node):
    node.token = None
    assert node.client(None).request(*READ).status_code == 401
    assert node.client("ops-token").request(*CHANGE).status_code == 200


def test_an_empty_token_opens_nothing():
    node = FakeNode(tokens=(NamedToken("ops", frozenset({"admin"}), lambda: ""),))
    answer = node.client(None).request(*READ, headers={"authorization": "Bearer "})
    assert answer.status_code == 401


def test_a_named_token_that_cannot_be_read_closes_everything():
    def unreadable():
        raise ConfigError("secret file:/etc/tandem/ops: no such file")

    node = FakeNode(tokens=(NamedToken("ops", frozenset({"admin"}), unreadable),))
    answer = node.client(TOKEN).request(*READ)
    assert answer.status_code == 503
    assert "/etc" not in answer.text


def test_no_token_is_in_a_repr(node):
    assert "ops-token" not in repr(node.control())
