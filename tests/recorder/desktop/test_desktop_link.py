"""What a desktop makes of nodes that do not take it: one connection, for real."""

import asyncio

import pytest

from cluster.adapters.real_clock import RealClock
from recorder.desktop.dialing import Dial, LinkFailed
from recorder.desktop.link import Link, LinkLost
from recorder.desktop.spool import Spool
from recorder.scn.messages import DesktopHello, Refused, StartScreen
from tests.recorder.desktop.fake_node import FakeNode

HELLO = DesktopHello("desk-1", ("dynamics/anna",), "host", "1", None)


class Call:
    """One connection to a node."""

    def __init__(self, folder):
        self.commands, self.welcomes = [], []
        nothing = lambda *_: None  # noqa: E731 - nobody to tell
        self.spool = Spool(
            folder, bytes_max=2**20, memory_bytes_max=2**20, on_lost=nothing, on_trouble=nothing,
            on_news=nothing,
        )  # fmt: skip

    def serve(self, url, *, seconds=20.0, tls=None, connect_s=5.0):
        async def run():
            link = Link(
                spool=self.spool,
                news=asyncio.Event(),
                clock=RealClock(),
                hello=lambda: HELLO,
                obey=self.commands.append,
                on_welcome=lambda url, welcome: self.welcomes.append((url, welcome)),
            )
            async with asyncio.timeout(seconds):
                await link.serve(Dial(url, "s3cret", tls, connect_s), asyncio.Event())

        asyncio.run(run())


@pytest.fixture
def call(tmp_path):
    return Call(tmp_path)


@pytest.fixture
def node():
    made = FakeNode("alpha")
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (401, "The token is refused", "tandem agent-desktop token"),
        (403, "This token may not register", '"desktop"'),
        (404, "The node knows no desktops", "[screens]"),
        (503, "does not take desktops now", "health"),
    ],
)
def test_refusal_by_status_says_what_to_do(call, node, status, said, hint):
    node.status = status
    with pytest.raises(LinkFailed, match=said) as refused:
        call.serve(node.url)
    assert hint in refused.value.hint
    assert refused.value.retry_s is None


def test_what_a_node_says_of_its_refusal_counts(call, node):
    node.status = 403
    node.body = '{"error": {"message": "This node records no screens.", "hint": "Use the other."}}'
    with pytest.raises(LinkFailed, match=r"This node records no screens. \(403\)") as refused:
        call.serve(node.url)
    assert refused.value.hint == "Use the other."


@pytest.mark.parametrize("body", ["[" * 16_000, '{"error": 5}', "\x00", '{"error": {"hint": "x"}}'])
def test_a_refusal_that_nobody_can_read_is_a_refusal(call, node, body):
    node.status, node.body = 403, body
    with pytest.raises(LinkFailed, match="may not register"):
        call.serve(node.url)


def test_refusal_in_words_is_passed_on(call, node):
    node.answer = Refused("the disk is full", "make room", 30.0)
    with pytest.raises(LinkFailed, match="the disk is full") as refused:
        call.serve(node.url)
    assert (refused.value.hint, refused.value.retry_s) == ("make room", 30.0)


def test_nobody_listening_is_told(call, node):
    node.stop()
    with pytest.raises(LinkFailed, match="no connection"):
        call.serve(node.url)


def test_node_that_never_welcomes_is_given_up(call, node):
    node.answer = StartScreen(5.0)
    with pytest.raises(LinkFailed, match="no welcome"):
        call.serve(node.url)


@pytest.mark.parametrize("raw", ['{"say": "moo"}', "moo", "{}"])
def test_node_of_another_language_is_told_apart(call, node, raw):
    node.raw_answer = raw
    with pytest.raises(LinkFailed, match="another language") as refused:
        call.serve(node.url)
    assert "update the older one" in refused.value.hint


def test_node_that_hangs_up_later_is_lost_not_failed(call, node):
    node._loop.call_soon_threadsafe(node._loop.call_later, 0.5, node._over.set)
    with pytest.raises(LinkLost, match="hung up"):
        call.serve(node.url)
