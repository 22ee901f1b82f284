"""What stitching needs from the world, as protocols; beside `recorder/ports/recording.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from recorder.ports.audit import AuditTrail
from recorder.ports.recording import Archive, ContactDb
from recorder.ports.screens import AgentEventDb, ScreenDb
from recorder.scn.holds_over import NO_HOLDS, HoldsOver
from recorder.scn.model import AgentEvent, ClockOffset, Leg
from recorder.stitch.plan_model import Made, Plan
from recorder.traps import Trap, no_trap

Fold: TypeAlias = Callable[[Sequence[AgentEvent], int], Sequence[Leg]]
"""The legs of one agent by his events, as they are at an instant in microseconds."""


class Studio(Protocol):
    """Where renditions are made: a folder on this node's disk, and a program that works in it. One thread at a time."""

    def make(self, plan: Plan, prefix: str, archive: Archive) -> Made:
        """Read the plan's originals and write its rendition; object keys of what is made begin with `prefix`.

        The files stay until `clear`. Raises StitchFailed for what is wrong with this contact, ArchiveError,
        and CallBufferError when the disk refuses.
        """
        ...

    def write(self, name: str, data: bytes) -> str:
        """Another file, until `clear`; returns its path. Raises CallBufferError when the disk refuses."""
        ...

    def clear(self) -> None:
        """Throw away what was made last, and what a crash left."""
        ...


@dataclass(frozen=True, slots=True)
class StitchTools:
    """What the jobs of stitching use; shared with nobody who changes it."""

    node: str
    contacts: ContactDb
    events: AgentEventDb
    screens: ScreenDb
    archive: Archive
    studio: Studio
    fold: Fold
    service_clock: Callable[[str], ClockOffset | None]
    """How far the clock of a source's service is ahead of this node's. Blocks; never raises."""
    wall_us: Callable[[], int]
    trap: Trap = no_trap
    trail: AuditTrail | None = None
    """Where what is deleted is put on record; None for whoever only looks."""
    holds: HoldsOver = NO_HOLDS
    """Those that a mask overrides."""
