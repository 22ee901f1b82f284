"""Seeded, plausible calls: transfers, queues, holds, consultations, late and odd recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.audio import Recording
from sim.clockwork.chance import stream
from sim.ucaas.surroundings import SECOND_US
from sim.ucaas.webex.scripts import KINDS, USER, CallScript, Change, Leg, RecordingScript

_EQUAL_US_MAX = 60 * SECOND_US


@dataclass(frozen=True, slots=True)
class MixOptions:
    """Shares are probabilities per call; delays are drawn evenly from their range, in seconds."""

    transfer: float = 0.15
    unanswered: float = 0.10
    """Rings at somebody who does not answer, before it rings at somebody who does."""
    consult: float = 0.10
    hold: float = 0.20
    queue: float = 0.15
    internal: float = 0.10
    other_owner: float = 0.15
    """The owner is a place, a virtual line or a queue."""
    second_recording: float = 0.05
    unrecorded: float = 0.0
    """The recording never gets a file."""
    late: float = 0.0
    """Listed up to `late_s` after its stamp: out of order."""
    deleted: float = 0.0
    trashed: float = 0.0
    """Into the recycle bin; half of them come back."""
    reassigned: float = 0.05
    transcript: float = 0.3
    outbound: float = 0.3
    slow: float = 0.0
    """`createTime` comes up to `slow_s` after the call."""
    create_delay_s: tuple[float, float] = (0.5, 2.0)
    file_delay_s: tuple[float, float] = (0.2, 1.0)
    late_s: float = 60.0
    slow_s: float = 7200.0
    equal_stamps: float = 0.0
    """Its recording is stamped with the very instant of the call before."""
    odd_after_s: tuple[float, float] = (1.0, 20.0)
    """When changes happen, after the file."""
    users: int = 20
    longest_s: float = 300.0


class CallMix:
    """Draws calls. The same seed and bank give the same calls."""

    def __init__(
        self, *, bank: tuple[Recording, ...], seed: int, options: MixOptions = MixOptions()
    ) -> None:
        self._options = options
        self._bank = [item for item in bank if item.seconds <= options.longest_s + 1]
        if not self._bank:
            raise ValueError("the bank holds no recording as short as longest_s")
        self._chance = stream(seed, "mix")
        self._equal = stream(seed, "mix", "equal stamps")
        self._stamp_us = 0

    def call(self, end_us: int) -> CallScript:
        """One call that ends at `end_us`."""
        chance, options = self._chance, self._options
        legs: list[Leg] = []
        if self._happens(options.unanswered):
            legs.append(self._leg(chance.uniform(5, 20), answered=False))
        spoken = 2 if self._happens(options.transfer) else 1
        recordings: list[RecordingScript] = []
        for _ in range(spoken):
            parts = 2 if self._happens(options.second_recording) else 1
            drawn, begins_s = list[RecordingScript](), 0.0
            for _ in range(parts):
                drawn.append(self._recording(len(legs), begins_s))
                begins_s += drawn[-1].audio.seconds + 1.0
            recordings += drawn
            legs.append(self._leg(begins_s + 5.0, answered=True))
        return CallScript(
            end_us=end_us,
            legs=tuple(legs),
            recordings=self._stamped(end_us, recordings),
            outbound=self._happens(options.outbound),
            customer=chance.randrange(10_000),
            internal=self._happens(options.internal),
            queue=self._happens(options.queue),
            history_delay_s=chance.uniform(30, 300),
            history_repeats=self._happens(0.05),
        )

    def over(self, start_us: int, seconds: float, count: int) -> Iterator[CallScript]:
        """`count` calls that end at random instants of a period, in order."""
        ends = sorted(self._chance.uniform(0, seconds) for _ in range(count))
        return (self.call(start_us + int(end * SECOND_US)) for end in ends)

    def gap_s(self, calls_per_minute: float) -> float:
        """Seconds to the next end of a call, for calls that come at random."""
        return self._chance.expovariate(calls_per_minute / 60.0)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _leg(self, seconds: float, *, answered: bool) -> Leg:
        chance, options = self._chance, self._options
        kind = chance.choice(KINDS[1:]) if self._happens(options.other_owner) else USER
        number = chance.randrange(options.users)
        if not answered:
            return Leg(number, seconds, kind, answered=False)
        consult = chance.randrange(options.users) if self._happens(options.consult) else None
        hold_s = seconds * 0.2 if self._happens(options.hold) else 0.0
        return Leg(number, seconds, kind, hold_s=hold_s, consult=consult)

    def _recording(self, leg: int, begins_s: float) -> RecordingScript:
        chance, options = self._chance, self._options
        delay_s = chance.uniform(*options.create_delay_s)
        if self._happens(options.slow):
            delay_s += chance.uniform(0, options.slow_s)
        unrecorded = self._happens(options.unrecorded)
        return RecordingScript(
            audio=chance.choice(self._bank),
            leg=leg,
            begins_s=begins_s,
            create_delay_s=delay_s,
            backdate_s=chance.uniform(0, options.late_s) if self._happens(options.late) else 0.0,
            file_delay_s=None if unrecorded else chance.uniform(*options.file_delay_s),
            unready=chance.choice(("size", "link")),
            transcript=self._happens(options.transcript),
            changes=self._changes(),
        )

    def _changes(self) -> tuple[Change, ...]:
        chance, options = self._chance, self._options
        changes: list[Change] = []
        for share, what in (
            (options.reassigned, "reassign"),
            (options.trashed, "trash"),
            (options.deleted, "delete"),
        ):
            if self._happens(share):
                changes.append(Change(chance.uniform(*options.odd_after_s), what))
                if what == "trash" and self._happens(0.5):
                    changes.append(Change(changes[-1].after_s + 5.0, "restore"))
        return tuple(changes)

    def _stamped(
        self, end_us: int, recordings: list[RecordingScript]
    ) -> tuple[RecordingScript, ...]:
        """As they are, or with the stamp of the call before, if that was not long ago."""
        before_us = self._stamp_us
        drawn = self._equal.random() < self._options.equal_stamps
        if drawn and before_us and end_us - before_us <= _EQUAL_US_MAX:
            return tuple(replace(one, as_of_us=before_us, backdate_s=0.0) for one in recordings)
        self._stamp_us = end_us + int(recordings[0].create_delay_s * SECOND_US)
        return tuple(recordings)
