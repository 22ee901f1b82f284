"""S2 for amendments: the revisions of a contact are counted without gaps, and none takes anything back."""

from __future__ import annotations

from collections.abc import Sequence

from recorder.records.contacts import RevisionRow
from sim.checkers.violation import Violation

PROMISE = "nothing_twice"


def check_revisions(contact_id: str, seen: Sequence[RevisionRow]) -> tuple[Violation, ...]:
    """`seen` is what the Data Center tells of one contact, the first revision first."""
    found: list[str] = []
    numbers = [row.row.revision for row in seen]
    if not seen or numbers != list(range(1, len(seen) + 1)):
        found.append(f"the revisions of a contact are {', '.join(map(str, numbers)) or 'none'}")
    interactions: set[str] = set()
    media: set[str] = set()
    for number, row in enumerate(seen, 1):
        if interactions & set(row.added_interactions) or media & set(row.added_media):
            found.append("a revision brings what another had brought")
        interactions.update(row.added_interactions)
        media.update(row.added_media)
        if (row.row.interactions, row.row.media) != (len(interactions), len(media)):
            found.append("a revision of a contact does not say what is in it")
        if number > 1 and not (
            row.added_interactions or row.changed_interactions or row.added_media
        ):
            found.append("a revision of a contact brings nothing")
    return tuple(Violation(PROMISE, what, (contact_id,)) for what in dict.fromkeys(found))
