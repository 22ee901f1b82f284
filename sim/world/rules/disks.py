"""A node's disk: full, failing, slow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sim.world.incident import Fault
from sim.world.rules.rule import End, Hits, Rule, nodes_of, number, one_of

if TYPE_CHECKING:
    from sim.world.world import World

_LONG: Final = (5.0, 20.0, 60.0)


def disk_full(world: World, fault: Fault) -> End:
    """No space for media, or for anything."""
    everything = fault.text("what", "buffer") == "all"
    disks = [world.machines[node].disk for node in nodes_of(fault)]

    def change(by: int) -> None:
        for disk in disks:
            if everything:
                disk.full += by
            else:
                disk.buffer_full += by
            disk.settle()

    change(1)
    return lambda: change(-1)


def fsync_error(world: World, fault: Fault) -> End:
    """Syncs fail with EIO."""
    disks = [world.machines[node].disk for node in nodes_of(fault)]

    def change(by: int) -> None:
        for disk in disks:
            disk.failing_syncs += by

    change(1)
    return lambda: change(-1)


def disk_slow(world: World, fault: Fault) -> End:
    """Syncs take longer."""
    seconds = fault.number("seconds", 1.0)
    disks = [world.machines[node].disk for node in nodes_of(fault)]

    def change(by_s: float) -> None:
        for disk in disks:
            disk.slow_s = max(0.0, round(disk.slow_s + by_s, 9))

    change(seconds)
    return lambda: change(-seconds)


RULES: Final[Mapping[str, Rule]] = {
    "disk_full": Rule(
        disk_full,
        Hits.NODE,
        "The node's disk takes nothing more.",
        _LONG,
        {
            "what": one_of(
                *("buffer", "all"),
                what="the call buffer, or journal, progress and node state as well; buffer",
            )
        },
    ),
    "fsync_error": Rule(
        fsync_error,
        Hits.NODE,
        "Every fsync of the node fails with EIO; what was to be synced is not to be trusted.",
        _LONG,
    ),
    "disk_slow": Rule(
        disk_slow,
        Hits.NODE,
        "Every fsync of the node takes longer.",
        _LONG,
        {"seconds": number(0.1, 0.5, 2.0, 8.0, what="how much longer; 1", high=60.0)},
    ),
}
