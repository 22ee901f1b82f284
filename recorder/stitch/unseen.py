"""Where a kept call shows no screen although its agent's was recorded around it, and why. Pure; milliseconds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from recorder.stitch.timeline import Leg, Mask, Note

LEAST_MS: Final = 2_000
"""Less is the time until a desktop answers, or what clocks differ by."""

_Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is of one desktop."""

    agents: tuple[str, ...]
    shown: tuple[tuple[int, int], ...]
    recorded: tuple[tuple[int, int], ...]
    """What lies in the parts that could be read, shown or not."""
    has_lost: bool
    """A part is missing or cannot be read."""


def unseen(legs: Sequence[Leg], masks: Sequence[Mask], screens: Sequence[Seen]) -> Iterator[Note]:
    """A note for each stretch of a kept leg, by agent; what was masked is no news."""
    end_ms = max((last for one in screens for _, last in one.shown), default=0)
    for agent in sorted({agent for one in screens for agent in one.agents}):
        mine = [one for one in screens if agent in one.agents]
        kept = [one for one in legs if one.agent == agent and one.verdict == "kept"]
        name = next((one.name for one in kept if one.name), agent)
        hidden = [
            (one.start_ms - LEAST_MS, _end(one.end_ms, end_ms) + LEAST_MS)
            for one in masks
            if one.agent == agent
        ]
        wanted = [(max(0, one.start_ms), _end(one.end_ms, end_ms)) for one in kept]
        covered = [*hidden, *(span for one in mine for span in one.shown)]
        for first, last in _gaps(wanted, covered):
            what = f"No screen of {name} is shown from {_clock(first)} to {_clock(last)}: {_why(mine, first, last)}."
            yield Note(code="no_screen", subject=agent, what=what)


def _end(end_ms: int | None, open_ms: int) -> int:
    return open_ms if end_ms is None else end_ms


def _gaps(wanted: _Spans, covered: _Spans) -> Iterator[tuple[int, int]]:
    """What of `wanted` is not `covered`, each once."""
    taken = sorted(covered)
    at_ms = 0
    for begin, end in sorted(wanted):
        at_ms = max(at_ms, begin)
        for first, last in [*taken, (end, end)]:
            if min(first, end) - at_ms >= LEAST_MS:
                yield at_ms, min(first, end)
            at_ms = max(at_ms, min(last, end))


def _why(screens: Sequence[Seen], first: int, last: int) -> str:
    spans = [span for one in screens for span in one.recorded]
    if any(max(first, begin) + LEAST_MS <= min(last, end) for begin, end in spans):
        return "what was recorded then builds on a picture that may not be shown"
    if any(one.has_lost for one in screens):
        return "a part of what was recorded is missing or broken"
    return "nothing was recorded then"


def _clock(at_ms: int) -> str:
    seconds = at_ms // 1000
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
