"""An agent's computer: it goes from node to node, films when told to, and keeps what no node has.

It takes the decisions of the real one (`recorder/desktop`): which node next, where to go on, what to send, what to
drop. A frame is a line of text: its stream, its number, and when it was captured in true time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias, assert_never

from recorder.desktop.choice import Tried, failed, left, next_node
from recorder.desktop.sending import Sending, current
from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopCommand,
    DesktopHello,
    MaskScreen,
    NeedKeyFrame,
    PacketsCame,
    PacketsKept,
    Refused,
    StartScreen,
    StopScreen,
    StreamEnded,
    Welcome,
)
from recorder.scn.model import ScreenPacket, ScreenStream
from sim.checkers.screen_follows_agent import Frame, Place
from sim.clockwork.clock import WALL_START_US
from sim.clockwork.kernel import Event, Kernel
from sim.world.incident import NODES
from sim.world.screens.frames import FrameText
from sim.world.screens.lan import Lan, Wire
from sim.world.screens.spool import SimSpool

_NS: Final = 1_000_000_000
_CONNECT_S: Final = 3.0
_RETRY_MAX_S: Final = 5.0
_KEY_EVERY_S: Final = 10.0
_SILENT_KEEP_ALIVES: Final = 2.0
_FIRST_FRAME_S: Final = 0.1
_CLOCK_OFF_US: Final = 3_000_000
_DRIFT_PPM: Final = 100
"""How far clocks of computers run apart at most; see recorder.screen.offset."""


Order: TypeAlias = StartScreen | StopScreen | MaskScreen | NeedKeyFrame | PacketsKept | AskClock
"""What a node says to a desktop that it serves."""


@dataclass
class Kept:
    """Which node said that it has everything of a stream up to a frame, and when."""

    node: str
    stream: str
    seq: int
    at_ns: int


@dataclass(slots=True)
class _Film:
    stream: ScreenStream
    t0_ns: int
    t0_own_ns: int
    """On the computer's own clock, which gains or loses."""
    fps: float
    seq: int = 0
    key_ns: int | None = None


