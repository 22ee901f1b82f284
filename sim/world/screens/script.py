"""What the agents of a world do, written down before it begins. Pure: the same chance gives the same script.

Instants are seconds since the start of the world. What is true of an agent's legs is told here, by who plays the
agents, and is never worked out from events as the product does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from recorder.scn.model import AgentEventKind as Kind
from recorder.scn.model import Verdict
from sim.clockwork.kernel import Chance
from sim.world.incident import Screens

_RING_S: Final = (2.0, 12.0)
_TALK_S: Final = (10.0, 40.0)
_WRAP_S: Final = (3.0, 15.0)
_IDLE_S: Final = (3.0, 25.0)
LAST_S: Final = 30.0
"""How long the last call of everybody goes on; it begins when all faults are over."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one instant to another."""

    from_s: float
    to_s: float


@dataclass(frozen=True, slots=True)
class TrueLeg:
    """One offer of a call to an agent, as it was."""

    agent: str
    call: str
    span: Stretch
    """To the end of the call, or of what the agent wrote about it."""
    verdict: Verdict
    masks: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Happening:
    """Something the platform has to tell. `number` is unique for its agent."""

    agent: str
    call: str
    kind: Kind
    at_s: float
    number: int


@dataclass
class AgentScript:
    """One agent, from the start of the world to its end."""

    agent: str
    legs: list[TrueLeg] = field(default_factory=list[TrueLeg])
    happenings: list[Happening] = field(default_factory=list[Happening])

    @property
    def last(self) -> TrueLeg:
        """The call that begins when all faults are over."""
        return self.legs[-1]


def script_of(agent: str, screens: Screens, until_s: float, chance: Chance) -> AgentScript:
    """Calls up to `until_s`, when the world heals, and one more after it, a little later."""
    actor = _Actor(AgentScript(agent), screens, chance)
    gap_s = 60.0 / max(screens.calls_per_minute, 0.01)
    at_s = chance.uniform(1.0, 8.0)
    while at_s < until_s:
        at_s = actor.session(at_s) + chance.uniform(*_IDLE_S) + max(0.0, gap_s - 40.0)
    actor.last_call(max(at_s, until_s + 25.0))
    actor.script.happenings.sort(key=lambda one: (one.at_s, one.number))
    return actor.script


