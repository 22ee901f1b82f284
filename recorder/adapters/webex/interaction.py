"""A recording and what is known of its call as one `Interaction`. Pure.

The interaction is the recording, the contact its call session: a call that was recorded on both sides, or
stopped and started again, is one contact with several interactions. A key made of the call's leg would
depend on metadata that the service sometimes does not give; the recording's id does not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from recorder.adapters.webex.cdr_records import Joined
from recorder.adapters.webex.enrich import enriched
from recorder.adapters.webex.parties import Cast, cast_of
from recorder.adapters.webex.records import Metadata, Recording
from recorder.model import Interaction, MediaKind, MediaRef, Segment

AUDIO: Final = "audio"
TRANSCRIPT: Final = "transcript"
CHANNEL: Final = "voice_call"
_OUTWARD: Final = frozenset({"originator", "clicktodial"})
_INWARD: Final = frozenset({"terminator"})
_MEDIA_TYPES: Final = {"MP3": "audio/mpeg"}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was read of one recording. `missing` names what could not be read."""

    recording: Recording
    metadata: Metadata | None = None
    joined: Joined | None = None
    missing: tuple[str, ...] = ()


def media_key(recording_id: str, what: str) -> str:
    """Unique in the source, and the same for as long as the recording exists."""
    return f"{recording_id}/{what}"


def direction(facts: Facts) -> str:
    """As the recorded side saw it."""
    personality = facts.metadata.call.personality if facts.metadata is not None else ""
    if personality in _OUTWARD:
        return "outbound"
    return "inbound" if personality in _INWARD else "unknown"


def session_key(facts: Facts, listed: str) -> str:
    """The call session as known by now; what it was listed with when nothing is."""
    call = facts.metadata.call if facts.metadata is not None else None
    known = facts.recording.service_data.call_session_id
    return known or (call.call_session_id if call is not None else "") or listed


def interaction(facts: Facts, *, listed_session: str, transcript: bool, sizes: bool) -> Interaction:
    """The recording with its files, everyone on its call, and its record of the call history.

    `transcript`: whether one is a file of it; `sizes`: whether the size of the sound is announced.
    """
    recording = facts.recording
    cast = cast_of(recording, facts.metadata, direction(facts))
    started_us, ended_us = _times(facts)
    media = [audio_ref(recording, sizes=sizes)]
    if transcript:
        media.append(_transcript_ref(recording))
    found = Interaction(
        key=recording.id,
        session_key=session_key(facts, listed_session),
        channel=CHANNEL,
        direction=direction(facts),
        started_us=started_us,
        ended_us=ended_us,
        subject=recording.topic,
        parties=cast.parties,
        segments=_segments(facts, cast, started_us, ended_us),
        media=tuple(media),
        attributes=_attributes(facts),
    )
    return found if facts.joined is None else enriched(found, facts.joined)


def audio_ref(recording: Recording, *, sizes: bool) -> MediaRef:
    """The recorded sound."""
    size = recording.size_bytes
    return MediaRef(
        key=media_key(recording.id, AUDIO),
        kind=MediaKind.AUDIO,
        file_name=_file_name(recording, "mp3"),
        media_type=_MEDIA_TYPES.get(recording.format.upper(), ""),
        size_bytes=size if sizes and size is not None and size > 0 else None,
        started_us=recording.recorded_us,
        duration_ms=recording.duration_ms,
    )


def _transcript_ref(recording: Recording) -> MediaRef:
    return MediaRef(
        key=media_key(recording.id, TRANSCRIPT),
        kind=MediaKind.TEXT,
        file_name=_file_name(recording, "txt"),
        media_type="text/plain",
        started_us=recording.recorded_us,
        duration_ms=recording.duration_ms,
    )


def _file_name(recording: Recording, ending: str) -> str:
    """The service names no file; a topic may hold anything."""
    bare = recording.topic.replace("/", "_").replace("\\", "_").strip(" .")
    return f"{bare or recording.id}.{ending}"


def _times(facts: Facts) -> tuple[int | None, int | None]:
    """Begin and end of the recorded part: what the metadata say, else the recording itself."""
    recording, session = facts.recording, None
    if facts.metadata is not None:
        session = facts.metadata.call.session
    started_us = session.started_us if session is not None else None
    ended_us = session.ended_us if session is not None else None
    if started_us is None:
        started_us = recording.recorded_us
    if ended_us is None and recording.recorded_us is not None and recording.duration_ms is not None:
        ended_us = recording.recorded_us + recording.duration_ms * 1000
    if started_us is not None and ended_us is not None and ended_us < started_us:
        ended_us = None
    return started_us, ended_us


def _segments(
    facts: Facts, cast: Cast, started_us: int | None, ended_us: int | None
) -> tuple[Segment, ...]:
    """A stretch for each change of the people heard; one for the whole where no change is known."""
    if not cast.stretches:
        keys = tuple(sorted(party.key for party in cast.parties))
        return (Segment(facts.recording.id, started_us, ended_us, party_keys=keys),)
    last = len(cast.stretches) - 1
    return tuple(
        Segment(
            key=f"{facts.recording.id}:{number}",
            started_us=stretch.started_us,
            ended_us=ended_us if number == last else cast.stretches[number + 1].started_us,
            party_keys=tuple(sorted(stretch.party_keys)),
        )
        for number, stretch in enumerate(cast.stretches)
    )


def _attributes(facts: Facts) -> Mapping[str, str]:
    recording, metadata = facts.recording, facts.metadata
    found: dict[str, object] = {
        "owner_id": recording.owner_id,
        "owner_kind": recording.owner_kind,
        "owner_email": recording.owner_email,
        "created_us": recording.created_us,
        "service": recording.service,
        "region": recording.region,
        "status": "" if recording.status == "available" else recording.status,
        "location_id": recording.service_data.location_id,
        "not_read": ",".join(facts.missing),
    }
    if metadata is not None:
        call = metadata.call
        found |= {
            "owner_name": metadata.owner_name,
            "call_id": call.call_id,
            "personality": call.personality,
            "recording_type": call.recording_type,
            "location_id": recording.service_data.location_id or call.location_id,
            "called_number": call.called.number,
            "managed_by": call.managed_by.id or call.managed_by.number,
            "managed_by_kind": call.managed_by.kind,
        }
        actions = [[action.action, action.at_us] for action in call.actions]
        found["actions"] = json.dumps(actions) if actions else ""
    return {name: str(value) for name, value in sorted(found.items()) if value not in (None, "")}
