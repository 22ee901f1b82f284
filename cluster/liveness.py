"""Which actors still answer: a pure decision over instants of pings and answers.

An actor is *silent* when it gave no answer for longer than the deadline. Time in which this process
was stopped does not count, for nobody could answer then: a round that comes too late judges nobody,
and the lateness is taken off every actor's waiting.

Invariant: work is *proven* only when no actor is silent and every actor answered since the start and
since the last pause.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of the actors at one instant."""

    proven: bool
    silent: tuple[str, ...]
    problems: tuple[str, ...]
    """Of all actors, without repetition, in the order of the actors."""


@dataclass(slots=True)
class _Actor:
    counted_from_ns: int
    answered_ns: int | None = None
    problems: tuple[str, ...] = ()


class Liveness:
    """Judges `names`; a round is one ping to each of them. All instants are monotonic."""

    def __init__(
        self, *, names: tuple[str, ...], deadline_ns: int, pause_guard_ns: int, now_ns: int
    ) -> None:
        assert len(set(names)) == len(names), f"an actor is named twice: {names}"
        self._deadline_ns = deadline_ns
        self._pause_guard_ns = pause_guard_ns
        self._actors = {name: _Actor(counted_from_ns=now_ns) for name in names}
        self._number = 0
        self._trusted_from = 1
        """Every actor must have answered this ping, or a later one, before work is proven."""
        self._untrusted = dict.fromkeys(names)
        """Those that did not yet."""
        self._silent: tuple[str, ...] = ()

    def begin_round(self, now_ns: int, planned_ns: int) -> int:
        """Judge what came in so far; returns the number of the pings to send now."""
        self._number += 1
        late_ns = now_ns - planned_ns
        if late_ns > self._pause_guard_ns:
            self._trusted_from = self._number
            self._untrusted = dict.fromkeys(self._actors)
            for actor in self._actors.values():
                actor.counted_from_ns = min(now_ns, actor.counted_from_ns + late_ns)
        else:
            self._silent = tuple(
                name
                for name, actor in self._actors.items()
                if now_ns - actor.counted_from_ns > self._deadline_ns
            )
        return self._number

    def answered(self, name: str, number: int, problems: tuple[str, ...], now_ns: int) -> None:
        """Note that the actor `name` answered ping `number`."""
        actor = self._actors.get(name)
        assert actor is not None, f"{name} answers pings but is not watched"
        assert 0 < number <= self._number, f"{name} answers ping {number}, which was never sent"
        actor.counted_from_ns = actor.answered_ns = now_ns
        actor.problems = problems
        if number >= self._trusted_from:
            self._untrusted.pop(name, None)

    @property
    def waiting_for_trust(self) -> bool:
        """True while some actor did not answer since the start or the last pause."""
        return bool(self._untrusted)

    def verdict(self) -> Verdict:
        """As of the last round, with the problems reported since."""
        problems = tuple(
            dict.fromkeys(text for actor in self._actors.values() for text in actor.problems)
        )
        proven = not self._silent and not self.waiting_for_trust
        return Verdict(proven=proven, silent=self._silent, problems=problems)

    def answers(self) -> Mapping[str, int]:
        """The instant of each actor's last answer; actors that never answered are absent."""
        return {
            name: actor.answered_ns
            for name, actor in self._actors.items()
            if actor.answered_ns is not None
        }
