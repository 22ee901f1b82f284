"""Messages of Dataverse: whether they are ours, and what they say. Pure but for the memory of sessions.

A message is a serialised `RemoteExecutionContext`. It holds the columns that changed and, where a post image
named in docs/agent-events.md is registered, those that are needed besides. What it does not say, and what was
cut off because the message was too large, is a reason to ask the service.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from recorder.adapters.dynamics.agent_rows import Seat, Talk, Teller
from recorder.adapters.dynamics.odata import is_guid
from recorder.adapters.dynamics.sessions import SessionMemory
from recorder.adapters.dynamics.settings import DynamicsSettings
from recorder.adapters.http.json_body import json_object
from recorder.adapters.http.values import clean_text, int_or_none
from recorder.errors import BadAnswer
from recorder.scn.model import AgentEvent
from recorder.webhooks import WebhookAnswer, WebhookRequest

SIZE_EXCEEDED: Final = "x-ms-dynamics-msg-size-exceeded"
ENTITY: Final = "x-ms-dynamics-entity-name"
_BODY_BYTES_MAX: Final = 512 * 1024
_OK, _NO_JSON, _REFUSED, _NO_SECRET, _TOO_LARGE = 200, 400, 401, 403, 413
_DATE: Final = re.compile(r"^/Date\((-?[0-9]{1,15})(?:[+-][0-9]{4})?\)/$")
_US_MAX: Final = 7_258_118_400_000_000
_MS_US: Final = 1_000
_RECORDINGS: Final = "msdyn_ocrecording"
_SESSION: Final = "msdyn_ocsession"
_SEAT: Final = "msdyn_sessionparticipant"
_TALK: Final = "msdyn_ocliveworkitem"


def is_genuine(request: WebhookRequest, settings: DynamicsSettings, secret: str) -> bool:
    """Whether a message carries the secret, in the place where it was registered to be."""
    name = settings.webhook_name
    if settings.webhook_auth == "header":
        given = request.headers.get(name.lower(), "")
    else:
        given = request.query.get("code" if settings.webhook_auth == "code" else name, "")
    return bool(given) and hmac.compare_digest(given.encode("utf-8", "replace"), secret.encode())


def answer_to(
    request: WebhookRequest,
    *,
    settings: DynamicsSettings,
    secret: str | None,
    sessions: SessionMemory,
    teller: Teller,
) -> WebhookAnswer:
    """What to answer; None for a source without a webhook secret, which hears nothing."""
    if secret is None:
        return WebhookAnswer(_NO_SECRET)
    if not is_genuine(request, settings, secret):
        return WebhookAnswer(_REFUSED)
    if len(request.body) > _BODY_BYTES_MAX:
        return WebhookAnswer(_TOO_LARGE)
    if SIZE_EXCEEDED in request.headers:
        entity = request.headers.get(ENTITY, "")
        is_recording = entity == _RECORDINGS
        return WebhookAnswer(_OK, poll_now=is_recording, ask_states=not is_recording)
    try:
        message = _Message(json_object(request.body))
    except BadAnswer:
        return WebhookAnswer(_NO_JSON)
    return _answer(message, sessions, teller)


def _answer(message: _Message, sessions: SessionMemory, teller: Teller) -> WebhookAnswer:
    if message.entity == _RECORDINGS:
        return WebhookAnswer(_OK, poll_now=True)
    if message.entity == _SESSION:
        call = message.id_of("msdyn_liveworkitemid")
        if call is not None and message.key is not None:
            sessions.keep({message.key: call})
        return WebhookAnswer(_OK)
    if message.entity == _SEAT and message.key is not None:
        return _of_seat(message.seat(message.key), sessions, teller)
    if message.entity == _TALK and message.key is not None:
        talk = message.talk(message.key)
        events = tuple(teller.of_talk(talk))
        is_over = talk.wrap_up_us is not None or talk.closed_us is not None
        return WebhookAnswer(_OK, agent_events=events, ask_states=is_over and not events)
    return WebhookAnswer(_OK)


def _of_seat(seat: Seat, sessions: SessionMemory, teller: Teller) -> WebhookAnswer:
    session = seat.session or ""
    call = sessions.known([session]).get(session)
    events: tuple[AgentEvent, ...] = ()
    if call is not None and seat.mode is not None:
        events = tuple(teller.of_seat(seat, call))
    is_whole = call is not None and seat.agent is not None and seat.mode is not None
    return WebhookAnswer(_OK, agent_events=events, ask_states=not is_whole)


class _Message:
    """A RemoteExecutionContext: its columns, those of the post images below those that changed."""

    def __init__(self, context: Mapping[str, Any]) -> None:
        self.entity = _text(context.get("PrimaryEntityName")).lower()
        self.key = _guid(context.get("PrimaryEntityId"))
        self._columns: dict[str, object] = {}
        for _, image in _pairs(context.get("PostEntityImages")):
            self._columns |= dict(_attributes(image))
        changed: dict[str, object] = {}
        for name, value in _pairs(context.get("InputParameters")):
            if name == "Target":
                changed = dict(_attributes(value))
        # A message that tells what changed to nothing tells so with a null.
        self._columns |= changed
        if _text(context.get("MessageName")).lower() == "create":
            self._columns.setdefault("createdon", context.get("OperationCreatedOn"))

    def id_of(self, column: str) -> str | None:
        """The row that a lookup leads to."""
        value = self._columns.get(column)
        if isinstance(value, dict):
            value = cast("dict[str, object]", value).get("Id")
        return _guid(value)

    def seat(self, key: str) -> Seat:
        """A session participant."""
        return Seat(
            id=key,
            agent=self.id_of("msdyn_agentid"),
            session=self.id_of("msdyn_omnichannelsession"),
            mode=self._number("msdyn_mode"),
            added_us=self._instant("createdon"),
            joined_us=self._instant("msdyn_joinedon"),
            left_us=self._instant("msdyn_lefton"),
            left_reason=_text(self._columns.get("msdyn_leftonreason")),
        )

    def talk(self, key: str) -> Talk:
        """A conversation."""
        return Talk(
            id=key,
            agent=self.id_of("msdyn_activeagentid"),
            status=self._number("statuscode"),
            wrap_up_us=self._instant("msdyn_wrapupinitiatedon"),
            closed_us=self._instant("msdyn_closedon"),
        )

    def _number(self, column: str) -> int | None:
        value = self._columns.get(column)
        if isinstance(value, dict):
            value = cast("dict[str, object]", value).get("Value")
        return int_or_none(value)

    def _instant(self, column: str) -> int | None:
        match = _DATE.match(_text(self._columns.get(column)))
        instant_us = int(match[1]) * _MS_US if match else -1
        return instant_us if 0 <= instant_us <= _US_MAX else None


def _pairs(value: object) -> Iterator[tuple[str, object]]:
    """A dictionary as Dataverse writes it: an array of keys and values."""
    entries = cast("list[object]", value)[:1000] if isinstance(value, list) else []
    for entry in entries:
        if isinstance(entry, dict):
            known = cast("dict[str, object]", entry)
            yield _text(known.get("key")), known.get("value")


def _attributes(entity: object) -> Iterator[tuple[str, object]]:
    if isinstance(entity, dict):
        yield from _pairs(cast("dict[str, object]", entity).get("Attributes"))


def _text(value: object) -> str:
    return clean_text(value) if isinstance(value, str) else ""


def _guid(value: object) -> str | None:
    return value.lower() if isinstance(value, str) and is_guid(value) else None
