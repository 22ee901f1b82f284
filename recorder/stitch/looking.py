"""The job that finds contacts to stitch ahead of time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.model import Window
from recorder.scn.model import ScreenPart
from recorder.stitch.gathering import CLOCKS_US
from recorder.stitch.stitch_ports import StitchTools

PARTS_MAX: Final = 200
LATE_US: Final = 600_000_000
"""By so much a part may come later than its stamp says: each node stamps by its own clock, before it writes."""


@dataclass(frozen=True, slots=True)
class FoundContact:
    """The contact of a call, as it is on record."""

    call: str
    contact_id: str
    revision: int
    updated_us: int


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look brought."""

    calls: tuple[str, ...]
    """Of parts that are new."""
    parts: tuple[str, ...]
    """Keys of all parts so shortly before the cursor that others may come between, to tell them from new ones."""
    cursor_us: int
    contacts: tuple[FoundContact, ...]


def look(tools: StitchTools, cursor_us: int, known: frozenset[str], calls: Sequence[str]) -> Looked:
    """Job: the calls of parts that were stored since `cursor_us`, or lately before, but for `known`; the contacts of `calls`.

    Raises DataCenterError.
    """
    parts = tools.screens.parts_stored_since(cursor_us - LATE_US, PARTS_MAX + len(known))
    fresh = [part for part in parts if part.part_key not in known]
    newest_us = min(parts[-1].stored_us, tools.wall_us()) if parts else cursor_us
    upto_us = max(cursor_us, newest_us)  # a clock that is ahead hides nothing of the other node
    near = tuple(part.part_key for part in parts if part.stored_us >= upto_us - LATE_US)
    return Looked(
        calls=_calls_of(tools, fresh),
        parts=near,
        cursor_us=upto_us,
        contacts=tuple(_contacts(tools, calls)),
    )


def _calls_of(tools: StitchTools, parts: Sequence[ScreenPart]) -> tuple[str, ...]:
    """Calls that the agents of parts had while these were recorded, the newest last."""
    if not parts:
        return ()
    agents = tuple(sorted({agent for part in parts for agent in part.stream.agents}))
    from_us = min(part.from_us for part in parts) - CLOCKS_US
    to_us = max(part.to_us for part in parts) + CLOCKS_US
    events = tools.events.of_agents(agents, Window(from_us, to_us))
    return tuple(dict.fromkeys(event.call for event in events if event.call))


def _contacts(tools: StitchTools, calls: Sequence[str]) -> Iterable[FoundContact]:
    for call in calls:
        for row in tools.contacts.contacts_called(call):
            if row.session_key == call:
                yield FoundContact(call, row.contact_id, row.revision, row.updated_us)
