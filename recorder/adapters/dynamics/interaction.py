"""Rows of the tables as one `Interaction`. Pure.

The conversation is the interaction; its sessions are the segments; its participants are parties, one
for each stretch a person was on the call, so that audio can be told to agents by time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recorder.adapters.dynamics.records import (
    AcsMetadata,
    Conversation,
    Participant,
    PhoneContext,
    Recording,
    Session,
    User,
)
from recorder.model import Interaction, MediaKind, MediaRef, Party, Segment

CLOSURE_WORDS: Mapping[int, str] = {
    192350000: "default",
    192350001: "agent_reject",
    192350002: "agent_timeout",
    192350003: "conversation_timeout",
    192350004: "agent_closed",
    192350005: "conversation_closed",
    192350006: "agent_transferred",
    192350007: "agent_disconnected",
    192350008: "agent_rerouted",
    192350009: "virtual_agent_closed",
    192350010: "agent_transfer_to_queue",
    192350011: "supervisor_assign_to_queue",
    192350012: "supervisor_transfer_to_agent",
    192350013: "system_reject",
    192350014: "force_close",
    192350015: "overflow_queue_transfer",
    192350016: "overflow_end_conversation",
    192350017: "add_agent_failed",
    192350018: "auto_close",
    192350019: "secondary_channel_closed",
    192350020: "customer_disconnect",
    192350021: "agent_end_conversation",
    192350022: "customer_end_conversation",
}
CHANNEL_WORDS: Mapping[int, str] = {
    19241000: "teams",  # eight digits in the product
    192300000: "whatsapp",
    192310000: "line",
    192320000: "wechat",
    192330000: "facebook",
    192340000: "sms",
    192350000: "entity_records",
    192350001: "twitter",
    192350002: "custom",
    192360000: "live_chat",
    192370000: "voice",
    192380000: "video",
    192390000: "co_browse",
    192400000: "screen_sharing",
    192440000: "voice_call",
    192450000: "apple_messages",
    192450001: "google_business_messages",
}
MODE_ROLES: Mapping[int, str] = {
    192350002: "agent",
    192350003: "consultant",
    192350004: "monitor",
    192350005: "monitor",  # preview: a supervisor who looks in
}
_GOING_ON = (1, 2, 3)
"""Open, Active, Waiting: the call may be between two sessions."""
_AUDIBLE_FIRST = (192440000, 192370000, 192380000)
_LEFT_UNHEARD = frozenset({"agentreject", "agenttimeout"})
_NUMBER = re.compile(r"^\+?[0-9][0-9 ()./-]{2,30}$")
_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Rows:
    """All that was read of one recording. What could not be read is absent and named in `missing`."""

    recording: Recording
    conversation_id: str | None
    conversation: Conversation | None = None
    sessions: tuple[Session, ...] = ()
    participants: tuple[Participant, ...] = ()
    phone: tuple[PhoneContext, ...] = ()
    users: Mapping[str, User] = field(default_factory=dict[str, User])
    metadata: AcsMetadata | None = None
    missing: tuple[str, ...] = ()
    """Tables that could not be read, for the record and the operator."""


def media_key(recording: Recording) -> str:
    """Unique in the source; another file in the same row is another medium."""
    return f"{recording.id}/{recording.file_id}"


def interaction(
    rows: Rows, session_key: str, channels: tuple[int, ...] | None = None
) -> Interaction:
    """What is known of the recording's conversation, with this recording's file as its media.

    A recording without a conversation is an interaction of its own, of the call session it was listed
    with; a conversation that is known by now is the call session, whatever the listing said. `channels` not listed are
    not recordable; an unknown channel always is.
    """
    recording, conversation = rows.recording, rows.conversation
    channel = _channel(rows)
    excluded = channels is not None and channel is not None and channel not in channels
    media = media_ref(recording, rows.metadata)
    started_us, ended_us = _times(rows)
    sessions = sorted(rows.sessions, key=lambda s: (_start(s) or _NEVER, s.id))
    return Interaction(
        key=rows.conversation_id or recording.id,
        session_key=rows.conversation_id or session_key,
        channel=channel_word(channel),
        direction=_direction(conversation),
        started_us=started_us,
        ended_us=ended_us,
        subject=(conversation.subject or conversation.title) if conversation else "",
        parties=_parties(rows),
        segments=tuple(_segment(session, rows.participants) for session in sessions),
        media=() if excluded else (media,),
        attributes=_attributes(rows),
        not_recordable=f"channel_excluded: {channel_word(channel)}" if excluded else "",
    )


def media_ref(recording: Recording, metadata: AcsMetadata | None) -> MediaRef:
    """The recording's file, by what the service announces; the bytes themselves have the last word."""
    audio = recording.audio
    media_type = audio.media_type.lower() if audio else ""
    return MediaRef(
        key=media_key(recording),
        kind=MediaKind.VIDEO if media_type.startswith("video/") else MediaKind.AUDIO,
        file_name=(audio.file_name if audio else "") or recording.file_name,
        media_type=media_type,
        size_bytes=audio.size_bytes if audio else None,
        started_us=metadata.started_us if metadata else None,
        duration_ms=_positive(metadata.duration_ms) if metadata else None,
    )


