"""Events of agents as bytes: on this node's disk, and on the way to the peer.

Each event stands for itself: one that a newer peer knows and this node does not spoils no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, cast

from cluster.packing import pack, unpack
from recorder.codec import Codec
from recorder.errors import RecorderError
from recorder.scn.model import AgentEvent
from recorder.screen.at_hand import TEXT_MAX, is_sane
from recorder.settings.bounds import Bounds

TOPIC: Final = "agent_events"
SHARE_BYTES: Final = 200_000
"""So much goes into one share, well below what a frame may hold."""

_CODEC: Final = Codec(AgentEvent, Bounds(text_chars_max=TEXT_MAX))


def to_bytes(event: AgentEvent) -> bytes:
    """A record of the journal, a part of a share."""
    return _CODEC.encode(event)


def from_bytes(records: Iterable[object]) -> tuple[AgentEvent, ...]:
    """Those that are events; others are passed over."""
    found: list[AgentEvent] = []
    for record in records:
        try:
            event = _CODEC.decode(record) if isinstance(record, bytes) else None
        except RecorderError:
            continue
        if event is not None and is_sane(event):
            found.append(event)
    return tuple(found)


def bodies(events: Iterable[AgentEvent]) -> Iterator[bytes]:
    """Events as bodies of shares, none too large."""
    part: list[bytes] = []
    size = 0
    for event in events:
        record = to_bytes(event)
        if size + len(record) > SHARE_BYTES:
            yield pack(part)
            part, size = [], 0
        part.append(record)
        size += len(record)
    if part:
        yield pack(part)


def from_body(body: bytes) -> tuple[AgentEvent, ...]:
    """The events in a share of the peer; none in one that cannot be read."""
    try:
        part = unpack(body)
    except ValueError:
        return ()
    return from_bytes(cast("list[object]", part)) if isinstance(part, list) else ()
