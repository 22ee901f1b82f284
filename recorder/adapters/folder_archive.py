"""An archive in a folder: one file per object, put atomically, never overwritten.

On the file system of the call buffer a put is a hard link, elsewhere a copy under a name of its own
that gets the object's name, unless somebody was first, when its bytes were verified. Names become durable in groups, by `sync`.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from recorder.errors import ArchiveError
from recorder.ports.recording import ObjectInfo
from recorder.traps import Trap, no_trap

_PART = r"[A-Za-z0-9_][A-Za-z0-9._=+-]{0,199}"
_KEY = re.compile(rf"{_PART}(/{_PART})*")
_KEY_MAX = 1_000
_READ_BYTES = 1024 * 1024
_INCOMING = ".incoming"
_LEFT_OVER_S = 86_400
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.ENOSYS, errno.EACCES}
_HINT = (
    "Check the disk behind the archive folder; what is in the call buffer waits and is put again."
)


def validate_key(key: str) -> None:
    """Raise ArchiveError unless `key` is relative, of plain characters, with no part like `..`."""
    if len(key) > _KEY_MAX or not _KEY.fullmatch(key):
        raise ArchiveError(
            "this is no key of an object",
            hint="Letters, digits and . _ = + - in parts joined by /; no part begins with a dot.",
        )


class FolderArchive:
    """Implements recorder.ports.recording.Archive in `directory`, which is made where needed. Any thread.

    `check` refuses when less than `reserve_bytes` are free. Raises ArchiveError.
    """

    def __init__(
        self,
        directory: str | Path,
        *,
        reserve_bytes: int = 64 * 1024**2,
        trap: Trap = no_trap,
    ) -> None:
        self._root = Path(directory)
        self._incoming = self._root / _INCOMING  # of copies that have no name of their own yet
        self._reserve_bytes = reserve_bytes
        self._trap = trap
        self._lock = threading.Lock()
        self._touched: set[Path] = set()
        self._durable: set[Path] = set()
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            _drop_left_over(self._incoming)
        except OSError as error:
            raise _refused(f"the archive folder {self._root} cannot be used", error) from error

    def put(self, key: str, path: str, sha256: str, size_bytes: int) -> None:
        """Store the file under `key`; the same content again is the same put.

        Raises ArchiveError when the file is not as described, when another content is there already,
        or when the disk refuses.
        """
        target = self._target(key)
        self._trap("put")
        try:
            found = Path(path).stat(follow_symlinks=False)
            if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
                raise ArchiveError(
                    f"object {key}: the file to put is not a regular file of {size_bytes} bytes",
                    hint="The call buffer was changed from outside; the item is fetched again.",
                )
            try:
                if not self._link_in_folder(path, target):
                    self._copy(path, target, sha256)
            except FileExistsError:
                self._same_or_refuse(key, target, found, sha256)
        except OSError as error:
            raise _refused(f"object {key} cannot be put", error) from error
        self._touch(target.parent)

    def sync(self) -> None:
        """Make every put so far durable: fsync each folder that got a name since the last time."""
        self._trap("sync")
        with self._lock:
            touched, self._touched = self._touched, set()
        done: set[Path] = set()
        try:
            for directory in sorted(touched):
                _fsync_directory(directory)
                done.add(directory)
        except OSError as error:
            with self._lock:
                self._touched |= touched - done
            raise _refused("the archive folder cannot be synced", error) from error
        with self._lock:
            self._durable |= touched

    def open(self, key: str) -> BinaryIO:
        """Read an object. Raises ArchiveError when there is none."""
        try:
            return self._target(key).open("rb")
        except FileNotFoundError:
            raise ArchiveError(f"object {key} is not in the archive") from None
        except OSError as error:
            raise _refused(f"object {key} cannot be read", error) from error

    def info(self, key: str) -> ObjectInfo | None:
        """None when there is no such object."""
        try:
            found = self._target(key).stat(follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused(f"object {key} cannot be looked at", error) from error
        return ObjectInfo(key, found.st_size) if stat.S_ISREG(found.st_mode) else None

    def holds(self, key: str, size_bytes: int) -> bool:
        """Whether an object of this size is there; if so `sync` is for it as well.

        Whoever put it may have died before the sync.
        """
        found = self.info(key)
        if found is None or found.size_bytes != size_bytes:
            return False
        self._touch(self._target(key).parent)
        return True

    def keys(self, after: str = "", *, below: str = "") -> Iterator[str]:
        """Every object's key behind `after`, in order. Files that are no objects are passed over."""
        folder = self._target(below.removesuffix("/")) if below else self._root
        if below and not folder.is_dir():
            return
        try:
            yield from _walk(folder, below, after)
        except OSError as error:
            raise _refused("the archive folder cannot be listed", error) from error

    def delete(self, key: str) -> None:
        """Take an object away, durably when it returns; nothing happens when there is none."""
        target = self._target(key)
        try:
            target.unlink(missing_ok=True)
            # Also when it was gone: whoever took it away may have died before this.
            _fsync_directory(target.parent)
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as error:
            raise _refused(f"object {key} cannot be deleted", error) from error

    def check(self) -> None:
        """Raise ArchiveError when the folder takes no file now, or is nearly full."""
        try:
            with tempfile.TemporaryFile(dir=self._incoming) as probe:
                probe.write(b"probe")
                probe.flush()
            space = os.statvfs(self._root)
        except OSError as error:
            raise _refused(f"the archive folder {self._root} takes no file", error) from error
        free_bytes = space.f_bavail * space.f_frsize
        if free_bytes < self._reserve_bytes:
            raise ArchiveError(
                f"the archive folder {self._root} has {free_bytes} bytes left, "
                f"less than the reserve of {self._reserve_bytes}",
                hint="Free or add space; recording resumes by itself.",
            )

    def _target(self, key: str) -> Path:
        """Where `key` lies; never outside the folder."""
        validate_key(key)
        return self._root / key

    def _link_in_folder(self, path: str, target: Path) -> bool:
        """Link; the folder is nearly always there, so it is made only when it turns out missing."""
        try:
            return self._link(path, target)
        except FileNotFoundError:
            target.parent.mkdir(parents=True, exist_ok=True)
            return self._link(path, target)

    def _link(self, path: str, target: Path) -> bool:
        """False when this file system cannot link. Raises FileExistsError."""
        self._trap("rename")
        try:
            os.link(path, target, follow_symlinks=False)
        except FileExistsError:
            raise
        except OSError as error:
            if error.errno in _NO_LINK:
                return False
            raise
        return True

    def _copy(self, path: str, target: Path, sha256: str) -> None:
        """Copy, verify, fsync, name. Raises FileExistsError when the target is there."""
        if target.exists():
            raise FileExistsError(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        try:
            with os.fdopen(handle, "wb") as copy, Path(path).open("rb") as original:
                digest = hashlib.sha256()
                while chunk := original.read(_READ_BYTES):
                    digest.update(chunk)
                    copy.write(chunk)
                copy.flush()
                _verify(target.name, digest.hexdigest(), sha256)
                self._trap("fsync")
                os.fsync(copy.fileno())
            self._trap("rename")
            _name_once(name, target)
        finally:
            Path(name).unlink(missing_ok=True)

    def _same_or_refuse(self, key: str, target: Path, source: os.stat_result, sha256: str) -> None:
        """Return when `target` holds this very content."""
        found = target.stat(follow_symlinks=False)
        if os.path.samestat(found, source):
            return
        same = (
            stat.S_ISREG(found.st_mode)
            and found.st_size == source.st_size
            and _sha256_of(target) == sha256
        )
        if not same:
            raise ArchiveError(
                f"object {key} is in the archive with another content",
                hint="The archive was changed from outside, or two sources share a name: compare the "
                "object with the contact database before you move it away.",
            )

    def _touch(self, directory: Path) -> None:
        """Remember what `sync` must make durable: this folder, and how it is reached."""
        with self._lock:
            if directory in self._durable:
                self._touched.add(directory)
                return
            self._touched.update(
                place for place in (directory, *directory.parents) if self._inside(place)
            )

    def _inside(self, place: Path) -> bool:
        return place == self._root or self._root in place.parents


def _walk(directory: Path, prefix: str, after: str) -> Iterator[str]:
    with os.scandir(directory) as entries:
        found = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    # Sorted as whole keys are: a folder counts with its slash.
    for name, is_folder in sorted(found, key=lambda one: one[0] + "/" * one[1]):
        if not _KEY.fullmatch(name):
            continue
        key = f"{prefix}{name}"
        if is_folder:
            inside = f"{key}/"
            # A folder whose keys all come before `after` is not looked into.
            if inside > after or after.startswith(inside):
                yield from _walk(directory / name, inside, after)
        elif key > after:
            yield key


def _drop_left_over(incoming: Path) -> None:
    """Copies that a crash left; the other node may be writing the younger ones."""
    for path in sorted(incoming.iterdir()):
        try:
            found = path.stat(follow_symlinks=False)
        except FileNotFoundError:
            continue  # finished by the other node while we look
        age_s = time.time() - found.st_mtime  # noqa: TID251 - the file system's own clock
        if age_s > _LEFT_OVER_S and stat.S_ISREG(found.st_mode):
            path.unlink(missing_ok=True)


def _name_once(copy: str, target: Path) -> None:
    """Give the copy its name; a file that has it by now stays. Raises FileExistsError."""
    try:
        os.link(copy, target, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINK:
            raise
        # A file system without links: nothing better than to look first.
        if target.exists():
            raise FileExistsError(target) from error
        Path(copy).rename(target)


def _fsync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _verify(name: str, found: str, sealed: str) -> None:
    if found != sealed:
        raise ArchiveError(
            f"object {name}: the file to put does not have the hash it was sealed with",
            hint="The call buffer was changed from outside; the item is fetched again.",
        )


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _refused(what: str, error: OSError) -> ArchiveError:
    return ArchiveError(f"{what}: {error.strerror or type(error).__name__}", hint=_HINT)
