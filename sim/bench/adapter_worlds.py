"""Each adapter over the fake of its service, in memory: as many recordings as wanted, and a hand-moved clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import httpx

from recorder.adapters.dynamics import PLUGIN as DYNAMICS
from recorder.adapters.webex import PLUGIN as WEBEX
from recorder.adapters.zoom import PLUGIN as ZOOM
from recorder.model import Window
from recorder.plugins import DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource
from sim.audio import Recording
from sim.bench.timing import now_ns
from sim.contract.hand_clock import HandClock
from sim.ucaas.dynamics.entra import ClientApp as DynamicsApp
from sim.ucaas.dynamics.scripts import CallScript as DynamicsCall
from sim.ucaas.dynamics.scripts import Leg as DynamicsLeg
from sim.ucaas.dynamics.scripts import RecordingScript as DynamicsRecording
from sim.ucaas.dynamics.service import FakeDynamics
from sim.ucaas.http import Handler, MemoryTransport
from sim.ucaas.webex.oauth import ClientApp as WebexApp
from sim.ucaas.webex.scripts import CallScript as WebexCall
from sim.ucaas.webex.scripts import Leg as WebexLeg
from sim.ucaas.webex.scripts import RecordingScript as WebexRecording
from sim.ucaas.webex.service import FakeWebex
from sim.ucaas.zoom.oauth import ClientApp as ZoomApp
from sim.ucaas.zoom.scripts import FileScript, MeetingScript
from sim.ucaas.zoom.service import FakeZoom

_CLIENT: Final = "node-a"
_SECRET: Final = "a secret of the bench"  # noqa: S105 - of a fake
_REFRESH: Final = "a-refresh-token"
_SECOND_US: Final = 1_000_000
_BEGIN_S: Final = 100_000.0
_AUDIO: Final = Recording("call.mp3", 20.0, b"\xff\xf3sound of a call" * 50)
_SOUND: Final = Recording("call.m4a", 20.0, b"\0\0\0\x18ftypM4A sound of a meeting" * 50)


class CountingTransport(httpx.BaseTransport):
    """Counts calls, and the time that the fake takes to answer them."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner
        self.calls = 0
        self.spent_ns = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass it on."""
        began_ns = now_ns()
        answer = self._inner.handle_request(request)
        answer.read()
        self.calls += 1
        self.spent_ns += now_ns() - began_ns
        return answer


class _Secrets:
    def read(self, reference: str) -> str:
        return _REFRESH if reference == "env:REFRESH" else _SECRET


@dataclass(slots=True)
class AdapterWorld:
    """One adapter and its fake service, which holds `items` recordings, one each second of `window`."""

    kind: str
    source: DataSource
    transport: CountingTransport
    clock: HandClock
    window: Window
    items: int


def adapter_worlds(items: int) -> tuple[AdapterWorld, ...]:
    """One for each adapter."""
    return (_dynamics(items), _zoom(items), _webex(items))


def _dynamics(items: int) -> AdapterWorld:
    clock = _clock()
    fake = FakeDynamics(
        now_us=clock.wall_us,
        monotonic_ns=clock.monotonic_ns,
        clients=[DynamicsApp(_CLIENT, _SECRET)],
    )
    _ = fake.place(
        [
            DynamicsCall(
                end_us=at_us,
                legs=(DynamicsLeg(0, 20.0),),
                recordings=(
                    DynamicsRecording(_AUDIO, row_delay_s=0.0, file_delay_s=0.0, stamp_us=at_us),
                ),
            )
            for at_us in _instants(clock, items)
        ]
    )
    fake.advance()
    table = {"org_url": "https://contoso.crm.dynamics.com", "tenant": "contoso.example"}
    return _opened(DYNAMICS, table | {"requests_per_5min": 6000}, fake.handle, clock, items)


def _zoom(items: int) -> AdapterWorld:
    clock = _clock()
    fake = FakeZoom(
        now_us=clock.wall_us,
        monotonic_ns=clock.monotonic_ns,
        clients=[ZoomApp(_CLIENT, _SECRET)],
        account="account-1",
        way="direct",
    )
    _ = fake.place(
        [
            MeetingScript(
                end_us=at_us,
                files=(FileScript(media=_SOUND),),
                seconds=20.0,
                listed_s=0.0,
                complete_s=0.0,
                stamp_us=at_us,
            )
            for at_us in _instants(clock, items)
        ]
    )
    fake.advance()
    table: dict[str, Any] = {"account_id": "account-1", "requests_per_s": 80, "page_size": 100}
    return _opened(ZOOM, table, fake.handle, clock, items)


def _webex(items: int) -> AdapterWorld:
    clock = _clock()
    fake = FakeWebex(
        now_us=clock.wall_us,
        monotonic_ns=clock.monotonic_ns,
        clients=[WebexApp(_CLIENT, _SECRET, _REFRESH)],
    )
    _ = fake.place(
        [
            WebexCall(
                end_us=at_us,
                legs=(WebexLeg(0, 25.0),),
                recordings=(WebexRecording(_AUDIO, create_delay_s=0.0, stamp_us=at_us),),
            )
            for at_us in _instants(clock, items)
        ]
    )
    fake.advance()
    table: dict[str, Any] = {"refresh_token": "env:REFRESH", "requests_per_min": 6000}
    return _opened(WEBEX, table, fake.handle, clock, items)


def _clock() -> HandClock:
    clock = HandClock()
    clock.advance(_BEGIN_S)
    return clock


def _instants(clock: HandClock, items: int) -> range:
    return range(clock.begin_us, clock.begin_us + items * _SECOND_US, _SECOND_US)


def _opened(
    plugin: DataSourcePlugin, table: dict[str, Any], handle: Handler, clock: HandClock, items: int
) -> AdapterWorld:
    transport = CountingTransport(MemoryTransport(handle=handle, wait=clock.advance))
    deps = SourceDeps(
        name=plugin.kind,
        transport=lambda: transport,
        clock=clock,
        secrets=_Secrets(),
        user_agent="Tandem/bench",
    )
    credentials = {"client_id": _CLIENT, "client_secret": "env:SECRET"}
    source = plugin.open(plugin.settings.model_validate(credentials | table), deps)
    window = Window(clock.begin_us, clock.begin_us + items * _SECOND_US)
    return AdapterWorld(plugin.kind, source, transport, clock, window, items)
