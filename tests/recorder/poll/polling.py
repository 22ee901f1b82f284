"""A poller with a small source, a small Data Center and everything around it, driven by hand."""

from collections import Counter

from cluster.board import Board
from cluster.errors import StaleTerm
from cluster.frames import Mark
from cluster.messages import DutyGranted, DutyWithdrawn
from cluster.work_messages import Distribute, JobAssigned, JobBroken, JobFinished
from recorder.codec import FAIL, FailBody, job_key
from recorder.errors import DataCenterDown, DataCenterError
from recorder.messages import FindingClosed, FindingOpened
from recorder.model import (
    Capabilities,
    ItemRef,
    ItemState,
    Page,
    SourceProgress,
    SourceTime,
)
from recorder.poll.poller import Poller
from recorder.poll.poller_ports import PollerPorts
from recorder.records.contacts import ItemList, ItemRow
from recorder.settings.stages import PollSettings, RetrySettings
from recorder.status import SourceStatus
from sim.stand_ins.progress import MemoryProgress
from tests.by_hand import HandClock, HandWorkers, Inbox

US = 1_000_000
START_US = 1_700_000_000 * US
FOUND_US = START_US - 7000 * US
POLL = PollSettings(interval_s=60, settle_s=90, overlap_s=120, start_back_s=3600)


