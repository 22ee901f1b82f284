"""The life of meetings: listed while they are processed, complete, amended, deleted; and the truth about it."""

from __future__ import annotations

import base64
import hashlib
from collections import deque

from sim.clockwork.chance import guid, stream
from sim.truth import TruthItem
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.timetable import Timetable
from sim.ucaas.zoom import bodies
from sim.ucaas.zoom.archive import ArchivedFile, Attachment, Meeting
from sim.ucaas.zoom.environment import DAY_US, Environment
from sim.ucaas.zoom.instants import instant_text
from sim.ucaas.zoom.render import meeting_json
from sim.ucaas.zoom.scripts import FileScript, MeetingScript, Placed, RoomScript

_TOKEN_BYTES = 32
_NUMBERS = (80_000_000_000, 89_999_999_999)


class World(Timetable[MeetingScript]):
    """Places meetings and lets them happen."""

    def __init__(self, env: Environment, account: str) -> None:
        super().__init__()
        self._env = env
        self._account = account
        self._chance = stream(env.seed, "world")
        self._kept: deque[tuple[int, Meeting]] = deque()
        """Complete meetings, and until when the service keeps them."""

    def advance(self, now_us: int) -> None:
        """Let everything happen that is due, and drop what was kept long enough."""
        super().advance(now_us)
        while self._kept and self._kept[0][0] <= now_us:
            end_us, meeting = self._kept.popleft()
            self._end(meeting, end_us)

    def place(self, script: MeetingScript) -> Placed:
        """Put a meeting with its breakout rooms into the world."""
        chance = self._chance
        uuid = script.uuid or base64.b64encode(chance.randbytes(16)).decode()
        number = script.number or chance.randrange(*_NUMBERS)
        start_us = self._env.service_us(script.end_us) - int(script.seconds * SECOND_US)
        meeting = Meeting(uuid, number, script, start_us)
        meeting.attachments = [
            Attachment(guid(chance), self._token(), one.name, bodies.attachment(one.body))
            for one in script.attachments
        ]
        files = [self._file(meeting, one) for one in script.files]
        self._schedule(meeting, files)
        rooms = tuple(self.place(_room(script, room, uuid)) for room in script.rooms)
        keys = (*(one.key for one in files), *(one.key for one in meeting.attachments))
        return Placed(uuid, keys, rooms)

    def _token(self) -> str:
        return base64.urlsafe_b64encode(self._chance.randbytes(_TOKEN_BYTES)).decode().rstrip("=")

    def _file(self, meeting: Meeting, script: FileScript) -> ArchivedFile:
        key, seconds = guid(self._chance), meeting.script.seconds
        body = bodies.body_of(script, key, meeting.uuid, seconds)
        leaves_s = seconds if script.leaves_s is None else script.leaves_s
        return ArchivedFile(
            key=key,
            token=self._token(),
            script=script,
            body=body,
            joined_us=meeting.start_us + int(script.joins_s * SECOND_US),
            left_us=meeting.start_us + int(leaves_s * SECOND_US),
            fingerprint=_fingerprint(script, key, body.sha256),
        )

    def _schedule(self, meeting: Meeting, files: list[ArchivedFile]) -> None:
        script = meeting.script

        def due(at_us: int) -> None:
            """A late fault shifts the whole life, but not the stamps."""
            late_us = self._env.lateness_us(at_us)
            if late_us:
                self.at(at_us + late_us, lambda now_us: appear(now_us, late_us))
            else:
                appear(at_us, 0)

        def appear(at_us: int, late_us: int) -> None:
            meeting.late_us = late_us + int(script.backdate_s * SECOND_US)
            self._appear(meeting, files, at_us)

        self.at(script.end_us + int((script.listed_s + script.backdate_s) * SECOND_US), due)

    def _appear(self, meeting: Meeting, files: list[ArchivedFile], at_us: int) -> None:
        meeting.listed_us = self._stamp_us(meeting, at_us)
        self._env.archive.add(meeting)
        for one in files:
            if one.script.late_s is None:
                self._list_file(meeting, one, at_us)
        self._offer_all(meeting, at_us)
        if meeting.script.complete_s is not None:
            complete_us = at_us + int(meeting.script.complete_s * SECOND_US)
            self.at(complete_us, lambda now_us: self._complete(meeting, files, now_us))

    def _complete(self, meeting: Meeting, files: list[ArchivedFile], at_us: int) -> None:
        if meeting.gone:
            return
        env, script = self._env, meeting.script
        complete_us = self._stamp_us(meeting, at_us)
        env.archive.completed(meeting, complete_us)
        for key in meeting.keys:
            env.truth.changed(env.source, key, complete_us)
        self._offer_all(meeting, at_us)
        env.outbox.completed(
            meeting_json(meeting, env.web_url),
            account=self._account,
            now_us=at_us,
            service_us=env.service_us(at_us),
        )
        for one in files:
            if one.script.late_s is not None:
                self._list_later(meeting, one, at_us + int(one.script.late_s * SECOND_US))
        if script.delete_after_s is not None:
            end_us = at_us + int(script.delete_after_s * SECOND_US)
            self.at(end_us, lambda now_us: self._end(meeting, now_us))
        if env.retention_days is not None:
            self._kept.append((at_us + int(env.retention_days * DAY_US), meeting))

    def _end(self, meeting: Meeting, at_us: int) -> None:
        if not meeting.gone:
            self._env.delete(meeting, at_us)

    def _list_later(self, meeting: Meeting, one: ArchivedFile, at_us: int) -> None:
        self.at(at_us, lambda now_us: self._list_file(meeting, one, now_us))

    def _list_file(self, meeting: Meeting, one: ArchivedFile, at_us: int) -> None:
        if meeting.gone:
            return
        meeting.files.append(one)
        self._env.archive.index(meeting, (one,))
        ready_s = one.script.ready_s
        if ready_s is None:
            self._offer(meeting, one, at_us)
            return
        self.at(at_us + int(ready_s * SECOND_US), lambda now_us: self._ready(meeting, one, now_us))

    def _ready(self, meeting: Meeting, one: ArchivedFile, at_us: int) -> None:
        def sized(now_us: int) -> None:
            one.sized = True
            self._offer(meeting, one, now_us)

        one.status = "failed" if one.script.fails else "completed"
        if one.script.fails:
            self._offer(meeting, one, at_us)
        else:
            self.at(at_us + int(one.script.size_after_s * SECOND_US), sized)

    # -- the truth ----

    def _offer_all(self, meeting: Meeting, at_us: int) -> None:
        """What can be seen of a meeting from now on."""
        if not self._is_seen(meeting):
            return
        for one in meeting.attachments:
            if not one.offered:
                one.offered = True
                self._put(meeting, one.key, one.key, one.body, at_us, name=one.name)
        for one in meeting.files:
            self._offer(meeting, one, at_us)

    def _is_seen(self, meeting: Meeting) -> bool:
        """Whether a listing by completeness shows it."""
        shown = self._env.lists_processing or meeting.complete_us is not None
        return shown and not meeting.gone

    def _offer(self, meeting: Meeting, one: ArchivedFile, at_us: int) -> None:
        """Once, when it can be seen what becomes of the file."""
        absent = _absence(one)
        if one.offered or absent is None or not self._is_seen(meeting):
            return
        one.offered = True
        self._put(
            meeting,
            one.key,
            "" if absent else one.key,
            one.body,
            at_us,
            name=f"{one.script.file_type}.{bodies.extension(one.script.file_type).lower()}",
            absent=absent,
            late=one.script.late_s is not None,
        )

    def _put(
        self,
        meeting: Meeting,
        key: str,
        version: str,
        body: bodies.Body,
        at_us: int,
        *,
        name: str,
        absent: str = "",
        late: bool = False,
    ) -> None:
        env = self._env
        changed_us = meeting.complete_us
        env.truth.offer(
            TruthItem(
                source=env.source,
                key=key,
                version=version,
                session_key=meeting.root,
                changed_us=self._stamp_us(meeting, at_us) if changed_us is None else changed_us,
                offered_us=at_us,
                size_bytes=0 if absent else body.content.size_bytes,
                sha256="" if absent else body.sha256,
                name=name,
                late=late or meeting.late_us > 0 or _is_past(meeting.script),
                absent=absent,
            )
        )

    def _stamp_us(self, meeting: Meeting, at_us: int) -> int:
        script = meeting.script
        if script.stamp_us is not None:
            at_stamp_us = script.stamp_us
        elif script.as_of_us is not None:
            at_stamp_us = self._env.service_us(script.as_of_us)
        else:
            at_stamp_us = self._env.service_us(at_us) - meeting.late_us
        return at_stamp_us // SECOND_US * SECOND_US


