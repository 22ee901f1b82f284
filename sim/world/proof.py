"""Audit trail and scrub in a world: what outlives the nodes, and whether it is right in the end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from recorder.assembly.audit import AuditPorts
from recorder.audit.chain import Anchor
from recorder.traps import Trap, no_trap
from sim.checkers.audit_kept import check_scrub, check_trail
from sim.checkers.violation import Violation
from sim.clockwork.kernel import Chance
from sim.stand_ins.buffer import SimJournal
from sim.tables.audit import MemoryAuditAnchor, MemoryAuditDb, MemoryAuditStore
from sim.tables.data_center import DataCenterFaults, MemoryArchiveStore, MemoryContactStore
from sim.tables.retention import RetentionTables
from sim.tables.screens import ScreenTables
from sim.tables.scrub import MemoryScrubDb, ScrubTables

TELLING_S: Final = 30.0
"""After a run has settled: what a node died before telling is told within it."""


class ProofDisk:
    """What a node's own disk keeps of the audit trail."""

    def __init__(self, *, trap: Trap = no_trap) -> None:
        self.journal = SimJournal(trap=trap)
        self.anchor = MemoryAuditAnchor()

    def crash(self, chance: Chance, *, power: bool) -> None:
        """The process died; with `power` what was not synced is lost."""
        self.journal.crash(power=power, torn_after=0, chance=chance)

    def fill(self, full: str) -> None:
        """A reason makes every write fail; empty when there is space."""
        self.journal.full = full
        self.anchor.full = bool(full)


@dataclass
class ProofTables:
    """What the Data Center keeps of audit trail and scrub."""

    trail: MemoryAuditStore = field(default_factory=MemoryAuditStore)
    scrub: ScrubTables = field(default_factory=ScrubTables)

    def ports(
        self,
        disk: ProofDisk,
        contacts: MemoryContactStore,
        retention: RetentionTables,
        screens: ScreenTables,
        faults: DataCenterFaults,
    ) -> AuditPorts:
        """For one life of a node."""
        return AuditPorts(
            db=MemoryAuditDb(self.trail, contacts=contacts, faults=faults),
            journal=disk.journal,
            anchor=disk.anchor,
            scrub_db=MemoryScrubDb(
                self.scrub, contacts, retention=retention, screens=screens, faults=faults
            ),
        )

    def at_the_end(
        self,
        disks: Iterable[tuple[str, ProofDisk]],
        contacts: MemoryContactStore,
        objects: MemoryArchiveStore,
    ) -> Iterator[Violation]:
        """The trail is whole and complete, and the scrub says what is so."""
        heads = [(node, disk.anchor.load()) for node, disk in disks]
        anchors = [
            Anchor(head.number, head.hash, f"the disk of {node}")
            for node, head in heads
            if head.number
        ]
        deletions = contacts.deletions.values()
        yield from check_trail(self.trail.records, anchors, contacts.history, deletions)
        media = [one.row for one in contacts.contacts.media.values()]
        yield from check_scrub(self.scrub.rows.values(), media, objects.objects)
