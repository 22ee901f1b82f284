"""What screen recording and replay need from the world, as protocols; see `recorder/ports/recording.py`.

Calls block and belong into job functions, but for those marked *any thread*.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from recorder.model import Window
from recorder.scn.messages import DesktopCommand
from recorder.scn.model import AgentEvent, Rendition, ScreenPacket, ScreenPart
from recorder.scn.part import ScnHead, ScnPacket, SealedScn


class AgentEventDb(Protocol):
    """What platforms said of agents, in the Data Center. Raises DataCenterDown or DataCenterError."""

    def record(self, events: Sequence[AgentEvent]) -> None:
        """Add; an event that is there stays as it is."""
        ...

    def since(self, from_us: int, limit: int) -> tuple[AgentEvent, ...]:
        """Those that happened at or after an instant, oldest first."""
        ...

    def of_calls(self, calls: Sequence[str]) -> tuple[AgentEvent, ...]:
        """Those that name one of these calls, oldest first."""
        ...

    def of_agents(self, agent_keys: Sequence[str], window: Window) -> tuple[AgentEvent, ...]:
        """Those of these agents within a period, oldest first."""
        ...


class AgentStates(Protocol):
    """A data source whose platform can be asked what agents did. Optional: `DataSource` does not demand it."""

    def agent_events(self, window: Window) -> tuple[AgentEvent, ...]:
        """What agents did within a period, with the ids that the same events have as messages. Raises SourceError."""
        ...


class ScreenDb(Protocol):
    """Parts and renditions on record. Raises DataCenterDown or DataCenterError. Every write may be repeated.

    The agents of a part are told in order of their keys.
    """

    def record_parts(self, parts: Sequence[ScreenPart]) -> None:
        """Add; a part that is there stays as it is."""
        ...

    def forget_part(self, part_key: str, reason: str) -> None:
        """Its object is gone from the archive, and why; the row stays, without being listed again."""
        ...

    def parts(self, agent_keys: Sequence[str], window: Window) -> tuple[ScreenPart, ...]:
        """Of streams of any of these agents, that touch a period; by stream, then first frame."""
        ...

    def parts_stored_since(self, from_us: int, limit: int) -> tuple[ScreenPart, ...]:
        """Newly arrived parts, oldest first by `stored_us`."""
        ...

    def known(self, part_keys: Sequence[str]) -> frozenset[str]:
        """Those that are on record, forgotten or not."""
        ...

    def objects_known(self, object_keys: Sequence[str]) -> frozenset[str]:
        """Those that a part, or a rendition, on record names: no strays of the archive."""
        ...

    def record_rendition(self, rendition: Rendition) -> Rendition:
        """Add one more of its contact; with the digest of an existing one, that one. Its number is given here."""
        ...

    def renditions(self, contact_id: str) -> tuple[Rendition, ...]:
        """Oldest first; empty when there is none."""
        ...

    def forget_renditions(self, contact_id: str) -> None:
        """The contact is deleted, and their objects are gone: no row is left."""
        ...


class ScreenFiles(Protocol):
    """SCN files in the call buffer: `PART_KEY.scn`, playable at every instant. One thread at a time.

    Raises CallBufferError; `BufferFull` when the space that screens may use is used up. Whatever was written
    when a process dies is found by the next one.
    """

    def begin(self, head: ScnHead) -> None:
        """Create the file of a part, with everything of its head inside."""
        ...

    def append(self, part_key: str, packets: Sequence[ScreenPacket]) -> None:
        """Write to a part that was begun; all or none. Survives the process at once, the host after some seconds."""
        ...

    def seal(self, part_key: str) -> SealedScn | None:
        """Close an open part, durably. None for one without packets, or that is not open: it is gone."""
        ...

    def keep(self, part_key: str) -> None:
        """Mark a part, open or sealed, as kept, durably; it is told by `found` again."""
        ...

    def index(self, part_key: str) -> tuple[ScnPacket, ...]:
        """The packets of a sealed part."""
        ...

    def copy(self, part_key: str, head: ScnHead, seq_last: int) -> SealedScn:
        """A new sealed part with the packets `head.seq_first` to `seq_last` of a sealed one; replaces one of its name."""
        ...

    def adopt(self, part_key: str, source: BinaryIO, sha256: str) -> SealedScn:
        """A sealed part with the content of `source`, which must have this hash; replaces one of its name."""
        ...

    def discard(self, part_key: str) -> None:
        """Delete, open or sealed; nothing happens when there is none."""
        ...

    def found(self) -> tuple[SealedScn, ...]:
        """Seal what an earlier life of this node left open, and tell all sealed parts, by key.

        What is torn is cut to its whole packets; what has none is deleted.
        """
        ...

    def free_bytes(self) -> int:
        """What screens may still use. Never negative."""
        ...


class DesktopLinks(Protocol):
    """Connections to agents' computers. *Any thread*; what is sent to one that is gone is lost."""

    def send(self, connection: str, command: DesktopCommand) -> None:
        """Say something to one desktop."""
        ...

    def close(self, connection: str, reason: str) -> None:
        """End a connection."""
        ...
