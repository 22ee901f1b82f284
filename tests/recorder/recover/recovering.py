"""The recovery actor with a small source and a Data Center in memory, driven by hand."""

from cluster.board import Board
from cluster.messages import DutyGranted, DutyWithdrawn
from recorder.errors import BadAnswer
from recorder.messages import FindingClosed, FindingOpened, PeriodProven, TakeIn
from recorder.model import (
    Capabilities,
    ItemOutcome,
    ItemRef,
    ItemState,
    Page,
    SourceProgress,
    Window,
)
from recorder.records.recoveries import Cause, RecoveryItemQuery, RecoveryKind, RecoveryRow
from recorder.recover.recovery import Recovery
from recorder.recover.recovery_ports import RecoveryPorts
from recorder.settings.stages import RecoverySettings
from recorder.status import RecoveryStatus as Snapshot
from recorder.status import SourceStatus
from sim.tables.data_center import DataCenterFaults, MemoryContactDb, MemoryContactStore
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from tests.by_hand import HandClock, HandWorkers, Inbox
from tests.calls import an_item, names_of

US = 1_000_000
NOW_US = 1_700_000_000 * US
"""What the clock shows at the start of a test."""
HOUR_US = 3600 * US
SETTINGS = RecoverySettings(calls_per_s=1000, look_s=2, automatic=False)


class SmallSource:
    """Items by instant, in pages; what it does next is in `errors`."""

    name = "dyn"

    def __init__(self):
        self.capabilities = Capabilities(86_400.0, 100, US, 30 * 86_400.0)
        self.items = {}
        self.page_size = 3
        self.calls = []
        self.errors = []
        self.find_errors = []
        self.refused = {}
        self.figures = None

    def add(self, key, age_s=3600.0, version="v1"):
        ref = ItemRef(self.name, key, version, NOW_US - int(age_s * US), f"session-{key}")
        self.items[key] = ref
        return ref

    def list_items(self, window, page):
        self.calls.append((window, page))
        if self.errors:
            error = self.errors.pop(0)
            if error is not None:
                raise error
        inside = [i for i in self.items.values() if window.from_us <= i.changed_us < window.to_us]
        inside.sort(key=lambda item: (item.changed_us, item.key))
        start = int(page or 0)
        end = start + self.page_size
        return Page(tuple(inside[start:end]), str(end) if end < len(inside) else None, None)

    def find(self, identifier):
        self.calls.append(identifier)
        if self.find_errors:
            raise self.find_errors.pop(0)
        if identifier in self.refused:
            raise self.refused[identifier]
        if identifier.startswith("!"):
            raise BadAnswer(identifier)
        return tuple(ref for ref in self.items.values() if ref.session_key == identifier)

    def budget(self):
        return self.figures


class Center:
    """A Data Center that outlives the nodes."""

    def __init__(self, clock):
        self.clock = clock
        self.term = 1
        self.contacts = MemoryContactStore(highest_term=lambda: self.term)
        self.tables = RecoveryTables()

    def node(self, name, faults):
        contacts = MemoryContactDb(self.contacts, node=name, clock=self.clock, faults=faults)
        recoveries = MemoryRecoveryDb(
            self.tables, self.contacts, node=name, clock=self.clock, faults=faults
        )
        return contacts, recoveries


