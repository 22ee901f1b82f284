"""A fake of the Tapes service: one function from request to answer, for memory and for a real port."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from email.utils import formatdate

from recorder.instants import from_text, to_text
from sim.ucaas.http import Content, Request, Response

LINK_S = 60.0


@dataclass(frozen=True)
class Tape:
    """One recording and its bytes."""

    id: str
    call_id: str
    updated_us: int
    body: bytes
    revision: int = 1
    ready: bool = True

    def listed(self) -> dict[str, object]:
        return {
            "id": self.id,
            "call_id": self.call_id,
            "revision": self.revision,
            "updated_at": to_text(self.updated_us),
        }

    def recorded(self) -> dict[str, object]:
        return self.listed() | {
            "ready": self.ready,
            "size": len(self.body),
            "sha256": hashlib.sha256(self.body).hexdigest(),
            "direction": "inbound",
            "caller": "+15550100",
            "agent": "Ada",
            "started_at": to_text(self.updated_us - 60_000_000),
            "duration_ms": 60_000,
        }


class FakeTapes:
    """Answers as the service does. `keys` are the keys it accepts; `wall_s` is its clock."""

    def __init__(self, *, url: str, keys: set[str], wall_s: Callable[[], float]) -> None:
        self.url = url
        self.keys = keys
        self.tapes: dict[str, Tape] = {}
        self._wall_s = wall_s

    def offer(self, tape: Tape) -> None:
        self.tapes[tape.id] = tape

    def replace(self, key: str, body: bytes) -> None:
        old = self.tapes[key]
        self.tapes[key] = replace(old, body=body, revision=old.revision + 1)

    def handle(self, request: Request) -> Response:
        answer = self._answer(request)
        date = ("Date", formatdate(self._wall_s(), usegmt=True))
        return replace(answer, headers=(*answer.headers, date))

    def _answer(self, request: Request) -> Response:
        query = dict(request.parameters())
        if request.path.startswith("/media/"):
            return self._media(request.path.removeprefix("/media/"), query.get("until", "0"))
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.keys:
            return _json(401, {"error": "unknown key"})
        parts = request.path.removeprefix("/v1/").split("/")
        if parts == ["me"]:
            return _json(200, {"account": "acme"})
        return self._list(query) if parts == ["recordings"] else self._one(parts)

    def _one(self, parts: list[str]) -> Response:
        tape = self.tapes.get(parts[1]) if parts[0] == "recordings" else None
        if tape is None:
            return _json(404, {"error": "nothing here"})
        if parts[2:] == ["link"]:
            until = self._wall_s() + LINK_S
            return _json(200, {"url": f"{self.url}/media/{tape.id}?until={until}&sig=hush"})
        return _json(200, tape.recorded())

    def _list(self, query: dict[str, str]) -> Response:
        begin = from_text(query.get("from", "1970-01-01T00:00:00Z"))
        end = from_text(query.get("to", "2100-01-01T00:00:00Z"))
        limit, cursor = int(query["limit"]), query.get("cursor", "0")
        if not cursor.isdigit():
            return _json(400, {"error": "not a cursor"})
        found = sorted(
            (tape for tape in self.tapes.values() if begin <= tape.updated_us < end),
            key=lambda tape: (tape.updated_us, tape.id),
        )
        start = int(cursor)
        more = str(start + limit) if start + limit < len(found) else None
        rows = [tape.listed() for tape in found[start : start + limit]]
        return _json(200, {"recordings": rows, "next": more})

    def _media(self, key: str, until: str) -> Response:
        tape = self.tapes.get(key)
        if tape is None:
            return Response(404)
        if self._wall_s() >= float(until):
            return Response(403)
        return Response(200, (("Content-Type", "audio/mpeg"),), Content((tape.body,)))


def _json(status: int, value: object) -> Response:
    body = json.dumps(value).encode()
    return Response(status, (("Content-Type", "application/json"),), Content((body,)))
