"""How the packets of one stream become parts: what is written where, and what is left out. Pure.

A part begins at a key frame and has no gaps. Another one begins at the next key frame after something happened: a
leg began, packets are missing, or were left out. A packet that was there already is passed over.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from recorder.scn.model import ScreenPacket


@dataclass(frozen=True, slots=True)
class BeginPart:
    """Its first packet is this one."""

    seq_first: int


@dataclass(frozen=True, slots=True)
class WritePacket:
    """To the part that is open."""

    packet: ScreenPacket


@dataclass(frozen=True, slots=True)
class EndPart:
    """Nothing more comes for the part that is open."""


@dataclass(frozen=True, slots=True)
class PassOver:
    """This packet goes nowhere; the desktop may forget it."""

    seq: int


@dataclass(frozen=True, slots=True)
class AskKey:
    """Nothing can be written before a key frame comes."""


Step: TypeAlias = BeginPart | WritePacket | EndPart | PassOver | AskKey


class StreamCutter:
    """One stream, in one life of a node."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._is_open = False
        self._cut = False
        self._asked = False

    @property
    def next_seq(self) -> int | None:
        """What comes next, if every packet so far was taken; None before the first."""
        return self._next

    @property
    def is_open(self) -> bool:
        """Whether a part is open."""
        return self._is_open

    @property
    def waits_for_key(self) -> bool:
        """Whether the next part begins at the next key frame, which was asked for."""
        return self._asked

    def cut(self) -> tuple[Step, ...]:
        """The next key frame begins another part."""
        if not self._is_open or self._cut:
            return ()
        self._cut = True
        return self._ask()

    def end(self) -> tuple[Step, ...]:
        """The open part is to be ended at once, for whatever reason."""
        self._asked = False
        if not self._is_open:
            return ()
        self._is_open = self._cut = False
        return (EndPart(),)

    def forget(self) -> None:
        """The open part is gone: nobody wants it, or the disk refused it."""
        self._is_open = self._cut = self._asked = False

    def take(self, packet: ScreenPacket, *, wanted: bool) -> tuple[Step, ...]:
        """One packet; it is not `wanted` inside a masked span, or when nobody wants the stream."""
        if self._next is not None and packet.seq < self._next:
            return (PassOver(packet.seq),)
        is_next = packet.seq == self._next
        self._next = packet.seq + 1
        if not wanted:
            return (*self.end(), PassOver(packet.seq))
        if self._is_open and is_next and not (self._cut and packet.is_key):
            return (WritePacket(packet),)
        ended = self.end() if self._is_open else ()
        if not packet.is_key:
            return (*ended, PassOver(packet.seq), *self._ask())
        self._is_open, self._cut, self._asked = True, False, False
        return (*ended, BeginPart(packet.seq), WritePacket(packet))

    def _ask(self) -> tuple[Step, ...]:
        if self._asked:
            return ()
        self._asked = True
        return (AskKey(),)
