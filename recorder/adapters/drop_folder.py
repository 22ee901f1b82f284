"""Folders in which people put down files with ids: `csv`, `claimed/<node>` and `processed` below each kind.

A file is taken by renaming it, which only one of two nodes can do; the name it has then holds all that must be
known of it, so that a crash anywhere is no more than a pause. It is taken over from a node that is gone in the same
way: should that node come back in the middle of a step, it finds the file no more, and leaves it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recorder.errors import FileTakenOver, RecorderError
from recorder.records.drops import Claimed, Dropped, Foreign

INCOMING: Final = "csv"
CLAIMED: Final = "claimed"
PROCESSED: Final = "processed"
_ENDINGS: Final = frozenset({".csv", ".tsv", ".txt"})
_UNDECIDED: Final = "_"
_SIGN: Final = ".alive"
_NAME_BYTES_MAX: Final = 180
"""A token and what the result is called are added, and 255 is all that a name may have."""
_TAKEN: Final = re.compile(r"(?P<token>[A-Za-z0-9-]{1,60}|_)~(?P<name>.+)", re.DOTALL)


class DiskDropFolder:
    """Implements recorder.ports.proof.DropFolder below `root`, for sources of these `kinds`."""

    def __init__(
        self, *, root: Path, node: str, kinds: Iterable[str], sync: Callable[[int], None] = os.fsync
    ) -> None:
        self._root = root
        self._node = node
        self._kinds = tuple(sorted(set(kinds)))
        self._sync = sync

    def incoming(self) -> tuple[Dropped, ...]:
        """Makes the folders that are missing, so that people find them."""
        found: list[Dropped] = []
        with _told(f"looking into {self._root}"):
            for kind in self._kinds:
                folder = self._root / kind / INCOMING
                folder.mkdir(parents=True, exist_ok=True)
                for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                    if _is_wanted(entry):
                        found += _dropped(kind, entry)
        return tuple(found)

    def claim(self, dropped: Dropped) -> bool:
        """By one rename. What this node has under this name already is finished first."""
        place = self._claims(dropped.kind, self._node)
        source = self._root / dropped.kind / INCOMING / dropped.name
        if len(os.fsencode(dropped.name)) > _NAME_BYTES_MAX:
            raise RecorderError(
                f"the name of {source} is too long to take it",
                hint=f"Give the file a name of at most {_NAME_BYTES_MAX} bytes.",
            )
        with _told(f"taking {source}"):
            place.mkdir(parents=True, exist_ok=True)
            target = place / f"{_UNDECIDED}~{dropped.name}"
            if target.exists():
                return False
            try:
                source.rename(target)
            except FileNotFoundError:
                return False
        return True

    def claimed(self) -> tuple[Claimed, ...]:
        """By their names."""
        with _told(f"looking into {self._root}"):
            return tuple(
                one for kind in self._kinds for one in _taken(kind, self._claims(kind, self._node))
            )

    def live(self) -> None:
        """By the change of an empty file beside them."""
        with _told(f"writing into {self._root}"):
            for kind in self._kinds:
                folder = self._claims(kind, self._node)
                if folder.is_dir():
                    (folder / _SIGN).touch()

    def foreign(self) -> tuple[Foreign, ...]:
        """By their folders' names."""
        found: list[Foreign] = []
        with _told(f"looking into {self._root}"):
            for kind in self._kinds:
                for folder in _folders(self._root / kind / CLAIMED):
                    if folder.name != self._node:
                        found += _of_another(kind, folder)
        return tuple(found)

    def take_over(self, foreign: Foreign) -> bool:
        """By one rename. What this node has under this name already is finished first."""
        one = foreign.claimed
        source = self._path(one, foreign.node)
        with _told(f"taking over {source}"):
            self._claims(one.kind, self._node).mkdir(parents=True, exist_ok=True)
            if self._path(one).exists():
                return False
            try:
                source.rename(self._path(one))
            except FileNotFoundError:
                return False
            self._sync_folder(self._claims(one.kind, self._node))
        return True

    def read(self, claimed: Claimed, bytes_max: int) -> bytes:
        """Never more than a byte too much."""
        path = self._path(claimed)
        with _told(f"reading {path}"), _mine(claimed):
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as file:
                return file.read(bytes_max + 1)

    def decide(self, claimed: Claimed, token: str) -> Claimed:
        """By one rename."""
        decided = Claimed(claimed.kind, claimed.name, token, claimed.changed_us)
        with _told(f"taking {claimed.name}"), _mine(claimed):
            self._path(claimed).rename(self._path(decided))
            self._sync_folder(self._claims(claimed.kind, self._node))
        return decided

    def has_result(self, kind: str, token: str) -> bool:
        """By its name."""
        folder = self._root / kind / PROCESSED
        with _told(f"looking into {folder}"):
            names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return any(f".{token}.result." in name for name in names)

    def finish(self, claimed: Claimed, result: bytes) -> str:
        """The result first: a file without one is still taken. Repeating it writes the same."""
        assert claimed.token, "a file is finished under its token"
        folder = self._root / claimed.kind / PROCESSED
        stem, ending = Path(claimed.name).stem, Path(claimed.name).suffix
        place = folder / f"{stem}.{claimed.token}.result.csv"
        part = folder / f".{claimed.token}.{self._node}.part"
        with _told(f"writing {place}"), _mine(claimed):
            self._path(claimed).stat()
            folder.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                file.write(result)
                file.flush()
                self._sync(file.fileno())
            part.replace(place)
            self._path(claimed).replace(folder / f"{stem}.{claimed.token}{ending}")
            self._sync_folder(folder)
        return str(place)

    def _claims(self, kind: str, node: str) -> Path:
        return self._root / kind / CLAIMED / node

    def _path(self, claimed: Claimed, node: str = "") -> Path:
        name = f"{claimed.token or _UNDECIDED}~{claimed.name}"
        return self._claims(claimed.kind, node or self._node) / name

    def _sync_folder(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            self._sync(descriptor)
        finally:
            os.close(descriptor)


def _folders(place: Path) -> list[Path]:
    """Those in a folder that may not be there."""
    if not place.is_dir():
        return []
    return sorted(Path(one.path) for one in os.scandir(place) if one.is_dir(follow_symlinks=False))


def _taken(kind: str, folder: Path) -> list[Claimed]:
    """What a node took, by name."""
    found: list[Claimed] = []
    entries = os.scandir(folder) if folder.is_dir() else ()
    for entry in sorted(entries, key=lambda entry: entry.name):
        match = _TAKEN.fullmatch(entry.name)
        if match is not None and entry.is_file(follow_symlinks=False):
            token = match["token"].replace(_UNDECIDED, "")
            try:
                changed_us = entry.stat(follow_symlinks=False).st_mtime_ns // 1000
            except FileNotFoundError:
                continue
            found.append(Claimed(kind, match["name"], token, changed_us))
    return found


def _of_another(kind: str, folder: Path) -> list[Foreign]:
    """What this node may not see keeps it from none of its own work."""
    try:
        sign = _changed_ns(folder / _SIGN)
        return [Foreign(folder.name, one, sign) for one in _taken(kind, folder)]
    except PermissionError:
        return []


def _changed_ns(path: Path) -> int:
    """0 when it is not there."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _is_wanted(entry: os.DirEntry[str]) -> bool:
    """A plain file whose name says neither that it is hidden nor that somebody still writes it."""
    name = entry.name
    if name.startswith((".", "~", "_")) or not name.isprintable():
        return False
    return Path(name).suffix.lower() in _ENDINGS and entry.is_file(follow_symlinks=False)


def _dropped(kind: str, entry: os.DirEntry[str]) -> tuple[Dropped, ...]:
    try:
        stat = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return ()
    return (Dropped(kind, entry.name, stat.st_size, stat.st_mtime_ns // 1000),)


@contextmanager
def _mine(claimed: Claimed) -> Generator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileTakenOver(
            f"{claimed.name} was taken over by another node, or is away",
            hint="Its result comes from there; a file that somebody moved away can be put down again.",
        ) from error


@contextmanager
def _told(doing: str) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise RecorderError(
            f"{doing}: {error.strerror or type(error).__name__}",
            hint="Give the service's user the rights to read, write and rename there.",
        ) from error
