"""What of a node tells that it came to a point: the board on which its role stands, and its behaviours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cluster.board import Board
from cluster.frames import Role
from cluster.ports import Behaviour
from cluster.status import PairStatus


class RoleBoard(Board):
    """A board that tells when the node takes another role."""

    def __init__(self, taken: Callable[[str], None]) -> None:
        super().__init__()
        self._taken = taken
        self._role: Role | None = None

    def publish(self, part: str, snapshot: object) -> None:
        """See Board."""
        super().publish(part, snapshot)
        if part == "pair" and isinstance(snapshot, PairStatus) and snapshot.role != self._role:
            self._role = snapshot.role
            self._taken(f"role:{snapshot.role.value}")


class PointedBehaviour:
    """A behaviour that tells of some messages before it handles them."""

    def __init__(
        self, behaviour: Behaviour[Any], messages: frozenset[str], reach: Callable[[str], bool]
    ) -> None:
        self._behaviour = behaviour
        self._messages = messages
        self._reach = reach

    def on_start(self) -> None:
        """See Behaviour."""
        self._behaviour.on_start()

    def on_message(self, message: Any) -> None:
        """See Behaviour."""
        name = type(message).__name__
        if name not in self._messages or self._reach(name):
            self._behaviour.on_message(message)

    def on_stop(self) -> None:
        """See Behaviour."""
        self._behaviour.on_stop()
