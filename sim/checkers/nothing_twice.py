"""S2, nothing twice: one item row, one contact, one media row and one object for each recording."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import cast

from sim.checkers.contents import Contents
from sim.checkers.violation import Violation

PROMISE = "nothing_twice"


def check_nothing_twice(contents: Contents) -> tuple[Violation, ...]:
    """Every way in which something could be stored twice."""
    contacts = contents.contacts
    media = [(contact.source, row) for contact in contacts for row in contact.media]
    looks: tuple[tuple[str, Iterable[Hashable]], ...] = (
        ("an item has two rows", ((r.ref.source, r.ref.key) for r in contents.items)),
        ("a call session has two contacts", ((c.source, c.session_key) for c in contacts)),
        (
            "an interaction is in two contacts",
            ((c.source, key) for c in contacts for key in c.interaction_keys),
        ),
        ("a media file has two rows", ((source, row.media_key) for source, row in media)),
        ("two media rows hold the same bytes", ((s, row.sha256) for s, row in media)),
        ("two media rows share one object", (row.object_key for _, row in media)),
        ("two objects hold the same bytes", (item.sha256 for item in contents.objects)),
    )
    return tuple(
        Violation(PROMISE, what, twice) for what, keys in looks if (twice := _repeated(keys))
    )


def duplicates(contents: Contents) -> int:
    """How many things are stored twice; one thing may break several rules."""
    found = check_nothing_twice(contents)
    return max((len(violation.items) for violation in found), default=0)


def _repeated(keys: Iterable[Hashable]) -> tuple[str, ...]:
    counted = Counter(keys)
    return tuple(_text(key) for key, count in counted.items() if count > 1)


def _text(key: Hashable) -> str:
    if isinstance(key, tuple):
        return "/".join(str(part) for part in cast("tuple[object, ...]", key))
    return str(key)


class Stored:
    """While a run goes on: each thing that is stored, and where it was stored first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, ...], str] = {}

    def media(
        self, source: str, media_key: str, sha256: str, object_key: str
    ) -> tuple[Violation, ...]:
        """A media file is on record."""
        return (
            *self._one("two media rows hold the same bytes", (source, "bytes", sha256), media_key),
            *self._one("two media rows share one object", ("object", object_key), media_key),
            *self._one("a media file has two objects", (source, "file", media_key), object_key),
        )

    def contact(self, source: str, session_key: str, contact_id: str) -> tuple[Violation, ...]:
        """An item is archived in this contact."""
        place = (source, "session", session_key)
        return self._one("a call session has two contacts", place, contact_id)

    def _one(self, what: str, place: tuple[str, ...], where: str) -> tuple[Violation, ...]:
        first = self._first.setdefault(place, where)
        return () if first == where else (Violation(PROMISE, what, (first, where)),)
