"""S2 for conversations: all parts of one conversation are in one contact, whatever order they came in."""

from __future__ import annotations

from collections.abc import Iterable

from recorder.model import ItemState
from recorder.records.contacts import ItemRow
from sim.checkers.nothing_twice import PROMISE
from sim.checkers.violation import Violation
from sim.truth import TruthItem


def check_one_contact(truth: Iterable[TruthItem], rows: Iterable[ItemRow]) -> tuple[Violation, ...]:
    """By what the source knows: `session_key` of the truth names the conversation, as people see it."""
    contacts = {
        (row.ref.source, row.ref.key): row.contact_id
        for row in rows
        if row.state == ItemState.ARCHIVED
    }
    found: dict[tuple[str, str], dict[str, str]] = {}
    for item in truth:
        contact_id = contacts.get((item.source, item.key))
        if contact_id is not None:
            parts = found.setdefault((item.source, item.session_key), {})
            parts.setdefault(contact_id, item.key)
    return tuple(
        Violation(PROMISE, "a conversation is in several contacts", tuple(parts.values()))
        for parts in found.values()
        if len(parts) > 1
    )
