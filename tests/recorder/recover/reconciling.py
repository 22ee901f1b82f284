"""A node that reconciles one source, over what lies in memory; moved by hand."""

from dataclasses import dataclass, field

from cluster.board import Board
from cluster.messages import DutyGranted, DutyWithdrawn
from recorder.errors import ItemGone
from recorder.model import (
    Capabilities,
    Interaction,
    ItemRef,
    MediaKind,
    MediaRef,
    Page,
    SourceProgress,
    Window,
)
from recorder.records.findings import FindingQuery
from recorder.records.recoveries import RecoveryQuery
from recorder.recover.reconcile_jobs import Tools
from recorder.recover.reconcile_lane import ReconcilePorts
from recorder.recover.reconciliation import Reconciliation
from recorder.settings.stages import ReconcileSettings
from recorder.status import SourceStatus
from sim.tables.data_center import (
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from sim.tables.findings import FindingTables, MemoryFindingsDb
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from tests.calls import a_file, an_item, names_of
from tests.recorder.fakes import HandWorkers, LoopAddress, Mailbox
from tests.recorder.hand_clock import HandClock

HOUR_US = 3600 * 1_000_000
DAY_S = 86_400.0


@dataclass
class ListedSource:
    """A source with items that a test adds and takes away."""

    name: str = "dyn"
    items: dict = field(default_factory=dict)
    problem: Exception | None = None
    page_size: int = 100
    windows: list = field(default_factory=list)
    described: list = field(default_factory=list)
    sizes: dict = field(default_factory=dict)
    retention_s: float | None = 30 * DAY_S

    @property
    def capabilities(self):
        return Capabilities(7 * DAY_S, 100, 1_000_000, self.retention_s)

    def list_items(self, window, page):
        if self.problem is not None:
            raise self.problem
        self.windows.append(window)
        found = sorted(
            (ref for ref in self.items.values() if window.from_us <= ref.changed_us < window.to_us),
            key=lambda ref: (ref.changed_us, ref.key),
        )
        start = int(page or 0)
        end = start + self.page_size
        return Page(tuple(found[start:end]), str(end) if end < len(found) else None, None)

    def describe(self, ref):
        if self.problem is not None:
            raise self.problem
        self.described.append(ref.key)
        if ref.key not in self.items:
            raise ItemGone("no longer there")
        size = self.sizes.get(ref.key, 1000)
        media = MediaRef(f"med-{ref.key}", MediaKind.AUDIO, "a.mp3", "audio/mpeg", size)
        return Interaction(
            ref.session_key, ref.session_key, "voice", "", None, None, media=(media,)
        )


class Bench:
    """`now_us` is three in the morning; the source is covered from ten days before on."""

    def __init__(self, **settings):
        self.clock = HandClock(
            wall_start_us=1_790_035_200_000_000 // (86_400_000_000) * 86_400_000_000
        )
        self.clock.advance(3 * 3600)
        self.term = 3
        self.contacts = MemoryContactStore(highest_term=lambda: self.term)
        self.tables, self.recovery_tables = FindingTables(), RecoveryTables()
        self.objects = MemoryArchiveStore()
        self.source = ListedSource()
        self.settings = ReconcileSettings(**settings)
        self.nodes = 0
        self.cover((-10 * 24, -0.5))
        self.start()

    def start(self, node="alpha"):
        self.me, self.monitor, self.recovery = LoopAddress("reconciliation"), Mailbox(), Mailbox()
        self.calls, self.database, self.compare = HandWorkers(), HandWorkers(), HandWorkers()
        self.board = Board()
        self.db = MemoryFindingsDb(self.tables, self.contacts, node=node, clock=self.clock)
        self.contact_db = MemoryContactDb(self.contacts, node=node, clock=self.clock)
        self.archive = MemoryArchive(self.objects)
        self.recoveries = MemoryRecoveryDb(
            self.recovery_tables, self.contacts, node=node, clock=self.clock
        )
        self.status()
        ports = ReconcilePorts(
            node=node,
            me=self.me,
            sources={self.source.name: self.source},
            source_lanes={self.source.name: self.calls},
            database_lane=self.database,
            compare_lane=self.compare,
            tools=Tools(self.db, self.recoveries, self.contact_db, self.archive, node),
            folders={"dyn": "dyn/"},
            clock=self.clock,
            board=self.board,
            monitor=self.monitor,
            recovery=self.recovery,
            settings=self.settings,
        )
        self.me.behaviour = Reconciliation(ports=ports)
        self.me.behaviour.on_start()

    # -- the world ----

    @property
    def now_us(self):
        return self.clock.wall_us()

    def at(self, hours):
        """An instant so many hours from the begin of the test."""
        return self.begin_us + int(hours * HOUR_US)

    @property
    def begin_us(self):
        return self.clock.wall_start_us + 3 * HOUR_US

    def cover(self, *hours):
        windows = tuple(Window(self.at(begin), self.at(end)) for begin, end in hours)
        mark = self.at(-0.5)
        self.contacts.progress["dyn"] = SourceProgress("dyn", 1, mark, mark, windows)

    def status(self, state="polling", pending=0, offset_ms=None):
        self.board.publish(
            "source:dyn",
            SourceStatus(
                "dyn", "fake", state, 1, self.at(-0.5), None, 0.0, (), pending, 0, 0, 1, None, 0, 0,
                None, offset_ms, "", "",
            ),
        )  # fmt: skip

    def offer(self, key, hours, version="v1"):
        ref = ItemRef("dyn", key, version, self.at(hours), f"ses-{key}", {})
        self.source.items[key] = ref
        return ref

    def archived(self, key, hours, *, offered=True, version="v1"):
        item = an_item(
            key,
            version=version,
            session=f"ses-{key}",
            changed_us=self.at(hours),
            files=[a_file(f"med-{key}", size_bytes=1000)],
        )
        self.contact_db.commit([item], names_of(item))
        self.objects.objects[f"dyn/med-{key}"] = bytes(1000)
        if offered:
            self.offer(key, hours, version)
        return item

    # -- the node ----

    def grant(self, term=None):
        self.term = self.term if term is None else term
        self.me.tell(DutyGranted(self.term, self.clock.now_ns + 10**18, True, {}))
        self.work()

    def withdraw(self):
        self.me.tell(DutyWithdrawn(Mailbox()))
        self.work()

    def work(self):
        for _ in range(10_000):
            self.me.pump()
            lane = next(
                (one for one in (self.calls, self.database, self.compare) if one.jobs), None
            )
            if lane is None:
                return
            lane.run_one()
        raise AssertionError("it does not come to rest")

    def run(self, seconds):
        until_ns = self.clock.now_ns + int(seconds * 1e9)
        self.work()
        while self.clock.now_ns < until_ns:
            due = [timer.due_ns for timer in self.clock.timers if not timer.cancelled]
            next_ns = min([until_ns, *(one for one in due if one > self.clock.now_ns)])
            self.clock.advance(max(0.001, (next_ns - self.clock.now_ns) / 1e9))
            self.work()

    def reconcile(self):
        """The duty, and enough time for a whole run."""
        self.grant()
        self.run(3600)

    # -- what came of it ----

    def findings(self, **query):
        return self.db.findings(FindingQuery(limit=1000, **query)).rows

    def open(self):
        return {row.subject: row for row in self.findings(is_open=True)}

    @property
    def runs(self):
        return self.db.runs("dyn", 100)

    @property
    def asked(self):
        return self.recoveries.recoveries(RecoveryQuery()).rows

    def alarms(self):
        found = {}
        for told in self.monitor.messages:
            if hasattr(told, "finding"):
                found[told.finding.code] = told.finding
            else:
                found.pop(told.code, None)
        return found
