"""What a node's own disk keeps of screens and of agents' events."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from typing import Final

from recorder.scn.webm import ScnReader
from recorder.traps import Trap, no_trap
from sim.clockwork.kernel import Chance
from sim.stand_ins.buffer import SimJournal
from sim.stand_ins.screen_files import ScreenDisk
from sim.world.screens.frames import FrameText, frame_of

UNSYNCED_US: Final = 11_000_000
"""An open file is synced every ten seconds: what is younger goes with the power, or not."""


class ScreenShelf:
    """Outlives the process; `crash` is what a crash leaves."""

    def __init__(self, now_us: Callable[[], int], *, trap: Trap = no_trap) -> None:
        """`now_us` is true time."""
        self.journal = SimJournal(trap=trap)
        self.disk = ScreenDisk()
        self.made: dict[str, bytes] = {}
        """What the program that stitches wrote, by path."""
        self._now_us = now_us
        self.power_cuts_us: list[int] = []

    def crash(self, chance: Chance, *, power: bool) -> None:
        """The process died; with `power` the ends of open files are lost or torn."""
        self.journal.crash(power=power, torn_after=0, chance=chance)
        if not power:
            return
        self.power_cuts_us.append(self._now_us())
        young_us = self._now_us() - UNSYNCED_US
        for key, data in sorted(self.disk.opened.items()):
            ends = [end for end, one in _packets(bytes(data)) if one.at_us >= young_us]
            torn = chance.randrange(len(ends) + 1)
            if torn:
                self.disk.tear(key, ends[-torn] - 1)

    def fill(self, full: str, *, buffer: bool) -> None:
        """A reason makes the journal take nothing; `buffer`: no room for screens."""
        self.journal.full = full
        self.disk.bytes_max = 0 if full or buffer else None

    def content(self, path: str) -> bytes:
        """The bytes behind the path of a sealed part, or of what was stitched. Raises FileNotFoundError."""
        if path in self.made:
            return self.made[path]
        key = path.removeprefix("screens/").removesuffix(".scn")
        if key not in self.disk.sealed:
            raise FileNotFoundError(f"{path} is not in the call buffer")
        return self.disk.sealed[key]


def _packets(data: bytes) -> Iterator[tuple[int, FrameText]]:
    """Where each whole packet of a file ends, and what it says."""
    reader = ScnReader(io.BytesIO(data))
    for packet in reader.packets():
        yield reader.whole_bytes, frame_of(packet.data)
