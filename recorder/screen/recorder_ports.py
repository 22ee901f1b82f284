"""What the screen recorder needs of the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cluster.board import Board
from cluster.messages import LinkMessage
from cluster.ports import Address, Clock, Randomness, Workers
from recorder.messages import MonitorMessage
from recorder.ports.audit import AuditTrail
from recorder.ports.recording import ContactDb
from recorder.ports.screens import AgentEventDb, DesktopLinks, ScreenFiles
from recorder.screen.part_job import PartTools
from recorder.screen.recorder_messages import ScreenRecorderMessage
from recorder.settings.screens import ScreenSettings


@dataclass(frozen=True, slots=True)
class ScreenRecorderPorts:
    """The world of the screen recorder."""

    node: str
    me: Address[ScreenRecorderMessage]
    monitor: Address[MonitorMessage]
    link: Address[LinkMessage]
    board: Board
    clock: Clock
    randomness: Randomness
    links: DesktopLinks
    files: ScreenFiles
    files_lane: Workers
    """One worker: nobody else touches `files`."""
    parts: PartTools
    parts_lane: Workers
    contact_db: ContactDb
    events: AgentEventDb
    reconciled_until_us: Callable[[str], int]
    """Blocks: up to which instant a source was compared with what is on record. Raises DataCenterError."""
    trail: AuditTrail
    settings: ScreenSettings
