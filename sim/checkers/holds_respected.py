"""S8: nothing is deleted without a decision on record, and a legal hold beats every rule."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from recorder.model import ItemState, Window
from recorder.records.contacts import ItemRow
from recorder.records.retention import Deletion, DeletionState, Facts, Hold, Scope
from sim.checkers.violation import Violation

PROMISE = "holds_respected"
_BEGUN = {DeletionState.DELETING, DeletionState.DELETED, DeletionState.AGAIN}


def check_deletion(
    what: str, contact: Facts, deletions: Iterable[Deletion], holds: Iterable[Hold], now_us: int
) -> Iterator[Violation]:
    """`what` of a contact is deleted just now; `contact` is how it was the instant before."""
    name = (contact.contact_id,)
    decided = [one for one in deletions if one.contact_id == contact.contact_id]
    begun = [one for one in decided if one.state in _BEGUN]
    if not begun:
        yield Violation(PROMISE, f"{what} was deleted without a decision on record", name)
    elif min(one.due_us for one in begun) > now_us:
        yield Violation(PROMISE, f"{what} was deleted within its recycle period", name)
    for hold in holds:
        if hold.released_us is None and names(hold.scope, contact):
            yield Violation(PROMISE, f"{what} was deleted although {hold.hold_id} holds it", name)


def check_gone(
    rows: Iterable[ItemRow], deletions: Iterable[Deletion], objects: Iterable[str]
) -> Iterator[Violation]:
    """After a settled run: what is gone was decided upon, and nothing of it is left."""
    done = [one for one in deletions if one.state is DeletionState.DELETED]
    told = {f"{one.contact_id}/{one.number}" for one in done}
    for row in rows:
        is_gone = row.state == ItemState.ARCHIVED and row.contact_id is None
        if is_gone and row.reason.rpartition(" ")[2] not in told:
            yield Violation(
                PROMISE, "an archived item has no contact and no decision", (row.ref.key,)
            )
    left = set(objects) & {media.object_key for one in done for media in one.media}
    if left:
        yield Violation(PROMISE, "an object of a deleted contact is left", tuple(sorted(left)))


def names(scope: Scope, contact: Facts) -> bool:
    """A second telling of what a hold covers."""
    wanted: Mapping[str, bool] = {
        "contact": not scope.contact_id
        or scope.contact_id in {contact.contact_id, contact.session_key},
        "source": not scope.source or scope.source == contact.source,
        "text": not scope.text or _begins(scope.text, contact),
        "window": scope.window is None or _within(scope.window, contact),
    }
    return scope != Scope() and all(wanted.values())


def _begins(text: str, contact: Facts) -> bool:
    texts = [contact.contact_id, contact.session_key, *contact.texts]
    folded = [name for name in contact.names if name.startswith(text.casefold())]
    return bool(folded) or any(one.startswith(text) for one in texts)


def _within(window: Window, contact: Facts) -> bool:
    begin = contact.ended_us if contact.started_us is None else contact.started_us
    end = contact.started_us if contact.ended_us is None else contact.ended_us
    if begin is None or end is None:
        return True
    low, high = min(begin, end), max(begin, end)
    return not (high < window.from_us or low >= window.to_us)
