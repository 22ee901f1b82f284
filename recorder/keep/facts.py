"""A contact as rules and holds see it, from whatever row it was read. Pure.

Nothing else makes `Facts`: whoever counted what a hold covers by other facts than those it is respected by would
tell people something else than what holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from recorder.records.retention import Facts, KeptMedia, Part


class ContactRecord(Protocol):
    """What a row of a contact says, in a table or a list."""

    @property
    def contact_id(self) -> str:
        """Of the contact."""
        ...

    @property
    def source(self) -> str:
        """Where it is from."""
        ...

    @property
    def session_key(self) -> str:
        """Of its call session."""
        ...

    @property
    def started_us(self) -> int | None:
        """None: nobody knows."""
        ...

    @property
    def ended_us(self) -> int | None:
        """None: nobody knows."""
        ...

    @property
    def updated_us(self) -> int:
        """Its last change."""
        ...

    @property
    def channel(self) -> str:
        """Of its root."""
        ...

    @property
    def direction(self) -> str:
        """Of its root."""
        ...


def facts_from(
    row: ContactRecord,
    *,
    parts: Iterable[Part] = (),
    names: Iterable[str] = (),
    numbers: Iterable[str] = (),
    item_keys: Iterable[str] = (),
    media: Sequence[KeptMedia] = (),
) -> Facts:
    """Of the row alone: enough for policies that ask nothing of interactions, and for holds without a text.

    `names` are those of its parties, folded, and `numbers` theirs; an empty number is none. `item_keys` are
    those of every item of the contact, `media` all its files.
    """
    return Facts(
        contact_id=row.contact_id,
        source=row.source,
        session_key=row.session_key,
        started_us=row.started_us,
        ended_us=row.ended_us,
        updated_us=row.updated_us,
        channel=row.channel,
        direction=row.direction,
        parts=tuple(parts),
        names=tuple(names),
        texts=(*filter(None, numbers), *item_keys, *(one.media_key for one in media)),
        media=tuple(media),
    )
