"""A node's call buffer and journal on a simulated disk.

The objects are the disk: they live as long as the machine, and outlive the node's process. `crash` is
what a crash leaves. When only the process died, everything written is still there. When the power
went, part files have holes where they were not synced, and a name given or taken away within the last
seconds may be as it was before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from cluster.ports import Clock
from recorder.errors import CallBufferError, TooLarge
from recorder.ports.recording import PartFile, SealedFile
from recorder.traps import Trap, no_trap
from sim.clockwork.kernel import Chance

HEAD_BYTES = 64
_PATH = "sim-buffer:"
_HINT = "Check the disk behind the call buffer; recording resumes by itself."
_UNSYNCED_NS = 5_000_000_000
"""How long the file system may take to make a name durable by itself."""


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
        self._named: dict[str, int] = {}
        """When a sealed file got its name; those of the last seconds may lose it."""
        self._removed: dict[str, tuple[int, bytes]] = {}
        """What was discarded in the last seconds, and may come back."""
        self._torn = False

    def crash(self, *, power: bool, chance: Chance | None = None) -> None:
        """End every job that writes; with `power`, lose what was not synced.

        `chance` decides what of it is lost; without it all bytes are, and no name.
        """
        self.generation += 1
        self._in_use.clear()
        if not power:
            return
        self._torn = True
        for part in self._parts.values():
            whole = 0 if chance is None else chance.randrange(len(part) + 1)
            part[whole:] = bytes(len(part) - whole)
        self._forget_old_names()
        for name in self._named:
            if name in self._sealed and chance is not None and chance.random() < 1 / 2:
                del self._sealed[name]
        for name, (_, data) in self._removed.items():
            if chance is not None and chance.random() < 1 / 2:
                self._sealed[name] = data
        self._named.clear()
        self._removed.clear()

    def start(self) -> None:
        """What the real call buffer does when a process opens it: parts of an earlier boot go."""
        if self._torn:
            self._torn = False
            self._parts.clear()

    def parts(self) -> dict[str, bytes]:
        """The part files, for tests."""
        return {name: bytes(part) for name, part in self._parts.items()}

    def content(self, path: str) -> bytes:
        """The bytes behind `path`, for a simulated archive. Raises FileNotFoundError, as a disk does."""
        name = path.removeprefix(_PATH)
        if name not in self._sealed:
            raise FileNotFoundError(f"{path} is not in the call buffer")
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

    def sync(self) -> None:
        """See BufferFiles."""
        self.check()
        try:
            self._trap("fsync")
        except OSError as error:
            raise CallBufferError("the call buffer cannot be made durable", hint=_HINT) from error
        self._named.clear()
        self._removed.clear()

    def path(self, name: str) -> str:
        """See BufferFiles."""
        return _PATH + name

    def discard(self, name: str) -> None:
        """See BufferFiles."""
        self.check()
        data = self._sealed.pop(name, None)
        self._forget_old_names()
        if data is not None and self._named.pop(name, None) is None:
            self._removed[name] = (self._clock.monotonic_ns(), data)
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
        self._forget_old_names()
        self._named[name] = self._clock.monotonic_ns()
        self._removed.pop(name, None)
        return _seal_of(name, self._sealed[name])

    def drop_part(self, name: str) -> None:
        """What could not be synced is not to be trusted."""
        self._parts.pop(name, None)

    def _forget_old_names(self) -> None:
        limit_ns = self._clock.monotonic_ns() - _UNSYNCED_NS
        self._named = {name: at for name, at in self._named.items() if at > limit_ns}
        self._removed = {name: one for name, one in self._removed.items() if one[0] > limit_ns}

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
        except OSError as error:
            self._disk.drop_part(self._name)
            raise CallBufferError(f"{self._name} cannot be made durable", hint=_HINT) from error
        finally:
            self.abandon()

    def abandon(self) -> None:
        if self._generation == self._disk.generation:
            self._disk.let_go(self._name)

    def _alive(self) -> None:
        if self._generation != self._disk.generation:
            raise CallBufferError(f"{self._name} was open before the crash", hint=_HINT)


class SimJournal:
    """Journal in memory. `failing` and `full` may be changed at any time."""

    def __init__(self, *, trap: Trap = no_trap) -> None:
        self.failing = ""
        """A reason makes every call fail with it."""
        self.full = ""
        """A reason makes every call fail that writes."""
        self._trap = trap
        self._durable: list[bytes] = []
        self._pending: list[bytes] = []
        self._before: list[bytes] | None = None
        """What a rewritten journal held, until the folder that names it is synced."""
        self.torn = 0
        """Crashes that took records written and not synced, in whole or in part."""

    def crash(self, *, power: bool, torn_after: int = 0, chance: Chance | None = None) -> None:
        """With `power`, lose the records that were not fsynced but for the first `torn_after`.

        The record behind them is torn, which is as good as lost: reading ends before it. A rewrite whose
        folder was not synced may be undone.
        """
        if power and self._before is not None and (chance is None or chance.random() < 1 / 2):
            self._durable = self._before
        self._before = None
        kept = self._pending[:torn_after] if power else self._pending
        self.torn += len(kept) < len(self._pending)
        self._durable += kept
        self._pending = []

    def append(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        self._check(writes=True)
        if not records:
            return
        try:
            self._trap("append")
            self._pending += [bytes(record) for record in records]
            self._trap("fsync")
        except OSError as error:
            self._pending = []
            raise CallBufferError("the journal takes no records", hint=_HINT) from error
        self._durable += self._pending
        self._pending = []

    def read(self) -> tuple[bytes, ...]:
        """See Journal."""
        self._check(writes=False)
        return (*self._durable, *self._pending)

    def rewrite(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        self._check(writes=True)
        try:
            self._trap("fsync")
            self._trap("rename")
            self._before = self._durable
            self._durable = [bytes(record) for record in records]
            self._pending = []
            self._trap("fsync")
        except OSError as error:
            raise CallBufferError("the journal cannot be compacted", hint=_HINT) from error
        self._before = None

    def _check(self, *, writes: bool) -> None:
        reason = self.failing or (self.full if writes else "")
        if reason:
            raise CallBufferError(reason, hint=_HINT)


def _seal_of(name: str, data: bytes) -> SealedFile:
    return SealedFile(name, len(data), hashlib.sha256(data).hexdigest(), data[:HEAD_BYTES])