def channel_word(channel: int | None) -> str:
    """A word for a channel number; unknown numbers are shown, not hidden."""
    if channel is None:
        return "unknown"
    return CHANNEL_WORDS.get(channel, f"channel_{channel}")


def closure_word(closure: int | None) -> str:
    """A word for a session's closure reason."""
    if closure is None:
        return ""
    return CLOSURE_WORDS.get(closure, f"closure_{closure}")


def _channel(rows: Rows) -> int | None:
    """A conversation may have several; the audible one is what was recorded."""
    known = [*(rows.conversation.channels if rows.conversation else ())]
    known += [channel for session in rows.sessions for channel in session.channels]
    for audible in _AUDIBLE_FIRST:
        if audible in known:
            return audible
    return known[0] if known else None


def _direction(conversation: Conversation | None) -> str:
    match conversation.is_outbound if conversation else None:
        case True:
            return "outbound"
        case False:
            return "inbound"
        case None:
            return "unknown"


def _times(rows: Rows) -> tuple[int | None, int | None]:
    """Begin and end: the conversation's own, then its sessions', then the recording's.

    Wrap-up begins when the call ends; "closed" may lag behind by minutes and counts last.
    """
    started_us: int | None = None
    ended_us: int | None = None
    one = rows.conversation
    if one is not None:
        started_us = _some(one.initiated_us, one.started_us, one.actual_start_us, one.created_us)
        ended_us = _some(one.wrap_up_us, one.actual_end_us, one.closed_us)
    metadata = rows.metadata
    ends = [session.closed_us for session in rows.sessions]
    goes_on = None in ends or (one is not None and one.status in _GOING_ON)
    if ended_us is None and not goes_on:
        ended_us = max((end for end in ends if end is not None), default=None)
    if started_us is None:
        starts = [start for session in rows.sessions if (start := _start(session)) is not None]
        started_us = min(starts, default=None)
    if started_us is None and metadata is not None:
        started_us = metadata.started_us
        ended_us = _some(ended_us, _end_of(metadata))
    if started_us is None:
        started_us = rows.recording.created_us
    return started_us, ended_us


def _end_of(metadata: AcsMetadata) -> int | None:
    duration_ms = _positive(metadata.duration_ms)
    if metadata.started_us is None or duration_ms is None:
        return None
    return metadata.started_us + duration_ms * 1000


def _start(session: Session) -> int | None:
    return _some(session.accepted_us, session.created_us)


