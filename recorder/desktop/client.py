"""Stays connected: tries one node after the other, serves, and begins again. Runs in one event loop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

import structlog

from cluster.ports import Clock, Randomness
from recorder.desktop.choice import Tried, failed, left, next_node
from recorder.desktop.desktop_clock import DesktopClock
from recorder.desktop.dialing import Dial, LinkFailed, trusting
from recorder.desktop.link import Link, LinkLost
from recorder.desktop.orders import Cover, Cut, Film, KeyFrame, Order
from recorder.desktop.sending import current
from recorder.desktop.settings import DesktopSettings
from recorder.desktop.spool import Spool
from recorder.errors import BadDesktopFrame, ConfigError, RecorderError
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopCommand,
    DesktopHello,
    MaskScreen,
    NeedKeyFrame,
    PacketsKept,
    Refused,
    StartScreen,
    StopScreen,
    Welcome,
)
from recorder.version import build

_log = structlog.get_logger(__name__)
_NS = 1_000_000_000
_FAREWELL_S = 3.0
_HOST_CHARS_MAX = 100


class Board(Protocol):
    """Who is told how it stands."""

    def connected(self, node: str) -> None:
        """A node welcomed this desktop."""
        ...

    def disconnected(self) -> None:
        """No node is there."""
        ...

    def trouble(self, text: str) -> None:
        """The last error."""
        ...


class Client:
    """The network side of the service. All methods but the constructor belong to its event loop."""

    def __init__(
        self,
        *,
        settings: DesktopSettings,
        spool: Spool,
        tell_camera: Callable[[Order], None],
        read_token: Callable[[], str],
        clock: Clock,
        desktop_clock: DesktopClock,
        randomness: Randomness,
        board: Board,
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._tell_camera = tell_camera
        self._read_token = read_token
        self._clock = clock
        self._desktop_clock = desktop_clock
        self._randomness = randomness
        self._board = board
        self._life = randomness.token()
        self._stopping = asyncio.Event()
        self.news = asyncio.Event()
        """Set it when there may be something to send."""
        self._link = Link(
            spool=spool,
            news=self.news,
            clock=clock,
            hello=self._hello,
            obey=self._obey,
            on_welcome=self._welcomed,
        )
        self._welcomed_ns: int | None = None
        self._alone_ns = clock.monotonic_ns()

    def stop(self) -> None:
        """Say what is left to be said, then end `run`; not for longer than a few seconds."""
        self._stopping.set()
        self.news.set()

    async def run(self) -> None:
        """Until stopped."""
        serving = asyncio.ensure_future(self._serve_for_ever())
        stopped = asyncio.ensure_future(self._stopping.wait())
        await asyncio.wait({serving, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if self._welcomed_ns is not None:
            await asyncio.wait({serving}, timeout=_FAREWELL_S)
        serving.cancel()
        stopped.cancel()
        results = await asyncio.gather(serving, stopped, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _serve_for_ever(self) -> None:
        urls = self._settings.nodes.urls
        tried, last = tuple(Tried() for _ in urls), -1
        while not self._stopping.is_set():
            choice = next_node(tried, last, self._clock.monotonic_ns())
            await self._pause(choice.wait_s)
            last = choice.node
            tried = await self._try(urls[last], tried, last)

    async def _pause(self, wait_s: float) -> None:
        """Wait, and look meanwhile whether capture went on alone for too long."""
        until_ns = self._clock.monotonic_ns() + round(wait_s * _NS)
        while (left_ns := until_ns - self._clock.monotonic_ns()) > 0:
            await asyncio.sleep(min(left_ns / _NS, 1.0))
            self._look_at_being_alone()
        self._look_at_being_alone()

    def _look_at_being_alone(self) -> None:
        limit_s = self._settings.spool.unattended_max_s
        alone_s = (self._clock.monotonic_ns() - self._alone_ns) / _NS
        if alone_s > limit_s and current(self._spool.streams()) is not None:
            _log.warning("capture_ended", reason="no node was there for too long", alone_s=alone_s)
            self._alone_ns = self._clock.monotonic_ns()
            self._tell_camera(Cut("stopped: no node was there to end it"))

    async def _try(self, url: str, tried: tuple[Tried, ...], node: int) -> tuple[Tried, ...]:
        nodes = self._settings.nodes
        self._welcomed_ns = None
        try:
            dial = Dial(url, self._read_token(), trusting(url, nodes.ca_file), nodes.connect_s)
            await self._link.serve(dial, self._stopping)
        except (LinkFailed, ConfigError) as error:
            self._complain("node_refuses", url, error)
            return failed(
                tried,
                node,
                self._clock.monotonic_ns(),
                cap_s=nodes.retry_max_s,
                chance=self._randomness.uniform(0.5, 1.0),
                retry_s=error.retry_s if isinstance(error, LinkFailed) else None,
            )
        except LinkLost as error:
            self._complain("node_lost", url, error)
        finally:
            self._parted()
        begun_ns = self._welcomed_ns
        self._welcomed_ns = None
        now_ns = self._clock.monotonic_ns()
        served_s = 0.0 if begun_ns is None else (now_ns - begun_ns) / _NS
        return left(tried, node, now_ns, served_s=served_s)

    def _complain(self, event: str, url: str, error: RecorderError) -> None:
        self._board.trouble(f"{url}: {error}")
        _log.warning(event, to=url, reason=str(error), next_step=error.hint)

    def _parted(self) -> None:
        if self._welcomed_ns is not None:
            self._alone_ns = self._clock.monotonic_ns()
        self._board.disconnected()
        self._spool.without_nodes(away=True)

    def _hello(self) -> DesktopHello:
        return DesktopHello(
            desktop=self._settings.desktop.id,
            agents=self._settings.agent_keys,
            host=socket.gethostname()[:_HOST_CHARS_MAX],
            build=build(),
            streaming=current(self._spool.streams()),
            life=self._life,
        )

    def _welcomed(self, url: str, welcome: Welcome) -> None:
        self._welcomed_ns = self._clock.monotonic_ns()
        self._board.connected(f"{welcome.node} at {url}")
        self._spool.without_nodes(away=False)
        waiting = self._spool.facts().frames_waiting
        _log.info("connected", to=url, as_node=welcome.node, frames_waiting=waiting)

    def _obey(self, command: DesktopCommand) -> ClockTold | None:
        match command:
            case StartScreen(frames_per_s):
                self._tell_camera(Film(frames_per_s))
            case StopScreen():
                self._tell_camera(Cut("stopped"))
            case MaskScreen(on):
                self._tell_camera(Cover(on))
            case NeedKeyFrame():
                self._tell_camera(KeyFrame())
            case PacketsKept(stream, seq):
                self._spool.kept(stream, seq)
            case AskClock(number):
                return ClockTold(number, self._desktop_clock.now_us())
            case Refused(what, hint, _):
                raise LinkLost(what, hint=hint)
            case Welcome():
                raise BadDesktopFrame("a second welcome")
        return None
