"""The rows of one conversation: the call itself, its sessions, participants and phone context.

Open, then Active, then Wrap-up (still statecode 0), then Closed; one session per offer to an agent.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.clockwork.chance import Stream, guid, stream
from sim.ucaas.dynamics import people
from sim.ucaas.dynamics.environment import Environment
from sim.ucaas.dynamics.lexer import Value
from sim.ucaas.dynamics.scripts import CallScript, Leg
from sim.ucaas.surroundings import SECOND_US

_CALL = "msdyn_ocliveworkitem"
_SESSION = "msdyn_ocsession"
_PRIMARY, _CONSULT = 192350002, 192350003
_REASON = 192350000
_CLOSURE = {
    "rejected": 192350001,
    "timed_out": 192350002,
    "transferred": 192350006,
    "ended": 192350021,
}


@dataclass(frozen=True, slots=True)
class _Seat:
    """A leg with its instants and ids."""

    leg: Leg
    start_us: int
    end_us: int
    session: str
    participant: str
    consultant: str
    closure: int

    @property
    def joined_us(self) -> int:
        return self.start_us + int(self.leg.ring_s * SECOND_US)


class Conversation:
    """Writes the rows of one call as its instants come."""

    def __init__(self, env: Environment, script: CallScript, key: str, chance: Stream) -> None:
        self.key = key
        self._env = env
        self._script = script
        self._phone, self._transcript, self._note = guid(chance), guid(chance), guid(chance)
        total_us = sum(int(leg.seconds * SECOND_US) for leg in script.legs)
        self.start_us = script.end_us - total_us
        self.seats: list[_Seat] = []
        at_us = self.start_us
        accepted = [leg.answer == "accepted" for leg in script.legs]
        for number, leg in enumerate(script.legs):
            closure = leg.answer if leg.answer != "accepted" else "ended"
            if accepted[number] and any(accepted[number + 1 :]):
                closure = "transferred"
            end_us = at_us + int(leg.seconds * SECOND_US)
            ids = guid(chance), guid(chance), guid(chance)
            self.seats.append(_Seat(leg, at_us, end_us, *ids, _CLOSURE[closure]))
            at_us = end_us

    def _put(self, table: str, key: str, values: dict[str, Value], at_us: int) -> None:
        self._env.store.table(table).put(key, values, self._env.service_us(at_us))

    def _when(self, at_us: int) -> int:
        return self._env.service_us(at_us)

    def _agent(self, number: int) -> str:
        return people.agent_id(self._env.seed, number)

    def opens(self, at_us: int) -> None:
        """The customer calls, or is called."""
        script, now_us = self._script, self._when(at_us)
        first, last = people.person(script.customer)
        number, line = people.phone(script.customer), "+12025550000"
        values: dict[str, Value] = {
            "msdyn_ocliveworkitemid": self.key,
            "subject": f"Call with {first} {last}",
            "msdyn_title": f"Call with {first} {last}",
            "msdyn_channel": script.channel,
            "msdyn_isoutbound": script.outbound,
            "msdyn_statuschangereason": _REASON + 1,
            "msdyn_transfercount": 0,
            "msdyn_isagentsession": True,
            "msdyn_isabandoned": False,
        }
        stamps = ("msdyn_createdon", "msdyn_initiatedon", "msdyn_firstwaitstartedon")
        self._put(_CALL, self.key, values | dict.fromkeys(stamps, now_us), at_us)
        numbers = (line, number) if script.outbound else (number, line)
        context: dict[str, Value] = {
            "msdyn_callername": f"{first} {last}",
            "msdyn_fromphone": numbers[0],
            "msdyn_tophone": numbers[1],
            "msdyn_callsid": self.key,
            "msdyn_providername": "Azure Communication Services",
            "_msdyn_liveworkitemid_value": self.key,
        }
        self._put("msdyn_ocphonecallengagementctx", self._phone, context, at_us)

    def offered(self, at_us: int, seat: _Seat) -> None:
        """A session begins: an agent's desktop rings."""
        now_us = self._when(at_us)
        values: dict[str, Value] = {
            "msdyn_sessionid": seat.session,
            "subject": "Agent session",
            "_msdyn_liveworkitemid_value": self.key,
            "msdyn_sessioncreatedon": now_us,
            "msdyn_agentassignedon": now_us,
            "msdyn_channel": int(self._script.channel.split(",")[0]),
        }
        self._put(_SESSION, seat.session, values, at_us)
        call: dict[str, Value] = {
            "msdyn_statuschangereason": _REASON + 2,
            "_msdyn_lastsessionid_value": seat.session,
        }
        self._put(_CALL, self.key, call, at_us)
        self._participant(seat, {}, at_us)

    def _participant(
        self, seat: _Seat, more: dict[str, Value], at_us: int, *, consult: bool = False
    ) -> None:
        agent = seat.leg.agent
        if consult and seat.leg.consult is not None:
            agent = seat.leg.consult
        first, last = people.person(agent)
        values: dict[str, Value] = {
            "msdyn_name": f"{first} {last}",
            "_msdyn_agentid_value": self._agent(agent),
            "_msdyn_omnichannelsession_value": seat.session,
            "msdyn_mode": _CONSULT if consult else _PRIMARY,
            "msdyn_addedon": self._when(seat.start_us),
            "msdyn_lastupdatedon": self._when(at_us),
        }
        key = seat.consultant if consult else seat.participant
        self._put("msdyn_sessionparticipant", key, values | more, at_us)

    def answered(self, at_us: int, seat: _Seat) -> None:
        """The agent takes the call."""
        now_us = self._when(at_us)
        self._put(_SESSION, seat.session, {"msdyn_agentacceptedon": now_us}, at_us)
        joined: dict[str, Value] = {"msdyn_joinedon": now_us}
        self._participant(seat, joined, at_us)
        values: dict[str, Value] = {
            "statuscode": 2,
            "msdyn_statuschangereason": _REASON + 3,
            "msdyn_isagentaccepted": True,
            "_msdyn_activeagentid_value": self._agent(seat.leg.agent),
            "msdyn_activeagentassignedon": now_us,
            "msdyn_startedon": now_us,
            "actualstart": now_us,
        }
        self._put(_CALL, self.key, values, at_us)
        self._presence(seat.leg.agent, "Busy", at_us)

    def consulted(self, at_us: int, seat: _Seat, *, leaves: bool) -> None:
        """Another agent joins to help, or leaves."""
        if seat.leg.consult is None:
            return
        stamp: dict[str, Value] = {
            "msdyn_lefton" if leaves else "msdyn_joinedon": self._when(at_us),
            "msdyn_assignreason": "AgentConsult",
        }
        self._participant(seat, stamp, at_us, consult=True)

    def left(self, at_us: int, seat: _Seat) -> None:
        """The session ends: rejected, rung out, transferred or over."""
        now_us = self._when(at_us)
        taken = seat.leg.answer == "accepted"
        reason = {"rejected": "AgentReject", "timed_out": "AgentTimeout"}.get(seat.leg.answer)
        more: dict[str, Value] = {"msdyn_lefton": now_us, "msdyn_leftonreason": reason}
        self._participant(seat, more, at_us)
        closed: dict[str, Value] = {
            "msdyn_sessionclosedon": now_us,
            "msdyn_closurereason": seat.closure,
            "statecode": 1,
            "statuscode": 2,
        }
        self._put(_SESSION, seat.session, closed, at_us)
        if seat.closure == _CLOSURE["transferred"]:
            row = self._env.store.table(_CALL).get(self.key)
            count = 0 if row is None else int(str(row["msdyn_transfercount"]))
            self._put(_CALL, self.key, {"msdyn_transfercount": count + 1}, at_us)
        if taken:
            self._presence(seat.leg.agent, "Available", at_us)

    def ended(self, at_us: int) -> None:
        """Hang-up: wrap-up begins, the state stays Open."""
        now_us, script = self._when(at_us), self._script
        talk_s = int((script.end_us - self.start_us) / SECOND_US)
        values: dict[str, Value] = {
            "statuscode": 5,
            "msdyn_statuschangereason": _REASON + 8,
            "msdyn_wrapupinitiatedon": now_us,
            "msdyn_conversationtalktimeinseconds": talk_s,
            "msdyn_conversationhandletimeinseconds": talk_s,
            "msdyn_conversationholdtimeinseconds": int(sum(leg.hold_s for leg in script.legs)),
        }
        self._put(_CALL, self.key, values, at_us)
        if script.transcript:
            self._transcribe(at_us)

    def closed(self, at_us: int) -> None:
        """The agent is done with it."""
        stamps = dict.fromkeys(("msdyn_closedon", "actualend"), self._when(at_us))
        values: dict[str, Value] = {"statecode": 1, "statuscode": 4}
        self._put(_CALL, self.key, values | stamps, at_us)

    def removed(self, at_us: int) -> None:
        """The conversation row is deleted; recordings lose the link and stay."""
        for name in ("msdyn_ocrecording", _SESSION):
            table = self._env.store.table(name)
            column = "_msdyn_liveworkitemid_value"
            for row in list(table.pointing_at(column, self.key)):
                key = str(row[table.schema.key])
                if name == _SESSION:
                    table.delete(key)
                else:
                    self._put(name, key, {column: None}, at_us)
                    at_row_us = int(str(row["modifiedon"]))
                    self._env.truth.changed(self._env.source, key, at_row_us)
        self._env.store.table(_CALL).delete(self.key)

    def _presence(self, agent: int, name: str, at_us: int) -> None:
        user, now_us = self._agent(agent), self._when(at_us)
        history: dict[str, Value] = {
            "_msdyn_agentid_value": user,
            "_msdyn_presenceid_value": people.presence_id(name),
            "msdyn_starttime": now_us,
            "msdyn_isagentloggedin": True,
        }
        past = stream(self._env.seed, "history", user, self.key, str(at_us))
        self._put("msdyn_agentstatushistory", guid(past), history, at_us)
        states = self._env.store.table("msdyn_agentstatus")
        for row in list(states.pointing_at("_msdyn_agentid_value", user)):
            values: dict[str, Value] = {
                "_msdyn_currentpresenceid_value": people.presence_id(name),
                "msdyn_presencemodifiedon": now_us,
            }
            self._put("msdyn_agentstatus", str(row["msdyn_agentstatusid"]), values, at_us)

    def _transcribe(self, at_us: int) -> None:
        said = [
            {"createdDateTime": at_us // SECOND_US, "isControlMessage": False, "content": "Hello"}
        ]
        link: dict[str, Value] = {
            "msdyn_name": "Transcript",
            "_msdyn_liveworkitemidid_value": self.key,
        }
        self._put("msdyn_transcript", self._transcript, link, at_us)
        body = base64.b64encode(json.dumps(said).encode()).decode()
        note: dict[str, Value] = {
            "subject": "Transcript",
            "objecttypecode": "msdyn_transcript",
            "_objectid_value": self._transcript,
            "documentbody": body,
            "mimetype": "application/json",
            "filename": "message.txt",
            "isdocument": True,
        }
        self._put("annotation", self._note, note, at_us)


def timeline(call: Conversation, script: CallScript) -> Iterator[tuple[int, Callable[[int], None]]]:
    """Every instant of the call with what happens then."""
    yield call.start_us, call.opens
    for seat in call.seats:
        yield seat.start_us, lambda at, s=seat: call.offered(at, s)
        if seat.leg.answer == "accepted":
            yield seat.joined_us, lambda at, s=seat: call.answered(at, s)
        if seat.leg.consult is not None:
            third_us = (seat.end_us - seat.start_us) // 3
            yield (
                seat.start_us + third_us,
                lambda at, s=seat: call.consulted(at, s, leaves=False),
            )
            yield (
                seat.end_us - third_us,
                lambda at, s=seat: call.consulted(at, s, leaves=True),
            )
        yield seat.end_us, lambda at, s=seat: call.left(at, s)
    yield script.end_us, call.ended
    yield script.end_us + int(script.wrap_up_s * SECOND_US), call.closed
    if script.removed_after_s is not None:
        yield script.end_us + int(script.removed_after_s * SECOND_US), call.removed
