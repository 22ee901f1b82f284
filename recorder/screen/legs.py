"""Folds the events of one agent into legs: what is recorded, what is kept, what is deleted. Pure.

The events are a set. Whatever order they came in, however often, and over whichever node: the same set is
the same legs. Each further event may say more about the past: a leg that was undecided becomes kept or
deleted, one that timed out turns out to have gone on. What is kept stays kept, whatever is heard later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from recorder.scn.model import AgentEvent, Leg, Span, Verdict
from recorder.screen.table import TABLE, Opens, Phase, Response, order
from recorder.settings.screens import ScreenSettings

_S: Final = 1_000_000
TIME_LIMIT: Final = "time_limit"
NEXT_CALL: Final = "next_call"


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a leg lasts without its next event."""

    ringing_us: int
    talking_us: int
    wrap_up_us: int
    mask_us: int
    """A mask that nobody ends and nobody says again."""

    @classmethod
    def of(
        cls, *, ringing_s: float, talking_s: float, wrap_up_s: float, mask_s: float = 3_600.0
    ) -> Limits:
        """From seconds."""
        return cls(*(int(one * _S) for one in (ringing_s, talking_s, wrap_up_s, mask_s)))

    def after(self, phase: Phase) -> int:
        """How long a phase lasts at most."""
        match phase:
            case Phase.RINGING:
                return self.ringing_us
            case Phase.TALKING:
                return self.talking_us
            case Phase.ENDED | Phase.WRAP_UP:
                return self.wrap_up_us


def limits_of(settings: ScreenSettings) -> Limits:
    """As they are set."""
    return Limits.of(
        ringing_s=settings.ringing_max_s,
        talking_s=settings.leg_max_s,
        wrap_up_s=settings.wrap_up_max_s,
        mask_s=settings.mask_max_s,
    )


@dataclass(frozen=True, slots=True)
class Folded:
    """The legs of one agent, oldest first, and when they change by themselves."""

    legs: tuple[Leg, ...]
    due_us: int | None
    """The next time limit of a leg that lasts; None when none lasts."""

    @property
    def lasting(self) -> bool:
        """Whether any leg lasts."""
        return self.due_us is not None


def fold(events: Iterable[AgentEvent], limits: Limits, now_us: int) -> Folded:
    """The legs of one agent as they are at `now_us`; doubled events count once."""
    unique = {(event.source, event.event_id): event for event in sorted(events, key=order)}
    folding = _Folding(limits)
    for event in sorted(unique.values(), key=order):
        folding.take(event)
    return folding.result(now_us)


@dataclass(slots=True, eq=False)
class _Leg:
    agent_key: str
    call: str
    from_us: int
    phase: Phase
    since_us: int
    """When the running time limit began."""
    kept: bool = False
    deleted: bool = False
    to_us: int | None = None
    ended_by: str = ""

    @property
    def lasts(self) -> bool:
        return self.to_us is None

    @property
    def verdict(self) -> Verdict:
        if self.kept:
            return Verdict.KEPT
        return Verdict.DELETED if self.deleted else Verdict.UNDECIDED


@dataclass(slots=True)
class _Mask:
    call: str
    from_us: int
    since_us: int
    """When it was last said: its time limit runs from there."""
    to_us: int | None = None
    expired: bool = False
    """It ended by its limit, and its leg goes on: its true end may be heard yet."""


