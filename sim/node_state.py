"""A node's own memory in the simulator: survives crashes, and a crash during a save keeps the old."""

from __future__ import annotations

from cluster.ports import NodeState
from cluster.state_file import merge_states
from sim.kernel import Kernel

_SYNC_S_MAX = 0.008


class SimNodeStateStore:
    """Implements `cluster.ports.NodeStateStore`. Belongs to the world, not to one life of the node.

    `save` blocks for a seeded while and belongs into a job; what was saved is durable at its end.
    """

    def __init__(self, *, kernel: Kernel, node: str) -> None:
        self._kernel = kernel
        self._delays = kernel.streams.stream("node state", node)
        self._durable: NodeState | None = None

    def load(self) -> NodeState | None:
        """None when nothing was ever saved."""
        return self._durable

    def save(self, state: NodeState) -> None:
        """Keep the higher term, and the pause flag of the higher revision."""
        self._kernel.block_for(self._delays.random() * _SYNC_S_MAX)
        old = self._durable
        self._durable = state if old is None else merge_states(old, state)
