"""The disk of a machine: what survives the process, and what is lost with the power."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import Final

from sim.clockwork.kernel import Chance
from sim.stand_ins.buffer import SimBufferFiles, SimJournal
from sim.stand_ins.node_state import SimNodeStateStore
from sim.stand_ins.progress import MemoryProgress
from sim.world.proof import ProofDisk
from sim.world.screens.shelf import ScreenShelf

DISK_BYTES: Final = 200_000_000


@dataclass
class Disk:
    """What survives the process."""

    files: SimBufferFiles
    journal: SimJournal
    progress: MemoryProgress
    state: SimNodeStateStore
    proof: ProofDisk
    screens: ScreenShelf
    slow_s: float = 0.0
    """Added to every sync."""
    failing_syncs: int = 0
    """Faults that make every sync fail."""
    full: int = 0
    """Faults that leave no space for anything."""
    buffer_full: int = 0
    """Faults that leave no space in the call buffer."""

    def crash(self, chance: Chance, *, power: bool) -> None:
        """The process died; with `power` what was not synced is lost or torn."""
        torn = chance.randrange(3) if power else 0
        self.files.crash(power=power, chance=chance)
        self.journal.crash(power=power, torn_after=torn, chance=chance)
        self.state.crash(chance if power else None)
        self.progress.crash(chance if power else None)
        self.proof.crash(chance, power=power)
        self.screens.crash(chance, power=power)

    def settle(self) -> None:
        """Take over what the faults say now."""
        full = self.full > 0
        self.files.capacity_bytes = 0 if full or self.buffer_full else DISK_BYTES
        self.journal.full = os.strerror(errno.ENOSPC) if full else ""
        self.progress.full = self.state.full = full
        self.proof.fill(self.journal.full)
        self.screens.fill(self.journal.full, buffer=self.buffer_full > 0)
