"""Which calls of agents were to be recorded, and left no screen on record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recorder.desk.control import NodeControl
from recorder.errors import RecorderError
from recorder.model import Window
from recorder.scn.model import Leg, Span, Verdict

SETTLED_US: Final = 120 * 1_000_000
"""So long after a call its screen may still be on its way to the Data Center."""
CLOCKS_US: Final = 1_000_000
"""By how much a service's clock and a node's may differ."""


def bare_legs(control: NodeControl, legs: Sequence[Leg]) -> frozenset[Leg]:
    """Kept legs without any screen on record although it would be there by now; none when nobody can tell."""
    before_us = control.clock.wall_us() - SETTLED_US
    over = [
        leg
        for leg in legs
        if leg.verdict is Verdict.KEPT and leg.span.to_us is not None and leg.span.to_us < before_us
    ]
    if control.screen_db is None or not over:
        return frozenset()
    agents = tuple(sorted({leg.agent_key for leg in over}))
    window = Window(
        min(leg.span.from_us for leg in over) - CLOCKS_US,
        max(leg.span.to_us or 0 for leg in over) + CLOCKS_US,
    )
    try:
        parts = control.screen_db.parts(agents, window)
    except RecorderError:
        return frozenset()
    spans: dict[str, list[Span]] = {}
    for part in parts:
        for agent in part.stream.agents:
            spans.setdefault(agent, []).append(Span(part.from_us, part.to_us))
    return frozenset(leg for leg in over if not _has_any(leg, spans.get(leg.agent_key, [])))


def _has_any(leg: Leg, spans: Sequence[Span]) -> bool:
    last_us = (leg.span.to_us or 0) + CLOCKS_US
    first_us = leg.span.from_us - CLOCKS_US
    return any(one.from_us <= last_us and first_us <= (one.to_us or 0) for one in spans)
