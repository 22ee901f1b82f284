"""Which call detail records belong to a recording. Pure.

Nothing the service publishes proves the join, so it is a setting: pairs of a field of the recording and a
column of the record. Where none fits, the owner's own leg at the time of the recording is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.adapters.webex.cdr_records import LOCAL_CALL, USER, CallRecord, Joined
from recorder.adapters.webex.ids import join_value
from recorder.adapters.webex.records import Metadata, Recording

OWNER_AND_TIME: Final = "owner and time"
RECORDS_MAX: Final = 20_000


@dataclass(frozen=True, slots=True)
class CallKeys:
    """What a recording offers for a join. `fields` are compared after `join_value`."""

    fields: Mapping[str, str]
    owner_id: str
    started_us: int | None
    ended_us: int | None
    created_us: int


def keys_of(recording: Recording, metadata: Metadata | None) -> CallKeys:
    """What is known of a recording's call."""
    call = metadata.call if metadata is not None else None
    fields = {
        "id": recording.id,
        "callRecordingId": call.call_recording_id if call else "",
        "callSessionId": recording.service_data.call_session_id
        or (call.call_session_id if call else ""),
        "callId": call.call_id if call else "",
        "ownerId": recording.owner_id,
        "ownerEmail": recording.owner_email.lower(),
        "locationId": recording.service_data.location_id or (call.location_id if call else ""),
    }
    started_us, duration_ms = recording.recorded_us, recording.duration_ms
    ended_us = None
    if started_us is not None and duration_ms is not None:
        ended_us = started_us + duration_ms * 1000
    return CallKeys(
        fields={name: _comparable(value) for name, value in fields.items()},
        owner_id=recording.owner_id,
        started_us=started_us,
        ended_us=ended_us,
        created_us=recording.created_us,
    )


class RecordIndex:
    """The latest records, findable by the columns of the rules. Not safe for several threads."""

    def __init__(self, *, rules: Sequence[tuple[str, str]], records_max: int = RECORDS_MAX) -> None:
        self._rules = tuple(rules)
        self._records_max = records_max
        self._columns = tuple(dict.fromkeys((*(column for _, column in rules), USER)))
        self._records: dict[str, CallRecord] = {}
        self._ids: dict[tuple[str, str], dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._records)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns that records must keep to be found."""
        return self._columns

    def add(self, records: Iterable[CallRecord]) -> None:
        """A repeated Report ID replaces the record; the oldest go when there are too many."""
        for record in records:
            self._forget(record.report_id)
            self._records[record.report_id] = record
            for place in self._places(record):
                self._ids.setdefault(place, {})[record.report_id] = None
            if len(self._records) > self._records_max:
                self._forget(next(iter(self._records)))

    def find(self, keys: CallKeys) -> Joined | None:
        """The records by the first rule that finds any, else the owner's by time; None without any."""
        for field, column in self._rules:
            value = keys.fields.get(field, "")
            found = self._at(column, value) if value else ()
            if found:
                return _joined(f"{field} = {column}", found, keys)
        at_the_time = [one for one in self._at(USER, keys.owner_id) if _overlap_us(one, keys) > 0]
        return _joined(OWNER_AND_TIME, at_the_time, keys) if at_the_time else None

    def _at(self, column: str, value: str) -> tuple[CallRecord, ...]:
        ids = self._ids.get((column, _comparable(value)), {}) if value else {}
        return tuple(self._records[one] for one in sorted(ids))

    def _places(self, record: CallRecord) -> list[tuple[str, str]]:
        values = ((column, _comparable(record.get(column))) for column in self._columns)
        return [place for place in values if place[1]]

    def _forget(self, report_id: str) -> None:
        record = self._records.pop(report_id, None)
        for place in self._places(record) if record is not None else ():
            ids = self._ids[place]
            del ids[report_id]
            if not ids:
                del self._ids[place]


def _comparable(value: str) -> str:
    return join_value(value) or value.strip().lower()


def _joined(rule: str, found: Sequence[CallRecord], keys: CallKeys) -> Joined:
    def fits(record: CallRecord) -> tuple[bool, bool, bool, int, str]:
        call_id = keys.fields.get("callId", "")
        return (
            bool(call_id) and join_value(record.get(LOCAL_CALL)) == call_id,
            bool(keys.owner_id) and record.user_id == keys.owner_id,
            record.answered,
            _overlap_us(record, keys),
            record.report_id,
        )

    own = max(found, key=fits)
    if rule == OWNER_AND_TIME:
        return Joined(rule, own, (own,))
    return Joined(rule, own, tuple(sorted(found, key=lambda one: one.report_id)))


def _overlap_us(record: CallRecord, keys: CallKeys) -> int:
    """For how long leg and recording went on together."""
    if record.started_us is None or keys.started_us is None:
        return 0
    record_end_us = record.started_us + 1 if record.ended_us is None else record.ended_us
    keys_end_us = keys.started_us + 1 if keys.ended_us is None else keys.ended_us
    return min(record_end_us, keys_end_us) - max(record.started_us, keys.started_us)
