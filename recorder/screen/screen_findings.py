"""What an operator is told about the recording of screens. Pure."""

from __future__ import annotations

from recorder.model import Finding, Level
from recorder.screen.denials import DESKTOP_DENIED
from recorder.screen.twins import DESKTOP_TWICE

NAME = "screens"
SCREENS_STOPPED = "screens_stopped"
SCREEN_LOST = "screen_lost"
TWO_DESKTOPS = "two_desktops"
SCREENS_WAITING = "screens_waiting"
SCREEN_REFUSED = "screen_refused"
SCREEN_DISK_FULL = "screen_disk_full"
LIVE = frozenset({SCREEN_LOST, TWO_DESKTOPS, DESKTOP_DENIED, DESKTOP_TWICE})
"""Looked for at every tick, and closed where they are not found any more."""


def disk_full(what: str) -> Finding:
    """No room for screens; audio has room of its own."""
    return Finding(
        code=SCREEN_DISK_FULL,
        level=Level.ERROR,
        subject=NAME,
        what=f"No screens are recorded on this node: {what}. Audio is not touched; "
        "desktops are sent to the other node.",
        hint="Free space on the disk of the call buffer, or raise screens.buffer_bytes_max.",
    )


def disk_failing(what: str) -> Finding:
    """The disk refuses for another reason."""
    return Finding(
        code=SCREENS_STOPPED,
        level=Level.ERROR,
        subject=NAME,
        what=f"No screens are recorded on this node: {what}. Desktops are sent to the other node.",
        hint="Check the disk of the call buffer; it is tried again by itself.",
    )


def lost(agent: str, seconds: float) -> Finding:
    """An agent talks, the desktop is connected here, and no screen comes."""
    return Finding(
        code=SCREEN_LOST,
        level=Level.ERROR,
        subject=agent,
        what=f"The desktop of {agent} does not record, although it was told to {seconds:.0f} s ago.",
        hint="See `tandem agent-desktop --status` and its log on that computer.",
    )


def two_desktops(agent: str, recording: str, others: str) -> Finding:
    """Both claim to be the agent's."""
    return Finding(
        code=TWO_DESKTOPS,
        level=Level.WARNING,
        subject=agent,
        what=f"{agent} has more than one desktop: {recording} records, {others} does not.",
        hint="Give each computer its own agent, or stop the service where nobody works.",
    )


def waiting(count: int, what: str, hint: str) -> Finding:
    """The Data Center takes nothing."""
    return Finding(
        code=SCREENS_WAITING,
        level=Level.ERROR,
        subject=NAME,
        what=f"{count} part(s) of screens wait in the call buffer for the Data Center: {what}.",
        hint=hint or "They are archived by themselves once it is back.",
    )


def refused(part_key: str, reason: str) -> Finding:
    """One part does not get through while others do."""
    return Finding(
        code=SCREEN_REFUSED,
        level=Level.ERROR,
        subject=NAME,
        what=f"Part {part_key[:8]}… of a screen cannot be archived: {reason}.",
        hint="It stays in the call buffer and is tried every minute.",
    )
