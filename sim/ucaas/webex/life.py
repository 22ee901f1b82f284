"""The life of one recording: its listing, its file, what people do to it, its end; and the truth about it."""

from __future__ import annotations

from sim.truth import TruthItem
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.webex.calls import Call, Half
from sim.ucaas.webex.environment import Environment
from sim.ucaas.webex.files import StoredFile
from sim.ucaas.webex.people import owner
from sim.ucaas.webex.scripts import RecordingScript
from sim.ucaas.webex.shelf import AVAILABLE, DELETED, PURGED, Row, whole_second

VERSION = "1"
"""Of every recording: its file never changes."""
RESOURCE = "convergedRecordings"
_LATE_US = 2 * SECOND_US
_NEXT_OWNER = 17


class RecordingLife:
    """Carries out one RecordingScript. `late_us` is how far its stamp lies before its appearance."""

    def __init__(
        self, *, env: Environment, script: RecordingScript, call: Call, half: Half, key: str
    ) -> None:
        self.script = script
        self.key = key
        self.late_us = 0
        self._env = env
        self._call = call
        self._half = half

    def appear(self, at_us: int) -> None:
        """It is listed, with or without its file."""
        answered_us = self._half.answered_us
        began_us = self._half.start_us if answered_us is None else answered_us
        row = Row(
            key=self.key,
            call=self._call,
            half=self._half,
            script=self.script,
            owner=self._half.owner,
            create_us=whole_second(self._stamp_us(at_us)),
            began_us=began_us + int(self.script.begins_s * SECOND_US),
        )
        self._env.shelf.put(row)
        if self.script.file_delay_s is None:
            self._offer(row, at_us, absent="the recording never gets its file")

    def file_arrives(self, at_us: int) -> None:
        """The audio can be had from now on; webhooks are told."""
        row = self._env.shelf.get(self.key)
        if row is None:
            return
        row.audio = self._env.files.add_audio(self.key, self.script.audio)
        if self.script.transcript:
            row.transcript = self._env.files.add_transcript(self.key, _transcript(row))
        self._offer(row, at_us)
        self._tell("created", row, at_us)

    def change(self, what: str, at_us: int) -> None:
        """One of `scripts.CHANGES` happens, if it still can."""
        row = self._env.shelf.get(self.key)
        if row is None:
            return
        match what:
            case "trash":
                trash(self._env, row, at_us)
            case "restore":
                restore(self._env, row, at_us)
            case "purge":
                purge(self._env, row, at_us)
            case "reassign":
                row.owner = owner(self._env.seed, _NEXT_OWNER)
                self._tell("updated", row, at_us)
            case "prevent_download":
                row.download_prevented = True
                self._offer(row, at_us, absent="downloads are prevented")
            case _:
                delete(self._env, row, at_us)

    def _stamp_us(self, at_us: int) -> int:
        if self.script.stamp_us is not None:
            return self.script.stamp_us
        if self.script.as_of_us is not None:
            return self._env.service_us(self.script.as_of_us)
        return self._env.service_us(at_us) - self.late_us

    def _offer(self, row: Row, at_us: int, absent: str = "") -> None:
        late = row.create_us < self._env.service_us(at_us) - _LATE_US
        self._env.truth.offer(truth_of(self._env, row, at_us, late=late, absent=absent))

    def _tell(self, event: str, row: Row, at_us: int) -> None:
        tell(self._env, event, row, at_us)


def truth_of(env: Environment, row: Row, at_us: int, *, late: bool, absent: str = "") -> TruthItem:
    """What the service offers of a recording."""
    audio, script = row.audio, row.script
    others: tuple[StoredFile, ...] = () if row.transcript is None else (row.transcript,)
    return TruthItem(
        source=env.source,
        key=row.key,
        version=VERSION,
        session_key=row.call.session,
        changed_us=row.create_us,
        offered_us=at_us,
        size_bytes=0 if audio is None else audio.size_bytes,
        sha256="" if audio is None else audio.sha256,
        name=script.audio.name,
        late=late,
        absent=absent,
        other_sha256=tuple(other.sha256 for other in others),
    )


def tell(env: Environment, event: str, row: Row, at_us: int) -> None:
    """Webhooks hear of a recording."""
    env.hooks.emit(RESOURCE, event, row.shown(), person=row.owner.key, now_us=at_us)


def trash(env: Environment, row: Row, at_us: int) -> None:
    """Into the recycle bin: no listing of what is available shows it."""
    if row.status == AVAILABLE:
        row.status = DELETED
        env.truth.deleted(env.source, row.key, at_us)
        tell(env, "deleted", row, at_us)


def restore(env: Environment, row: Row, at_us: int) -> None:
    """Out of the recycle bin: listed again, with the stamp that it had."""
    if row.status != DELETED:
        return
    row.status = AVAILABLE
    if row.audio is not None:
        env.truth.offer(truth_of(env, row, at_us, late=True))


def purge(env: Environment, row: Row, at_us: int) -> None:
    """Gone for its owner, there for a compliance officer alone."""
    if row.status != PURGED:
        row.status = PURGED
        env.truth.deleted(env.source, row.key, at_us)


def delete(env: Environment, row: Row, at_us: int) -> None:
    """Gone for everybody."""
    env.shelf.remove(row)
    env.files.remove(row.key)
    env.truth.deleted(env.source, row.key, at_us)
    tell(env, "deleted", row, at_us)


def _transcript(row: Row) -> str:
    end_s = int(row.script.audio.seconds)
    return (
        "WEBVTT\n\n"
        f"1\n00:00:00.000 --> {end_s // 3600:02d}:{end_s // 60 % 60:02d}:{end_s % 60:02d}.000\n"
        f"<v {row.owner.name}>This is what was said in {row.key}.\n"
    )
