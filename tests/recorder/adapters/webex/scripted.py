"""A small Webex in memory: recordings, links, call history, tokens, and answers on order. A fake, not the service."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

import httpx

from recorder.adapters.webex.plugin import PLUGIN
from recorder.errors import ConfigError
from recorder.instants import from_text, to_text
from recorder.plugins import SourceDeps
from tests.recorder.adapters.dynamics.scripted import EPOCH_S, FakeClock

API = "https://webexapis.com/v1/"
CDR = "https://analytics-calling.webexapis.com/v1/"
MEDIA = "https://nsq1wss.dmz.webex.com/nbr/MultiThreadDownloadServlet"
SECRET = "hush-hush-secret"
REFRESH = "first-refresh-token"
SIGNING = "hush-hush-signing"
TICKET = "SDJTSwAAAIV9"
LINK_S = 3 * 3600


def uuid(number: int, kind: int = 0) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def at(seconds: float) -> str:
    """`seconds` after 2026 began, as the service writes it."""
    return to_text(us(seconds))


def us(seconds: float) -> int:
    return int((EPOCH_S + seconds) * 1_000_000)


@dataclass
class FakeSecrets:
    values: dict[str, str] = field(
        default_factory=lambda: {"env:WEBEX": SECRET, "env:REFRESH": REFRESH, "env:HOOK": SIGNING}
    )

    def read(self, reference: str) -> str:
        if reference not in self.values:
            raise ConfigError(f"{reference}: not set", hint="Set it.")
        return self.values[reference]


def open_source(transport, clock, *, name="calls", secrets=None, **settings):
    """A WebexSource of node a that speaks to whatever is behind `transport`."""
    table = {"client_id": "node-a", "client_secret": "env:WEBEX", "refresh_token": "env:REFRESH"}
    deps = SourceDeps(
        name=name,
        transport=lambda: transport,
        clock=clock,
        secrets=secrets or FakeSecrets(),
        user_agent="Tandem/test",
    )
    return PLUGIN.open(PLUGIN.settings.model_validate(table | settings), deps)


def error_answer(status: int, message: str = "no", **headers: str) -> httpx.Response:
    body = {
        "message": message,
        "errors": [{"description": "as ordered"}],
        "trackingId": "ROUTER_1",
    }
    return httpx.Response(
        status, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()}
    )


@dataclass
class Order:
    """Answer the next `times` requests whose address holds `part` with `answer`."""

    part: str
    answer: Callable[[httpx.Request], httpx.Response]
    times: int = 1


class ScriptedWebex(httpx.BaseTransport):
    """`recordings` is what there is; `orders` are answered before anything else."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.clock_offset_s = 0.0
        self.recordings: list[dict] = []
        self.bodies: dict[str, bytes] = {}
        self.transcripts: dict[str, bytes] = {}
        self.metadata: dict[str, dict] = {}
        self.history: list[tuple[int, dict]] = []
        self.history_page = 500
        self.orders: list[Order] = []
        self.requests: list[httpx.Request] = []
        self.secret = SECRET
        self.refresh_tokens = {REFRESH}
        self.rotates = False
        self.is_compliance = True
        self.token_lifetime_s = 43_200
        self.refresh_lifetime_s = 90 * 86_400
        self.tokens: dict[str, float] = {}
        self.tokens_given = 0
        self.links: dict[str, tuple[str, str, float]] = {}
        self.link_parameters = ("max", "from", "to", "status", "serviceType")
        """What a next link repeats."""
        self.dated = True
        self.transport: httpx.BaseTransport = self
        """What sources speak through."""

    def open(self, **settings):
        """A WebexSource that speaks to this fake."""
        return open_source(self.transport, self.clock, **settings)

    def order(self, part: str, answer, times: int = 1) -> None:
        reply = answer if callable(answer) else lambda _request: answer
        self.orders.append(Order(part, reply, times))

    def asked(self, part: str) -> list[httpx.Request]:
        return [request for request in self.requests if part in str(request.url)]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        for order in self.orders:
            if order.times > 0 and order.part in unquote(str(request.url)):
                order.times -= 1
                return self._dated(order.answer(request))
        url = str(request.url)
        if url.startswith(MEDIA):
            return self._media(request)
        if url.startswith(f"{API}access_token"):
            return self._token(request)
        return self._dated(self._api(request))

    def _dated(self, response: httpx.Response) -> httpx.Response:
        if self.dated and "date" not in response.headers:
            seconds = self.clock.wall_s + self.clock_offset_s
            response.headers["date"] = email.utils.formatdate(seconds, usegmt=True)
        return response

    # -- tokens ----

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        if form.get("client_secret") != self.secret:
            return httpx.Response(401, json={"error": "invalid_client", "trackingId": "ROUTER_2"})
        given = form.get("refresh_token")
        if form.get("grant_type") != "refresh_token" or given not in self.refresh_tokens:
            return httpx.Response(400, json={"error": "invalid_grant", "trackingId": "ROUTER_3"})
        self.tokens_given += 1
        token = f"token-number-{self.tokens_given}"
        self.tokens[token] = self.clock.wall_s + self.token_lifetime_s
        if self.rotates:
            self.refresh_tokens.remove(given)
            given = f"refresh-number-{self.tokens_given}"
            self.refresh_tokens.add(given)
        body = {
            "access_token": token,
            "expires_in": self.token_lifetime_s,
            "refresh_token": given,
            "refresh_token_expires_in": self.refresh_lifetime_s,
            "token_type": "Bearer",
        }
        return httpx.Response(200, json=body)

    def _is_known(self, request: httpx.Request) -> bool:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self.clock.wall_s < self.tokens.get(token, 0.0)

    # -- the API ----

    def _api(self, request: httpx.Request) -> httpx.Response:
        if not self._is_known(request):
            return error_answer(401)
        url = str(request.url)
        if url.startswith(f"{CDR}cdr_"):
            return self._history(request)
        if url.startswith(f"{API}admin/convergedRecordings"):
            return self._list(request)
        if match := re.match(rf"{API}convergedRecordings/([^/?]+)(/metadata)?", url):
            return self._one(unquote(match.group(1)), is_metadata=match.group(2) is not None)
        return error_answer(404)

    def _list(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        until_us = from_text(asked["to"]) if "to" in asked else self.clock.wall_us()
        since_us = from_text(asked["from"]) if "from" in asked else until_us - int(7 * 86_400e6)
        found = [
            row
            for row in self.recordings
            if row["status"] == asked.get("status", "available")
            and since_us <= from_text(row["createTime"]) < until_us
            and asked.get("serviceType", row["serviceType"]) == row["serviceType"]
        ]
        found.sort(key=lambda row: row["createTime"], reverse=True)
        start, size = int(asked.get("cursor", 0)), int(asked.get("max", 10))
        headers = {}
        if start + size < len(found):
            kept = {name: asked[name] for name in self.link_parameters if name in asked}
            more = httpx.QueryParams({**kept, "cursor": start + size})
            headers["link"] = f'<{API}admin/convergedRecordings?{more}>; rel="next"'
        rows = [self._shown(row) for row in found[start : start + size]]
        return httpx.Response(200, json={"items": rows}, headers=headers)

    def _shown(self, row: dict) -> dict:
        return {name: value for name, value in row.items() if name != "links"}

    def _one(self, asked: str, *, is_metadata: bool) -> httpx.Response:
        row = next((row for row in self.recordings if row["id"] == asked), None)
        if row is None:
            return error_answer(404)
        if is_metadata:
            document = self.metadata.get(asked)
            return httpx.Response(204) if document is None else httpx.Response(200, json=document)
        shown = self._shown(row)
        if self.is_compliance and row.get("links", True):
            shown["temporaryDirectDownloadLinks"] = self._links(asked)
        return httpx.Response(200, json=shown)

    def _links(self, key: str) -> dict:
        until_s = self.clock.wall_s + LINK_S
        number = len(self.links)
        found = {"audioDownloadLink": f"{MEDIA}?type=calling&n={number}&ticket={TICKET}"}
        if key in self.transcripts:
            found["transcriptDownloadLink"] = f"{MEDIA}?type=text&n={number}&ticket={TICKET}"
        for name, link in found.items():
            self.links[link] = (key, name, until_s)
        return {**found, "expiration": to_text(int(until_s * 1e6))}

    def _media(self, request: httpx.Request) -> httpx.Response:
        key, name, until_s = self.links.get(str(request.url), ("", "", 0.0))
        if "authorization" in request.headers or self.clock.wall_s >= until_s:
            return httpx.Response(403)
        bodies = self.bodies if name == "audioDownloadLink" else self.transcripts
        return httpx.Response(200, content=bodies[key])

    # -- the call history ----

    def _history(self, request: httpx.Request) -> httpx.Response:
        asked = request.url.params
        since_us, until_us = from_text(asked["startTime"]), from_text(asked["endTime"])
        found = [row for at_us, row in self.history if since_us <= at_us < until_us]
        start = int(asked.get("startTimeForNextFetch", 0))
        headers = {}
        if start + self.history_page < len(found):
            more = httpx.QueryParams({**asked, "startTimeForNextFetch": start + self.history_page})
            headers["link"] = f'<<{CDR}{request.url.path[4:]}?{more}>;rel="next">'
        rows = found[start : start + self.history_page]
        return httpx.Response(200, json={"items": rows}, headers=headers)


class Story:
    """Puts plausible recordings into a ScriptedWebex."""

    def __init__(self, world: ScriptedWebex) -> None:
        self.world = world
        self.count = 0

    def recording(
        self,
        created_s: int,
        *,
        session: str | None = None,
        body: bytes = b"ID3 mp3 bytes",
        **fields,
    ) -> str:
        self.count += 1
        key = uuid(self.count, 1)
        row = {
            "id": key,
            "topic": f"Call with Anna-{self.count}",
            "createTime": at(created_s),
            "timeRecorded": at(created_s - 60),
            "ownerId": ANNA,
            "ownerEmail": "anna@contoso.example",
            "ownerType": "user",
            "format": "MP3",
            "durationSeconds": 30,
            "sizeBytes": len(body),
            "serviceType": "calling",
            "storageRegion": "US",
            "status": "available",
            "serviceData": {
                "locationId": uuid(1, 8),
                "callSessionId": session or uuid(self.count, 7),
            },
        }
        self.world.recordings.append(row | fields)
        self.world.bodies[(row | fields)["id"]] = body
        return (row | fields)["id"]

    def row(self, key: str) -> dict:
        return next(row for row in self.world.recordings if row["id"] == key)

    def delete(self, key: str) -> None:
        self.world.recordings.remove(self.row(key))


ANNA, BEN = uuid(1, 5), uuid(2, 5)
