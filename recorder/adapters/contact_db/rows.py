"""Between the recorder's nouns and the rows of the contact database."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import Row

from recorder.adapters.contact_db.columns import clean
from recorder.adapters.contact_db.sql import strings, to_json
from recorder.consolidate.contact import Contact
from recorder.model import (
    BufferedItem,
    Interaction,
    ItemEvent,
    ItemRef,
    MediaKind,
    MediaRef,
    Party,
    Segment,
    StoredMedia,
)
from recorder.records.contacts import ContactRow, ItemRow, MediaRow

Values: TypeAlias = dict[str, Any]
_ID_MIN: Final = 5
_ID_MAX: Final = 100
_BLANK: Final = re.compile(r"\s")
AnyRow: TypeAlias = Row[Any]

# --- items -----------------------------------------------------------------------------------------


def ref_values(ref: ItemRef) -> Values:
    """What every row of an item says of its reference."""
    return {
        "source": ref.source,
        "item_key": ref.key,
        "version": ref.version,
        "changed_us": ref.changed_us,
        "session_key": ref.session_key,
        "hints": to_json(dict(ref.hints)),
    }


def event_values(event: ItemEvent) -> Values:
    """A row of `item_events`."""
    return {
        "node": event.node,
        "boot": event.boot,
        "number": event.number,
        "source": event.source,
        "item_key": event.item_key,
        "at_us": event.at_us,
        "what": event.what,
        "term": event.term,
        "detail": event.detail,
    }


def event_of(row: AnyRow) -> ItemEvent:
    """From a row of `item_events`."""
    return ItemEvent(
        source=row.source,
        item_key=row.item_key,
        node=row.node,
        boot=row.boot,
        number=row.number,
        at_us=row.at_us,
        what=row.what,
        term=row.term,
        detail=row.detail,
    )


def item_of(row: AnyRow) -> ItemRow:
    """From a row of `items`. `late_s` is how long after `changed_us` the item was found."""
    return ItemRow(
        ref=ItemRef(
            source=row.source,
            key=row.item_key,
            version=row.version,
            changed_us=row.changed_us,
            session_key=row.session_key,
            hints=strings(row.hints),
        ),
        state=row.state,
        reason=row.reason,
        attempts=row.attempts,
        found_us=row.found_us,
        found_by=row.found_by,
        updated_us=row.updated_us,
        archived_us=row.archived_us,
        archived_by=row.archived_by,
        retry_at_us=row.retry_at_us,
        parked=bool(row.parked),
        contact_id=row.contact_id,
        size_bytes=row.size_bytes,
        late_s=late_s(row.found_us, row.changed_us),
    )


def late_s(found_us: int, changed_us: int) -> float:
    """Seconds between the source's instant and the finding."""
    return (found_us - changed_us) / 1e6


# --- contacts --------------------------------------------------------------------------------------


def sort_us(started_us: int | None, ended_us: int | None) -> int:
    """What lists of contacts are ordered and windowed by."""
    if started_us is not None:
        return started_us
    return 0 if ended_us is None else ended_us


def shown(contact: Contact) -> tuple[str, ...]:
    """What a list of contacts shows of its parties."""
    named = (party.name or party.number for party in contact.parties)
    return tuple(dict.fromkeys(name for name in named if name))


def contact_values(contact: Contact, interactions: int, sizes: Mapping[str, int]) -> Values:
    """What a row of `contacts` says of the contact itself.

    `interactions` is how many of them are its own, and `sizes` are those of its media.
    """
    return {
        "started_us": contact.started_us,
        "ended_us": contact.ended_us,
        "sort_us": sort_us(contact.started_us, contact.ended_us),
        "direction": contact.direction,
        "channel": contact.channel,
        "subject": contact.subject,
        "parties": to_json(shown(contact)),
        "interactions": interactions,
        "media": len(sizes),
        "size_bytes": sum(sizes.values()),
    }


def contact_of(row: AnyRow) -> ContactRow:
    """From a row of `contacts`."""
    return ContactRow(
        contact_id=row.contact_id,
        source=row.source,
        session_key=row.session_key,
        started_us=row.started_us,
        ended_us=row.ended_us,
        direction=row.direction,
        channel=row.channel,
        subject=row.subject,
        parties=tuple(json.loads(row.parties or "[]")),
        interactions=row.interactions,
        media=row.media,
        size_bytes=row.size_bytes,
        updated_us=row.updated_us,
        revision=row.revision,
        updated_by=row.updated_by,
    )


