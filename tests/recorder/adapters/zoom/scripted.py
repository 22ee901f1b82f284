"""A small Zoom account in memory: archived meetings, files, tokens, and answers on order. A fake."""

from __future__ import annotations

import base64
import email.utils
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote

import httpx

from recorder.adapters.zoom.plugin import PLUGIN
from recorder.instants import from_text, to_text
from recorder.plugins import SourceDeps
from tests.recorder.adapters.dynamics.scripted import EPOCH_S, FakeClock, FakeSecrets, at, us

API = "https://api.zoom.us"
MEDIA = "https://us02web.zoom.us"
BUCKET = "https://ssrweb.zoom.us"
SECRET = "hush-hush-zoom-secret"
HOOK_SECRET = "hook-hush-hush"
SIGNATURE = "c2lnbmF0dXJlLW9mLXpvb20"
SEVEN_DAYS_US = 7 * 86_400 * 1_000_000
LATER_S = 200_000
"""The clock begins so long after the story, which is told in seconds after 2026 began."""
M4A = b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00"

__all__ = ["EPOCH_S", "FakeClock", "at", "us"]


def secrets():
    return FakeSecrets({"env:ZOOM": SECRET, "env:HOOK": HOOK_SECRET})


def open_source(transport, clock, *, name="meet", given=None, **settings):
    """A ZoomSource of node a that speaks to whatever is behind `transport`."""
    table = {
        "account_id": "account-1",
        "client_id": "node-a",
        "client_secret": "env:ZOOM",
        "requests_per_s": 80,
    } | settings
    deps = SourceDeps(
        name=name,
        transport=lambda: transport,
        clock=clock,
        secrets=given or secrets(),
        user_agent="Tandem/test",
    )
    return PLUGIN.open(PLUGIN.settings.model_validate(table), deps)


def error_answer(status: int, code: int | None = None, message: str = "no", **headers: str):
    body = {"code": status if code is None else code, "message": message}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, json=body, headers=named)


@dataclass
class Order:
    """Answer the next `times` requests whose raw address holds `part` with `answer`."""

    part: str
    answer: Callable[[httpx.Request], httpx.Response]
    times: int = 1