def _absence(one: ArchivedFile) -> str | None:
    """Why there is nothing to archive; empty when there is, None while nobody can know."""
    script = one.script
    if script.ready_s is None:
        return "the service never finishes this file"
    if one.status == "failed":
        return "the service could not archive it"
    if not one.sized:
        return None
    if script.on_premises:
        return "the account keeps it on its own premises"
    if script.fingerprint == "wrong":
        return "what is told of its bytes is not true"
    return "" if one.size_bytes else "there is nothing in it"


def _is_past(script: MeetingScript) -> bool:
    return script.stamp_us is not None or script.as_of_us is not None


def _fingerprint(script: FileScript, key: str, sha256: str) -> str:
    match script.fingerprint:
        case "right":
            return sha256
        case "upper":
            return sha256.upper()
        case "wrong":
            return hashlib.sha256(f"not {key}".encode()).hexdigest()
        case "none":
            return ""


def _room(parent: MeetingScript, room: RoomScript, uuid: str) -> MeetingScript:
    """The breakout room as a meeting of its own."""
    begin_us = parent.end_us - int((parent.seconds - room.begins_s) * SECOND_US)
    end_us = begin_us + int(room.seconds * SECOND_US)
    # What is archived of a room is listed when its parent's is, not when the room is left.
    wait_s = (parent.end_us - end_us) / SECOND_US
    listed_s = (parent.listed_s if room.listed_s is None else room.listed_s) + wait_s
    return MeetingScript(
        end_us=end_us,
        files=room.files,
        seconds=room.seconds,
        topic=f"{parent.topic} - room {instant_text(begin_us)[11:16]}",
        host=parent.host,
        external=parent.external,
        group=parent.group,
        parent=uuid,
        listed_s=listed_s,
        complete_s=parent.complete_s if room.complete_s is None else room.complete_s,
        backdate_s=parent.backdate_s,
        stamp_us=parent.stamp_us,
        as_of_us=parent.as_of_us,
        delete_after_s=parent.delete_after_s,
    )
