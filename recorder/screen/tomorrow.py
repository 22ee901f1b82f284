"""Events of agents that happened more than a day after they were heard of: the node's clock is behind. Pure.

They are refused, because what nobody can place decides nothing. A finding of each source says so, until the clock
fits again: some minutes after the last one, and not before the source told something that fits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from recorder.instants import to_text
from recorder.model import Finding, Level
from recorder.scn.model import AgentEvent
from recorder.screen.at_hand import is_of_tomorrow

AGENT_EVENTS_AHEAD: Final = "agent_events_ahead"
QUIET_NS: Final = 600 * 10**9


@dataclass(slots=True)
class _Source:
    last_ns: int
    fits: bool = False
    """It told something since that fits."""


class Tomorrow:
    """By source."""

    def __init__(self) -> None:
        self._sources: dict[str, _Source] = {}

    def heard(self, events: Sequence[AgentEvent], now_ns: int) -> list[Finding]:
        """What a node heard itself. Returns findings to open."""
        opened: list[Finding] = []
        for event in events:
            known = self._sources.get(event.source)
            if not is_of_tomorrow(event):
                if known is not None:
                    known.fits = True
                continue
            if known is None:
                opened.append(_finding(event))
            self._sources[event.source] = _Source(now_ns)
        return opened

    def over(self, now_ns: int) -> list[str]:
        """Sources whose finding may be closed."""
        over = [
            name
            for name, one in self._sources.items()
            if one.fits and now_ns - one.last_ns >= QUIET_NS
        ]
        for name in over:
            del self._sources[name]
        return over


def _finding(event: AgentEvent) -> Finding:
    return Finding(
        code=AGENT_EVENTS_AHEAD,
        level=Level.ERROR,
        subject=event.source,
        what=f"{event.source} tells events of agents that happened more than a day after this node's clock: "
        f"{to_text(event.at_us)}, heard at {to_text(event.heard_us)}. They are refused, and decide nothing about screens.",
        hint="Set this node's clock (`timedatectl`), and have it follow a time server. If it is right, the clock of the "
        "source, or of the program that sends its messages, is ahead. What the other node heard meanwhile counts here, too.",
    )
