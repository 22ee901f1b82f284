"""Webhooks of Zoom: is it Zoom's, and does it ask for an early poll? Pure.

A webhook is a hint: it may be lost, late, repeated or out of order, and polling does without it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, assert_never

from pydantic import BaseModel, TypeAdapter, ValidationError

from recorder.webhooks import WebhookAnswer

TOLERANCE_S: Final = 300.0
"""How far the time of signing may be from ours, either way."""
COMPLETED: Final = "recording.archive_files_completed"
VALIDATION: Final = "endpoint.url_validation"
_VERSION: Final = "v0"
_BODY_BYTES_MAX: Final = 4 * 1024**2
_SIGNATURE: Final = re.compile(r"v0=[0-9a-f]{64}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_PLAIN_TOKEN: Final = re.compile(r"[A-Za-z0-9+/=_-]{1,200}")
_EVENT: Final = re.compile(r"[a-z0-9_.]{1,100}")


@dataclass(frozen=True, slots=True)
class Refused:
    """Not Zoom's, or nothing that can be read; `reason` is for the log and holds none of its content."""

    reason: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """Zoom asks whether this end point is ours; `body` proves it."""

    body: bytes


@dataclass(frozen=True, slots=True)
class Hint:
    """A true event of Zoom's. `poll_now`: files were completed."""

    event: str
    poll_now: bool


Outcome: TypeAlias = Refused | Challenge | Hint


class _Event(BaseModel):
    event: str
    payload: dict[str, Any] = {}


_EVENT_BODY: Final = TypeAdapter(_Event)


def signature(secret_token: str, timestamp: str, body: bytes) -> str:
    """What Zoom puts into `x-zm-signature`."""
    message = f"{_VERSION}:{timestamp}:".encode() + body
    return f"{_VERSION}={_hmac(secret_token, message)}"


def verify(
    secret_token: str,
    headers: Mapping[str, str],
    body: bytes,
    now_us: int,
    tolerance_s: float = TOLERANCE_S,
) -> Outcome:
    """What a request is worth; `headers` have names in lower case, `body` is as it came.

    The challenge is answered without a signature too, but never with a wrong one: a plain token cannot hold
    a colon, so no answer to it is ever the signature of an event.
    """
    if len(body) > _BODY_BYTES_MAX:
        return Refused("the body is too large")
    is_signed = "x-zm-signature" in headers
    if is_signed:
        signed_s = _signed_s(secret_token, headers, body)
        if signed_s is None:
            return Refused("the signature is wrong, or cannot be read")
        if abs(now_us / 1e6 - signed_s) > tolerance_s:
            return Refused("it was signed too long ago, or a clock is wrong")
    return _judged(secret_token, body, is_signed=is_signed)


def _judged(secret_token: str, body: bytes, *, is_signed: bool) -> Outcome:
    try:
        event = _EVENT_BODY.validate_json(body)
    except ValidationError:
        return Refused("the body is no event")
    if event.event == VALIDATION:
        return _challenge(secret_token, event.payload.get("plainToken"))
    if not is_signed:
        return Refused("there is no signature")
    name = event.event if _EVENT.fullmatch(event.event) else "unknown"
    return Hint(name, poll_now=name == COMPLETED)


def answer(outcome: Outcome) -> WebhookAnswer:
    """The HTTP answer. Events nobody asked for are taken too: a refused one would be sent again."""
    match outcome:
        case Refused():
            return WebhookAnswer(401)
        case Challenge(body=body):
            return WebhookAnswer(200, body)
        case Hint(poll_now=poll_now):
            return WebhookAnswer(204, poll_now=poll_now)
        case _:
            assert_never(outcome)


def _signed_s(secret_token: str, headers: Mapping[str, str], body: bytes) -> int | None:
    """When a request was signed, in seconds since 1970; None when the signature is not Zoom's."""
    signed = headers.get("x-zm-signature", "")
    timestamp = headers.get("x-zm-request-timestamp", "")
    if not _SECONDS.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signed):
        return None
    is_true = hmac.compare_digest(signature(secret_token, timestamp, body), signed)
    return int(timestamp) if is_true else None


def _challenge(secret_token: str, plain: object) -> Challenge | Refused:
    if not isinstance(plain, str) or not _PLAIN_TOKEN.fullmatch(plain):
        return Refused("a challenge without a plain token")
    encrypted = _hmac(secret_token, plain.encode())
    return Challenge(json.dumps({"plainToken": plain, "encryptedToken": encrypted}).encode())


def _hmac(secret_token: str, message: bytes) -> str:
    return hmac.new(secret_token.encode(), message, hashlib.sha256).hexdigest()
