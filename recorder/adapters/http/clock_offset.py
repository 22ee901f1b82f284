"""How far this node's clock is off the source's. Windows follow the source's, so it is for people."""

from __future__ import annotations

from typing import Final

from cluster.ports import Clock
from recorder.model import Finding, Level, SourceTime

CLOCK_OFFSET_MAX_S: Final = 60.0


def clock_findings(
    name: str, time: SourceTime | None, clock: Clock, *, hint: str = "Set up NTP on this node."
) -> list[Finding]:
    """A finding about source `name` when the clocks differ by more, or when nothing tells."""
    if time is None:
        what = "the service's answers have no readable Date header"
        return [
            Finding("no_source_clock", Level.WARNING, name, what, "Look for a proxy in between.")
        ]
    since_s = (clock.monotonic_ns() - time.received_ns) / 1e9
    offset_s = clock.wall_us() / 1e6 - since_s - time.source_us / 1e6
    if abs(offset_s) <= CLOCK_OFFSET_MAX_S:
        return []
    side = "ahead of" if offset_s > 0 else "behind"
    what = f"this node's clock is {abs(offset_s):.0f} s {side} the service's"
    return [Finding("clock_offset", Level.WARNING, name, what, hint)]
