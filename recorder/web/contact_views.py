"""The JSON of contacts: as in a list, whole, and what each of their revisions brought."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel

from recorder.consolidate.timeline import Span, timeline
from recorder.instants import to_text
from recorder.model import Interaction
from recorder.records.contacts import ContactDetail, ContactRow, MediaRow, RevisionRow
from recorder.records.retention import Hold
from recorder.web.views import instant


class MediaView(BaseModel):
    """A media file in the archive."""

    media: str
    kind: str
    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    object: str
    duration_ms: int | None = None
    stored: str
    stored_by: str

    @staticmethod
    def of(row: MediaRow) -> MediaView:
        """From a row."""
        return MediaView(
            media=row.media_key,
            kind=row.kind,
            file_name=row.file_name,
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            object=row.object_key,
            duration_ms=row.duration_ms,
            stored=to_text(row.stored_us),
            stored_by=row.stored_by,
        )


class ContactView(BaseModel):
    """One line of a list of contacts."""

    contact: str
    source: str
    session: str
    started: str | None = None
    ended: str | None = None
    direction: str
    channel: str
    subject: str | None = None
    parties: list[str]
    interactions: int
    media_files: int
    size_bytes: int
    revision: int
    """Counted from 1: every commit that changed the contact made one."""
    updated: str
    """When this revision was made."""
    updated_by: str | None = None
    """The node that made it."""

    @staticmethod
    def of(row: ContactRow) -> ContactView:
        """From a row."""
        return ContactView(
            contact=row.contact_id,
            source=row.source,
            session=row.session_key,
            started=instant(row.started_us),
            ended=instant(row.ended_us),
            direction=row.direction,
            channel=row.channel,
            subject=row.subject or None,
            parties=list(row.parties),
            interactions=row.interactions,
            media_files=row.media,
            size_bytes=row.size_bytes,
            revision=row.revision,
            updated=to_text(row.updated_us),
            updated_by=row.updated_by or None,
        )


class PartyView(BaseModel):
    """Someone on the call."""

    role: str
    name: str | None = None
    number: str | None = None
    joined: str | None = None
    left: str | None = None


class SegmentView(BaseModel):
    """A stretch of an interaction with fixed parties."""

    segment: str
    started: str | None = None
    ended: str | None = None
    reason: str | None = None


class InteractionView(BaseModel):
    """One conversation as the source reports it."""

    interaction: str
    channel: str
    direction: str
    started: str | None = None
    ended: str | None = None
    subject: str | None = None
    parties: list[PartyView]
    segments: list[SegmentView]
    attributes: dict[str, str]

    @staticmethod
    def of(interaction: Interaction) -> InteractionView:
        """From the model."""
        return InteractionView(
            interaction=interaction.key,
            channel=interaction.channel,
            direction=interaction.direction,
            started=instant(interaction.started_us),
            ended=instant(interaction.ended_us),
            subject=interaction.subject or None,
            parties=[
                PartyView(
                    role=party.role,
                    name=party.name or None,
                    number=party.number or None,
                    joined=instant(party.joined_us),
                    left=instant(party.left_us),
                )
                for party in interaction.parties
            ],
            segments=[
                SegmentView(
                    segment=segment.key,
                    started=instant(segment.started_us),
                    ended=instant(segment.ended_us),
                    reason=segment.reason or None,
                )
                for segment in interaction.segments
            ],
            attributes=dict(interaction.attributes),
        )


class SpanView(BaseModel):
    """A stretch of the contact's common timeline."""

    kind: str
    """interaction, party, segment or media."""
    interaction: str
    id: str
    text: str | None = None
    offset_ms: int | None = None
    """From `started` of the contact, to its begin; negative for what began before."""
    end_offset_ms: int | None = None

    @staticmethod
    def of(span: Span) -> SpanView:
        """From the model."""
        return SpanView(
            kind=span.kind,
            interaction=span.interaction_key,
            id=span.key,
            text=span.text or None,
            offset_ms=None if span.offset_us is None else span.offset_us // 1000,
            end_offset_ms=None if span.end_offset_us is None else span.end_offset_us // 1000,
        )


class ContactDetailView(ContactView):
    """A contact with everything below it."""

    newest_revision: int
    """Higher than `revision` when an older one is shown."""
    all_interactions: list[InteractionView]
    timeline: list[SpanView]
    media: list[MediaView]
    holds: list[str] = []
    """Legal holds in force that cover it: id and reason."""

    @staticmethod
    def of_detail(
        detail: ContactDetail, newest_revision: int, holds: Sequence[Hold] = ()
    ) -> ContactDetailView:
        """From the model."""
        spans = timeline(detail.interactions, detail.row.started_us)
        return ContactDetailView(
            **ContactView.of(detail.row).model_dump(),
            newest_revision=max(newest_revision, detail.row.revision),
            all_interactions=[InteractionView.of(part) for part in detail.interactions],
            timeline=[SpanView.of(span) for span in spans],
            media=[MediaView.of(row) for row in detail.media],
            holds=[f"{one.hold_id}: {one.reason}" for one in holds],
        )


class RevisionView(BaseModel):
    """One revision of a contact, and what it brought."""

    revision: int
    updated: str
    updated_by: str | None = None
    started: str | None = None
    ended: str | None = None
    interactions: int
    media_files: int
    size_bytes: int
    added_interactions: list[str]
    changed_interactions: list[str]
    added_media: list[str]

    @staticmethod
    def of(revision: RevisionRow) -> RevisionView:
        """From the model."""
        row = revision.row
        return RevisionView(
            revision=row.revision,
            updated=to_text(row.updated_us),
            updated_by=row.updated_by or None,
            started=instant(row.started_us),
            ended=instant(row.ended_us),
            interactions=row.interactions,
            media_files=row.media,
            size_bytes=row.size_bytes,
            added_interactions=list(revision.added_interactions),
            changed_interactions=list(revision.changed_interactions),
            added_media=list(revision.added_media),
        )


class RevisionsView(BaseModel):
    """Every revision of a contact, the first one first."""

    contact: str
    source: str
    session: str
    revisions: list[RevisionView]
