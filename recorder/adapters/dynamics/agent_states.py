"""Reads what agents did within a period: participants, conversations that ended, presences.

Each table is read by `modifiedon`. A table that the environment lacks or does not show is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from recorder.adapters.dynamics.agent_rows import (
    AVAILABLE,
    Presence,
    Seat,
    Talk,
    Teller,
    seats_with_calls,
)
from recorder.adapters.dynamics.odata import (
    OR_TERMS_MAX,
    NotThere,
    ODataClient,
    PrivilegeMissing,
    any_of,
    instant_literal,
    query,
)
from recorder.adapters.dynamics.records import Id, OptionalId
from recorder.adapters.dynamics.sessions import SessionMemory
from recorder.adapters.http.values import Instant, OptionalInstant, OptionalInt, Text, parse
from recorder.errors import BadAnswer
from recorder.model import Window
from recorder.scn.model import AgentEvent

M = TypeVar("M", bound=BaseModel)
_SEATS: Final = "msdyn_sessionparticipants"
_SESSIONS: Final = "msdyn_ocsessions"
_TALKS: Final = "msdyn_ocliveworkitems"
_PRESENCES: Final = "msdyn_agentstatushistories"
_KINDS: Final = "msdyn_presences"


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class _SeatRow(_Row):
    id: Id = Field(alias="msdyn_sessionparticipantid")
    agent: OptionalId = Field(None, alias="_msdyn_agentid_value")
    session: OptionalId = Field(None, alias="_msdyn_omnichannelsession_value")
    mode: OptionalInt = Field(None, alias="msdyn_mode")
    created_us: OptionalInstant = Field(None, alias="createdon")
    joined_us: OptionalInstant = Field(None, alias="msdyn_joinedon")
    left_us: OptionalInstant = Field(None, alias="msdyn_lefton")
    left_reason: Text = Field("", alias="msdyn_leftonreason")


class _SessionRow(_Row):
    id: Id = Field(alias="activityid")
    call: OptionalId = Field(None, alias="_msdyn_liveworkitemid_value")


class _TalkRow(_Row):
    id: Id = Field(alias="activityid")
    agent: OptionalId = Field(None, alias="_msdyn_activeagentid_value")
    status: OptionalInt = Field(None, alias="statuscode")
    wrap_up_us: OptionalInstant = Field(None, alias="msdyn_wrapupinitiatedon")
    closed_us: OptionalInstant = Field(None, alias="msdyn_closedon")


class _PresenceRow(_Row):
    id: Id = Field(alias="msdyn_agentstatushistoryid")
    agent: OptionalId = Field(None, alias="_msdyn_agentid_value")
    presence: OptionalId = Field(None, alias="_msdyn_presenceid_value")
    from_us: Instant = Field(alias="msdyn_starttime")


class _KindRow(_Row):
    id: Id = Field(alias="msdyn_presenceid")
    base: OptionalInt = Field(None, alias="msdyn_basepresencestatus")


class StateReader:
    """Made anew for each period."""

    def __init__(self, *, odata: ODataClient, sessions: SessionMemory, teller: Teller) -> None:
        self._odata = odata
        self._sessions = sessions
        self._teller = teller

    def events(self, window: Window) -> tuple[AgentEvent, ...]:
        """What the rows say that changed within the period. Raises SourceError."""
        seats = [_seat(row) for row in self._changed(_SeatRow, _SEATS, window)]
        calls = self._calls({seat.session for seat in seats if seat.session is not None})
        found: list[AgentEvent] = []
        for seat, call in seats_with_calls(seats, calls):
            found += self._teller.of_seat(seat, call)
        over = f"(statuscode eq 5 or statuscode eq 4) and {_within(window)}"
        for row in self._rows(_TalkRow, _TALKS, over):
            found += self._teller.of_talk(_talk(row))
        found += self._teller.of_presences(tuple(self._presences(window)), window.from_us)
        return tuple(found)

    def _calls(self, sessions: set[str]) -> Mapping[str, str]:
        known = self._sessions.known(sorted(sessions))
        unknown = sorted(sessions - known.keys())
        for at in range(0, len(unknown), OR_TERMS_MAX):
            where = any_of("activityid", unknown[at : at + OR_TERMS_MAX])
            rows = self._rows(_SessionRow, _SESSIONS, where)
            read = {row.id: row.call for row in rows if row.call is not None}
            self._sessions.keep(read)
            known |= read
        return known

    def _presences(self, window: Window) -> Iterator[Presence]:
        rows = self._changed(_PresenceRow, _PRESENCES, window)
        if not rows:
            return
        kinds = {row.id: row.base for row in self._rows(_KindRow, _KINDS, None)}
        for row in rows:
            if row.agent is not None:
                is_available = kinds.get(row.presence or "") == AVAILABLE
                yield Presence(row.id, row.agent, is_available, row.from_us)

    def _changed(self, kind: type[M], table: str, window: Window) -> list[M]:
        return self._rows(kind, table, _within(window))

    def _rows(self, kind: type[M], table: str, where: str | None) -> list[M]:
        columns = ",".join(_columns(kind))
        try:
            rows = self._odata.rows(table + query(select=columns, filter=where))
        except (NotThere, PrivilegeMissing):
            return []
        return list(_readable(kind, rows))


def _columns(kind: type[BaseModel]) -> Iterator[str]:
    for one in kind.model_fields.values():
        assert one.alias is not None
        yield one.alias


def _readable(kind: type[M], rows: Iterable[Mapping[str, Any]]) -> Iterator[M]:
    """One row that cannot be read hides no other."""
    for row in rows:
        try:
            yield parse(kind, row)
        except BadAnswer:
            continue


def _within(window: Window) -> str:
    since = instant_literal(window.from_us, up=False)
    until = instant_literal(window.to_us, up=True)
    return f"modifiedon ge {since} and modifiedon lt {until}"


def _seat(row: _SeatRow) -> Seat:
    return Seat(
        id=row.id,
        agent=row.agent,
        session=row.session,
        mode=row.mode,
        added_us=row.created_us,
        joined_us=row.joined_us,
        left_us=row.left_us,
        left_reason=row.left_reason,
    )


def _talk(row: _TalkRow) -> Talk:
    return Talk(
        id=row.id,
        agent=row.agent,
        status=row.status,
        wrap_up_us=row.wrap_up_us,
        closed_us=row.closed_us,
    )
