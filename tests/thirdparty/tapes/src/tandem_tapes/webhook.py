"""Whether a webhook is from Tapes. Pure."""

from __future__ import annotations

import hashlib
import hmac

from recorder.webhooks import WebhookRequest

HEADER = "x-tapes-signature"


def sign(secret: str, body: bytes) -> str:
    """The signature of a body."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def is_genuine(request: WebhookRequest, secret: str) -> bool:
    """Compared in constant time, over the very bytes that came."""
    told = request.headers.get(HEADER, "").encode()
    return hmac.compare_digest(told, sign(secret, request.body).encode())
