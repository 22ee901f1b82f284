"""Why no connection comes about, in words: real sockets and real certificates."""

import asyncio
import datetime as dt
import socket
import ssl

import pytest
import trustme

from recorder.desktop.dialing import Dial, LinkFailed, _bound_unsent, connected, trusting
from recorder.desktop.node_question import Answer, ask_node
from recorder.errors import ConfigError
from tests.recorder.desk_server import DESKTOP_TOKEN, served
from tests.recorder.desktop.fake_node import FakeNode

PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FUTURE = dt.datetime(2120, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture
def trusted(authority):
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    return tls


@pytest.fixture
def node_with():
    """A node with this certificate; with none it speaks no TLS."""
    made = []

    def make(certificate):
        tls = None
        if certificate is not None:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(tls)
        made.append(FakeNode("alpha", tls=tls))
        return f"wss://127.0.0.1:{made[-1].port}"

    yield make
    for one in made:
        one.stop()


def failure(url, tls):
    async def run():
        connection = await connected(Dial(url, "s3cret", tls, 20.0))
        connection.transport.abort()

    with pytest.raises(LinkFailed) as refused:
        asyncio.run(run())
    return str(refused.value), refused.value.hint


def test_token_is_in_no_text_of_a_dial():
    assert "s3cret" not in repr(Dial("wss://a", "s3cret", None, 1.0))


def test_a_connection_that_breaks_at_once_breaks_nothing_else():
    class Transport:
        def get_extra_info(self, _name):
            closed = socket.socket()
            closed.close()
            return closed

    class Connection:
        transport = Transport()

    _bound_unsent(Connection())


def test_an_authority_that_nobody_knows_is_told_with_the_key_that_names_it(authority, node_with):
    url = node_with(authority.issue_cert("127.0.0.1"))
    text, hint = failure(url, ssl.create_default_context())
    assert "its certificate is not trusted" in text
    assert "nodes.ca_file" in hint


@pytest.mark.parametrize(
    ("valid", "said"),
    [
        ({"not_after": PAST + dt.timedelta(days=9)}, "it has expired"),
        ({"not_before": FUTURE, "not_after": FUTURE + dt.timedelta(days=9)}, "not valid yet"),
    ],
)
def test_a_certificate_out_of_its_time_is_told(authority, trusted, node_with, valid, said):
    known = {"not_before": PAST, **valid}
    text, hint = failure(node_with(authority.issue_cert("127.0.0.1", **known)), trusted)
    assert said in text
    assert "Renew" in hint
    assert "calendar" in hint


def test_a_certificate_for_another_name_is_told_with_the_name_that_was_asked_for(
    authority, trusted, node_with
):
    text, hint = failure(node_with(authority.issue_cert("alpha.example.com")), trusted)
    assert "not made for the name 127.0.0.1" in text
    assert "nodes.urls" in hint


def test_a_port_without_tls_is_told(trusted):
    with served() as node:
        text, hint = failure(node.url.replace("ws:", "wss:"), trusted)
    assert "there is no TLS" in text
    assert "web.tls_certificate" in hint


def test_a_port_that_hangs_up_may_be_one_without_tls(trusted, node_with):
    text, hint = failure(node_with(None), trusted)
    assert text.startswith("no connection: ")
    assert text != "no connection: "
    assert "web.tls_certificate" in hint


def test_a_port_with_tls_that_is_asked_without_is_told(authority, node_with):
    url = node_with(authority.issue_cert("127.0.0.1")).replace("wss:", "ws:")
    _, hint = failure(url, None)
    assert "wss://" in hint


def test_a_name_that_nobody_knows_is_told():
    text, hint = failure("ws://no-such-node.invalid:1", None)
    assert "no-such-node.invalid" in text
    assert "nodes.urls" in hint


def test_what_is_trusted_is_the_file_that_was_named(tmp_path):
    assert trusting("ws://alpha", None) is None
    assert trusting("wss://alpha", None) is not None
    with pytest.raises(ConfigError, match=r"nodes\.ca_file"):
        trusting("wss://alpha", tmp_path / "none.pem")


def test_a_node_that_is_asked_says_who_it_is_and_hears_no_hello():
    with served() as node:
        answer = asyncio.run(ask_node(Dial(node.url, DESKTOP_TOKEN, None, 20.0)))
        assert (answer.node, bool(answer.build)) == ("alpha", True)
        assert node.recorder.sayings() == []


def test_an_older_node_takes_the_token_and_does_not_say_who_it_is():
    node = FakeNode("alpha")
    try:
        assert asyncio.run(ask_node(Dial(node.url, "s3cret", None, 20.0))) == Answer("", "")
        assert node.sayings == []
    finally:
        node.stop()
