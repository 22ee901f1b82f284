"""Seeded, plausible meetings: rooms, participants' own files, late transcripts, awkward names, odd ends."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

from sim.audio import Recording
from sim.clockwork.chance import Stream, stream
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.zoom.media import MediaBank
from sim.ucaas.zoom.scripts import AttachmentScript, FileScript, MeetingScript, RoomScript

_EQUAL_US_MAX = 60 * SECOND_US
_TOPICS = ("Desk call", "Morning meeting", "Prüfung Q3", "取引確認", "Client / onboarding")
_RECURRING = (81_111_111_111, 82_222_222_222, 83_333_333_333)


@dataclass(frozen=True, slots=True)
class MixOptions:
    """Shares are probabilities per meeting or file; delays are drawn evenly, in seconds."""

    video: float = 0.3
    chat: float = 0.5
    captions: float = 0.3
    messages: float = 0.2
    transcript: float = 0.4
    late_file: float = 0.3
    """Of transcripts: listed only `late_file_s` after the archive was complete."""
    individual: float = 0.15
    """With files of participants' own."""
    rooms: float = 0.1
    external: float = 0.1
    recurring: float = 0.3
    """Shares its number with others."""
    attachment: float = 0.1
    awkward: float = 0.3
    """A UUID with slashes that must be encoded twice."""
    empty: float = 0.03
    """No files at all."""
    slow: float = 0.15
    """Of files: still `processing` when the archive is complete."""
    unsized: float = 0.1
    """Of files: complete with a size of 0 for some seconds."""
    failed: float = 0.02
    unfinished: float = 0.0
    """Of files: `processing` for ever."""
    no_fingerprint: float = 0.03
    late: float = 0.0
    """Appears up to `late_s` after its stamps: out of order."""
    deleted: float = 0.0
    equal_stamps: float = 0.0
    """Complete at the very instant of the meeting before."""
    listed_s: tuple[float, float] = (0.5, 2.0)
    complete_s: tuple[float, float] = (0.5, 3.0)
    slow_s: tuple[float, float] = (1.0, 15.0)
    late_file_s: tuple[float, float] = (5.0, 25.0)
    odd_after_s: tuple[float, float] = (20.0, 60.0)
    """When deletions happen, after the archive was complete."""
    late_s: float = 60.0
    people: int = 20
    longest_s: float = 300.0
    """Of media."""


