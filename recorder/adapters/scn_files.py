"""SCN files on a disk: `KEY.part` while written, `KEY.scn` when sealed, `KEY.kept` beside what is kept.

Every packet is with the operating system when `append` returns, so that only the death of the host can take it,
and never more than the last seconds. Space is looked at before it is used: screens stop long before the
reserve that audio has on the same disk.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final

from cluster.ports import Clock
from recorder.errors import BufferFull, CallBufferError
from recorder.scn.model import ScreenPacket
from recorder.scn.part import ScnHead, ScnPacket, SealedScn
from recorder.scn.webm import ScnReader, head_bytes, packet_bytes
from recorder.traps import Trap, no_trap

SYNC_EVERY_S: Final = 3.0
_OPEN, _SEALED, _KEPT, _RAW = ".part", ".scn", ".kept", ".raw"
_FILE: Final = re.compile(r"([0-9a-f]{8,64})(\.part|\.scn|\.kept)")
_NAME: Final = re.compile(r"[0-9a-f]{8,64}")
_READ_BYTES: Final = 1024 * 1024
_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_HINT: Final = "Check the disk behind the call buffer; screens are recorded again by themselves."


@dataclass(slots=True)
class _Open:
    """A part that is being written."""

    head: ScnHead
    fd: int
    hash: Any
    size_bytes: int
    synced_ns: int
    packets: int = 0
    first_ms: int = 0
    last_ms: int = 0


class DiskScreenFiles:
    """Implements recorder.ports.screens.ScreenFiles in a directory, which is made where needed."""

    def __init__(
        self,
        directory: str | Path,
        *,
        clock: Clock,
        reserve_bytes: int,
        bytes_max: int | None = None,
        trap: Trap = no_trap,
    ) -> None:
        """Raises CallBufferError when the directory cannot be used."""
        self._directory = Path(directory)
        self._clock = clock
        self._reserve_bytes = reserve_bytes
        self._bytes_max = bytes_max
        self._trap = trap
        self._open: dict[str, _Open] = {}
        self._used_bytes: int | None = None
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _refused(f"{directory} cannot be used", error) from error

    def begin(self, head: ScnHead) -> None:
        """See ScreenFiles."""
        assert head.part_key not in self._open, "a part begins once"
        told = head_bytes(head)
        self._need(len(told))
        path = self._path(head.part_key, _OPEN)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _refused(f"{path} cannot be made", error) from error
        now_ns = self._clock.monotonic_ns()
        self._open[head.part_key] = part = _Open(head, fd, hashlib.sha256(), 0, now_ns)
        try:
            self._write(part, told)
        except CallBufferError:
            with suppress(CallBufferError):
                self.discard(head.part_key)
            raise

    def append(self, part_key: str, packets: Sequence[ScreenPacket]) -> None:
        """See ScreenFiles."""
        if not packets:
            return
        part = self._open[part_key]
        assert packets[0].seq == part.head.seq_first + part.packets, "packets follow one another"
        data = b"".join(map(packet_bytes, packets))
        self._need(len(data))
        self._trap("append")
        self._write(part, data)
        part.first_ms = part.first_ms if part.packets else packets[0].pts_ms
        part.packets += len(packets)
        part.last_ms = packets[-1].pts_ms
        now_ns = self._clock.monotonic_ns()
        if now_ns - part.synced_ns >= SYNC_EVERY_S * 1e9:
            part.synced_ns = now_ns
            self._sync(part)

    def seal(self, part_key: str) -> SealedScn | None:
        """See ScreenFiles."""
        part = self._open.get(part_key)
        if part is None or not part.packets:
            self.discard(part_key)
            return None
        self._sync(part)
        del self._open[part_key]
        os.close(part.fd)
        path = self._path(part_key, _SEALED)
        self._trap("rename")
        try:
            self._path(part_key, _OPEN).rename(path)
            self._sync_directory()
        except OSError as error:
            raise _refused(f"{path} cannot be named", error) from error
        return SealedScn(
            head=part.head,
            path=str(path),
            size_bytes=part.size_bytes,
            sha256=part.hash.hexdigest(),
            packets=part.packets,
            pts_first_ms=part.first_ms,
            pts_last_ms=part.last_ms,
            kept=self._path(part_key, _KEPT).exists(),
        )

    def keep(self, part_key: str) -> None:
        """See ScreenFiles."""
        path = self._path(part_key, _KEPT)
        try:
            path.touch(mode=0o600)
            self._sync_directory()
        except OSError as error:
            raise _refused(f"{path} cannot be made", error) from error

    def index(self, part_key: str) -> tuple[ScnPacket, ...]:
        """See ScreenFiles."""
        path = self._path(part_key, _SEALED)
        try:
            with path.open("rb") as file:
                return tuple(ScnReader(file).index())
        except OSError as error:
            raise _refused(f"{path} cannot be read", error) from error

    def copy(self, part_key: str, head: ScnHead, seq_last: int) -> SealedScn:
        """See ScreenFiles."""
        path = self._path(part_key, _SEALED)
        with suppress(CallBufferError):
            self.discard(head.part_key)
        try:
            with path.open("rb") as file:
                self.begin(head)
                for packet in ScnReader(file).packets():
                    if head.seq_first <= packet.seq <= seq_last:
                        self.append(head.part_key, (packet,))
        except OSError as error:
            raise _refused(f"{path} cannot be read", error) from error
        sealed = self.seal(head.part_key)
        assert sealed is not None, "a copy has packets"
        return sealed

    def adopt(self, part_key: str, source: BinaryIO, sha256: str) -> SealedScn:
        """See ScreenFiles."""
        with suppress(CallBufferError):
            self.discard(part_key)
        path, digest = self._path(part_key, _SEALED), hashlib.sha256()
        raw = self._path(part_key, _RAW)
        try:
            with raw.open("wb") as file:
                while block := source.read(_READ_BYTES):
                    self._need(len(block))
                    digest.update(block)
                    file.write(block)
                file.flush()
                os.fsync(file.fileno())
            if digest.hexdigest() != sha256:
                raise CallBufferError(f"{part_key} is not what was archived")
            raw.rename(path)
            self._sync_directory()
            sealed = self._look(part_key)
        except OSError as error:
            raise _refused(f"{path} cannot be written", error) from error
        finally:
            self._used_bytes = None
            raw.unlink(missing_ok=True)
        if sealed is None:
            raise CallBufferError(f"{part_key} is no SCN file")
        return sealed

    def discard(self, part_key: str) -> None:
        """See ScreenFiles."""
        part = self._open.pop(part_key, None)
        if part is not None:
            os.close(part.fd)
        self._used_bytes = None
        try:
            for suffix in (
                _OPEN,
                _SEALED,
                _KEPT,
            ):  # the mark last: a crash before it leaves only that
                self._path(part_key, suffix).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(f"{part_key} cannot be deleted", error) from error

    def found(self) -> tuple[SealedScn, ...]:
        """See ScreenFiles."""
        try:
            names = self._names()
            for key in sorted(key for key, suffix in names if suffix == _OPEN):
                if key not in self._open:
                    self._mend(key)
            names = self._names()
            sealed = [key for key, suffix in sorted(names) if suffix == _SEALED]
            for key in sorted({key for key, suffix in names if suffix == _KEPT}):
                if key not in sealed and key not in self._open:
                    self._path(key, _KEPT).unlink(missing_ok=True)
            return tuple(one for key in sealed if (one := self._look(key)) is not None)
        except OSError as error:
            raise _refused(f"{self._directory} cannot be read", error) from error

    def free_bytes(self) -> int:
        """See ScreenFiles."""
        try:
            disk = os.statvfs(self._directory)
        except OSError as error:
            raise _refused(f"{self._directory} cannot be read", error) from error
        free = disk.f_bavail * disk.f_frsize - self._reserve_bytes
        if self._bytes_max is not None:
            free = min(free, self._bytes_max - self._used())
        return max(0, free)

    # -- the rest ----

    def _need(self, size_bytes: int) -> None:
        if self.free_bytes() < size_bytes:
            raise BufferFull(f"no room left for screens in {self._directory}", hint=_HINT)

    def _used(self) -> int:
        """Counted once; afterwards only what is written adds to it, and what is deleted counts anew."""
        if self._used_bytes is None:
            with os.scandir(self._directory) as entries:
                self._used_bytes = sum(entry.stat().st_size for entry in entries)
        return self._used_bytes

    def _write(self, part: _Open, data: bytes) -> None:
        view, done = memoryview(data), 0
        try:
            while done < len(view):
                done += os.write(part.fd, view[done:])
        except OSError as error:
            with suppress(OSError):
                os.ftruncate(part.fd, part.size_bytes)
                os.lseek(part.fd, part.size_bytes, os.SEEK_SET)
            raise _refused(f"{part.head.part_key} takes no more", error) from error
        part.hash.update(data)
        part.size_bytes += len(data)
        if self._used_bytes is not None:
            self._used_bytes += len(data)

    def _sync(self, part: _Open) -> None:
        self._trap("fsync")
        try:
            os.fdatasync(part.fd)
        except OSError as error:
            raise _refused(f"{part.head.part_key} cannot be made durable", error) from error

    def _mend(self, part_key: str) -> None:
        path = self._path(part_key, _OPEN)
        with path.open("r+b") as file:
            try:
                reader = ScnReader(file)
                packets = sum(1 for _ in reader.index())
            except CallBufferError:
                packets = 0
            else:
                file.truncate(reader.whole_bytes)
                os.fsync(file.fileno())
        if packets:
            path.rename(self._path(part_key, _SEALED))
            self._sync_directory()
        else:
            path.unlink()

    def _look(self, part_key: str) -> SealedScn | None:
        path = self._path(part_key, _SEALED)
        with path.open("rb") as file:
            try:
                reader = ScnReader(file)
                first, last, count = _span_of(reader.index())
            except CallBufferError:
                return None  # nobody wrote that; it stays for people to look at
            file.seek(0)
            digest, size = hashlib.sha256(), 0
            while block := file.read(_READ_BYTES):
                digest.update(block)
                size += len(block)
        kept = self._path(part_key, _KEPT).exists()
        named = replace(reader.head, part_key=part_key)
        return SealedScn(named, str(path), size, digest.hexdigest(), count, first, last, kept)

    def _names(self) -> set[tuple[str, str]]:
        with os.scandir(self._directory) as entries:
            matches = [_FILE.fullmatch(entry.name) for entry in entries]
        return {(one[1], one[2]) for one in matches if one is not None}

    def _sync_directory(self) -> None:
        fd = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def _path(self, part_key: str, suffix: str) -> Path:
        assert _NAME.fullmatch(part_key), "names of parts are ours: lower-case hexadecimal"
        return self._directory / (part_key + suffix)


def _span_of(packets: Iterable[ScnPacket]) -> tuple[int, int, int]:
    """First and last time, and how many. Raises CallBufferError when there are none."""
    first = last = count = 0
    for packet in packets:
        first = packet.pts_ms if not count else first
        last = packet.pts_ms
        count += 1
    if not count:
        raise CallBufferError("an SCN file without packets")
    return first, last, count


def _refused(what: str, error: OSError) -> CallBufferError:
    kind = BufferFull if error.errno in _FULL else CallBufferError
    return kind(f"{what}: {error.strerror or error}", hint=_HINT)
