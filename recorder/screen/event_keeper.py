"""Keeps the events of the RIS: on this node's disk at once, in the Data Center as soon as it answers.

A part of the actor `Ris`, which hands it its messages; it runs in the actor's own context.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias, assert_never

import structlog

from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level
from recorder.ports.recording import Journal
from recorder.ports.screens import AgentEventDb
from recorder.scn.messages import AgentEventsKept
from recorder.scn.model import AgentEvent
from recorder.screen.at_hand import EVENTS_MAX
from recorder.screen.event_codec import from_bytes, to_bytes
from recorder.screen.event_spool import EventSpool

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("ris")

RETRY_S: Final = 2.0
PAGE: Final = 1_000
EVENTS_DISK_FAILING: Final = "agent_events_disk_failing"
EVENTS_LOST: Final = "agent_events_lost"


@dataclass(frozen=True, slots=True)
class JournalRead:
    """The journal of a former life."""

    outcome: Outcome[tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class EventsSpooled:
    """The disk took events, or did not."""

    events: tuple[AgentEvent, ...]
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class JournalCompacted:
    """The journal was made anew, or was not."""

    events: tuple[AgentEvent, ...]
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class EventsRecorded:
    """The Data Center took events, or did not."""

    events: tuple[AgentEvent, ...]
    outcome: Outcome[None]


@dataclass(frozen=True, slots=True)
class EventsLoaded:
    """What the Data Center has of late."""

    outcome: Outcome[tuple[AgentEvent, ...]]


@dataclass(frozen=True, slots=True)
class DiskDue:
    """Time to try the disk again."""


@dataclass(frozen=True, slots=True)
class DatabaseDue:
    """Time to try the Data Center again."""


@dataclass(frozen=True, slots=True)
class LoadDue:
    """Time to look into the Data Center again."""


KeeperMessage: TypeAlias = (
    JournalRead
    | EventsSpooled
    | JournalCompacted
    | EventsRecorded
    | EventsLoaded
    | DiskDue
    | DatabaseDue
    | LoadDue
)
_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperPorts:
    """What keeping needs of the world."""

    me: Address[Any]
    """Of the actor it is a part of."""
    monitor: Address[MonitorMessage]
    disk: Workers
    database: Workers
    clock: Clock
    journal: Journal
    """Of its own."""
    db: AgentEventDb


class EventKeeper:
    """One per RIS. Each method may start jobs; what they say comes back through `on`."""

    def __init__(self, ports: KeeperPorts) -> None:
        self._ports = ports
        self._spool = EventSpool()
        self._read = False
        self._disk_busy = False
        self._database_busy = False
        self._loading = False
        self._load_from_us: int | None = None
        self._not_safe: dict[_Key, None] = {}
        """Events that a crash would lose."""
        self._told: list[tuple[set[_Key], int, Address[AgentEventsKept]]] = []
        self._open: set[str] = set()
        self.problem = ""

    @property
    def waiting(self) -> int:
        """Events that the Data Center does not have yet."""
        return len(self._spool)

    @property
    def lost(self) -> int:
        """Events given up."""
        return self._spool.lost

    def start(self, from_us: int) -> None:
        """Take up what the journal and the Data Center have since an instant."""
        self._go_on()
        self.load(from_us)

    def load(self, from_us: int) -> None:
        """Look into the Data Center, until it answers; `on` returns what is there."""
        self._load_from_us = from_us
        if not self._loading:
            self._loading = True
            self._ports.database.submit(
                partial(load, self._ports.db, from_us), self._ports.me, EventsLoaded
            )

    def heard(self, events: Sequence[AgentEvent]) -> None:
        """New ones that this node heard first."""
        self._not_safe.update(dict.fromkeys(map(_key, events)))
        self._spool.heard(events)
        self._go_on()

    def told(self, events: Iterable[AgentEvent]) -> None:
        """New ones from the peer; whoever of the two is quicker records them."""
        self._spool.told(events)
        self._go_on()

    def when_safe(
        self, events: Sequence[AgentEvent], reply_to: Address[AgentEventsKept] | None
    ) -> None:
        """Answer as soon as no crash of this node can lose them."""
        if reply_to is None:
            return
        left = {_key(one) for one in events} & self._not_safe.keys()
        self._told.append((left, len(events), reply_to))
        self._answer()

    def on(self, message: KeeperMessage) -> tuple[AgentEvent, ...]:
        """What became of a job. Returns events found in the journal or in the Data Center."""
        found: tuple[AgentEvent, ...] = ()
        match message:
            case JournalRead(outcome):
                found = self._was_read(outcome)
            case EventsSpooled(events, outcome):
                self._spooled(events, outcome)
            case JournalCompacted(events, outcome):
                self._compacted(events, outcome)
            case EventsRecorded(events, outcome):
                self._recorded(events, outcome)
            case EventsLoaded(outcome):
                found = self._loaded(outcome)
            case DiskDue():
                self._disk_busy = False
            case DatabaseDue():
                self._database_busy = False
            case LoadDue():
                self._loading = False
                if self._load_from_us is not None:
                    self.load(self._load_from_us)
            case _:
                assert_never(message)
        self._go_on()
        return found

    def _go_on(self) -> None:
        """One job at a time on the disk, and one in the database."""
        if not self._disk_busy:
            self._use_disk()
        batch = self._spool.batch()
        if batch and not self._database_busy:
            self._database_busy = True
            job = partial(self._ports.db.record, batch)
            self._ports.database.submit(job, self._ports.me, partial(EventsRecorded, batch))

    def _use_disk(self) -> None:
        disk, journal, me = self._ports.disk, self._ports.journal, self._ports.me
        self._disk_busy = True
        if not self._read:
            disk.submit(journal.read, me, JournalRead)
        elif fresh := self._spool.fresh():
            job = partial(journal.append, [to_bytes(one) for one in fresh])
            disk.submit(job, me, partial(EventsSpooled, fresh))
        elif self._spool.is_spent():
            kept = self._spool.compact()
            job = partial(journal.rewrite, [to_bytes(one) for one in kept])
            disk.submit(job, me, partial(JournalCompacted, kept))
        else:
            self._disk_busy = False

    # -- the disk ----

    def _was_read(self, outcome: Outcome[tuple[bytes, ...]]) -> tuple[AgentEvent, ...]:
        match outcome:
            case Done(records):
                self._read = True
                self._disk_works()
                found = from_bytes(records)
                if len(found) < len(records):
                    _log.warning("agent_events_unreadable", records=len(records) - len(found))
                self._spool.found(found)
                return found
            case Failed(error):
                self._spool.spooled(len(self._spool.fresh()), durable=False)
                self._disk_fails(error)
                return ()

    def _spooled(self, events: tuple[AgentEvent, ...], outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                self._disk_works()
                self._spool.spooled(len(events), durable=True)
                self._safe(events)
            case Failed(error):
                # The Data Center may well take them while the disk is tried again.
                self._spool.spooled(len(events), durable=False)
                self._disk_fails(error)

    def _compacted(self, events: tuple[AgentEvent, ...], outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                self._disk_works()
                self._spool.compacted(len(events))
                self._safe(events)
            case Failed(error):
                self._disk_fails(error)

    def _disk_works(self) -> None:
        self._disk_busy = False
        if EVENTS_DISK_FAILING in self._open:
            self._open.discard(EVENTS_DISK_FAILING)
            self._ports.monitor.tell(FindingClosed(EVENTS_DISK_FAILING, "ris"))

    def _disk_fails(self, error: Exception) -> None:
        self._ports.clock.call_later(RETRY_S, self._ports.me, DiskDue())
        self._ill(
            EVENTS_DISK_FAILING,
            f"Events of agents cannot be kept on this node's disk: {error}.",
            "Free or mend the disk of node.data. Until then they go to the Data Center from memory.",
        )

    # -- the Data Center ----

    def _recorded(self, events: tuple[AgentEvent, ...], outcome: Outcome[None]) -> None:
        match outcome:
            case Done():
                self._database_busy = False
                self.problem = ""
                self._spool.recorded(events)
                self._safe(events)
            case Failed(error):
                self.problem = str(error)
                self._ports.clock.call_later(RETRY_S, self._ports.me, DatabaseDue())
        if self._spool.lost:
            self._ill(
                EVENTS_LOST,
                f"{self._spool.lost} events of agents were given up: the Data Center was away too long.",
                "Screens of that time are decided by what is left; see docs/agent-events.md.",
            )

    def _loaded(self, outcome: Outcome[tuple[AgentEvent, ...]]) -> tuple[AgentEvent, ...]:
        match outcome:
            case Done(events):
                self._loading = False
                self._load_from_us = None
                return events
            case Failed():
                self._ports.clock.call_later(RETRY_S, self._ports.me, LoadDue())
                return ()

    def _ill(self, code: str, what: str, hint: str) -> None:
        if code not in self._open:
            self._open.add(code)
            self._ports.monitor.tell(FindingOpened(Finding(code, Level.ERROR, "ris", what, hint)))

    # -- answers ----

    def _safe(self, events: Iterable[AgentEvent]) -> None:
        keys = [_key(one) for one in events]
        for key in keys:
            self._not_safe.pop(key, None)
        for left, _, _ in self._told:
            left.difference_update(keys)
        self._answer()

    def _answer(self) -> None:
        waiting, self._told = self._told, []
        for left, count, reply_to in waiting:
            if left:
                self._told.append((left, count, reply_to))
            else:
                reply_to.tell(AgentEventsKept(count))


def _key(event: AgentEvent) -> _Key:
    return (event.source, event.event_id)


def load(db: AgentEventDb, from_us: int) -> tuple[AgentEvent, ...]:
    """A job: everything since an instant, page by page, as much as a node has at hand."""
    found: dict[_Key, AgentEvent] = {}
    while len(found) < EVENTS_MAX:
        page = db.since(from_us, PAGE)
        found |= {_key(one): one for one in page}
        if len(page) < PAGE:
            break
        last_us = page[-1].at_us
        # A page full of one instant is not gone through by instants: the rest of it is left out.
        from_us = last_us if last_us > from_us else last_us + 1
    return tuple(found.values())