class SmallSource:
    """Items by instant; pages of `page_size`; faults by a list of errors to raise next."""

    name = "crm"
    capabilities = Capabilities(86_400.0, 100, US, 30 * 86_400.0)

    def __init__(self, clock):
        self.clock = clock
        self.items = []
        self.page_size = 2
        self.errors = []
        self.windows = []
        self.circles = False
        self.check_result = ()
        self.ahead_s = 0
        self.wrong_s = []
        """Errors of the next answers' dates."""

    def add(self, key, age_s, version="1"):
        changed_us = self.now_us() - int(age_s * US)
        ref = ItemRef(self.name, key, version, changed_us, f"session-{key}")
        self.items = [item for item in self.items if item.key != key] + [ref]
        return ref

    def now_us(self):
        return START_US + (self.clock.now_ns - 1_000_000_000_000) // 1000 + self.ahead_s * US

    def server_time(self):
        self._fail()
        return self._time()

    def list_items(self, window, page):
        self.windows.append((window, page))
        self._fail()
        inside = [i for i in self.items if window.from_us <= i.changed_us < window.to_us]
        inside.sort(key=lambda item: (item.changed_us, item.key))
        start = int(page or 0)
        end = start + self.page_size
        more = str(end) if end < len(inside) else None
        if self.circles:
            more = "0"
        return Page(tuple(inside[start:end]), more, self._time())

    def _time(self):
        now_us = self.now_us() + (self.wrong_s.pop(0) if self.wrong_s else 0) * US
        return SourceTime(now_us // US * US, self.clock.now_ns, self.clock.now_ns)

    def check(self):
        if isinstance(self.check_result, Exception):
            raise self.check_result
        return self.check_result

    def _fail(self):
        if self.errors:
            raise self.errors.pop(0)


class SmallCenter:
    """The part of a contact database that a poller uses."""

    def __init__(self):
        self.down = False
        self.term_seen = 0
        self.progress = {}
        self.found = {}
        self.refused = set()
        """Keys of items that the database cannot hold."""
        self.told_late = []
        """Keys of items that were said to be listed a while ago."""
        self.final = set()
        self.outcomes = []
        self.events = []
        self.due = ()
        self.due_later = ()
        """Parked items whose time comes within the hour."""
        self.asked = 0
        self.lost = []
        """Rows of items that ended as gone, the newest first."""

    def _up(self, term=None):
        if self.down:
            raise DataCenterDown("away")
        if term is not None:
            if term < self.term_seen:
                raise StaleTerm("stale", term=term, seen=self.term_seen)
            self.term_seen = term

    def unfinished(self, refs):
        self._up()
        self.asked += len(refs)
        return tuple(ref for ref in refs if job_key(ref) not in self.final)

    def record_found(self, refs, events, *, late=False):
        self._up()
        assert [ref.key for ref in refs] == [event.item_key for event in events]
        if any(ref.key in self.refused for ref in refs):
            raise DataCenterError("cannot take a value")
        self.found.update({job_key(ref): ref for ref in refs})
        if late:
            self.told_late += [ref.key for ref in refs]

    def record_outcome(self, outcome, term):
        self._up(term)
        self.outcomes.append(outcome)
        if outcome.state.is_final or outcome.parked:
            self.final.add(job_key(outcome.ref))

    def record_events(self, events):
        self._up()
        self.events.extend(events)

    def due_retries(self, source, now_us, limit):
        self._up()
        assert now_us > START_US / 2, "microseconds of the calendar"
        if limit > 100:
            return self.due_later
        return tuple(row for row in self.due if row.ref.source == source)[:limit]

    def items(self, query):
        """Those found and not final, in one page; or those that are lost."""
        self._up()
        if query.states == ("gone",):
            return ItemList(tuple(self.lost), None)
        assert (query.parked, set(query.states)) == (False, {"found", "failed"})
        left = [ref for key, ref in self.found.items() if key not in self.final]
        return ItemList(
            tuple(
                ItemRow(ref, "found", "", 0, FOUND_US, "a", 0, None, "", 0, False, None, 0, 0.0)
                for ref in left
                if ref.source == query.source
            ),
            None,
        )

    def item_counts(self):
        self._up()
        counts = Counter((ref.source, "found") for ref in self.found.values())
        return dict(counts)

    def load_progress(self):
        self._up()
        return tuple(self.progress.values())

    def save_progress(self, progress, term):
        self._up(term)
        old = self.progress.get(progress.source)
        if old is None or (progress.epoch, progress.watermark_us) >= (old.epoch, old.watermark_us):
            self.progress[progress.source] = progress
        return self.progress[progress.source]


class MiddleChance:
    def uniform(self, low, high):
        return (low + high) / 2

    def token(self):
        return "0" * 32


class Desk:
    """The poller on its desk: `run` lets all jobs end, `advance` lets time pass."""

    def __init__(self, *, poll=POLL, retry=None, center=None, store=None, node="a", source=None):
        self.clock = HandClock()
        self.source, self.center = source or SmallSource(self.clock), center or SmallCenter()
        self.store = store or MemoryProgress()
        self.lane, self.database = HandWorkers(), HandWorkers()
        self.distributor, self.link = Inbox("distributor"), Inbox("link")
        self.pair, self.monitor, self.board = Inbox("pair"), Inbox("monitor"), Board()
        self.name = "poller:crm"
        ports = PollerPorts(
            kind="fake",
            node=node,
            boot=f"boot-{node}",
            me=self,
            source=self.source,
            db=self.center,
            store=self.store,
            source_lane=self.lane,
            database_lane=self.database,
            clock=self.clock,
            randomness=MiddleChance(),
            board=self.board,
            distributor=self.distributor,
            link=self.link,
            pair=self.pair,
            monitor=self.monitor,
            poll=poll,
            retry=retry or RetrySettings(park_after_tries=3),
        )
        self.poller = Poller(ports=ports)

    def tell(self, message):
        self.poller.on_message(message)

    def start(self):
        self.poller.on_start()
        self.run()
        return self

    def run(self):
        """Let every job end, and those they lead to."""
        for _ in range(100_000):
            lanes = [lane for lane in (self.database, self.lane) if lane.jobs]
            if not lanes:
                return
            lanes[0].run_one()
        raise AssertionError("the poller never comes to rest")

    def advance(self, seconds):
        self.clock.advance(seconds, self.run)
        self.run()

    def grant(self, term=1, lasts_s=1e6, marks=None, run=True):
        until_ns = self.clock.now_ns + int(lasts_s * 1e9)
        self.tell(DutyGranted(term, until_ns, leased=True, peer_marks=marks or {}))
        if run:
            self.run()

    def withdraw(self):
        inbox = Inbox("pair")
        self.tell(DutyWithdrawn(inbox))
        return inbox

    def given(self):
        """Keys of items handed out and not yet looked at."""
        jobs = [m.job.key for m in self.distributor.take() if isinstance(m, Distribute)]
        return [key.removeprefix("crm/").split("@")[0] for key in jobs]

    def finish(self, ref, *, on_record=True):
        if on_record:
            self.center.final.add(job_key(ref))
        self.tell(JobFinished(job_key(ref), "a", 0, b""))
        self.run()

    def assign(self, ref, node="a"):
        self.tell(JobAssigned(job_key(ref), node, "c1", 1))

    def break_it(self, ref, state=ItemState.FAILED, code="unreachable", retry_after_s=None):
        body = FailBody(ref, state, code, "why", 1, retry_after_s)
        self.tell(JobBroken(job_key(ref), "a", FAIL.encode(body)))
        self.run()

    @property
    def status(self):
        return self.board.read("source:crm", SourceStatus)

    @property
    def mark(self):
        status = self.status
        return None if status.watermark_us is None else Mark(status.epoch, status.watermark_us)

    def behind_s(self):
        """How far the watermark is behind the source, in whole seconds."""
        return (self.source.now_us() - self.status.watermark_us) // US

    def findings(self):
        """Codes of the findings that are open."""
        codes = []
        for message in self.monitor.messages:
            if isinstance(message, FindingOpened) and message.finding.code not in codes:
                codes.append(message.finding.code)
            elif isinstance(message, FindingClosed) and message.code in codes:
                codes.remove(message.code)
        return codes


def known(center, age_s=600, epoch=0, coverage=()):
    """Progress on record in the Data Center."""
    at_us = START_US - int(age_s * US)
    center.progress["crm"] = SourceProgress("crm", epoch, at_us, at_us, coverage)
    return center


def parked_row(ref, attempts=3, reason="why"):
    return ItemRow(
        ref, "failed", reason, attempts, FOUND_US, "a", 0, None, "", 0, True, None, 0, 0.0
    )