def _some(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


def _positive(value: int | None) -> int | None:
    return value if value is not None and value > 0 else None


def _segment(session: Session, participants: tuple[Participant, ...]) -> Segment:
    keys = (
        party_key(one) for one in participants if one.session_id == session.id and _was_heard(one)
    )
    return Segment(
        key=session.id,
        started_us=_start(session),
        ended_us=session.closed_us,
        reason=closure_word(session.closure),
        party_keys=tuple(sorted(set(keys))),
    )


def party_key(participant: Participant) -> str:
    """The agent's user id and the stretch: a person may be on a call more than once."""
    return f"{participant.agent_id or 'external'}:{participant.id}"


def _was_heard(participant: Participant) -> bool:
    """False for an agent who rejected the call or let it ring."""
    if participant.joined_us is not None:
        return True
    return participant.left_reason.lower() not in _LEFT_UNHEARD and bool(
        participant.external_number or participant.left_us
    )


def _parties(rows: Rows) -> tuple[Party, ...]:
    heard = {one.id: one for one in rows.participants if _was_heard(one)}
    stretches = sorted(heard.values(), key=lambda one: (one.joined_us or _NEVER, one.id))
    parties = [_party(one, rows.users) for one in stretches]
    agent_id = rows.conversation.last_agent_id if rows.conversation else None
    if not parties and agent_id is not None:
        user = rows.users.get(agent_id)
        parties.append(Party(agent_id, _role_of(user, "agent"), _name_of(user)))
    customer = _customer(rows)
    return (customer, *parties) if customer is not None else tuple(parties)


def _party(participant: Participant, users: Mapping[str, User]) -> Party:
    user = users.get(participant.agent_id or "")
    role = MODE_ROLES.get(participant.mode or 0, "agent")
    if participant.external_number:
        role = "external"
    return Party(
        key=party_key(participant),
        role=_role_of(user, role),
        name=_name_of(user) or participant.name,
        number=participant.external_number,
        joined_us=participant.joined_us,
        left_us=participant.left_us,
    )


def _role_of(user: User | None, role: str) -> str:
    """An application user who takes part is a bot."""
    return "bot" if user is not None and user.application_id is not None else role


def _name_of(user: User | None) -> str:
    return (user.full_name or user.login or user.mail) if user is not None else ""


def _phone(rows: Rows) -> PhoneContext | None:
    """The first row that holds a number, else the first."""
    numbered = [row for row in rows.phone if row.from_number or row.to_number]
    return next(iter(numbered or rows.phone), None)


def _customer(rows: Rows) -> Party | None:
    """The other side: its number is on the phone context row only."""
    phone = _phone(rows)
    conversation = rows.conversation
    if phone is None and (conversation is None or conversation.customer_id is None):
        return None
    name, number = "", ""
    if phone is not None:
        outbound = conversation is not None and conversation.is_outbound is True
        number = phone.to_number if outbound else phone.from_number
        name = phone.caller_name
        if not number and _NUMBER.match(name):
            number = name
        if name == number:
            name = ""
    customer_id = conversation.customer_id if conversation else None
    return Party(f"customer:{customer_id}" if customer_id else "customer", "customer", name, number)


def _attributes(rows: Rows) -> dict[str, str]:
    """Facts worth keeping. Those of one recording carry its id: a conversation may have several."""
    found: dict[str, object] = {"conversation_id": rows.conversation_id}
    one = rows.conversation
    if one is not None:
        found |= {
            "statuscode": one.status,
            "queue_id": one.queue_id,
            "customer_type": one.customer_type,
            "transfers": one.transfers,
            "hold_s": one.hold_s,
            "handle_s": one.handle_s,
            "channels": ",".join(str(channel) for channel in one.channels),
            "last_agent_id": one.last_agent_id,
        }
    phone = _phone(rows)
    if phone is not None:
        outbound = one is not None and one.is_outbound is True
        found["service_number"] = phone.from_number if outbound else phone.to_number
        found["call_id"] = phone.call_id
    found |= {f"login:{user.id}": user.login or user.mail for user in rows.users.values()}
    found |= _recording_attributes(rows)
    return {name: str(value) for name, value in sorted(found.items()) if value not in (None, "")}


def _recording_attributes(rows: Rows) -> dict[str, object]:
    recording, metadata = rows.recording, rows.metadata
    found: dict[str, object] = {
        f"recording_name:{recording.id}": recording.name,
        f"recording_created_us:{recording.id}": recording.created_us,
        f"not_read:{recording.id}": ",".join(rows.missing),
    }
    if recording.conversation_id is None and recording.target_id is not None:
        found[f"target:{recording.id}"] = f"{recording.target_type} {recording.target_id}".strip()
    if metadata is not None:
        pauses = [[pause.started_us, pause.duration_ms] for pause in metadata.pauses]
        found[f"pauses:{recording.id}"] = json.dumps(pauses) if pauses else None
        found[f"chunk_index:{recording.id}"] = metadata.chunk_index
    return found
