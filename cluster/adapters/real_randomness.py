"""Chance from the operating system."""

from __future__ import annotations

import secrets  # noqa: TID251 - this file is the port

_GENERATOR = secrets.SystemRandom()


class RealRandomness:
    """Implements `cluster.ports.Randomness`. Safe from any thread."""

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high); `low` when the interval is empty."""
        number = low + (high - low) * _GENERATOR.random()
        return number if number < high else low  # rounding may reach `high`

    def token(self) -> str:
        """32 hexadecimal digits from the operating system's generator."""
        return secrets.token_hex(16)
