"""A RIS among fakes: its disk and the Data Center outlive it; two of them may share what they hear."""

from cluster.board import Board
from cluster.frames import Share
from cluster.messages import PeerListens, SendFrame, ShareHeard
from recorder.scn.messages import AgentEventsHeard, AgentEventsKept, LegsChanged
from recorder.scn.ris_status import RisStatus
from recorder.screen.event_keeper import KeeperPorts
from recorder.screen.ris import Ris
from recorder.settings.screens import ScreenSettings
from sim.stand_ins.buffer import SimJournal
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock


class RisNode:
    """One node; `start` again is another life on the same disk."""

    def __init__(self, name="alpha", *, store=None, clock=None):
        self.name = name
        self.clock = clock or HandClock()
        self.store = store or AgentEventStore()
        self.db = MemoryAgentEventDb(self.store)
        self.journal = SimJournal()
        self.peer = None
        self.start()

    def start(self):
        self.me, self.link = LoopAddress("ris"), Mailbox("link")
        self.monitor, self.screens = Mailbox("monitor"), Mailbox("screens")
        self.board = Board()
        self.disk, self.database = HandWorkers(), HandWorkers()
        keeping = KeeperPorts(
            me=self.me,
            monitor=self.monitor,
            disk=self.disk,
            database=self.database,
            clock=self.clock,
            journal=self.journal,
            db=self.db,
        )
        self.me.behaviour = Ris(
            node=self.name,
            keeping=keeping,
            link=self.link,
            screens=self.screens,
            board=self.board,
            settings=ScreenSettings(),
        )
        self.me.behaviour.on_start()

    def work(self):
        """Handle messages and jobs until nothing is left, here and at the peer."""
        busy = True
        while busy:
            busy = self._step()
            if self.peer is not None:
                busy = self.peer._step() or busy

    def _step(self):
        busy = bool(self.me.messages or self.disk.jobs or self.database.jobs)
        self.me.pump()
        for lane in (self.disk, self.database):
            if lane.jobs:
                lane.run_one()
        for message in self.link.take():
            busy = True
            if self.peer is not None and isinstance(message, SendFrame):
                assert isinstance(message.frame, Share)
                self.peer.me.tell(ShareHeard(message.frame.topic, message.frame.body))
        return busy

    def connect(self, peer):
        self.peer, peer.peer = peer, self
        for node in (self, peer):
            node.me.tell(PeerListens())
        self.later(0.5)

    def hear(self, *events, **kwargs):
        self.me.tell(AgentEventsHeard(events, **kwargs))
        self.work()

    def kept(self, *events):
        """The mailbox that is told when events are safe."""
        mailbox = Mailbox("web")
        self.me.tell(AgentEventsHeard(events, reply_to=mailbox))
        self.me.pump()
        return mailbox

    def later(self, seconds):
        self.work()
        end_ns = self.clock.now_ns + int(seconds * 1e9)
        while self.clock.now_ns < end_ns:
            self.clock.advance(min(1.0, (end_ns - self.clock.now_ns) / 1e9))
            self.work()

    @property
    def status(self):
        return self.board.read("ris", RisStatus)

    @property
    def legs(self):
        """What the screen recorder knows of each agent."""
        return {one.agent_key: one.legs for one in self.screens.of(LegsChanged)}


def answers(mailbox):
    return mailbox.of(AgentEventsKept)
