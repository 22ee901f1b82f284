"""Whatever calls, breaks and crashes come in whatever order: screens of answered calls are whole, of refused ones gone."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.model import Window
from recorder.scn.messages import (
    DesktopGone,
    LegsChanged,
    NeedKeyFrame,
    PacketsCame,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
)
from recorder.scn.model import AgentEvent, AgentEventKind, ScreenPacket, Verdict
from recorder.scn.verdicts import CUT_WITHIN_US
from recorder.scn.webm import ScnReader
from recorder.screen.legs import Limits, fold
from tests.recorder.screen.screen_node import AGENT, Desktop, Node, World
from tests.screens import a_stream

KEY_EVERY = 40
LIMITS = Limits.of(ringing_s=180, talking_s=14_400, wrap_up_s=900)
KINDS = {
    "ring": AgentEventKind.RINGING,
    "answer": AgentEventKind.CONNECTED,
    "refuse": AgentEventKind.NOT_RESPONDING,
    "end": AgentEventKind.WRAP_UP,
}
deeds = st.one_of(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 2)),
    st.tuples(st.sampled_from(["available", "cut", "crash", "back", "back"]), st.just(0)),
)
stories = st.lists(st.tuples(deeds, st.integers(1, 40)), min_size=2, max_size=14)


class Obedient(Desktop):
    """Does as it is told, and keeps what no node has, from a key frame on."""

    def __init__(self, node):
        super().__init__(node)
        self.streams, self.stream, self.need_key, self.shot = [], None, False, {}
        self.names = itertools.count(1)

    def step(self, *, connected):
        if connected:
            self.obey()
        if self.stream is not None:
            seq = len(self.shot[self.stream.stream])
            is_key = self.need_key or seq % KEY_EVERY == 0
            self.need_key = False
            pts_ms = (self.now_us() - self.stream.t0_us) // 1000
            packet = ScreenPacket(seq, pts_ms, is_key, bytes([seq % 256]) * 9)
            self.shot[self.stream.stream].append(packet)
            if connected:
                self.say(PacketsCame(self.stream.stream, (packet,)))

    def obey(self):
        self._answer()
        heard, self.heard = self.heard, []
        for command in heard:
            match command:
                case StartScreen() if self.stream is None:
                    name = f"s-{next(self.names)}"
                    self.stream = a_stream(name, t0_us=self.now_us())
                    self.streams.append(self.stream)
                    self.shot[name] = []
                    self.say(StreamBegan(self.stream))
                case StopScreen() if self.stream is not None:
                    self.stop()
                case NeedKeyFrame():
                    self.need_key = True
                case _:
                    pass

    def stop(self):
        name, self.stream = self.stream.stream, None
        self.say(StreamEnded(name, len(self.shot[name]) - 1, "stopped"))

    def again(self, node):
        """Connect, and send everything again that is not in a file."""
        self.connect(node, streaming=self.stream)
        next_seq = self.welcome.next_seq
        self._answer()
        for stream in self.streams:
            shot = self.shot[stream.stream]
            if self.kept.get(stream.stream, -1) == len(shot) - 1 and stream is not self.stream:
                continue
            at = self._resume_at(stream.stream)
            if stream is self.stream and next_seq is not None:
                at = next_seq
            self.say(StreamBegan(stream))
            if shot[at:]:
                self.say(PacketsCame(stream.stream, tuple(shot[at:])))
            if stream is not self.stream:
                self.say(StreamEnded(stream.stream, len(shot) - 1, "stopped"))

    def _resume_at(self, name):
        wanted = self.kept.get(name, -1) + 1
        keys = [one.seq for one in self.shot[name][: wanted + 1] if one.is_key]
        return keys[-1] if keys else 0


class Story:
    def __init__(self):
        self.world, self.events = World(), []
        self.node = Node(self.world)
        self.desktop = Obedient(self.node).connect()
        self.connected = True

    def do(self, what, number):
        match what:
            case "available":
                self.event(AgentEventKind.AVAILABLE, "")
            case "cut":
                self.cut()
            case "back":
                self.back()
            case "crash":
                self.crash()
            case _:
                self.event(KINDS[what], f"call-{number}")

    def legs(self):
        return fold(self.events, LIMITS, self.world.clock.wall_us()).legs

    def event(self, kind, call):
        at_us = self.world.clock.wall_us()
        name = f"e{len(self.events)}"
        self.events.append(AgentEvent("dyn", name, "ag-1", call, kind, at_us, at_us, "alpha"))
        self.node.tell(LegsChanged(AGENT, self.legs()))

    def cut(self):
        """The desktop goes on alone, until it comes back."""
        if self.connected:
            connection = self.desktop.connection
            self.node.links.cut(connection)
            self.node.tell(DesktopGone(connection, "cut"))
        self.connected = False

    def crash(self):
        self.connected = False
        self.world.clock.timers.clear()
        self.node = Node(self.world)
        self.node.tell(LegsChanged(AGENT, self.legs()))

    def back(self):
        if not self.connected:
            self.connected = True
            self.desktop.again(self.node)

    def pause(self, steps):
        for _ in range(steps):
            self.desktop.step(connected=self.connected)
            self.node.advance(0.2)

    def archived(self):
        found = {}
        for part in self.node.db.parts([AGENT], Window(0, 2**62)):
            with self.node.archive.open(part.object_key) as file:
                for one in ScnReader(file).packets():
                    found[part.stream.stream, one.seq] = one
        return found


@settings(max_examples=150, deadline=None)
@given(stories)
def test_what_was_shot_during_answered_calls_is_archived_and_nothing_is_left_of_refused_ones(told):
    story = Story()
    for (what, number), steps in told:
        story.do(what, number)
        story.pause(steps)
    story.event(AgentEventKind.AVAILABLE, "")
    story.pause(3)
    story.back()
    story.pause(3)
    story.node.advance(15)
    legs, got = story.legs(), story.archived()
    kept = [leg for leg in legs if leg.verdict is Verdict.KEPT]
    for stream in story.desktop.streams:
        for one in story.desktop.shot[stream.stream]:
            at_us = stream.t0_us + one.pts_ms * 1000
            if any(covers(leg, at_us) and not is_tail(leg, at_us, legs) for leg in kept):
                assert got[stream.stream, one.seq] == one
    for part in story.node.db.parts([AGENT], Window(0, 2**62)):
        assert any(touches(leg, part) for leg in kept)
    for part in story.node.parts.values():
        touching = {leg.verdict for leg in legs if touches(leg, part)}
        assert touching != {Verdict.DELETED}


def covers(leg, at_us):
    return leg.span.from_us <= at_us <= leg.span.to_us


def is_tail(leg, at_us, legs):
    """Just after its begin, before its own part began, a frame goes with the refused call before it."""
    near = at_us <= leg.span.from_us + CUT_WITHIN_US
    return near and any(
        one.verdict is Verdict.DELETED and covers(one, leg.span.from_us) for one in legs
    )


def touches(leg, part):
    return leg.span.from_us <= part.to_us + 1000 and leg.span.to_us >= part.from_us - 1000
