"""Posts to those who want to hear of finished archives. Pure data, sent by others.

A post that is not answered with 200 or 204 is tried again after 5 minutes, then 20, then 60; then it is
given up. `scale` shortens these waits.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

from sim.clockwork.chance import Stream, stream
from sim.ucaas.surroundings import SECOND_US

COMPLETED: Final = "recording.archive_files_completed"
VALIDATION: Final = "endpoint.url_validation"
RETRY_AFTER_S: Final = (300.0, 1200.0, 3600.0)
REVALIDATE_S: Final = 72 * 3600.0
ANSWER_WITHIN_S: Final = 3.0
_TAKEN = frozenset({200, 204})


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where the posts of an app go, and how."""

    url: str
    secret_token: str = field(repr=False)
    delay_s: float = 1.0
    """From the instant of completeness to the first post."""
    scale: float = 1.0
    """Waits before further tries are so many times as long."""
    repeated: float = 0.0
    """Share of events that come twice."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post that is due at `at_us` (real clock). `number` rises in the order of being due."""

    number: int
    at_us: int
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    attempt: int = 1


@dataclass(order=True, slots=True)
class _Coming:
    at_us: int
    number: int
    subscription: Subscription = field(compare=False)
    body: bytes = field(compare=False)
    attempt: int = field(compare=False)


class Outbox:
    """What is to be posted, and what was. Not thread-safe: the service locks."""

    def __init__(self, *, seed: int, subscriptions: tuple[Subscription, ...]) -> None:
        self._subscriptions = subscriptions
        self._chance: Stream = stream(seed, "webhooks")
        self._coming: list[_Coming] = []
        self._sent: list[Delivery] = []
        self._behind: dict[int, _Coming] = {}
        self._number = 0

    def completed(
        self, meeting: Mapping[str, Any], *, account: str, now_us: int, service_us: int
    ) -> None:
        """Every subscription is told that this meeting (as in a listing) is complete."""
        for one in self._subscriptions:
            token = f"{self._chance.getrandbits(256):064x}"
            body = completed_event(meeting, account=account, token=token, service_us=service_us)
            for _ in range(2 if self._chance.random() < one.repeated else 1):
                self._add(now_us + int(one.delay_s * SECOND_US), one, body, 1)

    def validate(self, *, now_us: int, service_us: int) -> None:
        """Every subscription is asked to prove that it knows its secret."""
        for one in self._subscriptions:
            plain = f"{self._chance.getrandbits(128):032x}"
            self._add(now_us, one, validation_event(plain, service_us=service_us), 1)

    def _add(self, at_us: int, one: Subscription, body: bytes, attempt: int) -> None:
        self._number += 1
        heappush(self._coming, _Coming(at_us, self._number, one, body, attempt))

    def advance(self, now_us: int, skew_us: int) -> None:
        """What is due by now becomes a delivery. `skew_us`: the service's clock minus the real one."""
        while self._coming and self._coming[0].at_us <= now_us:
            due = heappop(self._coming)
            number = len(self._sent) + 1
            stamp_s = (due.at_us + skew_us) // SECOND_US
            headers = signed_headers(due.subscription.secret_token, stamp_s, due.body)
            url = due.subscription.url
            self._sent.append(
                Delivery(number, due.at_us, "POST", url, headers, due.body, due.attempt)
            )
            self._behind[number] = due

    def deliveries(self, after: int) -> tuple[Delivery, ...]:
        """Those with a number above `after`, in the order in which they were due."""
        return tuple(self._sent[max(after, 0) :])

    def report(self, number: int, status: int) -> None:
        """How a delivery was answered; 0 for not at all within 3 seconds. Another try may follow."""
        due = self._behind.pop(number, None)
        if due is None or status in _TAKEN or due.attempt > len(RETRY_AFTER_S):
            return
        wait_s = RETRY_AFTER_S[due.attempt - 1] * due.subscription.scale
        at_us = due.at_us + int(wait_s * SECOND_US)
        self._add(at_us, due.subscription, due.body, due.attempt + 1)

    def pending(self) -> int:
        """Posts that are yet to become due."""
        return len(self._coming)


def completed_event(
    meeting: Mapping[str, Any], *, account: str, token: str, service_us: int
) -> bytes:
    """The body that tells of a complete archive: its files are named, its attachments are not."""
    left_out = {"physical_files", "auto_delete"}
    told = {name: value for name, value in meeting.items() if name not in left_out}
    told["archive_files"] = [_file_told(one) for one in meeting["archive_files"]]
    event = {
        "event": COMPLETED,
        "event_ts": service_us // 1000,
        "download_token": token,
        "payload": {"account_id": account, "object": told},
    }
    return compact(event)


def _file_told(one: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in one.items() if name != "auto_delete"}
    return told | {"file_name": f"{one['recording_type']}.{str(one['file_extension']).lower()}"}


def validation_event(plain_token: str, *, service_us: int) -> bytes:
    """The body that asks an end point to prove that it knows the secret."""
    return compact(
        {
            "event": VALIDATION,
            "payload": {"plainToken": plain_token},
            "event_ts": service_us // 1000,
        }
    )


def compact(value: object) -> bytes:
    """JSON as one who parses and writes it again would write it: no spaces, no escapes."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


def signed_headers(secret: str, stamp_s: int, body: bytes) -> tuple[tuple[str, str], ...]:
    """The headers of a post at that second of the service's clock."""
    return (
        ("Content-Type", "application/json"),
        ("x-zm-signature", signature(secret, str(stamp_s), body)),
        ("x-zm-request-timestamp", str(stamp_s)),
    )


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """`v0=` and the HMAC-SHA256 of `v0:timestamp:body`, in hexadecimal."""
    text = b"v0:" + timestamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def encrypted_token(secret: str, plain_token: str) -> str:
    """What an end point must answer to a validation as `encryptedToken`."""
    return hmac.new(secret.encode(), plain_token.encode(), hashlib.sha256).hexdigest()