class _Actor:
    """Plays one agent."""

    def __init__(self, script: AgentScript, screens: Screens, chance: Chance) -> None:
        self.script = script
        self._screens = screens
        self._chance = chance
        self._calls = 0
        self._number = 0

    def session(self, at_s: float) -> float:
        """A call, and what comes up during it; returns when the agent is free again."""
        drawn = self._chance.random()
        screens = self._screens
        if drawn < screens.not_responding:
            return self._not_responding(self._call(), at_s)
        if drawn < screens.not_responding + screens.abandoned:
            return self._abandoned(self._call(), at_s)
        return self._talk(self._call(), at_s)

    def last_call(self, at_s: float) -> None:
        """One that certainly lasts for a while."""
        call = self._call()
        self._tell(call, Kind.RINGING, at_s)
        self._tell(call, Kind.CONNECTED, at_s + 2.0)
        end_s = at_s + LAST_S
        self._tell(call, Kind.ENDED, end_s)
        self._tell("", Kind.AVAILABLE, end_s + 2.0)
        self._leg(call, at_s, end_s + 2.0, Verdict.KEPT)

    # -- kinds of calls ----

    def _not_responding(self, call: str, at_s: float) -> float:
        end_s = at_s + self._between(_RING_S)
        self._tell(call, Kind.RINGING, at_s)
        self._tell(call, Kind.NOT_RESPONDING, end_s)
        self._leg(call, at_s, end_s, Verdict.DELETED)
        if self._chance.random() < 1 / 3:
            # The platform offers the same call to the same agent again.
            return self._talk(call, end_s + self._chance.uniform(4.0, 12.0))
        return end_s

    def _abandoned(self, call: str, at_s: float) -> float:
        """The caller gives up: nobody ever says what became of it, but that the agent is free."""
        end_s = at_s + self._between(_RING_S)
        self._tell(call, Kind.RINGING, at_s)
        self._tell("", Kind.AVAILABLE, end_s)
        self._leg(call, at_s, end_s, Verdict.UNDECIDED)
        return end_s

    def _talk(self, call: str, at_s: float) -> float:
        chance, screens = self._chance, self._screens
        self._tell(call, Kind.RINGING, at_s)
        answered_s = at_s + self._between(_RING_S)
        self._tell(call, Kind.CONNECTED, answered_s)
        free_s = answered_s + 2.0
        masks: list[Stretch] = []
        for _ in range(chance.randrange(3)):
            drawn = chance.random()
            if drawn < screens.masks:
                free_s = self._mask(call, free_s, masks)
            elif drawn < screens.masks + screens.together:
                free_s = self._second_call(call, free_s)
            else:
                free_s = self._aside(call, free_s)
        ended_s = free_s + self._between(_TALK_S) / 2
        open_mask = chance.random() < screens.masks / 3
        masked_s = ended_s - chance.uniform(2.0, 4.0)
        if open_mask:
            self._tell(call, Kind.MASK, masked_s)
        end_s = self._wrap_up(call, ended_s)
        if open_mask:
            masks.append(Stretch(masked_s, ended_s))
        self._leg(call, at_s, end_s, Verdict.KEPT, masks)
        return end_s

    def _wrap_up(self, call: str, ended_s: float) -> float:
        """Some platforms forget to say that it is over."""
        chance = self._chance
        end_s = ended_s + self._between(_WRAP_S)
        if chance.random() < self._screens.missed_end:
            if chance.random() < 1 / 2:
                self._tell("", Kind.AVAILABLE, end_s)
            else:
                self._tell(call, Kind.ENDED, ended_s)
            return end_s
        self._tell(call, Kind.ENDED, ended_s)
        self._tell(call, Kind.WRAP_UP, ended_s)
        self._tell("", Kind.AVAILABLE, end_s)
        return end_s

    # -- during a call ----

    def _mask(self, call: str, at_s: float, masks: list[Stretch]) -> float:
        from_s = at_s + self._chance.uniform(0.5, 3.0)
        to_s = from_s + self._chance.uniform(3.0, 8.0)
        named = call if self._chance.random() < 4 / 5 else ""
        if self._chance.random() < 1 / 2:
            # Both at one instant: an event is told by its id, never by its time.
            self._tell(call, Kind.CONFERENCING, from_s)
        self._tell(named, Kind.MASK, from_s)
        self._tell(named, Kind.UNMASK, to_s)
        masks.append(Stretch(from_s, to_s))
        return to_s + 1.0

    def _aside(self, call: str, at_s: float) -> float:
        pairs = (
            (Kind.ON_HOLD, Kind.HOLD_DONE),
            (Kind.CONSULTING, Kind.CONSULT_DONE),
            (Kind.CONFERENCING, None),
        )
        begin, end = self._chance.choice(pairs)
        from_s = at_s + self._chance.uniform(0.5, 3.0)
        to_s = from_s + self._chance.uniform(2.0, 6.0)
        self._tell(call, begin, from_s)
        if end is not None:
            self._tell(call, end, to_s)
        return to_s

    def _second_call(self, first: str, at_s: float) -> float:
        """Another call comes in meanwhile: refused, or taken while the first one is on hold."""
        second = self._call()
        rings_s = at_s + self._chance.uniform(0.5, 3.0)
        taken_s = rings_s + self._between(_RING_S)
        self._tell(second, Kind.RINGING, rings_s)
        if self._chance.random() < 1 / 3:
            self._tell(second, Kind.NOT_RESPONDING, taken_s)
            self._leg(second, rings_s, taken_s, Verdict.DELETED)
            return taken_s
        self._tell(first, Kind.ON_HOLD, taken_s)
        self._tell(second, Kind.CONNECTED, taken_s)
        end_s = taken_s + self._between(_TALK_S) / 2
        self._tell(second, Kind.ENDED, end_s)
        self._tell(first, Kind.HOLD_DONE, end_s)
        self._leg(second, rings_s, end_s, Verdict.KEPT)
        return end_s

    # -- writing ----

    def _call(self) -> str:
        self._calls += 1
        return f"{self.script.agent}-call-{self._calls}"

    def _between(self, limits: tuple[float, float]) -> float:
        return self._chance.uniform(*limits)

    def _tell(self, call: str, kind: Kind, at_s: float) -> None:
        self._number += 1
        at_s = round(at_s, 1)
        self.script.happenings.append(Happening(self.script.agent, call, kind, at_s, self._number))

    def _leg(
        self,
        call: str,
        from_s: float,
        to_s: float,
        verdict: Verdict,
        masks: list[Stretch] | None = None,
    ) -> None:
        span = Stretch(round(from_s, 1), round(to_s, 1))
        rounded = tuple(Stretch(round(m.from_s, 1), round(m.to_s, 1)) for m in masks or ())
        self.script.legs.append(TrueLeg(self.script.agent, call, span, verdict, rounded))
