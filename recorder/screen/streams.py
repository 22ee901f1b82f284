"""The streams that come in on this node, and what of their packets becomes parts. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recorder.scn.model import ClockOffset, Leg, ScreenPacket, ScreenStream, Span, Verdict
from recorder.scn.part import UNMEASURED, ScnHead, node_us
from recorder.scn.verdicts import Wish, is_masked, masks_of
from recorder.screen.keeper import Keeper
from recorder.screen.parts import PART_MAX_MS
from recorder.screen.stream import (
    AskKey,
    BeginPart,
    EndPart,
    PassOver,
    Step,
    StreamCutter,
    WritePacket,
)

NEAR_LEG_US = 5_000_000
"""What comes after its leg ended belongs to it, if it was captured so near to it."""


@dataclass(slots=True)
class Stream:
    """One stream, in this life of the node."""

    stream: ScreenStream
    connection: str
    cutter: StreamCutter = field(default_factory=StreamCutter)
    part_key: str | None = None
    part_first_ms: int = 0
    frame_ns: int | None = None
    """When the last packet came."""
    parted_ns: int | None = None
    """Since when its desktop is away."""


class Streams:
    """Every stream of which a part may be open."""

    def __init__(self, keeper: Keeper, *, node: str, new_key: Callable[[], str]) -> None:
        """`new_key` gives names of parts: 32 hexadecimal digits."""
        self._keeper = keeper
        self._node = node
        self._new_key = new_key
        self._by_name: dict[str, Stream] = {}

    def get(self, name: str) -> Stream | None:
        """None for one that nobody announced."""
        return self._by_name.get(name)

    def of_connection(self, connection: str) -> tuple[Stream, ...]:
        """Those a desktop sends now."""
        return tuple(one for one in self._by_name.values() if one.connection == connection)

    def all(self) -> tuple[Stream, ...]:
        """In the order of their beginnings."""
        return tuple(self._by_name.values())

    def resume_at(self, stream: ScreenStream) -> int | None:
        """What a desktop that comes back is to send next; None when it is to go back to a key frame."""
        known = self._by_name.get(stream.stream)
        return known.cutter.next_seq if known is not None and known.cutter.is_open else None

    def announce(self, stream: ScreenStream, connection: str) -> Stream:
        """A desktop sends this one now. What is open of it goes on."""
        known = self._by_name.get(stream.stream)
        if known is None or not known.cutter.is_open:
            known = self._by_name[stream.stream] = Stream(stream, connection)
        known.connection, known.parted_ns = connection, None
        return known

    def end(self, name: str) -> None:
        """Nothing more comes of it."""
        stream = self._by_name.pop(name, None)
        if stream is not None:
            self._do(stream, stream.cutter.end(), None, UNMEASURED, ())

    def forget_all(self) -> None:
        """No desktop is served: what is open is sealed."""
        for stream in self.all():
            self.end(stream.stream.stream)

    def cut(self, agent: str) -> tuple[str, ...]:
        """The next key frame of each stream of an agent begins a part; connections that are to be asked for one."""
        return tuple(
            stream.connection
            for stream in self.all()
            if agent in stream.stream.agents and AskKey() in stream.cutter.cut()
        )

    def lost(self, part_keys: tuple[str, ...]) -> None:
        """These parts were open, and were ended or deleted."""
        for stream in self.all():
            if stream.part_key in part_keys:
                stream.cutter.forget()
                stream.part_key = None

    def take(
        self,
        stream: Stream,
        packet: ScreenPacket,
        wish: Wish,
        legs: tuple[Leg, ...],
        offset: ClockOffset | None,
    ) -> bool:
        """One packet. True when a key frame is to be asked for."""
        known = offset or UNMEASURED
        at_us = node_us(stream.stream, packet.pts_ms, known)
        error_us = known.error_us if offset else 0
        masks = masks_of(legs)
        wanted = not is_masked(at_us, error_us, masks) and (
            wish.record is not False or stream.cutter.is_open or _near_a_leg(at_us, legs)
        )
        asked = False
        if stream.cutter.is_open and packet.pts_ms - stream.part_first_ms >= PART_MAX_MS:
            asked = AskKey() in stream.cutter.cut()
        steps = stream.cutter.take(packet, wanted=wanted)
        self._do(stream, steps, packet, known, wish.calls, masks_known=masks)
        return asked or AskKey() in steps

    def _do(
        self,
        stream: Stream,
        steps: tuple[Step, ...],
        packet: ScreenPacket | None,
        offset: ClockOffset,
        calls: tuple[str, ...],
        *,
        masks_known: tuple[Span, ...] = (),
    ) -> None:
        for step in steps:
            match step:
                case BeginPart(seq_first):
                    assert packet is not None, "a part begins with a packet"
                    key = self._new_key()
                    head = ScnHead(key, stream.stream, self._node, calls, seq_first, offset)
                    stream.part_key, stream.part_first_ms = key, packet.pts_ms
                    self._keeper.begin(head, packet, masks_known)
                case WritePacket(one):
                    assert stream.part_key is not None, "only open parts are written to"
                    self._keeper.write(stream.part_key, one)
                case EndPart():
                    if stream.part_key is not None:
                        self._keeper.seal(stream.part_key)
                        stream.part_key = None
                case PassOver(seq):
                    self._keeper.pass_over(stream.stream.stream, seq)
                case AskKey():
                    pass  # whoever called tells the desktop


def _near_a_leg(at_us: int, legs: tuple[Leg, ...]) -> bool:
    return any(
        leg.verdict is not Verdict.DELETED
        and at_us >= leg.span.from_us - NEAR_LEG_US
        and (leg.span.to_us is None or at_us <= leg.span.to_us + NEAR_LEG_US)
        for leg in legs
    )
