"""Connections of desktops in memory: for the simulator and for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recorder.scn.messages import DesktopCommand


@dataclass(frozen=True, slots=True)
class DesktopEnd:
    """What the desktop's end of a connection does with what comes."""

    hear: Callable[[DesktopCommand], None]
    closed: Callable[[str], None]
    """With the reason."""


class MemoryDesktopLinks:
    """Implements recorder.ports.screens.DesktopLinks: what is sent arrives at once, in order."""

    def __init__(self) -> None:
        self._ends: dict[str, DesktopEnd] = {}

    def connect(self, connection: str, end: DesktopEnd) -> None:
        """A desktop is there."""
        self._ends[connection] = end

    def cut(self, connection: str) -> None:
        """The connection broke; nobody is told."""
        self._ends.pop(connection, None)

    def send(self, connection: str, command: DesktopCommand) -> None:
        """See DesktopLinks."""
        end = self._ends.get(connection)
        if end is not None:
            end.hear(command)

    def close(self, connection: str, reason: str) -> None:
        """See DesktopLinks."""
        end = self._ends.pop(connection, None)
        if end is not None:
            end.closed(reason)
