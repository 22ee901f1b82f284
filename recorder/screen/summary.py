"""What the screen recorder shows of itself. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from cluster.board import Board
from recorder.model import Finding
from recorder.scn.recorder_status import DesktopStatus, PeerScreensStatus, ScreenRecorderStatus
from recorder.screen import screen_findings as findings
from recorder.screen.desktops import Desktop, Desktops
from recorder.screen.keeper import Keeper
from recorder.screen.parts import PartState
from recorder.screen.reception import Reception
from recorder.screen.streams import Streams
from recorder.screen.twins import at_both

TOLD_NS: Final = 10 * 10**9
"""What the other node told before that, every two seconds, is not so any more."""
MISSING_S: Final = 15.0
"""So long a desktop may take to begin after it was told to."""


def troubles(reception: Reception, board: Board, now_ns: int) -> list[Finding]:
    """What is wrong with desktops at this moment; the board has what the other node told of its own."""
    desktops = reception.desktops
    return [
        *twice(desktops),
        *missing_for(desktops, now_ns),
        *reception.denials.findings(now_ns),
        *reception.twins.findings(now_ns),
        *_at_both(reception, board.read("peer_screens", PeerScreensStatus), now_ns),
    ]


def _at_both(
    reception: Reception, peer: PeerScreensStatus | None, now_ns: int
) -> Iterator[Finding]:
    """Ids that are connected to both nodes."""
    elsewhere = None
    if peer is not None and now_ns - peer.heard_ns < TOLD_NS:
        elsewhere = frozenset(one.desktop for one in peer.told.desktops)
    here = {one.hello.desktop: one.computer for one in reception.desktops.all()}
    for name in reception.twins.beside(here, elsewhere, now_ns):
        yield at_both(name, here[name], peer.told.node if peer is not None else "")


def twice(desktops: Desktops) -> list[Finding]:
    """Agents with more than one desktop."""
    found: list[Finding] = []
    for agent in desktops.agents():
        *others, recording = [one.hello.desktop for one in desktops.of_agent(agent)]
        if others:
            found.append(findings.two_desktops(agent, recording, ", ".join(others)))
    return found


def missing_for(desktops: Desktops, now_ns: int) -> list[Finding]:
    """Agents whose desktop is here, was told to record, and does not."""
    found: list[Finding] = []
    for desktop in desktops.all():
        if desktop.missing_ns is None:
            continue
        seconds = (now_ns - desktop.missing_ns) / 1e9
        if seconds >= MISSING_S:
            found += [findings.lost(agent, seconds) for agent in desktop.agents]
    return found


def status_of(
    reception: Reception, keeper: Keeper, free_bytes: int, now_ns: int
) -> ScreenRecorderStatus:
    """The snapshot for the board."""
    parts = list(keeper.parts.values())
    ages = [
        age
        for one in reception.desktops.all()
        if one.stream is not None
        and (age := _frame_age_s(one, reception.streams, now_ns)) is not None
    ]
    return ScreenRecorderStatus(
        desktops=tuple(
            _desktop(one, reception.streams, now_ns) for one in reception.desktops.all()
        ),
        parts=len(parts),
        open=sum(part.state is PartState.OPEN for part in parts),
        undecided=sum(part.state is PartState.SEALED and not part.kept for part in parts),
        waiting=sum(
            part.kept and part.state in {PartState.SEALED, PartState.ARCHIVING} for part in parts
        ),
        buffer_bytes=sum(part.sealed.size_bytes for part in parts if part.sealed is not None),
        free_bytes=free_bytes,
        packets=keeper.counts.packets,
        bytes=keeper.counts.bytes,
        archived=keeper.counts.archived,
        deleted=keeper.counts.deleted,
        masked=keeper.counts.masked,
        frame_age_s=max(ages, default=None),
        stopped=reception.closed_because,
    )


def _desktop(desktop: Desktop, streams: Streams, now_ns: int) -> DesktopStatus:
    offset = desktop.meter.best(now_ns)
    return DesktopStatus(
        desktop=desktop.hello.desktop,
        agents=desktop.agents,
        host=desktop.hello.host,
        streaming=desktop.stream is not None,
        masked=bool(desktop.told_masked),
        ahead_ms=None if offset is None else offset.ahead_us / 1000,
        frame_age_s=_frame_age_s(desktop, streams, now_ns),
    )


def _frame_age_s(desktop: Desktop, streams: Streams, now_ns: int) -> float | None:
    frames = [one.frame_ns for one in streams.of_connection(desktop.connection) if one.frame_ns]
    return None if not frames else (now_ns - max(frames)) / 1e9
