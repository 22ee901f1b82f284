"""Seeded chance for a simulated node."""

from __future__ import annotations

from sim.clockwork.kernel import Kernel


class SimRandomness:
    """Implements `cluster.ports.Randomness` from the node's own stream."""

    def __init__(self, *, kernel: Kernel, node: str) -> None:
        self._stream = kernel.streams.stream("randomness", node)

    def uniform(self, low: float, high: float) -> float:
        """A number in [low, high); `low` when the interval is empty."""
        number = low + (high - low) * self._stream.random()
        return number if number < high else low

    def token(self) -> str:
        """32 hexadecimal digits."""
        return f"{self._stream.getrandbits(128):032x}"
