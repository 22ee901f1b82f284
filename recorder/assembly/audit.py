"""The actors of the audit trail and of the scrub, put together; see `recorder/assembly/actors.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.board import Board
from cluster.ports import Address, Behaviour, Clock, Runtime, Workers
from recorder.audit.guard import AuditGuard, GuardSettings
from recorder.audit.trail import NO_TRAIL, Trail
from recorder.audit.writer import AuditWriter
from recorder.ports.audit import AuditAnchor, AuditDb, AuditTrail
from recorder.ports.recording import Archive, Journal
from recorder.ports.scrub import ScrubDb
from recorder.scrub.scrubber import Scrubber
from recorder.settings.stages import ScrubSettings

ACTORS: Final = ("audit", "audit_guard", "scrub")
"""In the order in which they start."""
SCRUB_LANE: Final = "scrub"
"""Of its own: a read that hangs keeps nothing else waiting."""

Begin = Callable[[Address[Any], Behaviour[Any]], None]


@dataclass(frozen=True, slots=True)
class AuditPorts:
    """What the audit trail needs of the world."""

    db: AuditDb
    journal: Journal
    """Of its own."""
    anchor: AuditAnchor
    scrub_db: ScrubDb
    schema: str = ""
    """Revision of the contact database's schema that this program needs."""


class AuditAssembly:
    """Audit trail and scrub of one node; without `ports` there are none, and what is told is forgotten."""

    def __init__(
        self,
        ports: AuditPorts | None,
        *,
        node: str,
        boot: str,
        runtime: Runtime,
        clock: Clock,
        board: Board,
        workers: Mapping[str, Workers],
        archive: Archive,
        settings: ScrubSettings,
    ) -> None:
        self._ports = ports
        self._node = node
        self._boot = boot
        self._runtime = runtime
        self._clock = clock
        self._board = board
        self._workers = workers
        self._archive = archive
        self._settings = settings
        names = ACTORS if ports is not None else ()
        self._at: dict[str, Address[Any]] = {name: runtime.reserve(name) for name in names}
        writer = self._at.get("audit")
        self.trail: AuditTrail = NO_TRAIL if writer is None else Trail(writer=writer, clock=clock)

    @property
    def writer(self) -> Address[Any] | None:
        """Takes `Record`."""
        return self._at.get("audit")

    @property
    def schema(self) -> str:
        """What the migration puts on record; empty without a trail."""
        return "" if self._ports is None else self._ports.schema

    @property
    def watched(self) -> tuple[Address[Any], ...]:
        """Those that answer pings."""
        return tuple(self._at.values())

    @property
    def duties(self) -> tuple[Address[Any], ...]:
        """Those that do the primary's work."""
        return () if self._ports is None else (self._at["scrub"],)

    def start(self, begin: Begin, monitor: Address[Any]) -> None:
        """Start them, with `begin`."""
        if self._ports is None:
            return
        writer = AuditWriter(
            node=self._node,
            boot=self._boot,
            me=self._at["audit"],
            monitor=monitor,
            board=self._board,
            disk=self._workers["local"],
            database=self._workers["database"],
            clock=self._clock,
            journal=self._ports.journal,
            db=self._ports.db,
        )
        guard = AuditGuard(
            me=self._at["audit_guard"],
            monitor=monitor,
            board=self._board,
            database=self._workers["database"],
            clock=self._clock,
            db=self._ports.db,
            anchor=self._ports.anchor,
            settings=GuardSettings(),
        )
        begin(self._at["audit"], writer)
        begin(self._at["audit_guard"], guard)
        begin(self._at["scrub"], self._scrubber(self._ports, monitor))

    def _scrubber(self, ports: AuditPorts, monitor: Address[Any]) -> Scrubber:
        return Scrubber(
            me=self._at["scrub"],
            monitor=monitor,
            board=self._board,
            lane=self._workers[SCRUB_LANE],
            clock=self._clock,
            archive=self._archive,
            db=ports.scrub_db,
            trail=self.trail,
            settings=self._settings,
        )

    def stop(self) -> None:
        """Stop them, in the reverse order of `start`."""
        for name in reversed(self._at):
            self._runtime.stop(self._at[name])
