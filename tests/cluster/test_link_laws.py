from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.frames import Goodbye
from cluster.links.effects import Dial
from cluster.links.state import S
from cluster.messages import PeerGone, PeerRefused, PeerRejected, PeerUp
from tests.cluster.link_story import Story, delays, news
from tests.cluster.links.test_handshake import PEER


class Play:
    """Lets anything happen that a transport may do, and remembers what must still come."""

    def __init__(self):
        self.story = Story()
        self.dialling = bool(self.story.start())
        self.planned = False
        self.boots = 0
        self.heard = []

    def step(self, what):
        story, newest = self.story, self.story.number
        match what:
            case "in":
                story.open(inbound=True)
            case "out" if self.dialling:
                self.dialling = False
                story.open(inbound=False)
            case "restart":
                self.boots += 1
                return story.said(newest, replace(PEER, boot=f"b{self.boots}"))
            case "hello":
                return story.said(newest, replace(PEER, boot=f"b{self.boots}"))
            case "bye":
                return story.said(newest, Goodbye(1, ""))
            case _:
                return self.trouble(what)
        return []

    def trouble(self, what):
        story, newest = self.story, self.story.number
        match what:
            case "close":
                return story.closed(newest)
            case "break":
                return story.broken(newest)
            case "refuse" | "fail" if self.dialling:
                self.dialling = False
                return story.refused(refused=what == "refuse")
            case "redial" if self.planned:
                self.planned = False
                return story.redial()
            case "sweep":
                return story.sweep()
        return []

    def check(self, effects):
        dials = sum(isinstance(effect, Dial) for effect in effects)
        assert dials <= (not self.dialling), "one dial at a time"
        self.dialling = self.dialling or dials > 0
        self.planned = self.planned or bool(delays(effects))
        self.heard += [one for one in news(effects) if not isinstance(one, PeerRejected)]

    def goes_on(self):
        """The node is connected, or will try again by itself."""
        unanswered = any(
            not one.inbound and one.hello is None for one in self.story.state._open.values()
        )
        return self.story.state.current is not None or self.dialling or self.planned or unanswered


STEPS = [
    "in",
    "out",
    "hello",
    "restart",
    "close",
    "break",
    "refuse",
    "fail",
    "redial",
    "sweep",
    "bye",
]


@settings(max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 3 * S)), max_size=60))
def test_whatever_happens_news_alternate_and_the_node_goes_on(steps):
    play = Play()
    for what, ns in steps:
        play.story.after(ns)
        play.check(play.step(what))
        assert play.goes_on()
    kinds = [type(one) for one in play.heard if not isinstance(one, PeerRefused)]
    assert kinds == [PeerUp, PeerGone] * (len(kinds) // 2) + [PeerUp] * (len(kinds) % 2)
    for before, one in zip([None, *play.heard], play.heard, strict=False):
        assert not isinstance(one, PeerRefused) or isinstance(before, PeerGone)
