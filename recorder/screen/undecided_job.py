"""The job that decides about parts nobody decided about: by the contact of their call, or by time.

A part whose leg was neither answered nor refused, as far as was heard, is kept when a contact says that its agent was
on that call. When none does, it is deleted once it is old enough and the period was reconciled: then
nothing that could still ask for it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recorder.errors import RecorderError
from recorder.ports.recording import ContactDb
from recorder.records.contacts import ContactDetail
from recorder.scn.model import agent_keys_of
from recorder.scn.verdicts import Fate

AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Undecided:
    """A part in the call buffer."""

    part_key: str
    agents: tuple[str, ...]
    calls: tuple[str, ...]
    to_us: int


@dataclass(frozen=True, slots=True)
class Decisions:
    """About each part, in the given order."""

    fates: tuple[tuple[str, Fate], ...]
    failed: str = ""
    """Why nothing could be looked up."""


def decide(
    db: ContactDb,
    reconciled_until_us: Callable[[str], int],
    parts: Sequence[Undecided],
    old_before_us: int,
) -> Decisions:
    """Job: look up the contacts of the parts' calls. Raises nothing but bugs.

    `reconciled_until_us` tells up to which instant a source was compared with what is on record.
    """
    try:
        return Decisions(
            tuple(
                (part.part_key, _fate(db, reconciled_until_us, part, old_before_us))
                for part in parts
            )
        )
    except RecorderError as error:
        return Decisions((), str(error))


def _fate(
    db: ContactDb,
    reconciled_until_us: Callable[[str], int],
    part: Undecided,
    old_before_us: int,
) -> Fate:
    sources = {agent.partition("/")[0] for agent in part.agents}
    for call in part.calls:
        for row in db.contacts_called(call):
            if row.session_key == call and row.source in sources:
                contact = db.contact(row.contact_id)
                if contact is not None and _was_on(contact, part.agents):
                    return Fate.KEEP
    if part.to_us >= old_before_us:
        return Fate.WAIT
    done = all(reconciled_until_us(source) >= part.to_us for source in sorted(sources))
    return Fate.DELETE if done else Fate.WAIT


def _was_on(contact: ContactDetail, agents: Sequence[str]) -> bool:
    """Whether any of the agents took part; a contact that names no agents may be of any."""
    named = {
        key
        for interaction in contact.interactions
        for party in interaction.parties
        if party.role == AGENT
        for key in agent_keys_of(contact.row.source, party.key)
    }
    return not named or not named.isdisjoint(agents)
