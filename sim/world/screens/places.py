"""Which frames a script, a file or a fault speaks of. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from recorder.errors import CallBufferError
from sim.checkers.screen_follows_agent import Place
from sim.clockwork.clock import WALL_START_US
from sim.tables.screens import ScreenTables
from sim.world.screens.frames import frames_in
from sim.world.screens.script import Stretch
from sim.world.screens.shelf import UNSYNCED_US

if TYPE_CHECKING:
    from sim.world.screens.desktop import SimDesktop

_MASKED: Final = "masked"


def instants(span: Stretch) -> tuple[int, int]:
    """From seconds of the script to microseconds since 1970."""
    return (
        WALL_START_US + round(span.from_s * 1_000_000),
        WALL_START_US + round(span.to_s * 1_000_000),
    )


def places(data: bytes) -> tuple[Place, ...]:
    """The frames of an SCN file; none of what is none."""
    try:
        return tuple((one.stream, one.seq) for one in frames_in(data))
    except CallBufferError:
        return ()


def unsynced(desktop: SimDesktop, node: str, cut_us: int) -> Iterator[Place]:
    """Frames that a node may have lost with its power: acknowledged, and not yet synced."""
    young_us = cut_us - UNSYNCED_US
    for kept in desktop.kept:
        kept_us = WALL_START_US + kept.at_ns // 1000
        if kept.node == node and young_us <= kept_us <= cut_us + UNSYNCED_US:
            yield from (
                place
                for place, one in desktop.captured.items()
                if place[0] == kept.stream
                and place[1] <= kept.seq
                and one.at_us >= young_us - UNSYNCED_US
            )


def deleted(tables: ScreenTables) -> Iterator[Place]:
    """Frames of parts that went with their contact."""
    for key, reason in tables.forgotten.items():
        if reason != _MASKED:
            part = tables.parts[key]
            for seq in range(part.seq_first, part.seq_last + 1):
                yield part.stream.stream, seq
