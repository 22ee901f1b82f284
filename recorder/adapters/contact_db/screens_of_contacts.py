"""Which parts of screens show one contact and no other: those go when it is deleted.

A part shows a contact when an agent of the part was on a call of it at that time: as the agent's events say, whose call is
the session key of the contact, or as the contact's own interactions say. In doubt another contact needs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, literal, or_, select, update

from recorder.adapters.contact_db.screen_tables import agent_events, screen_agents, screen_parts
from recorder.adapters.contact_db.tables import contacts, interactions, parties

_AGENT: Final = "agent"
_BEFORE_US: Final = 24 * 3_600_000_000
"""No call of an agent, and no contact, lasts longer."""
_AFTER_US: Final = 3_600_000_000
"""What follows the last event of a call is of it for so long: the work after it."""


@dataclass(frozen=True, slots=True)
class OwnPart:
    """A part that nobody else needs."""

    part_key: str
    object_key: str


def own_parts(connection: Connection, contact_id: str) -> tuple[OwnPart, ...]:
    """Parts on record that show this contact and no other, by key."""
    part = screen_parts.c
    statement = (
        select(part.part_key, part.object_key)
        .where(part.forgotten == "", *_near(connection, contact_id))
        .where(_shows(contacts.c.contact_id == contact_id))
        .where(~_shows(contacts.c.contact_id != contact_id))
        .order_by(part.part_key)
    )
    return tuple(OwnPart(one.part_key, one.object_key) for one in connection.execute(statement))


def contacts_shown(connection: Connection, part_key: str) -> tuple[str, ...]:
    """Ids of the contacts that a part on record shows, in order; also of one that was forgotten."""
    mine = screen_parts.c.part_key == part_key
    found = {
        one
        for statement in (_by_events(), _by_interactions())
        for one in connection.execute(statement.where(mine)).scalars()
    }
    return tuple(sorted(found))


def forget_own(connection: Connection, part: OwnPart, reason: str) -> None:
    """Its object is gone."""
    mine = screen_parts.c.part_key == part.part_key
    connection.execute(update(screen_parts).where(mine).values(forgotten=reason))


def _near(connection: Connection, contact_id: str) -> tuple[ColumnElement[bool], ...]:
    """Of the agents of the contact's calls, around its time: few, whatever else is on record."""
    row, event, party = contacts.c, agent_events.c, parties.c
    found = connection.execute(
        select(row.source, row.session_key, row.sort_us, row.ended_us).where(
            row.contact_id == contact_id
        )
    ).one_or_none()
    if found is None:
        return (literal(value=False) == literal(value=True),)
    by_events = select(event.agent_key).where(
        event.call == found.session_key, event.source == found.source
    )
    by_parties = select(party.source + "/" + party.party_key).where(
        party.contact_id == contact_id, party.role == _AGENT
    )
    agent = screen_agents.c
    begin_us = found.sort_us - _BEFORE_US
    end_us = max(found.ended_us or found.sort_us, found.sort_us) + _BEFORE_US
    near = select(agent.part_key).where(
        or_(agent.agent_key.in_(by_events), agent.agent_key.in_(by_parties)),
        agent.to_us >= begin_us,
        agent.from_us <= end_us,
    )
    return (screen_parts.c.part_key.in_(near),)


def _shows(which: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a part, of the statement around, shows a contact of this kind."""
    return or_(
        *(
            exists(statement.where(which).correlate(screen_parts))
            for statement in (_by_events(), _by_interactions())
        )
    )


def _by_events() -> Select[Any]:
    """The call began before the part ended, and something of it was heard after, or shortly before, the part began."""
    part, agent = screen_parts.c, screen_agents.c
    began, heard = agent_events.alias("began"), agent_events.alias("heard")
    first, later = began.c, heard.c
    goes_on = exists().where(
        later.call == first.call,
        later.agent_key == first.agent_key,
        later.at_us >= part.from_us - _AFTER_US,
    )
    return (
        select(contacts.c.contact_id)
        .join(began, and_(first.call == contacts.c.session_key, first.source == contacts.c.source))
        .join(screen_agents, agent.agent_key == first.agent_key)
        .where(
            agent.part_key == part.part_key,
            first.at_us >= part.from_us - _BEFORE_US,
            first.at_us <= part.to_us,
            goes_on,
        )
    )


def _by_interactions() -> Select[Any]:
    part, agent, one, party = screen_parts.c, screen_agents.c, interactions.c, parties.c
    same = and_(party.source == one.source, party.interaction_key == one.interaction_key)
    return (
        select(contacts.c.contact_id)
        .join(interactions, one.contact_id == contacts.c.contact_id)
        .join(parties, and_(same, party.role == _AGENT))
        .join(screen_agents, agent.agent_key == party.source + "/" + party.party_key)
        .where(
            agent.part_key == part.part_key,
            contacts.c.sort_us >= part.from_us - _BEFORE_US,
            contacts.c.sort_us <= part.to_us,
            one.started_us <= part.to_us,
            or_(one.ended_us.is_(None), one.ended_us >= part.from_us),
        )
    )
