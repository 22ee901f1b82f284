"""The Dynamics adapter over the scripted Dataverse, and over the fake service of the simulator."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from sim.audio import Recording
from sim.contract.overlay import Overlay
from sim.contract.world import SourceWorld
from sim.ucaas.dynamics.entra import ClientApp
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.faults import Fault, FaultKind
from sim.ucaas.http import MemoryTransport
from tests.recorder.adapters.dynamics.scripted import (
    SECRET,
    FakeClock,
    ScriptedDataverse,
    Story,
    error_answer,
    guid,
    open_source,
    us,
)

AUDIO = Recording("call.mp3", 20.0, b"\xff\xf3sound of a call" * 50)
API = "/api/data/"


def is_media(request: httpx.Request) -> bool:
    return request.url.path.endswith("/msdyn_recording/$value") or "/files/" in request.url.path


class DynamicsWorld:
    """What both worlds share: what goes wrong on the way."""

    kind = "dynamics"
    secrets = (SECRET, "token-number-", "sig=")
    lacks: frozenset[str] = frozenset()
    transport: Overlay

    def put_over(self, inner: httpx.BaseTransport, clock: FakeClock) -> Overlay:
        self.clock = clock
        self.transport = Overlay(
            inner,
            wall_s=lambda: clock.wall_s,
            is_api=lambda request: API in request.url.path and not is_media(request),
            is_media=is_media,
            is_token=lambda request: request.url.path.endswith("/token"),
            error=error_answer,
        )
        self.throttle = self.transport.throttle
        self.fail = self.transport.fail
        self.stall = self.transport.stall
        self.truncate = self.transport.truncate
        self.spoil_download = self.transport.spoil_download
        return self.transport

    def us(self, seconds: float) -> int:
        return us(seconds)

    def tokens_given(self) -> int:
        return self.transport.tokens_given

    def skew(self, seconds: float) -> None:
        self.transport.skew_s = seconds

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)


class ScriptedDynamicsWorld(DynamicsWorld):
    """The Dynamics adapter over the scripted Dataverse."""

    def __init__(self) -> None:
        clock = FakeClock()
        self.server = ScriptedDataverse(clock)
        self.story = Story(self.server)
        self.source = open_source(self.put_over(self.server, clock), clock, page_size=2)

    def publish(self, changed_s: int, *, session: int | None = None) -> str:
        conversation = None if session is None else guid(session, 7)
        return self.story.recording(changed_s, conversation=conversation, body=b"sound of a call")

    def body(self, key: str) -> bytes:
        return self.server.files[key, "msdyn_recording"]

    def delete(self, key: str) -> None:
        self.story.delete(key)

    def expire_links(self) -> None:
        self.server.links.clear()

    def refuse_credentials(self, refused: bool) -> None:
        self.server.secret = "other" if refused else SECRET
        self.server.tokens.clear()

    def revoke_tokens(self) -> None:
        self.server.tokens.clear()


class FakeDynamicsWorld(DynamicsWorld):
    """The Dynamics adapter over the fake service of the simulator."""

    def __init__(self) -> None:
        clock = FakeClock()
        clock.advance(100_000)
        self.fake = FakeDynamics(
            now_us=clock.wall_us,
            monotonic_ns=clock.monotonic_ns,
            clients=[ClientApp("node-a", SECRET)],
        )
        inner = MemoryTransport(handle=self.fake.handle, wait=clock.advance)
        self.source = open_source(self.put_over(inner, clock), clock, page_size=2)
        self.sessions: dict[int, str] = {}

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

    def _fault(self, kind: FaultKind, **options) -> None:
        self.fake.add_fault(Fault(kind, **options))


WORLDS: dict[str, Callable[[], SourceWorld]] = {
    "dynamics": FakeDynamicsWorld,
    "dynamics-scripted": ScriptedDynamicsWorld,
}