class ScriptedZoom(httpx.BaseTransport):
    """`meetings` is what there is; `orders` are answered before anything else."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        if clock is None:
            clock = FakeClock()
            clock.advance(LATER_S)
        self.clock = clock
        self.meetings: list[object] = []
        self.bodies: dict[str, bytes] = {}
        self.orders: list[Order] = []
        self.requests: list[httpx.Request] = []
        self.secret = SECRET
        self.tokens: dict[str, float] = {}
        self.tokens_given = 0
        self.pages: dict[str, tuple[dict, int, float]] = {}
        self.scopes = {"list", "files", "statistics"}
        self.redirects = False
        self.counts: dict[str, object] = {}
        self.lag_s = 0.0
        """How far the clock that clamps `to` is behind the one of the Date header."""

    def open(self, **settings):
        return open_source(self, self.clock, **settings)

    def order(self, part: str, answer, times: int = 1) -> None:
        reply = answer if callable(answer) else lambda _request: answer
        self.orders.append(Order(part, reply, times))

    def asked(self, part: str) -> list[httpx.Request]:
        return [one for one in self.requests if part in one.url.raw_path.decode()]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        answer = self._ordered(request) or self._answer(request)
        if "date" not in answer.headers:
            answer.headers["date"] = email.utils.formatdate(self.clock.wall_s, usegmt=True)
        return answer

    def _ordered(self, request: httpx.Request) -> httpx.Response | None:
        for order in self.orders:
            if order.times > 0 and order.part in str(request.url):
                order.times -= 1
                return order.answer(request)
        return None

    def _answer(self, request: httpx.Request) -> httpx.Response:
        origin = f"{request.url.scheme}://{request.url.host}"
        if request.url.path == "/oauth/token":
            return self._token(request)
        if origin == BUCKET:
            return self._bucket(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.clock.wall_s >= self.tokens.get(token, 0.0):
            return error_answer(401, 124, "Invalid access token.")
        return self._file(request) if origin == MEDIA else self._api(request)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = {name: values[0] for name, values in parse_qs(request.content.decode()).items()}
        basic = base64.b64encode(f"node-a:{self.secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            body = {"reason": "Invalid client_id or client_secret", "error": "invalid_client"}
            return httpx.Response(400, json=body)
        if form.get("grant_type") != "account_credentials":
            body = {"reason": "unsupported grant type", "error": "unsupported_grant_type"}
            return httpx.Response(400, json=body)
        if form.get("account_id") != "account-1":
            body = {"reason": "Account does not exist", "error": "invalid_request"}
            return httpx.Response(400, json=body)
        self.tokens_given += 1
        token = f"zoom-token-{self.tokens_given}"
        self.tokens[token] = self.clock.wall_s + 3599
        body = {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 3599,
            "scope": "archiving:read:list_archived_files:admin",
            "api_url": API,
        }
        return httpx.Response(200, json=body)

    # -- the API ----

    def _api(self, request: httpx.Request) -> httpx.Response:
        path, _, _ = request.url.raw_path.decode().partition("?")
        query = dict(request.url.params)
        parts = path.removeprefix("/v2/").split("/")
        match parts:
            case ["archive_files"]:
                return self._scoped("list") or self._list(query)
            case ["archive_files", "statistics"]:
                return self._scoped("statistics") or httpx.Response(200, json=self.counts)
            case ["past_meetings", uuid, "archive_files"]:
                return self._scoped("files") or self._meeting(uuid)
        return error_answer(404, 2300, "This API endpoint is not recognized.")

    def _scoped(self, scope: str) -> httpx.Response | None:
        if scope in self.scopes:
            return None
        return error_answer(400, 4711, "Invalid access token, does not contain scopes:[x].")

    def _list(self, query: dict) -> httpx.Response:
        start, token = 0, query.pop("next_page_token", "")
        if token:
            asked, start, until_s = self.pages.get(token, ({}, 0, 0.0))
            if asked != query or self.clock.wall_s >= until_s:
                return error_answer(400, 300, "The next page token is invalid or expired.")
        since_us = from_text(query["from"])
        until_us = min(from_text(query["to"]), int((self.clock.wall_s - self.lag_s) * 1e6))
        if until_us - since_us > SEVEN_DAYS_US:
            return error_answer(400, 300, "The date span must not exceed 7 days.")
        size = int(query["page_size"])
        found = [one for one in self.meetings if self._is_in(one, since_us, until_us)]
        to = to_text(until_us)
        body = {
            "from": query["from"],
            "to": to,
            "page_size": size,
            "total_records": len(found),
            "next_page_token": "",
            "meetings": found[start : start + size],
        }
        if start + size < len(found):
            body["next_page_token"] = f"page-{len(self.pages)}"
            same = query | {"to": to}
            self.pages[body["next_page_token"]] = (same, start + size, self.clock.wall_s + 900)
        return httpx.Response(200, json=body)

    @staticmethod
    def _is_in(meeting: object, since_us: int, until_us: int) -> bool:
        """Both ends belong to it; what is not complete, or cannot be read, is shown always."""
        complete = meeting.get("complete_time") if isinstance(meeting, dict) else None
        try:
            return since_us <= from_text(complete) <= until_us
        except (TypeError, ValueError):
            return True

    def _meeting(self, segment: str) -> httpx.Response:
        uuid = unquote(segment)
        if "%2F" in uuid:
            uuid = unquote(uuid)
        elif uuid.startswith("/") or "//" in uuid:
            return error_answer(404, 3001, "Meeting does not exist: encode it twice.")
        for meeting in self.meetings:
            if isinstance(meeting, dict) and meeting.get("uuid") == uuid:
                return httpx.Response(200, json=meeting)
        return error_answer(404, 3001, f"Meeting {uuid} does not exist.")

    # -- files ----

    def _file(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2]
        if name not in self.bodies:
            return httpx.Response(404)
        if self.redirects:
            where = f"{BUCKET}/{name}?Signature={SIGNATURE}"
            return httpx.Response(302, headers={"location": where})
        return httpx.Response(200, content=self.bodies[name])

    def _bucket(self, request: httpx.Request) -> httpx.Response:
        if "authorization" in request.headers or request.url.params["Signature"] != SIGNATURE:
            return httpx.Response(403)
        return httpx.Response(200, content=self.bodies[request.url.path[1:]])


class Story:
    """Puts plausible meetings into a ScriptedZoom."""

    def __init__(self, world: ScriptedZoom) -> None:
        self.world = world
        self.count = 0

    def meeting(self, changed_s: float | None, files: list | None = None, **fields) -> dict:
        """A meeting that was complete at `changed_s`; None for one still processed."""
        self.count += 1
        begun_s = -3600 if changed_s is None else changed_s - 3600
        files = [self.file()] if files is None else files
        meeting = {
            "uuid": f"uuid+{self.count}==",
            "id": 85_746_065_000 + self.count,
            "host_id": "Dhjdfgdkg8w",
            "topic": "Desk call",
            "type": 2,
            "start_time": at(begun_s),
            "timezone": "Europe/London",
            "duration": 30,
            "duration_in_second": 1712,
            "total_size": 1,
            "recording_count": len(files),
            "meeting_type": "internal",
            "account_name": "acme",
            "is_breakout_room": False,
            "complete_time": "" if changed_s is None else at(changed_s),
            "status": "processing" if changed_s is None else "completed",
            "archive_files": files,
        } | fields
        self.world.meetings.append(meeting)
        return meeting

    def file(self, body: bytes = M4A + b"sound", **fields) -> dict:
        """A file with its bytes in place."""
        self.count += 1
        name = f"file-{self.count:04d}"
        self.world.bodies[name] = body
        return {
            "id": name,
            "file_type": "M4A",
            "file_extension": "M4A",
            "recording_type": "audio_only",
            "file_size": len(body),
            "download_url": f"{MEDIA}/rec/archive/download/{name}",
            "status": "completed",
            "individual": False,
            "participant_join_time": at(10),
            "participant_leave_time": at(70),
            "encryption_fingerprint": hashlib.sha256(body).hexdigest().upper(),
        } | fields

    def attachment(self, body: bytes = b"%PDF-1.7 words", **fields) -> dict:
        """A file that was sent in the chat."""
        self.count += 1
        name = f"attached-{self.count:04d}"
        self.world.bodies[name] = body
        return {
            "file_id": name,
            "file_name": "../offer \u202eb.pdf",
            "file_size": len(body),
            "download_url": f"{MEDIA}/rec/archive/attached/download/{name}",
        } | fields

    def delete(self, file_id: str) -> None:
        """The service deletes whole meetings only."""
        self.world.meetings = [
            one
            for one in self.world.meetings
            if all(file["id"] != file_id for file in one["archive_files"])
        ]
        self.world.bodies.pop(file_id, None)
