"""A folder for files with ids that exists only in memory; two nodes may share one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from recorder.errors import FileTakenOver, RecorderError
from recorder.records.drops import Claimed, Dropped, Foreign

STEPS: Final = ("live", "look", "claim", "take_over", "read", "decide", "result", "finish")
"""What a folder does one after the other, and other nodes may do something between."""


@dataclass
class MemoryDrops:
    """What lies there. Outlives the nodes."""

    incoming: dict[tuple[str, str], tuple[bytes, int]] = field(
        default_factory=dict[tuple[str, str], tuple[bytes, int]]
    )
    """Content and instant of change, by kind and name."""
    taken: dict[tuple[str, Claimed], bytes] = field(
        default_factory=dict[tuple[str, Claimed], bytes]
    )
    """By node."""
    processed: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])
    """Files and results, by kind and name."""
    signs: dict[str, int] = field(default_factory=dict[str, int])
    """Of life, by node."""
    broken: str = ""
    """Why nothing can be read or written."""
    taken_over: int = 0
    """Files, from nodes that gave no sign of life."""
    finished: Callable[[str, Claimed, bytes], None] = lambda _node, _claimed, _result: None
    """Called with the node, what it finished and its result."""


class MemoryDropFolder:
    """Implements recorder.ports.proof.DropFolder."""

    def __init__(
        self, drops: MemoryDrops, *, node: str, step: Callable[[str], None] = lambda _: None
    ) -> None:
        """`step` is told of each effect that is about to happen, and may let time pass; see STEPS."""
        self._drops = drops
        self._node = node
        self._step = step

    def incoming(self) -> tuple[Dropped, ...]:
        """See DropFolder."""
        self._must_work()
        self._step("look")
        return tuple(
            Dropped(kind, name, len(body), changed_us)
            for (kind, name), (body, changed_us) in sorted(self._drops.incoming.items())
            if name.endswith((".csv", ".tsv", ".txt")) and not name.startswith((".", "~", "_"))
        )

    def claim(self, dropped: Dropped) -> bool:
        """See DropFolder."""
        self._must_work()
        held = any(
            node == self._node
            and (one.kind, one.name, one.token) == (dropped.kind, dropped.name, "")
            for node, one in self._drops.taken
        )
        self._step("claim")
        found = None if held else self._drops.incoming.pop((dropped.kind, dropped.name), None)
        if found is None:
            return False
        body, changed_us = found
        self._drops.taken[self._node, Claimed(dropped.kind, dropped.name, "", changed_us)] = body
        return True

    def claimed(self) -> tuple[Claimed, ...]:
        """See DropFolder."""
        self._must_work()
        self._step("look")
        mine = [one for node, one in self._drops.taken if node == self._node]
        return tuple(sorted(mine, key=lambda one: (one.kind, one.token or "_", one.name)))

    def live(self) -> None:
        """See DropFolder."""
        self._must_work()
        self._step("live")
        self._drops.signs[self._node] = self._drops.signs.get(self._node, 0) + 1

    def foreign(self) -> tuple[Foreign, ...]:
        """See DropFolder."""
        self._must_work()
        self._step("look")
        found = [
            Foreign(node, one, self._drops.signs.get(node, 0))
            for node, one in self._drops.taken
            if node != self._node
        ]
        return tuple(
            sorted(found, key=lambda one: (one.claimed.kind, one.node, one.claimed.token or "_"))
        )

    def take_over(self, foreign: Foreign) -> bool:
        """See DropFolder."""
        self._must_work()
        one = foreign.claimed
        held = any(
            node == self._node
            and (mine.kind, mine.name, mine.token) == (one.kind, one.name, one.token)
            for node, mine in self._drops.taken
        )
        self._step("take_over")
        if held or (foreign.node, one) not in self._drops.taken:
            return False
        self._drops.taken_over += 1
        self._drops.taken[self._node, one] = self._drops.taken.pop((foreign.node, one))
        return True

    def read(self, claimed: Claimed, bytes_max: int) -> bytes:
        """See DropFolder."""
        self._step("read")
        self._must_have(claimed)
        return self._drops.taken[self._node, claimed][: bytes_max + 1]

    def decide(self, claimed: Claimed, token: str) -> Claimed:
        """See DropFolder."""
        self._step("decide")
        self._must_have(claimed)
        decided = Claimed(claimed.kind, claimed.name, token, claimed.changed_us)
        self._drops.taken[self._node, decided] = self._drops.taken.pop((self._node, claimed))
        return decided

    def has_result(self, kind: str, token: str) -> bool:
        """See DropFolder."""
        self._must_work()
        return any(of == kind and f".{token}.result." in name for of, name in self._drops.processed)

    def finish(self, claimed: Claimed, result: bytes) -> str:
        """See DropFolder."""
        self._must_have(claimed)
        assert claimed.token, "a file is finished under its token"
        self._step("result")
        stem, _, ending = claimed.name.rpartition(".")
        name = f"{stem}.{claimed.token}.result.csv"
        self._drops.processed[claimed.kind, name] = result
        self._step("finish")
        self._must_have(claimed)
        body = self._drops.taken.pop((self._node, claimed))
        self._drops.processed[claimed.kind, f"{stem}.{claimed.token}.{ending}"] = body
        self._drops.finished(self._node, claimed, result)
        return name

    def _must_work(self) -> None:
        if self._drops.broken:
            raise RecorderError(f"the folder for files with ids: {self._drops.broken}")

    def _must_have(self, claimed: Claimed) -> None:
        self._must_work()
        if (self._node, claimed) not in self._drops.taken:
            raise FileTakenOver(f"{claimed.name} was taken over by another node, or is away")
