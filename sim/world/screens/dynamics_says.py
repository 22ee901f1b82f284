"""Dynamics tells of rows that change: an agent's seat in a session, and the conversation; see docs/agent-events.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from recorder.scn.model import AgentEvent
from recorder.scn.model import AgentEventKind as Kind
from recorder.webhooks import WebhookRequest
from sim.clockwork.chance import guid, stream
from sim.ucaas.dynamics.hooks import body_of
from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.schema import tables
from sim.world.kinds.kind import hook_secret
from sim.world.screens.saying import Calls, Said, event_of
from sim.world.screens.script import Happening

_PRIMARY: Final = 192350002
_WRAP_UP, _CLOSED = 5, 4
_SEAT, _TALK, _SESSION = "msdyn_sessionparticipant", "msdyn_ocliveworkitem", "msdyn_ocsession"
_S_US: Final = 1_000_000


class DynamicsSays:
    """Of hold and masks it says nothing; that an agent is available by presence only who asks is told."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._calls = Calls()
        self._schemas = tables()
        self._chance = stream(0, "bodies", source)
        self._seats: dict[tuple[str, str], tuple[str, str]] = {}
        """By agent and call: the newest seat, and its session."""

    def call(self, call: str) -> str:
        """See Mouth."""
        return self._calls.call(call)

    def says(self, one: Happening, at_us: int) -> Iterator[Said]:
        """See Mouth."""
        call = self._calls.of(one)
        match one.kind:
            case Kind.RINGING:
                yield from self._rings(one, call, at_us)
            case Kind.CONNECTED:
                yield self._seat(one, call, at_us, {"msdyn_joinedon": at_us})
            case Kind.NOT_RESPONDING:
                self._calls.refused(one)
                left = {"msdyn_lefton": at_us, "msdyn_leftonreason": "AgentReject"}
                yield self._seat(one, call, at_us, left)
            case Kind.ENDED:
                yield self._seat(one, call, at_us, {"msdyn_lefton": at_us})
            case Kind.WRAP_UP:
                yield self._talk(one, call, at_us, (_WRAP_UP, "msdyn_wrapupinitiatedon"))
            case Kind.AVAILABLE:
                for ended in self._calls.over(one.agent):
                    yield self._talk(one, ended, at_us, (_CLOSED, "msdyn_closedon"))
                presence = guid(self._chance)
                yield Said(self._event(presence, one, "", at_us), is_sent=False)
            case _:
                return

    def _rings(self, one: Happening, call: str, at_us: int) -> Iterator[Said]:
        seat, session = self._seats[one.agent, call] = (guid(self._chance), guid(self._chance))
        link: dict[str, Value] = {"_msdyn_liveworkitemid_value": call}
        yield Said(None, self._message(_SESSION, session, at_us, link, None))
        row = self._message(_SEAT, seat, at_us, self._row_of_seat(one, session), None)
        yield Said(self._event(seat, one, call, at_us), row)

    def _seat(self, one: Happening, call: str, at_us: int, changed: Mapping[str, Value]) -> Said:
        seat, session = self._seats[one.agent, call]
        message = self._message(_SEAT, seat, at_us, changed, self._row_of_seat(one, session))
        return Said(self._event(seat, one, call, at_us), message)

    def _row_of_seat(self, one: Happening, session: str) -> dict[str, Value]:
        return {
            "_msdyn_agentid_value": one.agent,
            "_msdyn_omnichannelsession_value": session,
            "msdyn_mode": _PRIMARY,
        }

    def _talk(self, one: Happening, call: str, at_us: int, comes_to: tuple[int, str]) -> Said:
        status, column = comes_to
        image: dict[str, Value] = {"_msdyn_activeagentid_value": one.agent, "statuscode": status}
        changed: dict[str, Value] = {"statuscode": status, column: at_us}
        message = self._message(_TALK, call, at_us, changed, image)
        return Said(self._event(call, one, call, at_us), message)

    def _event(self, row: str, one: Happening, call: str, at_us: int) -> AgentEvent:
        event_id = f"{row}.{one.kind.value}.{at_us // _S_US}"
        return event_of(self._source, event_id, one, call, at_us)

    def _message(
        self,
        table: str,
        key: str,
        at_us: int,
        changed: Mapping[str, Value],
        image: Mapping[str, Value] | None,
    ) -> WebhookRequest:
        """A row was changed, or without an image made."""
        schema = self._schemas[table]
        row: dict[str, Value] = {schema.key: key, "createdon": at_us, "modifiedon": at_us}
        body = body_of(schema, row, changed, image or {}, is_new=image is None, chance=self._chance)
        headers = {"content-type": "application/json", "x-ms-dynamics-entity-name": table}
        return WebhookRequest(headers, body, {"code": hook_secret(self._source)})
