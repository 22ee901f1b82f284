"""What is said to desktops, and what becomes of what they say. No I/O but through `say` and `hang_up`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from recorder.scn.messages import (
    AskClock,
    ClockTold,
    DesktopCommand,
    DesktopHello,
    DesktopSaying,
    LegsChanged,
    MaskScreen,
    NeedKeyFrame,
    PacketsCame,
    PacketsKept,
    Refused,
    StartScreen,
    StopScreen,
    StreamBegan,
    StreamEnded,
    Welcome,
)
from recorder.scn.model import ClockOffset, Leg, ScreenStream
from recorder.scn.part import UNMEASURED, node_us
from recorder.scn.verdicts import Wish, masks_of
from recorder.screen.denials import Denials
from recorder.screen.desktops import TOLD_AGAIN_NS, Desktop, Desktops, legs_of, wish_of
from recorder.screen.keeper import Keeper
from recorder.screen.offset import OffsetMeter
from recorder.screen.parts import Part
from recorder.screen.streams import Streams
from recorder.screen.twins import Computer, Twins, computer_of, turned_away
from recorder.settings.screens import ScreenSettings

HOLD_NS: Final = 2 * 10**9
"""Frames wait so long for the first answer about the desktop's clock."""
PARTED_NS: Final = 10 * 10**9
"""The part of a stream whose desktop went away stays open so long for its return."""
SILENT_KEEP_ALIVES: Final = 10
ASKED_MAX: Final = 20
CODEC: Final = "vp9"
REFUSED_RETRY_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Now:
    """An instant on both clocks of the node."""

    ns: int
    wall_us: int


@dataclass(slots=True)
class Doors:
    """How desktops are spoken to. Neither blocks."""

    say: Callable[[str, DesktopCommand], None]
    hang_up: Callable[[str, str], None]