class Desk:
    """One node. `run` lets all jobs end, `advance` lets time pass."""

    def __init__(self, *, settings=SETTINGS, center=None, source=None, name="a"):
        self.center = center or Center(HandClock(wall=NOW_US))
        self.clock = self.center.clock
        self.source = source or SmallSource()
        self.faults = DataCenterFaults()
        contacts, db = self.center.node(name, self.faults)
        self.contacts, self.db = self.center.node("people", DataCenterFaults())
        self.lane, self.database = HandWorkers(), HandWorkers()
        self.poller, self.monitor, self.board = Inbox("poller:dyn"), Inbox("monitor"), Board()
        self.name = "recovery"
        self.numbers = 0
        self.busy()
        self.actor = Recovery(
            ports=RecoveryPorts(
                node=name,
                me=self,
                sources={"dyn": self.source},
                pollers={"dyn": self.poller},
                source_lanes={"dyn": self.lane},
                database_lane=self.database,
                db=db,
                contact_db=contacts,
                clock=self.clock,
                randomness=self,
                board=self.board,
                monitor=self.monitor,
                settings=settings,
            )
        )
        self.own_db = db
        """As the node sees it: with its faults."""
        self.actor.on_start()

    # -- the ports that are this desk itself ----

    def uniform(self, low, high):
        return (low + high) / 2

    def token(self):
        self.numbers += 1
        return f"{self.numbers:032x}"[::-1]

    def tell(self, message):
        self.actor.on_message(message)

    # -- time ----

    def run(self):
        for _ in range(100_000):
            lanes = [lane for lane in (self.database, self.lane) if lane.jobs]
            if not lanes:
                return self
            lanes[0].run_one()
        raise AssertionError("recovery never comes to rest")

    def advance(self, seconds):
        self.clock.advance(seconds, self.run)
        return self.run()

    def duty(self, term=1, lasts_s=1e6):
        until_ns = self.clock.now_ns + int(lasts_s * 1e9)
        self.tell(DutyGranted(term, until_ns, leased=True, peer_marks={}))
        return self

    def grant(self, term=1, lasts_s=1e6):
        """The duty, and the seconds until what was listed is given."""
        return self.duty(term, lasts_s).run().advance(3)

    def steps(self, count):
        """So many jobs, one by one: then look what a death just here would leave behind."""
        done = 0
        while done < count:
            lanes = [lane for lane in (self.database, self.lane) if lane.jobs]
            if lanes:
                lanes[0].run_one()
                done += 1
            else:
                self.clock.advance(0.01)
        return self

    def withdraw(self):
        inbox = Inbox("pair")
        self.tell(DutyWithdrawn(inbox))
        return inbox

    def polls(self, seconds, every_s=30.0, state="polling"):
        """Time passes, and the poller says now and then that it polled."""
        for _ in range(int(seconds / every_s)):
            self.busy(state=state, last_poll_ns=self.clock.now_ns)
            self.advance(every_s)
        return self

    def busy(
        self,
        pending=0,
        *,
        state="polling",
        watermark_us=NOW_US - 60 * US,
        failed=0,
        lag_s=60.0,
        last_poll_ns=0,
    ):
        """What the poller says of itself."""
        status = SourceStatus(
            name="dyn",
            kind="fake",
            state=state,
            epoch=0,
            watermark_us=watermark_us,
            horizon_us=watermark_us,
            lag_s=lag_s,
            coverage=(),
            pending=pending,
            failed=failed,
            parked=0,
            polls=1,
            last_poll_ns=last_poll_ns,
            found=0,
            late_escapes=0,
            lateness_p999_s=None,
            clock_offset_ms=None,
            last_error="",
            next_step="",
        )
        self.board.publish("source:dyn", status)

    # -- what people and the poller do ----

    def request(self, recovery_id="R-1", **more):
        facts = {
            "source": "dyn",
            "kind": RecoveryKind.MANUAL,
            "cause": Cause.OPERATOR,
            "requested_us": self.clock.wall_us(),
            "requested_by": "ada",
            "window": Window(NOW_US - 24 * HOUR_US, NOW_US),
            "updated_us": self.clock.wall_us(),
        }
        return self.db.request(RecoveryRow(recovery_id, **{**facts, **more}))

    def given(self):
        """Keys of what the poller was told to take in, since the last look."""
        return [ref.key for message in self.poller.take() for ref in _refs(message)]

    def archive(self, *keys):
        for key in keys:
            ref = self.source.items[key]
            item = an_item(
                key, session=ref.session_key, changed_us=ref.changed_us, version=ref.version
            )
            self.contacts.commit([item], names_of(item))

    def end(self, key, state, *, parked=False, reason="gone: it is not there"):
        outcome = ItemOutcome(self.source.items[key], state, reason, 1, NOW_US, None, parked)
        self.contacts.record_outcome(outcome, self.center.term)

    def serve(self, rounds=50):
        """The poller's part: archive what is given, look after look."""
        for _ in range(rounds):
            self.archive(*self.given())
            if not self.db.running():
                return self
            self.advance(2)
        return self

    def row(self, recovery_id="R-1"):
        """The recovery; its counts must add up, and say what the items say."""
        row = self.db.recovery(recovery_id)
        assert row.counts.add_up
        return row

    def items(self, recovery_id="R-1"):
        return self.db.recovery_items(RecoveryItemQuery(recovery_id, limit=1000)).items

    def stages(self, recovery_id="R-1"):
        return {item.ref.key: item.stage.value for item in self.items(recovery_id)}

    def progress(self, coverage=(), watermark_us=NOW_US - 60 * US, epoch=0):
        row = SourceProgress("dyn", epoch, watermark_us, watermark_us, tuple(coverage))
        self.center.contacts.progress["dyn"] = row

    @property
    def snapshot(self):
        return self.board.read("recovery", Snapshot)

    def findings(self):
        """What alarms now: code and subject, the oldest first."""
        found = {}
        for message in self.monitor.messages:
            if isinstance(message, FindingOpened):
                found[message.finding.code, message.finding.subject] = message.finding
            elif isinstance(message, FindingClosed):
                found.pop((message.code, message.subject), None)
        return list(found)

    def proven(self):
        return [message.window for message in self.poller.of(PeriodProven)]


def _refs(message):
    return message.refs if isinstance(message, TakeIn) else ()


ARCHIVED, GONE, FAILED = ItemState.ARCHIVED, ItemState.GONE, ItemState.FAILED
NOT_RECORDABLE = ItemState.NOT_RECORDABLE
