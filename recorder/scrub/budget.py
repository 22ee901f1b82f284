"""How much may be read, and when. Pure.

Invariant: from any instant on, no more is read than the rate allows, but for one slice.
"""

from __future__ import annotations

from dataclasses import dataclass

SLICE_BYTES = 4 * 1024 * 1024
LOOK_BYTES = 4096
"""What looking at an object counts at least: many small ones cost too."""
_NS = 1_000_000_000


@dataclass
class Budget:
    """Paces slices of reading."""

    bytes_per_s: float
    free_ns: int = 0
    """Nothing is read before this instant."""

    @property
    def slice_bytes(self) -> int:
        """How much to read at once: what ten seconds allow, at most 4 MiB."""
        return max(LOOK_BYTES, min(SLICE_BYTES, int(10 * self.bytes_per_s)))

    def wait_s(self, now_ns: int) -> float:
        """Seconds until the next slice may be read."""
        return max(0.0, (self.free_ns - now_ns) / _NS)

    def spent(self, bytes_read: int, objects: int, now_ns: int) -> None:
        """So much was read by now."""
        cost = max(bytes_read, objects * LOOK_BYTES)
        self.free_ns = max(self.free_ns, now_ns) + int(cost / self.bytes_per_s * _NS)
