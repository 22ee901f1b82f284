"""What really happened in a call: its halves with their instants, for recordings, history and events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.clockwork.chance import Stream, guid
from sim.ucaas.webex.instants import SECOND_US
from sim.ucaas.webex.people import Owner, customer, owner
from sim.ucaas.webex.scripts import CALL_QUEUE, USER, CallScript, Leg

ORIGINATOR, TERMINATOR = "originator", "terminator"


@dataclass(frozen=True, slots=True)
class Half:
    """The part of one owner in a call. Instants are on the service's clock."""

    number: str
    """As the call history writes it: `113104021:0`."""
    owner: Owner
    personality: str
    start_us: int
    answered_us: int | None
    end_us: int
    hold: tuple[int, int] | None = None

    @property
    def call_id(self) -> str:
        """As recording metadata write it."""
        return f"callhalf-{self.number}"


@dataclass(frozen=True, slots=True)
class Call:
    """One call session."""

    session: str
    interaction: str
    """Shared by a call and the consultations in it."""
    halves: tuple[Half, ...]
    far_name: str
    """The other side, when that is an outsider."""
    far_number: str
    queue: Owner | None = None

    @property
    def start_us(self) -> int:
        """Of the first half."""
        return min(half.start_us for half in self.halves)

    @property
    def end_us(self) -> int:
        """Of the last half."""
        return max(half.end_us for half in self.halves)

    def other_side(self, half: Half) -> Owner | None:
        """The colleague a half speaks to; None for an outsider."""
        others = (o for o in self.halves if o is not half and o.personality != half.personality)
        meeting = (o for o in others if o.start_us < half.end_us and half.start_us < o.end_us)
        found = next(meeting, None)
        return None if found is None else found.owner

    def other_name(self, half: Half) -> str:
        """Whom a half speaks to."""
        other = self.other_side(half)
        return self.far_name if other is None else other.name

    def other_number(self, half: Half) -> str:
        """The number of whom a half speaks to."""
        other = self.other_side(half)
        return self.far_number if other is None else other.extension


def calls_of(script: CallScript, *, seed: int, chance: Stream, shift_us: int) -> tuple[Call, ...]:
    """The call of a script, and after it one more for every consultation.

    `shift_us` is how far the service's clock is ahead of the one the script counts by.
    """
    drawn = guid(chance)
    session = script.session or drawn
    at_us = script.end_us - sum(int(leg.seconds * SECOND_US) for leg in script.legs) + shift_us
    halves: list[Half] = []
    consults: list[Call] = []
    name, number = customer(script.customer)
    mine = ORIGINATOR if script.outbound else TERMINATOR
    for leg in script.legs:
        half = _half(leg, at_us, mine, owner(seed, leg.owner, leg.kind), chance)
        at_us = half.end_us
        halves.append(half)
        if leg.consult is not None and half.answered_us is not None:
            consults.append(_consult(half, owner(seed, leg.consult), session, chance))
    if script.internal:
        halves += _colleague(script, halves, seed, mine, chance)
    queue = owner(seed, script.legs[0].owner % 3, CALL_QUEUE) if script.queue else None
    call = Call(session, session, tuple(halves), name, number, queue)
    return (call, *consults)


def _half(leg: Leg, at_us: int, personality: str, whose: Owner, chance: Stream) -> Half:
    end_us = at_us + int(leg.seconds * SECOND_US)
    answered_us = min(at_us + int(leg.ring_s * SECOND_US), end_us) if leg.answered else None
    half = Half(_number(chance), whose, personality, at_us, answered_us, end_us)
    hold_us = int(leg.hold_s * SECOND_US)
    if answered_us is None or hold_us == 0:
        return half
    middle_us = (answered_us + end_us - hold_us) // 2
    return replace(half, hold=(max(middle_us, answered_us), min(middle_us + hold_us, end_us)))


def _consult(half: Half, whom: Owner, interaction: str, chance: Stream) -> Call:
    """A call of its own in the middle third of another."""
    assert half.answered_us is not None, "only who answered can ask somebody else"
    third_us = (half.end_us - half.answered_us) // 3
    start_us, end_us = half.answered_us + third_us, half.end_us - third_us
    answered_us = start_us + min(2 * SECOND_US, third_us // 2)
    halves = (
        Half(_number(chance), half.owner, ORIGINATOR, start_us, answered_us, end_us),
        Half(_number(chance), whom, TERMINATOR, start_us, answered_us, end_us),
    )
    return Call(guid(chance), interaction, halves, whom.name, whom.extension)


def _colleague(
    script: CallScript, halves: list[Half], seed: int, mine: str, chance: Stream
) -> Iterator[Half]:
    """The other side of an internal call, from the first ring to the end."""
    theirs = TERMINATOR if mine == ORIGINATOR else ORIGINATOR
    first, last = halves[0], halves[-1]
    answered = [half.answered_us for half in halves if half.answered_us is not None]
    whose = owner(seed, script.customer % 40, USER)
    yield Half(
        _number(chance),
        whose,
        theirs,
        first.start_us,
        min(answered, default=None),
        last.end_us,
    )


def _number(chance: Stream) -> str:
    return f"{chance.randrange(10**8, 10**10)}:0"
