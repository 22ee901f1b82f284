"""What the data source contract needs of a fake service, and one such world for each adapter.

A new adapter joins by adding its world to WORLDS.
"""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

import httpx

from recorder.ports import DataSource, MediaRequest
from sim.audio import Recording
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from tests.recorder.adapters.dynamics.scripted import (
    SECRET,
    FakeClock,
    Order,
    ScriptedDataverse,
    Story,
    error_answer,
    guid,
    open_source,
    us,
)

AUDIO = Recording("call.mp3", 20.0, b"\xff\xf3sound of a call" * 50)


class SourceWorld(Protocol):
    """A fake service with one opened source. Instants are seconds after its own begin."""

    kind: str
    source: DataSource

    def us(self, seconds: float) -> int:
        """An instant of the world in microseconds since 1970."""

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        """Offer an item whose `changed_us` is `changed_s`; returns its key."""

    def body(self, key: str) -> bytes:
        """The bytes of an item's first medium."""

    def delete(self, key: str) -> None:
        """The service forgets an item."""

    def throttle(self, retry_after: str | None) -> None:
        """The next call is answered 429; `retry_after` may hold {+N}: a date N seconds ahead."""

    def fail(self, status: int) -> None:
        """The next call is answered with this status."""

    def expire_links(self) -> None:
        """Download links given out so far no longer work."""

    def refuse_credentials(self, refused: bool) -> None:
        """New tokens are refused, or given again; tokens given so far no longer work."""

    def revoke_tokens(self) -> None:
        """Tokens given so far no longer work; new ones do."""

    def tokens_given(self) -> int:
        """How many tokens were given out."""

    def skew(self, seconds: float) -> None:
        """The service's clock is so far ahead of ours."""

    def advance(self, seconds: float) -> None:
        """Time goes by, on both sides."""

    def fetch(self, request: MediaRequest) -> httpx.Response:
        """Download with one plain request."""


class ScriptedDynamicsWorld:
    """The Dynamics adapter over the scripted Dataverse."""

    kind = "dynamics"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.server = ScriptedDataverse(self.clock)
        self.story = Story(self.server)
        self.source = self.server.open(page_size=2)

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        conversation = None if session is None else guid(session, 7)
        return self.story.recording(changed_s, conversation=conversation, body=b"sound of a call")

    def body(self, key: str) -> bytes:
        return self.server.files[key, "msdyn_recording"]

    def delete(self, key: str) -> None:
        self.story.delete(key)

    def throttle(self, retry_after: str | None) -> None:
        def answer(_request: httpx.Request) -> httpx.Response:
            response = self.server._dated(error_answer(429, "0x80072322", "too many"))
            if retry_after is not None:
                ahead = retry_after.removeprefix("{+").removesuffix("}")
                seconds = self.clock.wall_s + self.server.clock_offset_s
                date = httpx_date(seconds + float(ahead)) if ahead != retry_after else retry_after
                response.headers["retry-after"] = date
            return response

        self.server.orders.append(Order("/api/data/", answer))

    def fail(self, status: int) -> None:
        self.server.order("/api/data/", error_answer(status))

    def expire_links(self) -> None:
        self.server.links.clear()

    def refuse_credentials(self, refused: bool) -> None:
        self.server.secret = "other" if refused else SECRET
        self.server.tokens.clear()

    def revoke_tokens(self) -> None:
        self.server.tokens.clear()

    def tokens_given(self) -> int:
        return self.server.tokens_given

    def skew(self, seconds: float) -> None:
        self.server.clock_offset_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def fetch(self, request: MediaRequest) -> httpx.Response:
        with httpx.Client(transport=self.server) as client:
            return client.get(request.url, headers=list(request.headers))


def httpx_date(seconds: float) -> str:
    return formatdate(seconds, usegmt=True)


