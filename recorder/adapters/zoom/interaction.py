"""A meeting and one of its files as an `Interaction`. Pure.

Each item brings its own file and, for one participant's own recording, that participant: what all items of
a meeting tell together is the meeting. So a meeting with hundreds of files costs no more than its files.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from recorder.adapters.zoom.records import File, Meeting
from recorder.errors import BadAnswer, NotReady
from recorder.model import Interaction, MediaKind, MediaRef, Party, Segment

TYPE_WORDS: Final[Mapping[int, str]] = {
    1: "instant",
    2: "scheduled",
    3: "recurring",
    4: "personal_room",
    5: "webinar",
    6: "recurring_webinar",
    7: "personal_audio_conference",
    8: "recurring_fixed",
    9: "recurring_webinar_fixed",
    100: "breakout_room",
}
_KINDS: Final[Mapping[str, tuple[MediaKind, str]]] = {
    "m4a": (MediaKind.AUDIO, "audio/mp4"),
    "mp4": (MediaKind.VIDEO, "video/mp4"),
    "txt": (MediaKind.TEXT, "text/plain"),
    "chat": (MediaKind.TEXT, "text/plain"),
    "vtt": (MediaKind.TEXT, "text/vtt"),
    "cc": (MediaKind.TEXT, "text/vtt"),
    "json": (MediaKind.TEXT, "application/json"),
    "chat_message": (MediaKind.TEXT, "application/json"),
    "transcript": (MediaKind.TEXT, "application/json"),
    "sub_group_member_log": (MediaKind.TEXT, "application/json"),
}
"""By extension, or by file type where there is none."""
_EMPTY_SHA256: Final = hashlib.sha256(b"").hexdigest()


def interaction(
    meeting: Meeting, files: Iterable[File], session_key: str, *, verify: bool
) -> Interaction:
    """The meeting with these of its files as media. `verify`: their bytes must have the fingerprint.

    Raises NotReady while a file is not complete, and BadAnswer for one that nothing could be
    verified by.
    """
    media: list[MediaRef] = []
    reasons: list[str] = []
    parties: dict[str, Party] = {}
    attributes = _attributes(meeting)
    for file in files:
        reason = _why_not(file)
        if reason:
            reasons.append(reason)
            continue
        media.append(_media_ref(file, verify=verify))
        attributes |= _file_attributes(file, verify=verify)
        party = _party(file)
        if party is not None:
            parties[party.key] = party
    return Interaction(
        key=meeting.uuid,
        session_key=meeting.parent_uuid or session_key,
        channel="meeting",
        direction="unknown",
        started_us=meeting.started_us,
        ended_us=_ended_us(meeting),
        subject=meeting.topic,
        parties=tuple(parties.values()),
        segments=tuple(_segment(party) for party in parties.values()),
        media=tuple(media),
        attributes={name: value for name, value in sorted(attributes.items()) if value},
        not_recordable="" if media else next(iter(reasons), "no_files: the meeting has no files"),
    )


def _why_not(file: File) -> str:
    """Why there is nothing to keep of a file; empty when there is. Raises NotReady: come back."""
    if file.status == "failed":
        return "archive_failed: the service could not archive this file"
    if file.status == "processing":
        raise NotReady(
            "the service is still processing this file",
            hint="It is tried again until the file is complete.",
        )
    if not file.download_url and file.file_path:
        return "on_premises: the account keeps this file on its own storage, not at the service"
    if not file.download_url:
        raise BadAnswer(
            "the service names no address for this file",
            hint="It is asked again; look at the meeting in the account's archive.",
        )
    if file.size_bytes == 0:
        if file.fingerprint == _EMPTY_SHA256 or file.messages == 0:
            return "empty_file: the service archived a file without content"
        raise NotReady(
            "the service lists this file with 0 bytes as yet",
            hint="It is tried again until the file has its size.",
        )
    return ""


def _media_ref(file: File, *, verify: bool) -> MediaRef:
    kind, media_type = _kind(file)
    sha256 = (file.fingerprint or None) if verify else None
    if file.size_bytes is None and sha256 is None and not file.attached:
        raise BadAnswer(
            "a file without a readable size and fingerprint: nothing to verify it by",
            hint="It is asked again; look at the meeting in the account's archive.",
        )
    return MediaRef(
        key=file.media_key,
        kind=kind,
        file_name=_file_name(file),
        media_type=media_type,
        size_bytes=file.size_bytes,
        sha256=sha256,
        started_us=file.joined_us,
        duration_ms=_duration_ms(file),
    )


def _kind(file: File) -> tuple[MediaKind, str]:
    """What was sent in the chat may be anything, whatever it is called."""
    if file.attached:
        return MediaKind.OTHER, ""
    for word in (file.extension, file.file_type):
        known = _KINDS.get(word.lower().removeprefix("."))
        if known is not None:
            return known
    return MediaKind.OTHER, ""


def _file_name(file: File) -> str:
    """For people: the service names only what was attached."""
    if file.file_name:
        return file.file_name
    stem = file.recording_type or file.file_type.lower() or file.id
    return f"{stem}.{file.extension.lower()}" if file.extension else stem


def _duration_ms(file: File) -> int | None:
    """How long the participant, or the archiving itself, was in the meeting."""
    if file.joined_us is None or file.left_us is None or file.left_us <= file.joined_us:
        return None
    return (file.left_us - file.joined_us) // 1000


def _ended_us(meeting: Meeting) -> int | None:
    if meeting.started_us is None or meeting.duration_s is None:
        return None
    return meeting.started_us + meeting.duration_s * 1_000_000


def _party(file: File) -> Party | None:
    """Whose own file this is. Without an e-mail address it is someone outside of the host's account."""
    if file.individual is not True:
        return None
    email = file.participant_email
    since = "" if file.joined_us is None else f":{file.joined_us}"
    return Party(
        key=f"{email.lower()}{since}" if email else f"external:{file.id}",
        role="agent" if email else "external",
        name=email,
        joined_us=file.joined_us,
        left_us=file.left_us,
    )


def _segment(party: Party) -> Segment:
    """The stretch that one participant was in the meeting."""
    return Segment(
        key=f"participant:{party.key}",
        started_us=party.joined_us,
        ended_us=party.left_us,
        party_keys=(party.key,),
    )


def _attributes(meeting: Meeting) -> dict[str, str]:
    """Facts of the meeting worth keeping; what an external meeting lacks is left out."""
    kind = meeting.type
    return {
        "meeting_uuid": meeting.uuid,
        "meeting_id": _shown(meeting.id),
        "host_id": meeting.host_id,
        "timezone": meeting.timezone,
        "account_name": meeting.account_name,
        "meeting_type": meeting.meeting_type,
        "type": "" if kind is None else TYPE_WORDS.get(kind, f"type_{kind}"),
        "is_breakout_room": "true" if meeting.is_breakout else "",
        "parent_uuid": meeting.parent_uuid or "",
        "group_id": meeting.group_id,
    }


def _file_attributes(file: File, *, verify: bool) -> dict[str, str]:
    """Facts of one file; they carry its id, for a meeting has several."""
    facts = {
        "file_type": file.file_type,
        "recording_type": file.recording_type,
        "storage_location": file.storage_location,
        "messages": _shown(file.messages),
        "attached": "true" if file.attached else "",
        "announced_sha256": "" if verify else file.fingerprint,
    }
    return {f"{name}:{file.id}": value for name, value in facts.items()}


def _shown(number: int | None) -> str:
    return "" if number is None else str(number)
