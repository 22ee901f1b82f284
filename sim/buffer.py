"""A node's call buffer and journal on a simulated disk.

The objects are the disk: they live as long as the machine, and outlive the node's process. `crash`
is what a crash leaves. When only the process died, everything written is still there; when the power
went, what was not fsynced is lost.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cluster.ports import Clock
from recorder.errors import CallBufferError, TooLarge
from recorder.ports import PartFile, SealedFile
from recorder.traps import Trap, no_trap

HEAD_BYTES = 64
_PATH = "sim-buffer:"
_HINT = "Check the disk behind the call buffer; recording resumes by itself."


class SimBufferFiles:
    """BufferFiles in memory. `capacity_bytes` and `failing` may be changed at any time."""

    def __init__(
        self,
        clock: Clock,
        *,
        capacity_bytes: int = 1024**3,
        reserve_bytes: int = 0,
        trap: Trap = no_trap,
    ) -> None:
        self.capacity_bytes = capacity_bytes
        self.reserve_bytes = reserve_bytes
        self.failing = ""
        """A reason makes every call fail with it."""
        self.generation = 0
        self._clock = clock
        self._trap = trap
        self._sealed: dict[str, bytes] = {}
        self._parts: dict[str, bytearray] = {}
        self._written_ns: dict[str, int] = {}
        self._in_use: set[str] = set()

    def crash(self, *, power: bool) -> None:
        """End every job that writes; with `power`, lose the bytes that were not fsynced."""
        self.generation += 1
        self._in_use.clear()
        if power:
            self._parts.clear()

    def content(self, path: str) -> bytes:
        """The bytes behind `path`, for a simulated archive. Raises CallBufferError."""
        name = path.removeprefix(_PATH)
        if name not in self._sealed:
            raise CallBufferError(f"{path} is not in the call buffer", hint=_HINT)
        return self._sealed[name]

    def open_part(self, name: str, size_bytes_max: int) -> PartFile | SealedFile:
        """See BufferFiles."""
        self.check()
        if name in self._sealed:
            return _seal_of(name, bytes(self._sealed[name]))
        if self.free_bytes() <= 0:
            raise CallBufferError(f"no space left for {name} in the call buffer", hint=_HINT)
        if name in self._in_use:
            raise CallBufferError(f"{name} is being written by another job", hint=_HINT)
        self._in_use.add(name)
        self._written_ns.setdefault(name, self._clock.monotonic_ns())
        return _SimPartFile(
            self, name, self._parts.setdefault(name, bytearray()), size_bytes_max, self._trap
        )

    def path(self, name: str) -> str:
        """See BufferFiles."""
        return _PATH + name

    def discard(self, name: str) -> None:
        """See BufferFiles."""
        self.check()
        self._sealed.pop(name, None)
        self._parts.pop(name, None)
        self._written_ns.pop(name, None)

    def names(self) -> tuple[str, ...]:
        """See BufferFiles."""
        self.check()
        return tuple(sorted(self._sealed))

    def old_names(self, age_s: float) -> tuple[str, ...]:
        """See BufferFiles."""
        self.check()
        limit_ns = self._clock.monotonic_ns() - int(age_s * 1e9)
        return tuple(sorted(name for name, at in self._written_ns.items() if at <= limit_ns))

    def free_bytes(self) -> int:
        """See BufferFiles."""
        self.check()
        used = sum(map(len, self._sealed.values())) + sum(map(len, self._parts.values()))
        return max(0, self.capacity_bytes - used - self.reserve_bytes)

    # -- for the part files ----

    def check(self) -> None:
        """Raise CallBufferError when the disk is made to fail."""
        if self.failing:
            raise CallBufferError(self.failing, hint=_HINT)

    def wrote(self, name: str, part: bytearray, data: bytes) -> None:
        """Append to a part; a full disk takes nothing."""
        self.check()
        if self.free_bytes() + self.reserve_bytes < len(data):
            raise CallBufferError("no space left in the call buffer", hint=_HINT)
        part += data
        self._written_ns[name] = self._clock.monotonic_ns()

    def keep(self, name: str) -> SealedFile:
        """Give a part its final name."""
        self._sealed[name] = bytes(self._parts.pop(name))
        self._in_use.discard(name)
        return _seal_of(name, self._sealed[name])

    def let_go(self, name: str) -> None:
        """Another job may write it."""
        self._in_use.discard(name)


class _SimPartFile:
    """PartFile of the simulated disk; useless after a crash."""

    def __init__(
        self, disk: SimBufferFiles, name: str, part: bytearray, bytes_max: int, trap: Trap
    ) -> None:
        self._disk = disk
        self._name = name
        self._part = part
        self._bytes_max = bytes_max
        self._trap = trap
        self._generation = disk.generation

    @property
    def offset(self) -> int:
        return len(self._part)

    def write(self, data: bytes) -> None:
        self._alive()
        if len(self._part) + len(data) > self._bytes_max:
            raise TooLarge(f"more than {self._bytes_max} bytes")
        self._disk.wrote(self._name, self._part, data)

    def restart(self) -> None:
        self._alive()
        self._part.clear()

    def seal(self) -> SealedFile:
        self._alive()
        try:
            self._disk.check()
            self._trap("fsync")
            self._trap("rename")
            return self._disk.keep(self._name)
        finally:
            self.abandon()

    def abandon(self) -> None:
        if self._generation == self._disk.generation:
            self._disk.let_go(self._name)

    def _alive(self) -> None:
        if self._generation != self._disk.generation:
            raise CallBufferError(f"{self._name} was open before the crash", hint=_HINT)


class SimJournal:
    """Journal in memory. `failing` may be changed at any time."""

    def __init__(self, *, trap: Trap = no_trap) -> None:
        self.failing = ""
        """A reason makes every call fail with it."""
        self._trap = trap
        self._durable: list[bytes] = []
        self._pending: list[bytes] = []

    def crash(self, *, power: bool, torn_after: int = 0) -> None:
        """With `power`, lose the records that were not fsynced but for the first `torn_after`."""
        kept = self._pending[:torn_after] if power else self._pending
        self._durable += kept
        self._pending = []

    def append(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        self._check()
        if not records:
            return
        self._trap("append")
        self._pending += [bytes(record) for record in records]
        self._trap("fsync")
        self._durable += self._pending
        self._pending = []

    def read(self) -> tuple[bytes, ...]:
        """See Journal."""
        self._check()
        return (*self._durable, *self._pending)

    def rewrite(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        self._check()
        self._trap("fsync")
        self._trap("rename")
        self._durable = [bytes(record) for record in records]
        self._pending = []

    def _check(self) -> None:
        if self.failing:
            raise CallBufferError(self.failing, hint=_HINT)


def _seal_of(name: str, data: bytes) -> SealedFile:
    return SealedFile(name, len(data), hashlib.sha256(data).hexdigest(), data[:HEAD_BYTES])
