"""Whether a webhook is the service's own, and what it says: that a recording is new, or what an agent does. Pure.

Of a recording its word is a hint: what it names is read again from the listing, by polling.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from recorder.adapters.http.json_body import json_object
from recorder.adapters.webex import contact_center
from recorder.adapters.webex.agent_calls import events_of
from recorder.errors import BadAnswer
from recorder.webhooks import WebhookAnswer, WebhookRequest

SHA1_HEADER: Final = "x-spark-signature"
SHA256_HEADER: Final = "x-webex-signature"
_RESOURCE: Final = "convergedRecordings"
_CALLS: Final = "telephony_calls"
_BODY_BYTES_MAX: Final = 1024**2
_OK: Final = 200
_NO_JSON: Final = 400
_REFUSED: Final = 401
_NOT_SET_UP: Final = 404
_TOO_LARGE: Final = 413


def is_genuine(request: WebhookRequest, secret: str) -> bool:
    """Whether the body was signed with `secret`, by either of the service's signatures."""
    key = secret.encode()
    sha1 = hmac.new(key, request.body, hashlib.sha1).hexdigest()
    sha256 = hmac.new(key, request.body, hashlib.sha256).hexdigest()
    given_1 = request.headers.get(SHA1_HEADER, "").strip().lower()
    given_256 = request.headers.get(SHA256_HEADER, "").strip().lower().removeprefix("sha256=")
    by_sha1 = _same(given_1, sha1)
    by_sha256 = _same(given_256, sha256)
    return by_sha1 or by_sha256


def answer_to(
    request: WebhookRequest,
    secret: str | None,
    *,
    contact_center_secret: str | None = None,
    source: str = "",
    heard_us: int = 0,
) -> WebhookAnswer:
    """What to answer; None for a source without a webhook secret, which hears nothing.

    Events of agents are of `source`, heard at `heard_us`.
    """
    is_center = contact_center.is_contact_center(request)
    if is_center:
        secret = contact_center_secret
    if secret is None:
        return WebhookAnswer(_NOT_SET_UP)
    if len(request.body) > _BODY_BYTES_MAX:
        return WebhookAnswer(_TOO_LARGE)
    genuine = contact_center.is_genuine if is_center else is_genuine
    if not genuine(request, secret):
        return WebhookAnswer(_REFUSED)
    try:
        event = json_object(request.body)
    except BadAnswer:
        return WebhookAnswer(_NO_JSON)
    if is_center:
        told = contact_center.event_in(event, source=source, heard_us=heard_us)
    elif event.get("resource") == _CALLS:
        told = events_of(event, source=source, heard_us=heard_us)
    else:
        told = ()
    is_new = not is_center and event.get("resource") == _RESOURCE
    return WebhookAnswer(_OK, poll_now=is_new, agent_events=told)


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), right.encode())
