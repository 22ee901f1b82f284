"""What a `telephony_calls` event of Webex Calling says of an agent. Pure.

| `state` | Event |
|---|---|
| alerting, connecting | Ringing: at the agent's desk, or at the other end |
| connected | Connected; Hold Done where it was resumed |
| held | On Hold |
| disconnected, answered before | Ended, and Agent Available for this call: there is no wrap-up |
| disconnected, inbound, never answered | Not Responding |
| disconnected otherwise | Ended, and Agent Available for this call |

`recordingState` paused is Mask, started is Unmask. `eventType` differs between versions of the service and
decides nothing but the end of a hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias, cast

from recorder.adapters.http.values import parse
from recorder.adapters.webex.agent_records import CallEvent
from recorder.adapters.webex.ids import bare_id
from recorder.errors import BadAnswer
from recorder.scn.model import AgentEvent, AgentEventKind

_K: TypeAlias = AgentEventKind
_RINGING: Final = frozenset({"alerting", "connecting"})
_MASKS: Final[Mapping[str, AgentEventKind]] = {"paused": _K.MASK, "started": _K.UNMASK}


def events_of(message: Mapping[str, Any], *, source: str, heard_us: int) -> tuple[AgentEvent, ...]:
    """The events in one message; none where it names no agent or cannot be read."""
    data: object = message.get("data")
    agent = bare_id(message.get("actorId"))
    if agent is None or not isinstance(data, dict):
        return ()
    try:
        call = parse(CallEvent, cast("dict[str, Any]", data))
    except BadAnswer:
        return ()
    half = call.call_id
    session = call.session_id or half
    return tuple(
        AgentEvent(
            source=source,
            event_id=f"call.{half}.{kind.value}.{call.at_us}",
            agent=agent,
            call=session,
            kind=kind,
            at_us=call.at_us,
            heard_us=heard_us,
            heard_by="",
        )
        for kind in _kinds(call)
    )


def _kinds(call: CallEvent) -> Iterator[AgentEventKind]:
    if call.state in _RINGING:
        yield _K.RINGING
    elif call.state == "connected":
        yield _K.HOLD_DONE if call.kind == "resumed" else _K.CONNECTED
    elif call.state == "held":
        yield _K.ON_HOLD
    elif call.state == "disconnected":
        yield from _ends(call)
        return
    mask = _MASKS.get(call.recording_state)
    if mask is not None:
        yield mask


def _ends(call: CallEvent) -> Iterator[AgentEventKind]:
    is_inbound = call.personality == "terminator"
    if call.answered_us is None and is_inbound and not call.completed_elsewhere:
        yield _K.NOT_RESPONDING
        return
    yield _K.ENDED
    yield _K.AVAILABLE