@dataclass(slots=True)
class Reception:
    """Every desktop of this node, what it was told, and its streams."""

    node: str
    settings: ScreenSettings
    doors: Doors
    desktops: Desktops
    streams: Streams
    keeper: Keeper
    legs: dict[str, tuple[Leg, ...]]
    """By agent key; shared with the keeper."""
    denials: Denials = field(default_factory=Denials)
    twins: Twins = field(default_factory=Twins)
    closed_because: str = ""
    """Why nobody is let in; empty while everybody is."""
    meters: dict[str, OffsetMeter] = field(default_factory=dict[str, OffsetMeter])
    """By desktop: what was measured holds over a reconnect."""
    lives: dict[str, str] = field(default_factory=dict[str, str])
    """By desktop: of the process that was measured."""

    # -- what comes in ----

    def legs_changed(self, changed: LegsChanged, now: Now) -> None:
        """Something else is known of an agent."""
        agent = changed.agent_key
        before = self.legs.get(agent)
        self.legs[agent] = changed.legs
        # What is masked from now on is never written; so that it need not be cut out, a part ends before it.
        masked = before is not None and masks_of(changed.legs) != masks_of(before)
        if masked or (before is not None and _begun(changed.legs) - _begun(before)):
            for connection in self.streams.cut(agent):
                self.doors.say(connection, NeedKeyFrame())
        self._review((agent,))
        for desktop in self.desktops.of_agent(agent):
            self._direct(desktop, now)

    def said(self, connection: str, saying: DesktopSaying, now: Now, address: str = "") -> None:
        """A desktop said something; `address` is where a hello came from."""
        desktop = self.desktops.get(connection)
        if isinstance(saying, DesktopHello):
            if desktop is not None:
                self._hang_up(connection, "said hello twice")
            else:
                self._hello(connection, saying, computer_of(saying, address), now)
        elif desktop is not None:
            desktop.heard_ns = now.ns
            if desktop.held is not None and not isinstance(saying, ClockTold):
                desktop.held.append(saying)
            else:
                self._heard(desktop, saying, now)

    def gone(self, connection: str, now: Now) -> None:
        """A connection ended."""
        self.desktops.remove(connection)
        for stream in self.streams.of_connection(connection):
            stream.parted_ns = now.ns

    def kept(self, kept_upto: Mapping[str, int]) -> None:
        """So far streams are in files."""
        for name, seq in kept_upto.items():
            stream = self.streams.get(name)
            if stream is not None:
                self.doors.say(stream.connection, PacketsKept(name, seq))

    def tick(self, now: Now) -> None:
        """Once a keep-alive: questions, and whoever is silent or late."""
        for desktop in self.desktops.all():
            silent_s = (now.ns - desktop.heard_ns) / 1e9
            if silent_s > SILENT_KEEP_ALIVES * self.settings.keep_alive_s:
                self._hang_up(desktop.connection, f"silent for {silent_s:.0f} s")
                self.gone(desktop.connection, now)
                continue
            if desktop.held is not None and now.ns - desktop.since_ns >= HOLD_NS:
                self._release(desktop, now)
            self._ask_clock(desktop, now)
            self._direct(desktop, now)
        for stream in self.streams.all():
            if stream.parted_ns is not None and now.ns - stream.parted_ns >= PARTED_NS:
                self.streams.end(stream.stream.stream)

    def refuse_all(self, what: str, hint: str, now: Now) -> None:
        """Send everybody to the other node, and let nobody in. What is open is sealed."""
        self.closed_because = what
        self.streams.forget_all()
        for desktop in self.desktops.all():
            self.doors.say(desktop.connection, Refused(what, hint, REFUSED_RETRY_S))
            self._hang_up(desktop.connection, what)
            self.gone(desktop.connection, now)

    def offset_of(self, part: Part, now: Now) -> None:
        """Give a part the best that is known of its desktop's clock."""
        meter = self.meters.get(part.head.stream.desktop)
        part.measured(meter.best(now.ns) if meter else None)

    # -- one saying ----

    def _hello(self, connection: str, hello: DesktopHello, computer: Computer, now: Now) -> None:
        streaming = hello.streaming
        if self.closed_because:
            self._refuse(connection, self.closed_because, "Another node may record it.")
            return
        if streaming is not None and streaming.codec != CODEC:
            self._refuse(connection, f"this node takes no {streaming.codec}", f"Send {CODEC}.")
            return
        before = self.desktops.named(hello.desktop)
        if before is not None:
            stays = self.twins.came(hello.desktop, computer, before.computer, now.ns)
            if stays is not None:
                self._refuse(connection, *turned_away(hello.desktop, stays))
                return
        meter = self._meter_of(hello)
        fresh = meter.best(now.ns) is not None
        held = None if fresh else list[DesktopSaying]()
        desktop = Desktop(connection, hello, now.ns, now.ns, meter, computer, held=held)
        old = self.desktops.add(desktop)
        if old is not None:
            self._push_off(old, computer)
            self.gone(old.connection, now)
        next_seq = None
        if streaming is not None:
            if self._is_anothers(streaming.stream, desktop):
                self._of_another(desktop, now)
                return
            next_seq = self.streams.resume_at(streaming)
            desktop.stream = streaming
            self.streams.announce(streaming, connection)
        self.doors.say(connection, Welcome(self.node, next_seq, self.settings.keep_alive_s))
        self._ask_clock(desktop, now)
        self._direct(desktop, now)
        for other in self.desktops.all():
            if other is not desktop and set(other.agents) & set(desktop.agents):
                self._direct(other, now)

    def _push_off(self, old: Desktop, computer: Computer) -> None:
        if old.computer.life != computer.life:
            # Should it live: it is not let in while the other one is, and would record for nobody.
            self.doors.say(old.connection, StopScreen())
        self._hang_up(old.connection, "the same desktop connected again")

    def _meter_of(self, hello: DesktopHello) -> OffsetMeter:
        """Another process has another clock: what was recorded by the one before stays as that one was measured."""
        name = hello.desktop
        if self.lives.get(name, hello.life) != hello.life:
            self.meters.pop(name, None)
            for stream in self.streams.all():
                if stream.stream.desktop == name:
                    self.streams.end(stream.stream.stream)
        self.lives[name] = hello.life
        return self.meters.setdefault(name, OffsetMeter())

    def _heard(self, desktop: Desktop, saying: DesktopSaying, now: Now) -> None:
        match saying:
            case DesktopHello():
                raise AssertionError("hellos are handled before")
            case StreamBegan(stream):
                self._began(desktop, stream, now)
            case PacketsCame(stream, _):
                self._packets(desktop, stream, saying, now)
            case StreamEnded(stream, _, _):
                if desktop.stream is not None and desktop.stream.stream == stream:
                    desktop.stream = None
                if not self._is_anothers(stream, desktop):
                    self.streams.end(stream)
                self._direct(desktop, now)
            case ClockTold(number, desktop_us):
                self._clock_told(desktop, number, desktop_us, now)
            case _:
                assert_never(saying)

    def _began(self, desktop: Desktop, stream: ScreenStream, now: Now) -> None:
        if stream.codec != CODEC:
            self._refuse(desktop.connection, f"this node takes no {stream.codec}", f"Send {CODEC}.")
            self.gone(desktop.connection, now)
            return
        if self._is_anothers(stream.stream, desktop):
            self._of_another(desktop, now)
            return
        desktop.stream = stream
        self.streams.announce(stream, desktop.connection)
        self._direct(desktop, now)

    def _is_anothers(self, name: str, desktop: Desktop) -> bool:
        """Whether a desktop that is connected, and is not this one, sends this stream."""
        stream = self.streams.get(name)
        owner = None if stream is None else self.desktops.get(stream.connection)
        return owner is not None and owner is not desktop

    def _of_another(self, desktop: Desktop, now: Now) -> None:
        self._hang_up(desktop.connection, "a stream that another desktop sends")
        self.gone(desktop.connection, now)

    def _packets(self, desktop: Desktop, name: str, came: PacketsCame, now: Now) -> None:
        stream = self.streams.get(name)
        if stream is None or stream.connection != desktop.connection:
            self._hang_up(desktop.connection, "packets of a stream that was not announced")
            self.gone(desktop.connection, now)
            return
        stream.frame_ns = now.ns
        offset = desktop.meter.best(now.ns)
        known = legs_of(stream.stream.agents, self.legs)
        wish = wish_of(desktop, self.desktops, self.legs, (offset or UNMEASURED).ahead_us)
        for packet in came.packets:
            if self.streams.take(stream, packet, wish, known, offset):
                self.doors.say(desktop.connection, NeedKeyFrame())

    def _clock_told(self, desktop: Desktop, number: int, desktop_us: int, now: Now) -> None:
        asked_ns = desktop.asked.pop(number, None)
        if asked_ns is None:
            return
        desktop.meter.answered(
            asked_ns=asked_ns, heard_ns=now.ns, heard_wall_us=now.wall_us, desktop_us=desktop_us
        )
        for stream in self.streams.of_connection(desktop.connection):
            part = self.keeper.parts.get(stream.part_key or "")
            if part is not None:
                part.measured(desktop.meter.best(now.ns))
        if desktop.held is not None:
            self._release(desktop, now)

    def _release(self, desktop: Desktop, now: Now) -> None:
        held, desktop.held = desktop.held or [], None
        for saying in held:
            if self.desktops.get(desktop.connection) is desktop:
                self._heard(desktop, saying, now)

    # -- what goes out ----

    def _direct(self, desktop: Desktop, now: Now) -> None:
        """Tell a desktop what it is to do, if that is something else than it was told."""
        offset = desktop.meter.best(now.ns) or UNMEASURED
        wish = wish_of(desktop, self.desktops, self.legs, offset.ahead_us)
        # Nothing known is no order to show again what another node had covered.
        knows = any(agent in self.legs for agent in desktop.agents)
        if knows and wish.masked is not desktop.told_masked:
            desktop.told_masked = wish.masked
            self.doors.say(desktop.connection, MaskScreen(wish.masked))
        again = now.ns - desktop.told_ns >= TOLD_AGAIN_NS
        missing = wish.record is True and desktop.stream is None
        if not missing:
            desktop.missing_ns = None
        elif desktop.missing_ns is None:
            desktop.missing_ns = now.ns
        record = False if self._is_too_long(desktop, wish, offset, now) else wish.record
        streams = desktop.stream is not None
        if record is None or (record is False and not streams and desktop.told_record is None):
            return
        if record is not desktop.told_record or (record is not streams and again):
            desktop.told_record, desktop.told_ns = record, now.ns
            order = StartScreen(self.settings.frames_per_s) if record else StopScreen()
            self.doors.say(desktop.connection, order)

    def _is_too_long(self, desktop: Desktop, wish: Wish, offset: ClockOffset, now: Now) -> bool:
        """Whether it streams for longer than any leg may last, and nobody knows for what."""
        if wish.record is not None or desktop.stream is None:
            return False
        since_us = node_us(desktop.stream, 0, offset)
        return now.wall_us - since_us > self.settings.leg_max_s * 1e6

    def _ask_clock(self, desktop: Desktop, now: Now) -> None:
        desktop.question += 1
        desktop.asked[desktop.question] = now.ns
        for number in list(desktop.asked)[:-ASKED_MAX]:
            del desktop.asked[number]
        self.doors.say(desktop.connection, AskClock(desktop.question))

    def _review(self, agents: tuple[str, ...]) -> None:
        self.keeper.review(agents)
        self.streams.lost(self.keeper.take_lost())

    def _refuse(self, connection: str, what: str, hint: str) -> None:
        self.doors.say(connection, Refused(what, hint, REFUSED_RETRY_S))
        self._hang_up(connection, what)

    def _hang_up(self, connection: str, why: str) -> None:
        self.doors.hang_up(connection, why)


def _begun(legs: tuple[Leg, ...]) -> set[tuple[str, int]]:
    return {(leg.call, leg.span.from_us) for leg in legs}
