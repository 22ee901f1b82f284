"""The door through which desktops come to the screen recorder."""

from __future__ import annotations

from dataclasses import dataclass

from cluster.ports import Address
from recorder.adapters.desktop_links import DesktopSockets
from recorder.scn.messages import ScreenRecorderCommand


@dataclass(frozen=True, slots=True)
class ScreenDesk:
    """For the web server: who hears what desktops say, and what is said to them."""

    recorder: Address[ScreenRecorderCommand]
    links: DesktopSockets
