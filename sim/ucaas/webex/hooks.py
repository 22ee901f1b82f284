"""Webhooks: who wants to hear of what, and the signed posts that tell them. Pure data, sent by others."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from sim.clockwork.chance import Stream, guid, stream
from sim.ucaas.webex.center import Post
from sim.ucaas.webex.errors import Refusal, bad, not_found
from sim.ucaas.webex.instants import SECOND_US, millis_text, seconds_text
from sim.ucaas.webex.people import public_id

RESOURCES = ("convergedRecordings", "telephony_calls", "telephony_conference", "telephony_mwi")
EVENTS = ("created", "updated", "deleted", "started", "ended", "joined", "left", "all")
CALLS = "telephony_calls"
SIGNATURE = "X-Spark-Signature"
_OK = range(200, 300)


@dataclass(frozen=True, slots=True)
class Manner:
    """How posts travel: most in order and once, some late, some twice."""

    delay_s: tuple[float, float] = (0.1, 0.5)
    late: float = 0.0
    """Share that comes up to `late_s` later: after its successors."""
    late_s: float = 20.0
    repeated: float = 0.0
    """Share that comes twice."""
    failures_max: int = 100
    """So many failures within `failures_s` make a webhook inactive."""
    failures_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Hook:
    """One webhook as it was registered."""

    key: str
    client: str
    person: str
    """Bare UUID of whom its token speaks for."""
    name: str
    url: str
    resource: str
    event: str
    filter: str = ""
    secret: str = field(default="", repr=False)
    owned_by: str = "creator"
    status: str = "active"
    created_us: int = 0

    def shown(self) -> dict[str, str]:
        """As the service tells of it."""
        shown = {
            "id": self.key,
            "name": self.name,
            "targetUrl": self.url,
            "resource": self.resource,
            "event": self.event,
            "status": self.status,
            "created": seconds_text(self.created_us),
            "ownedBy": self.owned_by,
        }
        optional = {"filter": self.filter, "secret": self.secret}
        return shown | {name: value for name, value in optional.items() if value}


@dataclass(frozen=True, slots=True)
class Delivery:
    """One post that is due at `at_us` (real clock). `number` rises in the order of being due."""

    number: int
    at_us: int
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)
    hook: str = ""


@dataclass(order=True, slots=True)
class _Coming:
    at_us: int
    number: int
    hook: Hook | Post = field(compare=False)
    body: bytes = field(compare=False)


class Hooks:
    """Registered webhooks, and what they were told. Not thread-safe: the service locks."""

    def __init__(self, *, org: str, seed: int, manner: Manner) -> None:
        self._org = org
        self._manner = manner
        self._chance: Stream = stream(seed, "hooks")
        self._hooks: dict[str, Hook] = {}
        self._coming: list[_Coming] = []
        self._emitted = 0
        self._sent: list[Delivery] = []
        self._failures: dict[str, list[int]] = {}
        self._newest_us: dict[str, int] = {}

    # -- registration ----

    def create(self, given: Mapping[str, Any], *, client: str, person: str, now_us: int) -> Hook:
        """Register one. Raises Refusal (400, 409)."""
        name, url, resource, event = (
            _text(given, what, required=True) for what in ("name", "targetUrl", "resource", "event")
        )
        owned_by = _text(given, "ownedBy") or "creator"
        if resource not in RESOURCES or event not in EVENTS:
            raise bad(f"There is no event '{event}' of a resource '{resource}'.")
        if owned_by not in {"creator", "org"} or (owned_by == "org" and resource == CALLS):
            raise bad(f"ownedBy '{owned_by}' is not supported for '{resource}'.")
        wanted = _text(given, "filter")
        same = (client, url, resource, event, wanted)
        for known in self._hooks.values():
            if same == (known.client, known.url, known.resource, known.event, known.filter):
                raise Refusal(409, "A webhook with this target, resource and event exists.")
        hook = Hook(
            key=public_id("WEBHOOK", guid(self._chance)),
            client=client,
            person=person,
            name=name,
            url=url,
            resource=resource,
            event=event,
            filter=wanted,
            secret=_text(given, "secret"),
            owned_by=owned_by,
            created_us=now_us,
        )
        self._hooks[hook.key] = hook
        return hook

    def of(self, client: str, *, org_only: bool = False) -> list[Hook]:
        """The webhooks of a client, in the order of their registration."""
        mine = (hook for hook in self._hooks.values() if hook.client == client)
        return [hook for hook in mine if not org_only or hook.owned_by == "org"]

    def get(self, key: str, client: str) -> Hook:
        """One webhook. Raises Refusal (404), also for those of others."""
        hook = self._hooks.get(key)
        if hook is None or hook.client != client:
            raise not_found("The webhook")
        return hook

    def change(self, key: str, client: str, given: Mapping[str, Any]) -> Hook:
        """Change name, target, secret, or wake it up. Raises Refusal (400, 404)."""
        hook = self.get(key, client)
        status = _text(given, "status") or hook.status
        if status not in {hook.status, "active"}:
            raise bad("status can only be set to active.")
        if status == "active":
            self._failures.pop(key, None)
        self._hooks[key] = hook = replace(
            hook,
            name=_text(given, "name", required=True),
            url=_text(given, "targetUrl", required=True),
            secret=_text(given, "secret") or hook.secret,
            status=status,
        )
        return hook

    def remove(self, key: str, client: str) -> None:
        """Forget one. Raises Refusal (404)."""
        del self._hooks[self.get(key, client).key]

    # -- events ----

    def is_heard(self, resource: str) -> bool:
        """Whether anybody listens."""
        return any(hook.resource == resource for hook in self._hooks.values())

    def emit(
        self, resource: str, event: str, data: Mapping[str, Any], *, person: str, now_us: int
    ) -> None:
        """Something happened to `person` (bare UUID): every webhook that asked for it is told."""
        for hook in self._hooks.values():
            if hook.status != "active" or hook.resource != resource:
                continue
            if hook.event not in {"all", event} or not _passes(hook, data):
                continue
            if hook.owned_by != "org" and resource == CALLS and hook.person != person:
                continue
            body = json.dumps(self._envelope(hook, event, data, person)).encode()
            for _ in range(2 if self._happens(self._manner.repeated) else 1):
                self._emitted += 1
                due_us = self._due_us(hook, now_us)
                heappush(self._coming, _Coming(due_us, self._emitted, hook, body))

    def _envelope(
        self, hook: Hook, event: str, data: Mapping[str, Any], person: str
    ) -> dict[str, Any]:
        envelope: dict[str, Any] = {
            "id": hook.key,
            "name": hook.name,
            "targetUrl": hook.url,
            "resource": hook.resource,
            "event": event,
            "orgId": public_id("ORGANIZATION", self._org),
            "createdBy": public_id("PEOPLE", hook.person),
            "appId": public_id("APPLICATION", hook.client),
            "ownedBy": hook.owned_by,
            "status": hook.status,
            "created": millis_text(hook.created_us),
            "actorId": public_id("PEOPLE", person),
            "data": dict(data),
        }
        return envelope | ({"filter": hook.filter} if hook.filter else {})

    def _due_us(self, hook: Hook, now_us: int) -> int:
        """Soon and after its predecessors, or late and after its successors."""
        due_us = now_us + int(self._chance.uniform(*self._manner.delay_s) * SECOND_US)
        if self._happens(self._manner.late):
            return due_us + int(self._chance.uniform(0, self._manner.late_s) * SECOND_US)
        due_us = max(due_us, self._newest_us.get(hook.key, 0))
        self._newest_us[hook.key] = due_us
        return due_us

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def post(self, post: Post) -> None:
        """An event of Contact Center travels with the others."""
        self._emitted += 1
        heappush(self._coming, _Coming(post.at_us, self._emitted, post, post.body))

    # -- deliveries ----

    def advance(self, now_us: int) -> None:
        """What is due by now becomes a delivery."""
        while self._coming and self._coming[0].at_us <= now_us:
            coming = heappop(self._coming)
            hook = coming.hook
            if isinstance(hook, Post):
                number = len(self._sent) + 1
                self._sent.append(
                    Delivery(number, hook.at_us, "POST", hook.url, hook.headers, hook.body)
                )
                continue
            headers = (("Content-Type", "application/json"),)
            if hook.secret:
                headers += ((SIGNATURE, signature(hook.secret, coming.body)),)
            number = len(self._sent) + 1
            delivery = Delivery(
                number, coming.at_us, "POST", hook.url, headers, coming.body, hook.key
            )
            self._sent.append(delivery)

    def deliveries(self, after: int) -> tuple[Delivery, ...]:
        """Those with a number above `after`, in the order in which they were due."""
        return tuple(self._sent[max(after, 0) :])

    def pending(self) -> int:
        """Posts that are yet to become due."""
        return len(self._coming)

    def report(self, number: int, status: int, now_us: int) -> None:
        """How a delivery was answered; 0 for not at all. Enough failures make its hook inactive."""
        key = self._sent[number - 1].hook
        hook = self._hooks.get(key)
        if hook is None:
            return
        if status in _OK:
            self._failures.pop(key, None)
            return
        since_us = now_us - int(self._manner.failures_s * SECOND_US)
        failures = [at_us for at_us in self._failures.get(key, []) if at_us > since_us]
        self._failures[key] = failures = [*failures, now_us]
        if len(failures) >= self._manner.failures_max:
            self._hooks[key] = replace(hook, status="inactive")


def signature(secret: str, body: bytes) -> str:
    """What `X-Spark-Signature` holds: HMAC-SHA1 of the body, in hexadecimal."""
    return hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()


def _text(given: Mapping[str, Any], name: str, *, required: bool = False) -> str:
    value = given.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or not value:
        raise bad(f"{name} must be a text.")
    return value


def _passes(hook: Hook, data: Mapping[str, Any]) -> bool:
    name, _, value = hook.filter.partition("=")
    return not name or str(data.get(name, "")) == value
