"""The recordings of the organisation: what a listing shows, newest first, and what it filters by."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sim.ucaas.webex.calls import Call, Half
from sim.ucaas.webex.files import StoredFile
from sim.ucaas.webex.instants import SECOND_US, seconds_text
from sim.ucaas.webex.people import Owner
from sim.ucaas.webex.scripts import CALL_QUEUE, RecordingScript

_HEX_DIGITS = 32
AVAILABLE, DELETED, PURGED = "available", "deleted", "purged"


@dataclass(slots=True)
class Row:
    """One recording as the service knows it. Instants are on the service's clock."""

    key: str
    call: Call
    half: Half
    script: RecordingScript
    owner: Owner
    create_us: int
    began_us: int
    status: str = AVAILABLE
    audio: StoredFile | None = None
    transcript: StoredFile | None = None
    download_prevented: bool = False

    @property
    def size_bytes(self) -> int:
        """What a listing says: 0 where the file is not ready and that is how it shows."""
        if self.audio is not None:
            return self.audio.size_bytes
        return 0 if self.script.unready == "size" else len(self.script.audio.data)

    @property
    def service_type(self) -> str:
        """calling, or customerAssist for what a queue owns."""
        return "customerAssist" if self.owner.kind == CALL_QUEUE else "calling"

    def shown(self, zone: ZoneInfo | None = None, *, dashed: bool = True) -> dict[str, Any]:
        """The row of a listing."""
        began = seconds_text(self.began_us).translate({ord(c): None for c in "-:"})
        other = self.call.other_name(self.half)
        return {
            "id": shown_id(self.key, dashed=dashed),
            "topic": f"Call with {other}-{began[:8]} {began[9:13]}",
            "createTime": seconds_text(self.create_us, zone),
            "timeRecorded": seconds_text(self.began_us, zone),
            "ownerId": self.owner.key,
            "ownerType": self.owner.kind,
            "ownerEmail": self.owner.email,
            "format": "MP3",
            "durationSeconds": int(self.script.audio.seconds),
            "sizeBytes": self.size_bytes,
            "serviceType": self.service_type,
            "storageRegion": self.owner.location.region,
            "status": self.status,
            "serviceData": {
                "locationId": self.owner.location.key,
                "callSessionId": shown_id(self.call.session, dashed=dashed),
            },
        }


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing asks for; an empty text stands for anything."""

    from_us: int
    to_us: int
    status: str = AVAILABLE
    service_type: str = ""
    owner: str = ""
    email: str = ""
    owner_type: str = ""
    region: str = ""
    location: str = ""
    topic: str = ""

    def takes(self, row: Row) -> bool:
        """Whether a row of the period is asked for."""
        if self.status != row.status:
            return False
        owner = row.owner
        return (
            self.service_type in {"", row.service_type}
            and self.owner in {"", owner.key}
            and self.email in {"", owner.email}
            and self.owner_type in {"", owner.kind}
            and self.region in {"", owner.location.region}
            and self.location in {"", owner.location.key}
            and self.topic.lower() in str(row.shown()["topic"] if self.topic else "").lower()
        )


class Shelf:
    """Rows by id and by `createTime`."""

    def __init__(self) -> None:
        self._rows: dict[str, Row] = {}
        self._order: list[tuple[int, str]] = []

    def put(self, row: Row) -> None:
        """Add a row that is not there yet."""
        self._rows[row.key] = row
        insort(self._order, (row.create_us, row.key))

    def get(self, key: str) -> Row | None:
        """The row with this id, with dashes or without."""
        return self._rows.get(plain_key(key))

    def remove(self, row: Row) -> None:
        """Forget a row."""
        self._rows.pop(row.key, None)
        self._order.remove((row.create_us, row.key))

    def newest_first(self, wanted: Wanted) -> Iterator[Row]:
        """Rows with `from_us <= createTime < to_us` that the filter takes; use it before the next change."""
        first = bisect_left(self._order, (wanted.from_us, ""))
        last = bisect_left(self._order, (wanted.to_us, ""))
        rows = (self._rows[self._order[at][1]] for at in range(last - 1, first - 1, -1))
        return (row for row in rows if wanted.takes(row))

    def __iter__(self) -> Iterator[Row]:
        return iter(tuple(self._rows.values()))


def plain_key(key: str) -> str:
    """A bare UUID in lower case with dashes; anything else as it is."""
    bare = key.replace("-", "").lower()
    if len(bare) != _HEX_DIGITS:
        return key
    return "-".join((bare[:8], bare[8:12], bare[12:16], bare[16:20], bare[20:]))


def shown_id(key: str, *, dashed: bool) -> str:
    """An id as this listing writes it."""
    return key if dashed else key.replace("-", "")


def whole_second(at_us: int) -> int:
    """`createTime` has no fraction."""
    return at_us // SECOND_US * SECOND_US
