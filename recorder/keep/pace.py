"""How long a look at many contacts rests between two steps. Pure."""

from __future__ import annotations

from typing import Final

_LEAST_S: Final = 0.01
"""So that everybody else comes to their turn."""
_MOST_S: Final = 60.0


def rest_s(took_ns: int, share: float) -> float:
    """Seconds to rest after a step that took so long, to be at work for `share` of the time."""
    return min(_MOST_S, max(_LEAST_S, took_ns / 1e9 * (1 / share - 1)))