# --- interactions and what they hold ---------------------------------------------------------------


def interaction_values(interaction: Interaction, owner: Values) -> Values:
    """A row of `interactions`; `owner` holds source and contact id."""
    return {
        **owner,
        "interaction_key": interaction.key,
        "channel": interaction.channel,
        "direction": interaction.direction,
        "started_us": interaction.started_us,
        "ended_us": interaction.ended_us,
        "subject": interaction.subject,
        "attributes": to_json(dict(interaction.attributes)),
        "not_recordable": interaction.not_recordable,
    }


def names_in(attributes: Mapping[str, str]) -> frozenset[str]:
    """Values by which people ask for an interaction: what looks like an id or a number, not words and not prose."""
    values = (clean(value) for value in attributes.values())
    return frozenset(value for value in values if looks_like_id(value))


def looks_like_id(value: str) -> bool:
    """Five to a hundred characters, no blank, and a digit among them."""
    return (
        _ID_MIN <= len(value) <= _ID_MAX
        and not _BLANK.search(value)
        and any(one.isdigit() for one in value)
    )


def party_values(party: Party, owner: Values) -> Values:
    """A row of `parties`; `owner` holds source, contact id and interaction key."""
    return {
        **owner,
        "party_key": party.key,
        "role": party.role,
        "name": party.name,
        "name_folded": party.name.casefold(),
        "number": party.number,
        "joined_us": party.joined_us,
        "left_us": party.left_us,
    }


def party_of(row: AnyRow) -> Party:
    """From a row of `parties`."""
    return Party(
        key=row.party_key,
        role=row.role,
        name=row.name,
        number=row.number,
        joined_us=row.joined_us,
        left_us=row.left_us,
    )


def segment_values(segment: Segment, owner: Values) -> Values:
    """A row of `segments`; `owner` holds source, contact id and interaction key."""
    return {
        **owner,
        "segment_key": segment.key,
        "started_us": segment.started_us,
        "ended_us": segment.ended_us,
        "reason": segment.reason,
        "party_keys": to_json(segment.party_keys),
    }


def segment_of(row: AnyRow) -> Segment:
    """From a row of `segments`."""
    return Segment(
        key=row.segment_key,
        started_us=row.started_us,
        ended_us=row.ended_us,
        reason=row.reason,
        party_keys=tuple(json.loads(row.party_keys or "[]")),
    )


def media_values(item: BufferedItem, stored: StoredMedia, object_key: str) -> Values:
    """A row of `media`, without contact id, revision, instant and node."""
    return {
        "source": item.ref.source,
        "media_key": stored.ref.key,
        "item_key": item.ref.key,
        "interaction_key": item.interaction.key,
        "kind": stored.ref.kind.value,
        "file_name": stored.ref.file_name,
        "media_type": stored.media_type,
        "size_bytes": stored.size_bytes,
        "sha256": stored.sha256,
        "object_key": object_key,
        "started_us": stored.ref.started_us,
        "duration_ms": stored.ref.duration_ms,
    }


def media_of(row: AnyRow) -> MediaRow:
    """From a row of `media`."""
    return MediaRow(
        media_key=row.media_key,
        kind=row.kind,
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        object_key=row.object_key,
        duration_ms=row.duration_ms,
        stored_us=row.stored_us,
        stored_by=row.stored_by,
        interaction_key=row.interaction_key,
        revision=row.revision,
    )


def media_ref_of(row: AnyRow) -> MediaRef:
    """From a row of `media`: as the source described it, but with size and hash as archived."""
    return MediaRef(
        key=row.media_key,
        kind=MediaKind(row.kind),
        file_name=row.file_name,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        started_us=row.started_us,
        duration_ms=row.duration_ms,
    )


def archived_ref(stored: StoredMedia) -> MediaRef:
    """The same for a file that is about to be archived."""
    return MediaRef(
        key=stored.ref.key,
        kind=stored.ref.kind,
        file_name=stored.ref.file_name,
        media_type=stored.media_type,
        size_bytes=stored.size_bytes,
        sha256=stored.sha256,
        started_us=stored.ref.started_us,
        duration_ms=stored.ref.duration_ms,
    )
