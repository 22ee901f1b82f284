"""Seeded, plausible calls: transfers, rejections, consultations, holds, late and odd recordings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sim.audio import Recording
from sim.clockwork.chance import Stream, stream
from sim.ucaas.dynamics.scripts import CallScript, Leg, RecordingScript

_SECOND_US = 1_000_000
_EQUAL_US_MAX = 60 * _SECOND_US


@dataclass(frozen=True, slots=True)
class MixOptions:
    """Shares are probabilities per call; delays are drawn evenly from their range, in seconds."""

    transfer: float = 0.15
    reject: float = 0.10
    consult: float = 0.10
    hold: float = 0.20
    second_recording: float = 0.05
    unrecorded: float = 0.0
    """The row never gets a file."""
    bump: float = 0.15
    """Modified again without a change of media: listed twice."""
    late: float = 0.0
    """Appears up to `late_s` after its stamp: out of order."""
    deleted: float = 0.0
    replaced: float = 0.0
    outbound: float = 0.3
    row_delay_s: tuple[float, float] = (0.5, 2.0)
    file_delay_s: tuple[float, float] = (0.2, 1.0)
    late_s: float = 60.0
    equal_stamps: float = 0.0
    """Its recording is stamped with the very instant of the call before."""
    odd_after_s: tuple[float, float] = (1.0, 20.0)
    """When bumps, deletions and replacements happen, after the file."""
    agents: int = 20
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
        count = 2 if self._happens(options.second_recording) else 1
        recordings = tuple(self._recording(chance) for _ in range(count))
        recordings = self._stamped(end_us, recordings)
        talk_s = sum(item.audio.seconds for item in recordings)
        return CallScript(
            end_us=end_us,
            legs=tuple(self._legs(talk_s)),
            recordings=recordings,
            outbound=self._happens(options.outbound),
            customer=chance.randrange(10_000),
            wrap_up_s=chance.uniform(2, 30),
        )

    def over(self, start_us: int, seconds: float, count: int) -> Iterator[CallScript]:
        """`count` calls that end at random instants of a period, in order."""
        ends = sorted(self._chance.uniform(0, seconds) for _ in range(count))
        return (self.call(start_us + int(end * _SECOND_US)) for end in ends)

    def gap_s(self, calls_per_minute: float) -> float:
        """Seconds to the next end of a call, for calls that come at random."""
        return self._chance.expovariate(calls_per_minute / 60.0)

    def _happens(self, share: float) -> bool:
        return self._chance.random() < share

    def _stamped(
        self, end_us: int, recordings: tuple[RecordingScript, ...]
    ) -> tuple[RecordingScript, ...]:
        """As they are, or with the stamp of the call before, if that was not long ago."""
        first, before_us = recordings[0], self._stamp_us
        drawn = self._equal.random() < self._options.equal_stamps
        if drawn and before_us and end_us - before_us <= _EQUAL_US_MAX:
            return tuple(
                replace(one, as_of_us=before_us, backdate_s=0.0, bumps_s=(), replace_after_s=None)
                for one in recordings
            )
        delay_s = first.row_delay_s + (first.file_delay_s or 0.0)
        self._stamp_us = end_us + int(delay_s * _SECOND_US)
        return recordings

    def _legs(self, talk_s: float) -> Iterator[Leg]:
        chance, options = self._chance, self._options
        if self._happens(options.reject):
            answer = chance.choice(("rejected", "timed_out"))
            yield Leg(chance.randrange(options.agents), chance.uniform(3, 12), answer)
        count = 2 if self._happens(options.transfer) else 1
        for _ in range(count):
            yield Leg(
                agent=chance.randrange(options.agents),
                seconds=talk_s / count + 3.0,
                consult=chance.randrange(options.agents)
                if self._happens(options.consult)
                else None,
                hold_s=talk_s / count * 0.2 if self._happens(options.hold) else 0.0,
            )

    def _recording(self, chance: Stream) -> RecordingScript:
        options = self._options

        def later(share: float) -> float | None:
            return chance.uniform(*options.odd_after_s) if self._happens(share) else None

        bump = later(options.bump)
        unrecorded = self._happens(options.unrecorded)
        return RecordingScript(
            audio=chance.choice(self._bank),
            row_delay_s=chance.uniform(*options.row_delay_s),
            file_delay_s=None if unrecorded else chance.uniform(*options.file_delay_s),
            backdate_s=chance.uniform(0, options.late_s) if self._happens(options.late) else 0.0,
            bumps_s=() if bump is None else (bump,),
            replace_after_s=later(options.replaced),
            delete_after_s=later(options.deleted),
        )
