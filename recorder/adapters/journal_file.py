"""The journal as one file of framed records: length, CRC-32 of length and payload, payload.

A crash may tear the last append. Opening cuts the file after its last whole record, and only then
appends, so that nothing whole ever follows something torn.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from recorder.errors import CallBufferError
from recorder.traps import Trap, no_trap

_FRAME = struct.Struct(">II")
_HINT = "Check the disk behind the call buffer; recording resumes by itself."


class JournalFile:
    """Journal in a file. One job at a time."""

    def __init__(self, path: str | Path, *, trap: Trap = no_trap) -> None:
        """Nothing is opened before the first call."""
        self._path = Path(path)
        self._trap = trap
        self._file: BinaryIO | None = None
        self._end = 0

    def append(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        if not records:
            return
        file = self._opened()
        data = b"".join(frame(record) for record in records)
        try:
            self._trap("append")
            _write_all(file, data)
            self._trap("fsync")
            os.fsync(file.fileno())
        except OSError as error:
            self._forget(file)
            raise _refused(f"the journal {self._path} takes no records", error) from error
        self._end += len(data)

    def read(self) -> tuple[bytes, ...]:
        """See Journal."""
        try:
            data = self._path.read_bytes() if self._path.exists() else b""
        except OSError as error:
            raise _refused(f"the journal {self._path} cannot be read", error) from error
        return unframe(data)[0]

    def rewrite(self, records: Sequence[bytes]) -> None:
        """See Journal."""
        fresh = self._path.with_name(self._path.name + ".new")
        data = b"".join(frame(record) for record in records)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb", buffering=0) as file:
                _write_all(file, data)
                self._trap("fsync")
                os.fsync(file.fileno())
            self._trap("rename")
            self.close()
            fresh.replace(self._path)
            _sync_directory(self._path.parent)
        except OSError as error:
            raise _refused(f"the journal {self._path} cannot be compacted", error) from error

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _opened(self) -> BinaryIO:
        if self._file is not None:
            return self._file
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            new = not self._path.exists()
            file = self._path.open("ab+", buffering=0)
            file.seek(0)
            _, whole = unframe(file.read())
            file.truncate(whole)
            if new:
                _sync_directory(self._path.parent)
        except OSError as error:
            raise _refused(f"the journal {self._path} cannot be opened", error) from error
        self._file, self._end = file, whole
        return file

    def _forget(self, file: BinaryIO) -> None:
        """After a failed append or fsync: cut back to what is durable, and look again next time."""
        try:
            file.truncate(self._end)
        except OSError:
            pass  # opening again cuts what is torn, and a whole record is harmless to replay
        finally:
            self.close()


def frame(record: bytes) -> bytes:
    """Length and checksum before the record. Zeros on disk are no valid frame."""
    length = len(record).to_bytes(4, "big")
    return length + zlib.crc32(record, zlib.crc32(length)).to_bytes(4, "big") + record


def unframe(data: bytes) -> tuple[tuple[bytes, ...], int]:
    """The whole records at the beginning of `data`, and how many bytes they take."""
    records: list[bytes] = []
    at = 0
    while at + _FRAME.size <= len(data):
        length, checksum = _FRAME.unpack_from(data, at)
        record = data[at + _FRAME.size : at + _FRAME.size + length]
        if len(record) < length or zlib.crc32(record, zlib.crc32(data[at : at + 4])) != checksum:
            break
        records.append(record)
        at += _FRAME.size + length
    return tuple(records), at


def _write_all(file: BinaryIO, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _refused(what: str, error: OSError) -> CallBufferError:
    return CallBufferError(f"{what}: {error.strerror or error}", hint=_HINT)
