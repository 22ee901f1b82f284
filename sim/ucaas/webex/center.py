"""Contact Center of the fake organisation: what its agents come to, as CloudEvents and as a list of activities.

Agents of Contact Center are the owners of the calls, under ids of their own; a task is a call session.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from sim.clockwork.chance import Stream, guid, stream
from sim.ucaas.http import Response
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.webex.ask import Ask
from sim.ucaas.webex.calls import ORIGINATOR, Call, Half
from sim.ucaas.webex.errors import Refusal, answer_json
from sim.ucaas.webex.instants import millis_text

SIGNATURE: Final = "X-WebexCC-Signature"
EVENT: Final = "agent:state_change"
WRAP_UP_US: Final = 3 * SECOND_US
_SPACE: Final = UUID("9f0c6c5e-6c0f-4a53-9f0a-7d1b7f3f5a10")
_DAY_MS: Final = 86_400_000
_PAGE_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where events go, and what they are signed with."""

    url: str
    secret: str = field(repr=False)
    delay_s: tuple[float, float] = (0.1, 0.5)
    late: float = 0.0
    """Share that comes up to `late_s` later."""
    late_s: float = 20.0
    repeated: float = 0.0
    lost: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """An agent came to a state."""

    agent: str
    state: str
    task: str
    at_us: int
    """On the service's clock."""


@dataclass(frozen=True, slots=True)
class Post:
    """An event on its way: due at `at_us` on the real clock."""

    at_us: int
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def agent_of(person: str) -> str:
    """The id that Contact Center gives to a person."""
    return str(uuid5(_SPACE, person))  # a fake's own id, not a secret


def states_of(call: Call, half: Half) -> Iterator[State]:
    """What the agent of a half comes to, in order."""
    agent, task = agent_of(half.owner.key), call.session
    if half.personality != ORIGINATOR:
        yield State(agent, "ringing", task, half.start_us)
    if half.answered_us is None:
        yield State(agent, "not-responding", task, half.end_us)
        return
    yield State(agent, "connected", task, half.answered_us)
    if half.hold is not None:
        yield State(agent, "on-hold", task, half.hold[0])
        yield State(agent, "hold-done", task, half.hold[1])
    yield State(agent, "wrapup", task, half.end_us)
    yield State(agent, "wrapup-done", task, half.end_us + WRAP_UP_US)
    yield State(agent, "available", "", half.end_us + WRAP_UP_US + SECOND_US)


class Center:
    """What happened so far. Not thread-safe: the service locks."""

    def __init__(
        self, *, org: str, seed: int, subscriptions: tuple[Subscription, ...] | None
    ) -> None:
        """Without `subscriptions` the organisation has no Contact Center."""
        self._org = org
        self.is_open = subscriptions is not None
        self._chance: Stream = stream(seed, "contact center")
        self._subscriptions = subscriptions or ()
        self._states: list[State] = []

    def happened(self, state: State, now_us: int) -> Iterator[Post]:
        """Remember it, and tell whoever subscribed; nothing is promised about order or number."""
        self._states.append(state)
        event = self._event(state)
        body = json.dumps(event).encode()
        for one in self._subscriptions:
            if self._chance.random() < one.lost:
                continue
            signed = hmac.new(one.secret.encode(), body, hashlib.sha256).hexdigest()
            headers = (("Content-Type", "application/json"), (SIGNATURE, signed))
            for _ in range(2 if self._chance.random() < one.repeated else 1):
                due_us = now_us + int(self._chance.uniform(*one.delay_s) * SECOND_US)
                if self._chance.random() < one.late:
                    due_us += int(self._chance.uniform(0, one.late_s) * SECOND_US)
                yield Post(due_us, one.url, headers, body)

    def _event(self, state: State) -> dict[str, Any]:
        data = {
            "agentId": state.agent,
            "currentState": state.state,
            "taskId": state.task or None,
            "teamId": "team-1",
            "channelType": "telephony",
            "createdTime": state.at_us // 1000,
        }
        return {
            "id": guid(self._chance),
            "specversion": "1.0",
            "type": EVENT,
            "source": f"/com/cisco/wxcc/{self._org}",
            "comciscoorgid": self._org,
            "datacontenttype": "application/json",
            "time": millis_text(state.at_us),
            "data": {name: value for name, value in data.items() if value is not None},
        }

    def answer(self, ask: Ask) -> Response:
        """A page of activities: less than a day, from inclusive, to exclusive. Raises Refusal."""
        given = ask.given
        since, until = (_number(given.get(name, "")) for name in ("from", "to"))
        size, page = _number(given.get("pageSize", "100")), _number(given.get("page", "0"))
        if not 0 <= until - since < _DAY_MS or not 0 < size <= _PAGE_MAX:
            raise Refusal(400, "from and to must be less than a day apart, pageSize at most 1000.")
        found = [
            {
                "agentId": one.agent,
                "currentState": one.state,
                "taskId": one.task or None,
                "startTime": one.at_us // 1000,
                "endTime": -1,
            }
            for one in self._states
            if since <= one.at_us // 1000 < until
        ]
        shown = found[page * size : (page + 1) * size]
        return answer_json(200, {"meta": {"orgId": self._org}, "data": shown})


def _number(text: str) -> int:
    if not text.isdecimal():
        raise Refusal(400, "from, to, page and pageSize must be numbers.")
    return int(text)
