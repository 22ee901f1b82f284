"""A node's own memory in the simulator: survives crashes, and a crash during a save keeps the old."""

from __future__ import annotations

import errno
import os

from cluster.adapters.state_file import merge_states
from cluster.ports import NodeState
from recorder.traps import Trap, no_trap
from sim.clockwork.kernel import Chance, Kernel

_SYNC_S_MAX = 0.008


class SimNodeStateStore:
    """Implements `cluster.ports.NodeStateStore`. Belongs to the world, not to one life of the node.

    `save` blocks for a seeded while and belongs into a job; what was saved is durable at its end. As
    with the real file, the new state is there before that: a process that dies in between finds it.
    """

    def __init__(self, *, kernel: Kernel, node: str, trap: Trap = no_trap) -> None:
        self.full = False
        """No space left: every save fails."""
        self._kernel = kernel
        self._delays = kernel.streams.stream("node state", node)
        self._trap = trap
        self._named: NodeState | None = None
        self._durable: NodeState | None = None

    def crash(self, power: Chance | None) -> None:
        """What the process leaves; when the power went too, chance decides about a name not synced."""
        if power is not None and power.random() < 1 / 2:
            self._named = self._durable
        self._durable = self._named

    def load(self) -> NodeState | None:
        """None when nothing was ever saved."""
        return self._named

    def save(self, state: NodeState) -> None:
        """Keep the higher term, and the pause flag of the higher revision. Raises OSError."""
        if self.full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        wait_s = self._delays.random() * _SYNC_S_MAX
        self._kernel.block_for(wait_s)
        self._trap("save:state")
        old = self._named
        self._named = state if old is None else merge_states(old, state)
        self._kernel.block_for(wait_s / 4)
        self._durable = self._named
