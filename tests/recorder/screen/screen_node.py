"""A screen recorder driven by hand: its files, archive and database in memory, desktops by script."""

import itertools
from dataclasses import replace

from cluster.board import Board
from recorder.ports.recording import ContactDb
from recorder.scn.holds_over import NO_HOLDS
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopGone,
    DesktopHello,
    DesktopSaid,
    LegsChanged,
    PacketsCame,
    PacketsKept,
    StreamBegan,
    StreamEnded,
    Welcome,
)
from recorder.scn.recorder_status import ScreenRecorderStatus
from recorder.screen.part_job import PartTools
from recorder.screen.recorder import ScreenRecorder
from recorder.screen.recorder_ports import ScreenRecorderPorts
from recorder.settings.screens import ScreenSettings
from recorder.traps import no_trap
from sim.stand_ins.desktop_links import DesktopEnd, MemoryDesktopLinks
from sim.stand_ins.screen_files import MemoryScreenFiles, ScreenDisk
from sim.tables.agent_events import AgentEventStore, MemoryAgentEventDb
from sim.tables.audit import ListedTrail
from sim.tables.data_center import (
    DataCenterFaults,
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.tables.screens import MemoryScreenDb, ScreenTables
from tests.by_hand import HandClock, HandWorkers, Inbox
from tests.screens import T0_US, a_stream

AGENT = "dyn/ag-1"


class Tokens:
    """Names of parts that tell in which order they came."""

    def __init__(self, prefix):
        self._prefix, self._count = prefix, itertools.count(1)

    def token(self):
        return f"{self._prefix}{next(self._count):030x}"


class World:
    """What outlives a node: its disk and the Data Center."""

    def __init__(self):
        self.clock = HandClock(wall=T0_US)
        self.disk = ScreenDisk()
        self.archive_store = MemoryArchiveStore()
        self.tables = ScreenTables()
        self.contacts = MemoryContactStore(highest_term=lambda: 0)
        self.trail = ListedTrail()
        self.holds = NO_HOLDS
        self.reconciled_us = 0
        self.events, self.events_faults = AgentEventStore(), DataCenterFaults()
        self.lives = itertools.count(10)


class Node:
    """One life of a screen recorder."""

    def __init__(self, world=None, *, trap=no_trap, name="alpha", **settings):
        self.world = world or World()
        self.clock = self.world.clock
        self.files_lane, self.parts_lane = HandWorkers(), HandWorkers()
        self.monitor, self.board, self.links = Inbox("monitor"), Board(), MemoryDesktopLinks()
        self.me, self.link = Inbox("screen_recorder"), Inbox("link")
        self.files = MemoryScreenFiles(self.world.disk, trap=trap)
        archive = MemoryArchive(self.world.archive_store, read=self._read)
        self.db = MemoryScreenDb(self.world.tables)
        self.events_db = MemoryAgentEventDb(self.world.events, faults=self.world.events_faults)
        self.archive = archive
        self.contact_db: ContactDb = MemoryContactDb(
            self.world.contacts, node=name, clock=self.clock
        )
        self.actor = ScreenRecorder(
            ports=ScreenRecorderPorts(
                node=name,
                me=self.me,
                monitor=self.monitor,
                link=self.link,
                board=self.board,
                clock=self.clock,
                randomness=Tokens(f"{next(self.world.lives)}"),
                links=self.links,
                files=self.files,
                files_lane=self.files_lane,
                parts=PartTools(archive, self.db, trap, self.world.holds),
                parts_lane=self.parts_lane,
                contact_db=self.contact_db,
                events=self.events_db,
                reconciled_until_us=lambda _source: self.world.reconciled_us,
                trail=self.world.trail,
                settings=ScreenSettings(**{"enabled": True, **settings}),
            )
        )
        self.actor.on_start()
        self.settle()

    def _read(self, path):
        key = path.removeprefix("screens/").removesuffix(".scn")
        if key not in self.world.disk.sealed:
            raise FileNotFoundError(path)
        return self.world.disk.sealed[key]

    # -- what happens ----

    def tell(self, message):
        self.actor.on_message(message)
        self.settle()

    def settle(self):
        while self.me.messages or self.files_lane.jobs or self.parts_lane.jobs:
            for message in self.me.take():
                self.actor.on_message(message)
            for lane in (self.files_lane, self.parts_lane):
                if lane.jobs:
                    lane.run_one()

    def advance(self, seconds):
        self.clock.advance(seconds, self.settle)

    def legs(self, *legs, agent=AGENT):
        self.tell(LegsChanged(agent, tuple(replace(leg, agent_key=agent) for leg in legs)))

    # -- what is there ----

    @property
    def status(self):
        self.advance(1.0)
        return self.board.read("screens", ScreenRecorderStatus)

    @property
    def parts(self):
        return dict(self.actor._keeper.parts)

    @property
    def recorded(self):
        """On record, by key."""
        return dict(self.world.tables.parts)

    def open_findings(self):
        found = {}
        for message in self.monitor.messages:
            if hasattr(message, "finding"):
                found[message.finding.code, message.finding.subject] = message.finding
            else:
                found.pop((message.code, message.subject), None)
        return {code for code, _ in found}


class Desktop:
    """An agent's computer by script. Its clock is `ahead_us` ahead; it answers questions about it at once."""

    numbers = itertools.count(1)

    def __init__(
        self, node, name="d-1", *, agents=(AGENT,), ahead_us=0, answers=True, life="", address=""
    ):
        self.life, self.address = life, address
        self.name, self.agents, self.ahead_us, self.answers = name, tuple(agents), ahead_us, answers
        self.heard, self.closed, self.node = [], None, node
        self.kept = {}
        self._inbox = []

    def connect(self, node=None, *, streaming=None):
        self.node = node or self.node
        self.connection = f"c-{next(Desktop.numbers)}"
        self.heard, self.closed = [], None
        self.node.links.connect(self.connection, DesktopEnd(self._hear, self._closed))
        self.say(DesktopHello(self.name, self.agents, "pc", "1", streaming, self.life))
        return self

    def vanish(self):
        """The connection breaks."""
        self.node.links.cut(self.connection)
        self.node.tell(DesktopGone(self.connection, "cut"))

    def say(self, saying):
        self.node.tell(DesktopSaid(self.connection, saying, self.address))
        self._answer()

    def begin(self, stream=None):
        self.stream = stream or a_stream(agents=self.agents, desktop=self.name, t0_us=self.now_us())
        self.say(StreamBegan(self.stream))
        return self

    def say_something(self):
        """So that it is not silent."""
        self.say(ClockTold(0, self.now_us()))

    def send(self, packets):
        self.say(PacketsCame(self.stream.stream, tuple(packets)))

    def end(self, seq_last=0):
        self.say(StreamEnded(self.stream.stream, seq_last, "stopped"))

    def now_us(self):
        return self.node.clock.wall_us() + self.ahead_us

    def heard_of(self, kind):
        return [one for one in self.heard if isinstance(one, kind)]

    @property
    def welcome(self):
        return self.heard_of(Welcome)[-1]

    def _hear(self, command):
        if isinstance(command, AskClock):
            if self.answers:
                self._inbox.append(ClockTold(command.number, self.now_us()))
            return
        if isinstance(command, PacketsKept):
            self.kept[command.stream] = command.seq
        self.heard.append(command)

    def _answer(self):
        while self._inbox:
            saying = self._inbox.pop(0)
            self.node.tell(DesktopSaid(self.connection, saying))

    def _closed(self, reason):
        self.closed = reason
        self.node.me.tell(DesktopGone(self.connection, reason))
