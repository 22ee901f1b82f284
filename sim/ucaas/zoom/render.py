"""A meeting of the archive as JSON, as both listings and webhooks tell it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sim.ucaas.zoom.archive import ArchivedFile, Attachment, Meeting
from sim.ucaas.zoom.bodies import extension
from sim.ucaas.zoom.instants import instant_text
from sim.ucaas.zoom.people import email, host_id
from sim.ucaas.zoom.scripts import BREAKOUT_ROOM

ARCHIVE_PATH = "/rec/archive/download/"
ATTACHED_PATH = "/rec/archive/attached/download/"
ACCOUNT_NAME = "acme"
_RECORDING_TYPES = {
    "M4A": "audio_only",
    "MP4": "shared_screen_with_speaker_view",
    "CHAT": "chat_file",
    "CC": "closed_caption",
    "CHAT_MESSAGE": "chat_message",
    "TRANSCRIPT": "audio_transcript",
    "SUB_GROUP_MEMBER_LOG": "chat_message",
    "AIC_COVERSATION": "aic_conversation",
}
SizeOf = Callable[[int], int]


def meeting_json(meeting: Meeting, base: str, told: SizeOf = lambda size: size) -> dict[str, Any]:
    """One element of `meetings[]`. `told` makes the size that is told of a file's true one."""
    script = meeting.script
    files = [_file_json(one, base, told) for one in meeting.files]
    shown: dict[str, Any] = {
        "uuid": meeting.uuid,
        "id": meeting.number,
        "host_id": host_id(script.host),
        "topic": script.topic,
        "type": BREAKOUT_ROOM if script.parent else script.meeting_type,
        "start_time": instant_text(meeting.start_us),
        "timezone": "Europe/London",
        "duration": max(round(script.seconds / 60), 1),
        "duration_in_second": int(script.seconds),
        "total_size": sum(one["file_size"] for one in files),
        "recording_count": len(files),
        "meeting_type": "external" if script.external else "internal",
        "account_name": ACCOUNT_NAME,
        "is_breakout_room": bool(script.parent),
        "complete_time": "" if meeting.complete_us is None else instant_text(meeting.complete_us),
        "status": "processing" if meeting.complete_us is None else "completed",
        "archive_files": files,
    }
    if script.parent:
        shown["parent_meeting_id"] = script.parent
    if script.group:
        shown["group_id"] = script.group
    if meeting.attachments:
        shown["physical_files"] = [_attachment_json(one, base) for one in meeting.attachments]
    _strip(shown, script.external)
    return shown


def _strip(shown: dict[str, Any], external: str) -> None:
    """What is told of a meeting that another account hosts."""
    blank: dict[str, Any] = {"id": 0, "host_id": "", "topic": ""}
    for name, value in blank.items():
        if external == "missing":
            del shown[name]
        elif external == "blank":
            shown[name] = value


def _file_json(one: ArchivedFile, base: str, told: SizeOf) -> dict[str, Any]:
    script = one.script
    shown: dict[str, Any] = {
        "id": one.key,
        "file_type": script.file_type,
        "file_extension": extension(script.file_type),
        "recording_type": _RECORDING_TYPES[script.file_type],
        "file_size": told(one.size_bytes) if one.sized else 0,
        "status": one.status,
        "individual": script.participant is not None,
        "participant_join_time": instant_text(one.joined_us),
        "participant_leave_time": instant_text(one.left_us),
        "encryption_fingerprint": one.fingerprint if one.sized else "",
    }
    if script.on_premises:
        shown["file_path"] = f"/archive/{one.token}.{extension(script.file_type).lower()}"
    else:
        shown["download_url"] = f"{base}{ARCHIVE_PATH}{one.token}"
    if script.participant is not None:
        shown["participant_email"] = "" if script.outsider else email(script.participant)
    if one.body.messages is not None:
        shown["number_of_messages"] = one.body.messages
    if one.auto_delete is not None:
        shown["auto_delete"] = one.auto_delete
    return shown


def _attachment_json(one: Attachment, base: str) -> dict[str, Any]:
    return {
        "file_id": one.key,
        "file_name": one.name,
        "file_size": one.body.content.size_bytes,
        "download_url": f"{base}{ATTACHED_PATH}{one.token}",
    }
