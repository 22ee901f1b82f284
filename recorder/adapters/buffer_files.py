"""The call buffer as files in one directory: `NAME.part` while written, `NAME` when sealed.

A part file survives the death of the process and is resumed. It does not survive the death of the
host: what the kernel had not written yet may be holes, so parts from an earlier boot of the machine
are dropped. A sealed file was fsynced before it got its name. The directory is not synced per file, but
by `sync`, for many of them before the journal promises them.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import stat
import time
from contextlib import suppress
from pathlib import Path

from recorder.errors import CallBufferError, TooLarge
from recorder.ports.recording import PartFile, SealedFile
from recorder.traps import Trap, no_trap

HEAD_BYTES = 64
_READ_BYTES = 1024 * 1024
_LOOK_EVERY_BYTES = 16 * 1024 * 1024
_PART = ".part"
_NAME = re.compile(r"[0-9a-f]{1,128}")
_FILE = re.compile(r"[0-9a-f]{1,128}(\.part)?")
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HINT = "Check the disk behind the call buffer; recording resumes by itself."


class DiskBufferFiles:
    """BufferFiles on a disk. Any thread; one name is written by one job at a time."""

    def __init__(
        self,
        directory: str | Path,
        *,
        reserve_bytes: int,
        bytes_max: int | None = None,
        trap: Trap = no_trap,
    ) -> None:
        """Make `directory` where needed. Raises CallBufferError when it cannot be used."""
        self._directory = Path(directory)
        self._reserve_bytes = reserve_bytes
        self._bytes_max = bytes_max
        self._trap = trap
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._drop_parts_of_earlier_boots()
        except OSError as error:
            raise _refused(f"the call buffer {directory} cannot be used", error) from error

    def open_part(self, name: str, size_bytes_max: int) -> PartFile | SealedFile:
        """See BufferFiles."""
        final = self._final(name)
        try:
            if final.exists():
                return _sealed(final)
        except OSError as error:
            raise _refused(f"{final} cannot be read", error) from error
        if self.free_bytes() <= 0:
            raise CallBufferError(
                f"no space left for {final.name} in the call buffer {self._directory}", hint=_HINT
            )
        part = final.with_name(name + _PART)
        try:
            fd, size_bytes = _open_locked(part)
            return DiskPartFile(
                fd=fd,
                size_bytes=size_bytes,
                part=part,
                final=final,
                bytes_max=size_bytes_max,
                owner=self,
                trap=self._trap,
            )
        except OSError as error:
            raise _refused(f"{part} cannot be written", error) from error

    def sync(self) -> None:
        """See BufferFiles."""
        try:
            self._trap("fsync")
            handle = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise _refused(f"{self._directory} cannot be made durable", error) from error

    def path(self, name: str) -> str:
        """See BufferFiles."""
        return str(self._final(name))

    def discard(self, name: str) -> None:
        """See BufferFiles. Raises CallBufferError when the disk refuses."""
        final = self._final(name)
        try:
            final.unlink(missing_ok=True)
            final.with_name(name + _PART).unlink(missing_ok=True)
        except OSError as error:
            raise _refused(f"{final} cannot be removed", error) from error

    def names(self) -> tuple[str, ...]:
        """See BufferFiles. Raises CallBufferError when the disk refuses."""
        return tuple(sorted(name for name in self._entries() if not name.endswith(_PART)))

    def old_names(self, age_s: float) -> tuple[str, ...]:
        """See BufferFiles. Ages are those of the file system. Raises CallBufferError."""
        # The file system stamps files with the calendar, so their age is told by it too.
        now_ns = time.time_ns()  # noqa: TID251 - adapter of the disk
        limit_ns = now_ns - int(age_s * 1e9)
        old = (name for name, facts in self._entries().items() if facts.st_mtime_ns <= limit_ns)
        return tuple(sorted({name.removesuffix(_PART) for name in old}))

    def free_bytes(self) -> int:
        """See BufferFiles. Never negative."""
        try:
            disk = os.statvfs(self._directory)
        except OSError as error:
            raise _refused(f"the call buffer {self._directory} cannot be read", error) from error
        free = disk.f_bavail * disk.f_frsize - self._reserve_bytes
        if self._bytes_max is not None:
            used = sum(facts.st_size for facts in self._entries().values())
            free = min(free, self._bytes_max - used)
        return max(0, free)

    def _final(self, name: str) -> Path:
        assert _NAME.fullmatch(name), "names in the call buffer are ours: lower-case hexadecimal"
        return self._directory / name

    def _entries(self) -> dict[str, os.stat_result]:
        found: dict[str, os.stat_result] = {}
        try:
            with os.scandir(self._directory) as entries:
                for entry in entries:
                    if not _FILE.fullmatch(entry.name):
                        continue
                    try:
                        facts = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue  # renamed or discarded while we look
                    if stat.S_ISREG(facts.st_mode):
                        found[entry.name] = facts
        except OSError as error:
            raise _refused(f"the call buffer {self._directory} cannot be read", error) from error
        return found

    def _drop_parts_of_earlier_boots(self) -> None:
        boot = _BOOT_ID.read_text(encoding="ascii") if _BOOT_ID.exists() else ""
        marker = self._directory / "boot"
        # Whatever a crash or a broken disk left in the marker: another boot's, so the parts go.
        known = marker.read_text(encoding="ascii", errors="replace") if marker.exists() else None
        if boot and boot == known:
            return
        for part in sorted(self._directory.glob("*" + _PART)):
            part.unlink(missing_ok=True)
        marker.write_text(boot, encoding="ascii")


class DiskPartFile:
    """PartFile on a disk."""

    def __init__(
        self,
        *,
        fd: int,
        size_bytes: int,
        part: Path,
        final: Path,
        bytes_max: int,
        owner: DiskBufferFiles,
        trap: Trap,
    ) -> None:
        """Take over the open, locked `fd`, and hash the `size_bytes` there already. Raises OSError."""
        self._file = os.fdopen(fd, "r+b", buffering=0)
        self._part = part
        self._final = final
        self._bytes_max = bytes_max
        self._owner = owner
        self._trap = trap
        self._hash = hashlib.sha256()
        self._offset = 0
        self._head = b""
        while size_bytes > self._offset and (block := self._file.read(_READ_BYTES)):
            self._account(block)
        self._look_at = self._offset + _LOOK_EVERY_BYTES

    @property
    def offset(self) -> int:
        """See MediaSink."""
        return self._offset

    def write(self, data: bytes) -> None:
        """See MediaSink."""
        if self._offset + len(data) > self._bytes_max:
            raise TooLarge(
                f"more than {self._bytes_max} bytes",
                hint="Raise ingest.file_bytes_max if recordings of this size are expected.",
            )
        view = memoryview(data)
        done = 0
        try:
            while done < len(view):
                done += self._file.write(view[done:]) or 0
        except OSError as error:
            self._cut(self._offset)
            raise _refused(f"{self._part} takes no more bytes", error) from error
        self._account(data)
        if self._offset >= self._look_at:
            self._look_at = self._offset + _LOOK_EVERY_BYTES
            if self._owner.free_bytes() <= 0:
                raise CallBufferError("the call buffer's reserve is reached", hint=_HINT)

    def restart(self) -> None:
        """See MediaSink."""
        self._hash = hashlib.sha256()
        self._offset = 0
        self._head = b""
        self._cut(0)

    def seal(self) -> SealedFile:
        """See PartFile. What cannot be made durable is removed: it is downloaded from the beginning."""
        try:
            self._trap("fsync")
            os.fsync(self._file.fileno())
            self._trap("rename")
            self._part.rename(self._final)
        except OSError as error:
            # After a failed fsync the kernel may have dropped pages, and call the next fsync a success.
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
            raise _refused(f"{self._part} cannot be made durable", error) from error
        finally:
            self._file.close()
        return SealedFile(self._final.name, self._offset, self._hash.hexdigest(), self._head)

    def abandon(self) -> None:
        """See PartFile."""
        self._file.close()

    def _account(self, data: bytes) -> None:
        self._hash.update(data)
        self._offset += len(data)
        if len(self._head) < HEAD_BYTES:
            self._head += bytes(data[: HEAD_BYTES - len(self._head)])

    def _cut(self, offset: int) -> None:
        """Back to `offset`, so that the bytes on disk are those that were hashed."""
        try:
            self._file.seek(offset)
            self._file.truncate()
        except OSError as error:
            raise _refused(f"{self._part} cannot be cut", error) from error


def _open_locked(part: Path) -> tuple[int, int]:
    """Open the part file for this job alone, even against another process; its size as well."""
    while True:
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever held the lock before may have sealed or discarded the file meanwhile.
            found = os.fstat(fd)
            with suppress(FileNotFoundError):
                if part.stat().st_ino == found.st_ino:
                    return fd, found.st_size
        except OSError:
            os.close(fd)
            raise
        os.close(fd)


def _sealed(path: Path) -> SealedFile:
    digest = hashlib.sha256()
    size = 0
    head = b""
    with path.open("rb", buffering=0) as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
            size += len(block)
            head = head or block[:HEAD_BYTES]
    return SealedFile(path.name, size, digest.hexdigest(), head)


def _refused(what: str, error: OSError) -> CallBufferError:
    return CallBufferError(f"{what}: {error.strerror or error}", hint=_HINT)