@dataclass(slots=True)
class _Folding:
    limits: Limits
    legs: list[_Leg] = field(default_factory=list[_Leg])
    masks: list[_Mask] = field(default_factory=list[_Mask])
    """While they last, nothing of the agent's screen is recorded, whichever call it is for."""
    to_mask: dict[str, int] = field(default_factory=dict[str, int])
    """Calls to be masked when a leg of them begins, and when that was said; the empty one stands for any."""
    lasting: list[_Leg] = field(default_factory=list[_Leg])
    newest: dict[str, _Leg] = field(default_factory=dict[str, _Leg])
    """By call."""

    def take(self, event: AgentEvent) -> None:
        """The next event in order."""
        self._expire(event.at_us)
        response = TABLE[event.kind]
        if response.masks is not None:
            self._mask(event, on=response.masks)
        elif not event.call:
            self._of_the_agent(response, event.at_us)
        else:
            self._of_a_call(response, event)

    def result(self, now_us: int) -> Folded:
        """What is known at an instant."""
        self._expire(now_us)
        due = [self._limit_us(leg) for leg in self.lasting]
        due += [self._mask_limit_us(one) for one in self.masks if one.to_us is None]
        return Folded(tuple(self._leg(one) for one in self.legs), min(due, default=None))

    # -- events ----

    def _of_the_agent(self, response: Response, at_us: int) -> None:
        for leg in tuple(self.lasting) if response.ends else ():
            if leg.phase is Phase.RINGING or not response.deletes:
                self._step(leg, response, at_us)

    def _of_a_call(self, response: Response, event: AgentEvent) -> None:
        leg = self.newest.get(event.call)
        if leg is None:
            leg = self._begin(event) if response.opens is not Opens.NEVER else None
        elif not leg.lasts:
            leg = self._after_its_end(leg, response, event)
        elif response.phase is Phase.RINGING and leg.phase.is_after:
            self._end(leg, event.at_us, NEXT_CALL)
            leg = self._begin(event)
        if leg is not None:
            self._step(leg, response, event.at_us)

    def _after_its_end(self, leg: _Leg, response: Response, event: AgentEvent) -> _Leg | None:
        """Something is heard of a call whose leg is over: which leg it concerns, if any goes on."""
        leg.deleted = leg.deleted or (response.deletes and not leg.kept)
        rang_on = event.at_us - leg.since_us <= 2 * self.limits.ringing_us
        if response.keeps and leg.phase is Phase.RINGING and leg.ended_by == TIME_LIMIT and rang_on:
            leg.to_us, leg.ended_by = None, ""
            self.lasting.append(leg)
            return leg
        return self._begin(event) if response.opens is Opens.ALWAYS else None

    def _begin(self, event: AgentEvent) -> _Leg:
        at_us = event.at_us
        for other in tuple(self.lasting):
            if other.phase is Phase.ENDED:
                self._end(other, at_us, NEXT_CALL)
        leg = _Leg(event.agent_key, event.call, at_us, Phase.RINGING, at_us)
        self.legs.append(leg)
        self.lasting.append(leg)
        self.newest[event.call] = leg
        for call in ("", event.call):
            said_us = self.to_mask.pop(call, None)
            if said_us is not None and at_us < said_us + self.limits.mask_us:
                self.masks.append(_Mask(call, at_us, at_us))
        return leg

    def _step(self, leg: _Leg, response: Response, at_us: int) -> None:
        leg.kept = leg.kept or response.keeps
        if response.ends and not (response.deletes and leg.kept):
            leg.deleted = response.deletes
            self._end(leg, at_us, response.ends)
        elif response.phase is not None:
            self._move(leg, response.phase, at_us, revives=response.revives)

    def _move(self, leg: _Leg, phase: Phase, at_us: int, *, revives: bool) -> None:
        match phase:
            case Phase.RINGING if leg.phase is Phase.TALKING:
                return
            case Phase.TALKING if leg.phase.is_after and not revives:
                return
            case Phase.ENDED if leg.phase.is_after:
                return
            case Phase.WRAP_UP if leg.phase.is_after:
                leg.phase = phase  # its time limit runs from the end of the call
                return
            case _:
                leg.phase, leg.since_us = phase, at_us

    # -- ends ----

    def _limit_us(self, leg: _Leg) -> int:
        return leg.since_us + self.limits.after(leg.phase)

    def _expire(self, at_us: int) -> None:
        for leg in sorted(self.lasting, key=self._limit_us):
            if self._limit_us(leg) <= at_us:
                self._end(leg, self._limit_us(leg), TIME_LIMIT)
        self._expire_masks(at_us)

    def _expire_masks(self, at_us: int) -> None:
        for mask in self.masks:
            if mask.to_us is None and self._mask_limit_us(mask) <= at_us:
                mask.to_us, mask.expired = self._mask_limit_us(mask), True

    def _mask_limit_us(self, mask: _Mask) -> int:
        return mask.since_us + self.limits.mask_us

    def _end(self, leg: _Leg, at_us: int, by: str) -> None:
        self._expire_masks(at_us)
        leg.to_us, leg.ended_by = at_us, by
        self.lasting.remove(leg)
        nobody = not self.lasting
        for mask in self.masks:
            ours = mask.call == leg.call or (nobody and not mask.call)
            if ours and mask.from_us <= at_us:
                mask.to_us = at_us if mask.to_us is None else mask.to_us
                mask.expired = False

    # -- masks ----

    def _mask(self, event: AgentEvent, *, on: bool) -> None:
        meant = [one for one in self.masks if one.to_us is None or one.expired]
        if event.call or on:
            meant = [one for one in meant if one.call == event.call]
        for one in meant:
            one.to_us, one.since_us, one.expired = None if on else event.at_us, event.at_us, False
        if not on:
            left = [call for call in self.to_mask if event.call not in {call, ""}]
            self.to_mask = {call: self.to_mask[call] for call in left}
        elif not meant:
            self._begin_mask(event)

    def _begin_mask(self, event: AgentEvent) -> None:
        """A call that is not recorded yet is masked from its beginning."""
        if any(event.call in {leg.call, ""} for leg in self.lasting):
            self.masks.append(_Mask(event.call, event.at_us, event.at_us))
        else:
            self.to_mask[event.call] = event.at_us

    def _leg(self, leg: _Leg) -> Leg:
        span = Span(leg.from_us, leg.to_us)
        masks = joined([Span(one.from_us, one.to_us) for one in self.masks], span)
        return Leg(leg.agent_key, leg.call, span, leg.verdict, leg.ended_by, masks)


def joined(spans: Sequence[Span], within: Span) -> tuple[Span, ...]:
    """Those parts of spans that lie within another, in order, each instant once."""
    found: list[Span] = []
    for span in sorted(spans, key=lambda one: one.from_us):
        from_us = max(span.from_us, within.from_us)
        ends = [end for end in (span.to_us, within.to_us) if end is not None]
        to_us = min(ends, default=None)
        if to_us is not None and to_us <= from_us:
            continue
        last = found[-1] if found else None
        if last is not None and (last.to_us is None or last.to_us >= from_us):
            later = None if to_us is None or last.to_us is None else max(last.to_us, to_us)
            found[-1] = Span(last.from_us, later)
        else:
            found.append(Span(from_us, to_us))
    return tuple(found)
