"""What Webex Contact Center says of agents, in CloudEvents and when it is asked. Pure.

Both tell the same: an agent came to a state, for a task, at an instant; so both give the same ids. Ids of
agents and tasks are Contact Center's own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from recorder.adapters.http.values import parse
from recorder.adapters.webex.agent_records import AgentActivity
from recorder.errors import BadAnswer
from recorder.scn.model import AgentEvent, AgentEventKind
from recorder.webhooks import WebhookRequest

SIGNATURE: Final = "x-webexcc-signature"
_K: TypeAlias = AgentEventKind
STATES: Final[Mapping[str, AgentEventKind]] = MappingProxyType(
    {
        "ringing": _K.RINGING,
        "not-responding": _K.NOT_RESPONDING,
        "connected": _K.CONNECTED,
        "hold-done": _K.HOLD_DONE,
        "on-hold": _K.ON_HOLD,
        "consulting": _K.CONSULTING,
        "consult-done": _K.CONSULT_DONE,
        "conferencing": _K.CONFERENCING,
        "conference-done": _K.CONNECTED,
        "wrapup": _K.WRAP_UP,
        "available": _K.AVAILABLE,
        "wrapup-done": _K.AVAILABLE,
    }
)
"""Others, such as idle, say nothing of a screen."""


def is_contact_center(request: WebhookRequest) -> bool:
    """Whether a message says that it is Contact Center's."""
    return SIGNATURE in request.headers


def is_genuine(request: WebhookRequest, secret: str) -> bool:
    """Whether the body was signed with the subscription's secret."""
    right = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    given = request.headers.get(SIGNATURE, "").strip().lower().removeprefix("sha256=")
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())


def event_in(message: Mapping[str, Any], *, source: str, heard_us: int) -> tuple[AgentEvent, ...]:
    """What one CloudEvent says: the state of an agent, or nothing."""
    name: object = message.get("type")
    data: object = message.get("data")
    if not isinstance(name, str) or not name.startswith("agent:") or not isinstance(data, dict):
        return ()
    return events_of([cast("dict[str, Any]", data)], source=source, heard_us=heard_us)


def events_of(rows: Iterable[object], *, source: str, heard_us: int) -> tuple[AgentEvent, ...]:
    """What rows say; one that cannot be read, or says something else, hides no other."""
    found: list[AgentEvent] = []
    for row in rows:
        try:
            activity = parse(AgentActivity, row)
        except BadAnswer:
            continue
        kind = STATES.get(activity.state)
        at_us = activity.at_us
        if kind is None or at_us is None:
            continue
        call = "" if activity.state == "available" else activity.task
        event_id = f"cc.{activity.agent}.{activity.task}.{activity.state}.{at_us // 1000}"
        found.append(
            AgentEvent(
                source=source,
                event_id=event_id,
                agent=activity.agent,
                call=call,
                kind=kind,
                at_us=at_us,
                heard_us=heard_us,
                heard_by="",
            )
        )
    return tuple(found)