class FakeDynamicsWorld:
    """The Dynamics adapter over the fake service of the simulator."""

    kind = "dynamics"

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.clock.advance(100_000)
        self.fake = FakeDynamics(
            now_us=self.clock.wall_us,
            monotonic_ns=self.clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET)],
        )
        inner = MemoryTransport(handle=self.fake.handle, wait=self.clock.advance)
        self.transport = Overlay(inner, self.clock)
        self.source = open_source(self.transport, self.clock, page_size=2)
        self.sessions: dict[int, str] = {}

    def us(self, seconds: float) -> int:
        return us(seconds)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        part = RecordingScript(AUDIO, row_delay_s=0.0, file_delay_s=0.0, stamp_us=us(changed_s))
        call = CallScript(end_us=us(changed_s), legs=(Leg(0, 20.0),), recordings=(part,))
        (placed,) = self.fake.place([call])
        self.fake.advance()
        (key,) = placed.recordings
        if session is not None:
            conversation = self.sessions.setdefault(session, placed.conversation)
            table = self.fake._env.store.table("msdyn_ocrecording")
            table.put(key, {"_msdyn_liveworkitemid_value": conversation}, us(changed_s))
        return key

    def body(self, key: str) -> bytes:
        (item,) = (item for item in self.fake.truth() if item.key == key)
        stored = self.fake._env.files.get(item.version)
        assert stored is not None
        return stored.content.joined()

    def delete(self, key: str) -> None:
        assert self.fake.delete_recording(key)

    def throttle(self, retry_after: str | None) -> None:
        ahead = (retry_after or "").removeprefix("{+").removesuffix("}")
        form = "date" if ahead != (retry_after or "") else "seconds" if ahead else "absent"
        if form == "seconds" and not (ahead.isdigit() and 0 < int(ahead) < 4000):
            answer = error_answer(429, "0x80072322", "too many")
            answer.headers["retry-after"] = ahead
            self.transport.next_answers.append(answer)
            return
        parameters = {"retry_after": form} | ({"seconds": float(ahead)} if ahead else {})
        self._fault(FaultKind.THROTTLE, count=1, parameters=parameters)

    def fail(self, status: int) -> None:
        self.transport.next_answers.append(error_answer(status))

    def expire_links(self) -> None:
        self.clock.advance(3601)

    def refuse_credentials(self, refused: bool) -> None:
        self.revoke_tokens()
        if refused:
            self._fault(FaultKind.SECRET_WRONG)
        else:
            self.fake.clear_faults()

    def revoke_tokens(self) -> None:
        self._fault(FaultKind.TOKEN_REVOKED)

    def tokens_given(self) -> int:
        return self.transport.tokens_given

    def skew(self, seconds: float) -> None:
        self._fault(FaultKind.CLOCK_SKEW, parameters={"seconds": seconds})

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def fetch(self, request: MediaRequest) -> httpx.Response:
        with httpx.Client(transport=self.transport) as client:
            return client.get(request.url, headers=list(request.headers))

    def _fault(self, kind: FaultKind, **options) -> None:
        self.fake.add_fault(Fault(kind, **options))


class Overlay(httpx.BaseTransport):
    """Answers the next API calls itself when told to, and counts tokens."""

    def __init__(self, inner: httpx.BaseTransport, clock: FakeClock) -> None:
        self.inner = inner
        self.clock = clock
        self.next_answers: list[httpx.Response] = []
        self.tokens_given = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.next_answers and "/api/data/" in request.url.path:
            answer = self.next_answers.pop(0)
            answer.headers["date"] = httpx_date(self.clock.wall_s)
            return answer
        answer = self.inner.handle_request(request)
        if request.url.path.endswith("/token") and answer.status_code == 200:
            self.tokens_given += 1
        return answer


WORLDS: dict[str, Callable[[], SourceWorld]] = {
    "dynamics": FakeDynamicsWorld,
    "dynamics-scripted": ScriptedDynamicsWorld,
}