class MeetingMix:
    """Draws meetings. The same seed and bank give the same meetings."""

    def __init__(self, *, bank: MediaBank, seed: int, options: MixOptions = MixOptions()) -> None:
        self._options = options
        self._sounds = _short(bank.sounds, options.longest_s)
        self._pictures = _short(bank.pictures, options.longest_s)
        self._chance: Stream = stream(seed, "meetings")
        self._equal: Stream = stream(seed, "meetings", "equal stamps")
        self._stamp_us = 0

    def call(self, end_us: int) -> MeetingScript:
        """One meeting that ends at `end_us`."""
        chance, options = self._chance, self._options
        sound = chance.choice(self._sounds)
        seconds = sound.seconds + chance.uniform(0, 30)
        files = () if self._happens(options.empty) else tuple(self._files(sound, seconds))
        complete_s = chance.uniform(*options.complete_s)
        rooms = tuple(self._rooms(seconds)) if self._happens(options.rooms) else ()
        external = self._happens(options.external)
        return MeetingScript(
            end_us=end_us,
            files=files,
            seconds=seconds,
            topic=chance.choice(_TOPICS),
            host=chance.randrange(options.people),
            number=chance.choice(_RECURRING) if self._happens(options.recurring) else None,
            uuid=self._awkward_uuid() if self._happens(options.awkward) else None,
            external=chance.choice(("missing", "blank")) if external else "",
            rooms=rooms,
            attachments=self._attachments(),
            listed_s=chance.uniform(*options.listed_s),
            complete_s=complete_s,
            backdate_s=chance.uniform(0, options.late_s) if self._happens(options.late) else 0.0,
            delete_after_s=chance.uniform(*options.odd_after_s)
            if self._happens(options.deleted)
            else None,
            as_of_us=self._equal_stamp(end_us, complete_s),
        )

    def over(self, start_us: int, seconds: float, count: int) -> Iterator[MeetingScript]:
        """`count` meetings that end at random instants of a period, in order."""
        ends = sorted(self._chance.uniform(0, seconds) for _ in range(count))
        return (self.call(start_us + int(end * SECOND_US)) for end in ends)

    def gap_s(self, calls_per_minute: float) -> float:
        """Seconds to the next end of a meeting, for meetings that come at random."""
        return self._chance.expovariate(calls_per_minute / 60.0)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _files(self, sound: Recording, seconds: float) -> Iterator[FileScript]:
        chance, options = self._chance, self._options
        yield self._file("M4A", sound)
        if self._pictures and self._happens(options.video):
            yield self._file("MP4", chance.choice(self._pictures))
        for share, file_type in (
            (options.chat, "CHAT"),
            (options.captions, "CC"),
            (options.messages, "CHAT_MESSAGE"),
        ):
            if self._happens(share):
                yield self._file(file_type)
        if self._happens(options.transcript):
            late = self._happens(options.late_file)
            late_s = chance.uniform(*options.late_file_s) if late else None
            yield self._file("TRANSCRIPT", late_s=late_s)
        if self._happens(options.individual):
            for _ in range(chance.randrange(2, 4)):
                joins_s = chance.uniform(0, seconds / 3)
                yield self._file(
                    "M4A",
                    chance.choice(self._sounds),
                    participant=chance.randrange(options.people),
                    outsider=self._happens(0.3),
                    joins_s=joins_s,
                    leaves_s=chance.uniform(joins_s, seconds),
                )

    def _file(
        self,
        file_type: str,
        media: Recording | None = None,
        *,
        participant: int | None = None,
        outsider: bool = False,
        joins_s: float = 0.0,
        leaves_s: float | None = None,
        late_s: float | None = None,
    ) -> FileScript:
        chance, options = self._chance, self._options
        slow_s = chance.uniform(*options.slow_s) if self._happens(options.slow) else 0.0
        unsized = self._happens(options.unsized)
        return FileScript(
            file_type=file_type,
            media=media,
            participant=participant,
            outsider=outsider,
            joins_s=joins_s,
            leaves_s=leaves_s,
            late_s=late_s,
            ready_s=None if self._happens(options.unfinished) else slow_s,
            size_after_s=chance.uniform(*options.slow_s) if unsized else 0.0,
            fails=self._happens(options.failed),
            fingerprint="none" if self._happens(options.no_fingerprint) else "right",
        )

    def _rooms(self, seconds: float) -> Iterator[RoomScript]:
        chance = self._chance
        for _ in range(chance.randrange(1, 4)):
            begins_s = chance.uniform(0, seconds / 2)
            sound = chance.choice(self._sounds)
            length_s = chance.uniform(1, max(seconds - begins_s, 2))
            yield RoomScript((self._file("M4A", sound),), begins_s, length_s)

    def _attachments(self) -> tuple[AttachmentScript, ...]:
        if not self._happens(self._options.attachment):
            return ()
        name = self._chance.choice(("plan.pdf", "Übersicht.xlsx", "photo.png"))
        return (AttachmentScript(name, b"attached " + self._chance.randbytes(300)),)

    def _awkward_uuid(self) -> str:
        """As the service draws them now and then: with slashes in front, or two in a row."""
        text = base64.b64encode(self._chance.randbytes(16)).decode()
        return self._chance.choice((f"/{text[1:]}", f"{text[:8]}//{text[10:]}", f"+{text[1:]}"))

    def _equal_stamp(self, end_us: int, complete_s: float) -> int | None:
        """The stamp of the meeting before, if that was not long ago."""
        before_us = self._stamp_us
        drawn = self._equal.random() < self._options.equal_stamps
        if drawn and before_us and end_us - before_us <= _EQUAL_US_MAX:
            return before_us
        self._stamp_us = end_us + int(complete_s * SECOND_US)
        return None


def _short(bank: tuple[Recording, ...], longest_s: float) -> list[Recording]:
    found = [item for item in bank if item.seconds <= longest_s + 1]
    if bank and not found:
        raise ValueError("the bank holds no media as short as longest_s")
    return found
