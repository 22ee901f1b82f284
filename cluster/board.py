"""Where actors publish what surfaces show: one frozen snapshot per part of the node.

Publishing replaces one reference, so reading needs no lock and never waits for an actor.
"""

from __future__ import annotations

from typing import TypeVar

S = TypeVar("S")


class Board:
    """The newest snapshot of every part. Safe to read from any thread."""

    def __init__(self) -> None:
        self._parts: dict[str, object] = {}

    def publish(self, part: str, snapshot: object) -> None:
        """Replace the snapshot of `part`; `snapshot` must be immutable."""
        self._parts[part] = snapshot

    def read(self, part: str, kind: type[S]) -> S | None:
        """The newest snapshot of `part`, or None before the first. Raises TypeError on another kind."""
        snapshot = self._parts.get(part)
        if snapshot is None:
            return None
        if not isinstance(snapshot, kind):
            raise TypeError(f"{part} holds a {type(snapshot).__name__}, not a {kind.__name__}")
        return snapshot

    def parts(self) -> tuple[str, ...]:
        """Names of every part published so far, sorted."""
        return tuple(sorted(self._parts))
