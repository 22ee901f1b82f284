"""A prover over a Data Center in memory, and a source that lists what it is told."""

from dataclasses import dataclass, field, replace

from recorder.model import Capabilities, ItemRef, Page, SourceTime
from recorder.prove.make import ProvedSource, Prover
from recorder.records.audit import AuditEntry
from sim.tables.audit import ListedTrail, MemoryAuditDb, MemoryAuditStore
from sim.tables.certificates import MemoryCertificateDb, MemoryCertificateStore, MemorySigner
from sim.tables.data_center import (
    MemoryArchive,
    MemoryArchiveStore,
    MemoryContactDb,
    MemoryContactStore,
)
from tests.recorder.fakes import MP3, buffered
from tests.recorder.hand_clock import HandClock
from tests.recorder.prove.certified import DAY_US, FROM_US

CAPABILITIES = Capabilities(7 * 86_400.0, 100, 1, None)


@dataclass
class ListingSource:
    """Lists its refs, `page_size` at a time, newest first; `troubles` are raised one by one."""

    refs: list
    name: str = "zoom"
    now_us: int = FROM_US + 2 * DAY_US
    page_size: int = 2
    troubles: list = field(default_factory=list)
    windows: list = field(default_factory=list)
    capabilities: Capabilities = CAPABILITIES

    def server_time(self):
        return SourceTime(self.now_us, 0, 0)

    def list_items(self, window, page):
        if self.troubles:
            raise self.troubles.pop(0)
        self.windows.append(window)
        mine = [one for one in self.refs if window.from_us <= one.changed_us < window.to_us]
        mine.sort(key=lambda one: one.changed_us, reverse=True)
        begin = int(page or 0)
        rest = begin + self.page_size
        return Page(
            tuple(mine[begin:rest]), str(rest) if rest < len(mine) else None, self.server_time()
        )


def a_ref(item, at_us=1000, version="v1"):
    return ItemRef("zoom", item, version, FROM_US + at_us, f"session-{item}")


class Proving:
    """Everything a certificate needs, to look into."""

    def __init__(self):
        self.clock = HandClock(wall_start_us=FROM_US + 2 * DAY_US)
        self.contacts = MemoryContactStore()
        self.contact_db = MemoryContactDb(self.contacts, node="alpha", clock=self.clock)
        self.certificates = MemoryCertificateStore()
        self.db = MemoryCertificateDb(self.contacts, self.certificates)
        self.objects = MemoryArchiveStore()
        self.archive = MemoryArchive(self.objects)
        self.audit_db = MemoryAuditDb(MemoryAuditStore())
        self.audit_db.append([AuditEntry("1", 5, "alpha", "anna", "started", "alpha")])
        self.trail = ListedTrail()
        self.waited = []
        self.source = ListingSource([])

    def prover(self, node="alpha"):
        return Prover(
            cluster="tandem",
            node=node,
            build="1.0",
            clock=self.clock,
            db=self.db,
            contact_db=self.contact_db,
            archive=self.archive,
            signer=MemorySigner(node),
            audit_db=self.audit_db,
            trail=self.trail,
        )

    @property
    def proved(self):
        return ProvedSource(self.source, "zoom", 90.0)

    def offer(self, *items, at_us=1000):
        """The source lists them."""
        self.source.refs += [a_ref(item, at_us) for item in items]

    def archive_items(self, *items, at_us=1000):
        """They are in the Data Center."""
        for item in items:
            one = replace(buffered(item), ref=a_ref(item, at_us))
            self.objects.objects[f"zoom/0/{item}.mp3"] = MP3
            self.contact_db.commit([one], [[f"zoom/0/{item}.mp3"]])
