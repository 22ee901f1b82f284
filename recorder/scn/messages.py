"""What the actors of screen recording tell each other, and what desktops and nodes say to each other.

One union per receiver, as in `recorder/messages.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from cluster.ports import Address
from recorder.scn.model import AgentEvent, Leg, ScreenPacket, ScreenStream

# --- to the RIS --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AgentEventsHeard:
    """From a message of a platform, from asking it, or from the peer. May be late, doubled, in any order."""

    events: tuple[AgentEvent, ...]
    from_peer: bool = False
    reply_to: Address[AgentEventsKept] | None = None
    """Told when no crash of this node can lose them any more."""


@dataclass(frozen=True, slots=True)
class AgentEventsKept:
    """So many events are on this node's disk, or in the Data Center."""

    events: int


RisCommand: TypeAlias = AgentEventsHeard

# --- to who asks platforms what agents did ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AskStates:
    """A message said that something happened, but not all of it: ask this source now."""

    source: str


# --- from the RIS to the screen recorder ----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LegsChanged:
    """Every leg of one agent that is at hand, oldest first: those that last, and those that ended lately.

    Recording goes on while any leg of the agent lasts (its span has no end), and stops when the last one
    ended. What only deleted legs cover is deleted. An ended leg may change yet, when an event comes late. No
    leg at all is no order to stop: old legs leave this list without a word.
    """

    agent_key: str
    legs: tuple[Leg, ...]


# --- desktop to node ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DesktopHello:
    """First word of a desktop on a connection."""

    desktop: str
    """Its own stable id."""
    agents: tuple[str, ...]
    """Agent keys."""
    host: str
    build: str
    streaming: ScreenStream | None
    """What it records at this moment, also while no node was there."""
    life: str = ""
    """Of its process: another one after each start. Empty from an older desktop."""


@dataclass(frozen=True, slots=True)
class StreamBegan:
    """It records: in answer to StartScreen, or again after a change of the screen's size (a new stream)."""

    stream: ScreenStream


@dataclass(frozen=True, slots=True)
class PacketsCame:
    """Frames, in order."""

    stream: str
    packets: tuple[ScreenPacket, ...]


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """It records no more; everything up to `seq_last` was sent."""

    stream: str
    seq_last: int
    reason: str
    """stopped, restarted, failed: what."""


@dataclass(frozen=True, slots=True)
class ClockTold:
    """An answer to `AskClock`."""

    number: int
    desktop_us: int


DesktopSaying: TypeAlias = DesktopHello | StreamBegan | PacketsCame | StreamEnded | ClockTold

# --- node to desktop ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    """Answer to the hello. `next_seq`: where to go on; None: from the last key frame not yet acknowledged anywhere."""

    node: str
    next_seq: int | None
    keep_alive_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """This desktop cannot be served; try again after `retry_s`."""

    what: str
    hint: str
    retry_s: float


@dataclass(frozen=True, slots=True)
class StartScreen:
    """Record until told to stop. Harmless while recording."""

    frames_per_s: float


@dataclass(frozen=True, slots=True)
class StopScreen:
    """Stop recording. Harmless while not recording."""


@dataclass(frozen=True, slots=True)
class MaskScreen:
    """Capture nothing while on; the first frame afterwards is a key frame."""

    on: bool


@dataclass(frozen=True, slots=True)
class NeedKeyFrame:
    """The next frame must stand alone: a new part begins."""


@dataclass(frozen=True, slots=True)
class PacketsKept:
    """Everything of this stream up to `seq` is in a file: forget it."""

    stream: str
    seq: int


@dataclass(frozen=True, slots=True)
class AskClock:
    """Say what your clock shows."""

    number: int


DesktopCommand: TypeAlias = (
    Welcome
    | Refused
    | StartScreen
    | StopScreen
    | MaskScreen
    | NeedKeyFrame
    | PacketsKept
    | AskClock
)

# --- to the screen recorder ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DesktopSaid:
    """What came in on a connection."""

    connection: str
    saying: DesktopSaying
    address: str = ""
    """Where a hello came from."""


@dataclass(frozen=True, slots=True)
class DesktopGone:
    """A connection ended."""

    connection: str
    reason: str


@dataclass(frozen=True, slots=True)
class DesktopDenied:
    """A computer named itself otherwise than its token allows; it was turned away."""

    named: str
    """What it said that it is."""
    owner: str
    """The desktop whose token it has."""
    token: str
    """The name of the secret behind it in `web.tokens`."""
    host: str
    """As it calls itself."""
    address: str
    """Where it came from."""


ScreenRecorderCommand: TypeAlias = LegsChanged | DesktopSaid | DesktopGone | DesktopDenied

# --- to the stitcher -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stitch:
    """Somebody wants to replay this contact: make it ready unless it is. May be repeated, may be lost."""

    contact_id: str


StitcherCommand: TypeAlias = Stitch