class SimDesktop:
    """One per agent."""

    def __init__(self, name: str, agent_key: str, *, kernel: Kernel, lan: Lan) -> None:
        self.name = name
        self.agent_key = agent_key
        self._kernel = kernel
        self._lan = lan
        self._chance = kernel.streams.stream("desktop", name)
        self._ahead_us = self._chance.randrange(-_CLOCK_OFF_US, _CLOCK_OFF_US)
        clock = kernel.streams.stream("desktop clock", name)
        self._drift_ppm = clock.randrange(-_DRIFT_PPM, _DRIFT_PPM + 1)
        self._life = 0
        self._down = 0
        """Faults that keep it from running."""
        self._tried = tuple(Tried() for _ in NODES)
        self._last = self._chance.randrange(len(NODES)) - 1
        self._wire: Wire | None = None
        self._hello: DesktopHello | None = None
        self._sending: Sending | None = None
        self._keep_alive_s = 1.0
        self._heard_ns = 0
        self._welcomed_ns = 0
        self._dials = 0
        self._film: _Film | None = None
        self._tick: Event | None = None
        self._covered = False
        self._need_key = False
        self._streams = 0
        self.spool = SimSpool()
        self.captured: dict[Place, Frame] = {}
        self.kept: list[Kept] = []
        self.served: list[tuple[int, str]] = []
        """Every welcome: when, and by which node."""
        self.sent_over: dict[str, set[str]] = {}
        """By stream: every connection over which frames of it went."""
        self.sent_from: list[str] = []
        """The stream that each welcome found going on; empty for none."""

    def begin(self) -> None:
        """Somebody switches it on."""
        if not self._down:
            self._after(self._chance.uniform(0.0, 1.0), self._connect)

    def crash(self, *, power: bool) -> None:
        """The service ends as by SIGKILL; with `power` the computer loses what was not synced, and says nothing."""
        self._down += 1
        if self._down > 1:
            return
        self._life += 1
        self._dials += 1
        wire, self._wire, self._sending = self._wire, None, None
        if wire is not None and power:
            wire.open = False
        elif wire is not None:
            self._lan.hang_up(wire)
        self._film, self._tick = None, None
        self._covered = self._need_key = False
        self._tried = tuple(Tried() for _ in NODES)
        self.spool.crash(power=power)

    def restart(self, *, calendar_s: float = 0.0) -> None:
        """One fault is over: it runs again, by a calendar that was set meanwhile."""
        self._ahead_us += round(calendar_s * 1_000_000)
        self._down -= 1
        self.begin()

    @property
    def filming(self) -> str:
        """The stream that goes on; empty for none."""
        return "" if self._film is None else self._film.stream.stream

    @property
    def covered(self) -> bool:
        """Whether it looks away."""
        return self._covered

    @property
    def began_here(self) -> bool:
        """Whether the stream that goes on began on this connection."""
        return self._film is not None and self._film.t0_ns >= self._welcomed_ns

    @property
    def welcomes(self) -> int:
        """How often a node let it in."""
        return len(self.served)

    @property
    def filming_s(self) -> float:
        """How long it has gone on; 0 for none."""
        film = self._film
        return 0.0 if film is None else (self._kernel.now_ns - film.t0_ns) / _NS

    @property
    def node(self) -> str:
        """Which node serves it; empty for none."""
        return "" if self._wire is None or self._sending is None else self._wire.node

    # -- connecting ----

    def _connect(self) -> None:
        choice = next_node(self._tried, self._last, self._kernel.now_ns)
        self._last = choice.node
        self._dials += 1
        dial = self._dials

        def dial_now() -> None:
            self._lan.dial(NODES[choice.node], _Ear(self, dial))
            self._after(_CONNECT_S, lambda: self._given_up(dial))

        self._after(choice.wait_s, dial_now)

    def _given_up(self, dial: int) -> None:
        if dial == self._dials and self._sending is None:
            self._end_wire()
            self._failed(None)

    def _failed(self, retry_s: float | None) -> None:
        self._tried = failed(
            self._tried,
            self._last,
            self._kernel.now_ns,
            cap_s=_RETRY_MAX_S,
            chance=self._chance.uniform(0.5, 1.0),
            retry_s=retry_s,
        )
        self._connect()

    def _left(self) -> None:
        served_s = (self._kernel.now_ns - self._welcomed_ns) / _NS
        self._end_wire()
        self._tried = left(self._tried, self._last, self._kernel.now_ns, served_s=served_s)
        self._connect()

    def _end_wire(self) -> None:
        wire, self._wire, self._sending = self._wire, None, None
        self.spool.without_nodes(away=True)
        if wire is not None:
            self._lan.hang_up(wire)

    # -- one connection; `dial` tells it from those before ----

    def opened(self, dial: int, wire: Wire) -> None:
        """Say hello."""
        if dial != self._dials or self._wire is not None:
            self._lan.hang_up(wire)
            return
        self._wire = wire
        self._hello = DesktopHello(
            self.name, (self.agent_key,), "pc", "world", current(self.spool.streams())
        )
        self._lan.say(wire, self._hello)

    def closed(self, dial: int) -> None:
        """The node hung up."""
        if dial != self._dials:
            return
        if self._sending is None:
            self._end_wire()
            self._failed(None)
        else:
            self._left()

    def heard(self, dial: int) -> None:
        """The node lives."""
        if dial == self._dials:
            self._heard_ns = self._kernel.now_ns

    def hear(self, dial: int, wire: Wire, command: DesktopCommand) -> None:
        """The node said something."""
        if dial != self._dials:
            return
        self._heard_ns = self._kernel.now_ns
        if isinstance(command, Refused):
            self._refused(command.retry_s)
            return
        if isinstance(command, Welcome):
            self._welcomed(dial, wire, command)
        else:
            self._obey(wire, command)
        self._flush()

    def _refused(self, retry_s: float) -> None:
        if self._sending is None:
            self._end_wire()
            self._failed(retry_s)
        else:
            self._left()

    def _obey(self, wire: Wire, command: Order) -> None:
        match command:
            case StartScreen(frames_per_s):
                self._start(frames_per_s)
            case StopScreen():
                self._stop("stopped")
            case MaskScreen(on):
                self._cover(on=on)
            case NeedKeyFrame():
                self._need_key = True
            case PacketsKept(stream, seq):
                self.kept.append(Kept(wire.node, stream, seq, self._kernel.now_ns))
                self.spool.kept(stream, seq)
            case AskClock(number):
                self._lan.say(wire, ClockTold(number, self._now_us()))
            case _:
                assert_never(command)

    def _welcomed(self, dial: int, wire: Wire, welcome: Welcome) -> None:
        assert self._hello is not None, "a welcome answers a hello"
        streaming = self._hello.streaming
        self._sending = Sending(self.spool, streaming, welcome)
        self.spool.without_nodes(away=False)
        self._keep_alive_s = welcome.keep_alive_s
        self._welcomed_ns = self._kernel.now_ns
        self.served.append((self._kernel.now_ns, wire.node))
        self.sent_from.append(streaming.stream if streaming else "")
        self._after(self._keep_alive_s, lambda: self._watch(dial, wire))

    def _watch(self, dial: int, wire: Wire) -> None:
        if dial != self._dials or self._sending is None:
            return
        silent_s = (self._kernel.now_ns - self._heard_ns) / _NS
        if silent_s > _SILENT_KEEP_ALIVES * self._keep_alive_s:
            self._left()
            return
        self._lan.ping(wire)
        self._after(self._keep_alive_s, lambda: self._watch(dial, wire))

    def _flush(self) -> None:
        wire, sending = self._wire, self._sending
        while wire is not None and sending is not None and (saying := sending.next()) is not None:
            self._lan.say(wire, saying)
            if isinstance(saying, StreamEnded):
                self.spool.end_told(saying.stream)
            elif isinstance(saying, PacketsCame):
                self.sent_over.setdefault(saying.stream, set()).add(wire.name)

    # -- the camera ----

    def _start(self, fps: float) -> None:
        if self._film is not None:
            return
        self._streams += 1
        name = f"{self.name}-{self._streams}"
        stream = ScreenStream(name, self.name, (self.agent_key,), "vp9", 320, 192, self._now_us())
        self._film = _Film(stream, self._kernel.now_ns, self._own_ns(), fps)
        self.spool.begin(stream)
        self._tick = self._after(self._chance.uniform(0.0, _FIRST_FRAME_S), self._look)

    def _stop(self, reason: str) -> None:
        film, self._film = self._film, None
        if film is not None:
            self.spool.end(film.stream.stream, reason)
            if self._tick is not None:
                self._tick.cancel()

    def _cover(self, *, on: bool) -> None:
        if self._covered and not on:
            self._need_key = True
        self._covered = on

    def _look(self) -> None:
        film = self._film
        if film is None:
            return
        self._tick = self._after(1.0 / film.fps, self._look)
        if self._covered:
            return
        now_ns = self._kernel.now_ns
        key = film.key_ns is None or self._need_key or now_ns - film.key_ns >= _KEY_EVERY_S * _NS
        if key:
            film.key_ns, self._need_key = now_ns, False
        at_us = WALL_START_US + now_ns // 1000
        name = film.stream.stream
        self.captured[name, film.seq] = Frame(self.agent_key, name, film.seq, at_us, key)
        data = FrameText(name, film.seq, at_us).as_bytes()
        pts_ms = (self._own_ns() - film.t0_own_ns) // 1_000_000
        self.spool.add(name, ScreenPacket(film.seq, pts_ms, key, data))
        film.seq += 1
        self._flush()

    def _now_us(self) -> int:
        return WALL_START_US + self._own_ns() // 1000 + self._ahead_us

    def _own_ns(self) -> int:
        return self._kernel.now_ns * (1_000_000 + self._drift_ppm) // 1_000_000

    def _after(self, seconds: float, act: Callable[[], object]) -> Event:
        life = self._life

        def if_alive() -> None:
            if life == self._life:
                act()

        return self._kernel.schedule(round(seconds * _NS), if_alive, label=f"desktop {self.name}")


class _Ear:
    """One dial of a desktop."""

    def __init__(self, desktop: SimDesktop, dial: int) -> None:
        self._desktop = desktop
        self._dial = dial

    @property
    def agents(self) -> tuple[str, ...]:
        return (self._desktop.agent_key,)

    def opened(self, wire: Wire) -> None:
        self._desktop.opened(self._dial, wire)

    def hear(self, wire: Wire, command: DesktopCommand) -> None:
        self._desktop.hear(self._dial, wire, command)

    def pong(self, wire: Wire) -> None:
        del wire
        self._desktop.heard(self._dial)

    def closed(self, wire: Wire, reason: str) -> None:
        del wire, reason
        self._desktop.closed(self._dial)
