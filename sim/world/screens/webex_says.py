"""Webex tells: Contact Center of states of agents, Calling of a recording that is paused; see docs/agent-events.md."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from recorder.scn.model import AgentEventKind as Kind
from recorder.webhooks import WebhookRequest
from sim.ucaas.webex.center import EVENT
from sim.ucaas.webex.hooks import signature
from sim.ucaas.webex.instants import millis_text
from sim.ucaas.webex.people import public_id
from sim.world.kinds.kind import hook_secret
from sim.world.screens.saying import Calls, Said, event_of
from sim.world.screens.script import Happening

_STATES: Final[Mapping[Kind, str]] = {
    Kind.RINGING: "ringing",
    Kind.NOT_RESPONDING: "not-responding",
    Kind.CONNECTED: "connected",
    Kind.ON_HOLD: "on-hold",
    Kind.HOLD_DONE: "hold-done",
    Kind.CONSULTING: "consulting",
    Kind.CONSULT_DONE: "consult-done",
    Kind.CONFERENCING: "conferencing",
    Kind.WRAP_UP: "wrapup",
    Kind.AVAILABLE: "available",
}
_MASKS: Final[Mapping[Kind, str]] = {Kind.MASK: "paused", Kind.UNMASK: "started"}


class WebexSays:
    """Agents have the same id in both; the end of a call that no wrap-up follows is not told."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._calls = Calls()

    def call(self, call: str) -> str:
        """See Mouth."""
        return self._calls.call(call)

    def says(self, one: Happening, at_us: int) -> Iterator[Said]:
        """See Mouth."""
        call = self._calls.of(one)
        if one.kind is Kind.NOT_RESPONDING:
            self._calls.refused(one)
        elif one.kind is Kind.AVAILABLE:
            self._calls.over(one.agent)
            call = ""
        if one.kind in _MASKS:
            yield self._mask(one, call, at_us)
        elif one.kind in _STATES:
            yield self._state(one, call, at_us)

    def _state(self, one: Happening, call: str, at_us: int) -> Said:
        state, at_ms = _STATES[one.kind], at_us // 1000
        body = {
            "specversion": "1.0",
            "type": EVENT,
            "data": {"agentId": one.agent, "currentState": state, "taskId": call, "createdTime": at_ms},
        }  # fmt: skip
        event_id = f"cc.{one.agent}.{call}.{state}.{at_ms}"
        return Said(event_of(self._source, event_id, one, call, at_us), self._center(body))

    def _mask(self, one: Happening, call: str, at_us: int) -> Said:
        body = {
            "resource": "telephony_calls",
            "event": "updated",
            "actorId": public_id("PEOPLE", one.agent),
            "data": {
                "callId": call,
                "callSessionId": call,
                "eventType": "recordingStateChanged",
                "eventTimestamp": millis_text(at_us),
                "state": "held",
                "personality": "terminator",
                "recordingState": _MASKS[one.kind],
            },
        }
        event_id = f"call.{call}.{one.kind.value}.{at_us}"
        text = json.dumps(body).encode()
        signed = {"x-spark-signature": signature(hook_secret(self._source), text)}
        event = event_of(self._source, event_id, one, call, at_us)
        return Said(event, WebhookRequest(signed, text))

    def _center(self, body: Mapping[str, Any]) -> WebhookRequest:
        text = json.dumps(body).encode()
        key = hook_secret(self._source).encode()
        signed = hmac.new(key, text, hashlib.sha256).hexdigest()
        return WebhookRequest({"x-webexcc-signature": signed}, text)
