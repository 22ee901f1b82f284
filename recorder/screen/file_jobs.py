"""The jobs on SCN files: one at a time, each with everything that came up since the last one, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import BinaryIO, TypeAlias, assert_never

from recorder.errors import ArchiveError, BufferFull, CallBufferError
from recorder.ports.screens import ScreenFiles
from recorder.scn.model import ClockOffset, ScreenPacket, ScreenPart, Span
from recorder.scn.part import ScnHead, SealedScn
from recorder.scn.verdicts import pieces


@dataclass(frozen=True, slots=True)
class FileBegin:
    """Create the file of a part."""

    head: ScnHead


@dataclass(frozen=True, slots=True)
class FileAppend:
    """Write to it."""

    part_key: str
    stream: str
    packets: tuple[ScreenPacket, ...]


@dataclass(frozen=True, slots=True)
class FilePass:
    """A packet that goes nowhere; everything of its stream before it was written."""

    stream: str
    seq: int


@dataclass(frozen=True, slots=True)
class FileSeal:
    """Close it."""

    part_key: str


@dataclass(frozen=True, slots=True)
class FileKeep:
    """Mark it as kept."""

    part_key: str


@dataclass(frozen=True, slots=True)
class FileMask:
    """Put parts without the masked spans in its place."""

    part: SealedScn
    offset: ClockOffset
    masks: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class FileDiscard:
    """Delete it."""

    part_key: str


@dataclass(frozen=True, slots=True)
class FileAdopt:
    """Fetch an archived part back."""

    row: ScreenPart
    open: Callable[[], BinaryIO]
    """Raises ArchiveError."""


@dataclass(frozen=True, slots=True)
class FilesFind:
    """What an earlier life of this node left."""


FileOp: TypeAlias = (
    FileBegin
    | FileAppend
    | FilePass
    | FileSeal
    | FileKeep
    | FileMask
    | FileDiscard
    | FileAdopt
    | FilesFind
)


@dataclass(frozen=True, slots=True)
class FileFailure:
    """The disk refused; nothing more was done with this part."""

    part_key: str
    what: str
    is_full: bool


@dataclass(frozen=True, slots=True)
class Masked:
    """What took the place of a part: none, one or several."""

    part_key: str
    became: tuple[SealedScn, ...]


@dataclass(slots=True)
class FilesReport:
    """What became of the orders of one job."""

    kept_upto: dict[str, int] = field(default_factory=dict[str, int])
    """By stream: every packet so far is written, or goes nowhere."""
    sealed: dict[str, SealedScn | None] = field(default_factory=dict[str, SealedScn | None])
    """None for a part without packets: it is gone."""
    masked: list[Masked] = field(default_factory=list[Masked])
    discarded: list[str] = field(default_factory=list[str])
    adopted: dict[str, SealedScn | None] = field(default_factory=dict[str, SealedScn | None])
    """None for one that could not be fetched."""
    found: tuple[SealedScn, ...] | None = None
    failures: list[FileFailure] = field(default_factory=list[FileFailure])
    free_bytes: int = 0


def run_file_ops(files: ScreenFiles, ops: Sequence[FileOp]) -> FilesReport:
    """Job: everything, in order; what the disk refuses of one part does not touch the others. Raises nothing but bugs."""
    report = FilesReport()
    run = _Run(files, report)
    for op in ops:
        run.do(op)
    try:
        report.free_bytes = files.free_bytes()
    except CallBufferError as error:
        report.failures.append(FileFailure("", str(error), is_full=False))
    return report


class _Run:
    """One job."""

    def __init__(self, files: ScreenFiles, report: FilesReport) -> None:
        self._files = files
        self._report = report
        self._broken: set[str] = set()
        """Parts that were refused."""
        self._stuck: set[str] = set()
        """Streams of which something is not written: nothing behind it is acknowledged."""

    def do(self, op: FileOp) -> None:
        """One order."""
        key = _part_of(op)
        if key in self._broken and not isinstance(op, FileSeal | FileDiscard):
            if isinstance(op, FileAppend):
                self._stuck.add(op.stream)
            return
        try:
            self._do(op)
        except CallBufferError as error:
            self._broken.add(key)
            if isinstance(op, FileAppend):
                self._stuck.add(op.stream)
            full = isinstance(error, BufferFull)
            self._report.failures.append(FileFailure(key, str(error), full))

    def _do(self, op: FileOp) -> None:
        files, report = self._files, self._report
        match op:
            case FileBegin(head):
                files.begin(head)
            case FileAppend(part_key, stream, packets):
                files.append(part_key, packets)
                self._kept(stream, packets[-1].seq)
            case FilePass(stream, seq):
                self._kept(stream, seq)
            case FileSeal(part_key):
                report.sealed[part_key] = files.seal(part_key)
            case FileKeep(part_key):
                files.keep(part_key)
            case FileMask(part, offset, masks):
                report.masked.append(_mask(files, part, offset, masks))
            case FileDiscard(part_key):
                files.discard(part_key)
                report.discarded.append(part_key)
            case FileAdopt(row):
                report.adopted[row.part_key] = _adopt(files, op)
            case FilesFind():
                report.found = files.found()
            case _:
                assert_never(op)

    def _kept(self, stream: str, seq: int) -> None:
        if stream not in self._stuck:
            before = self._report.kept_upto.get(stream, -1)
            self._report.kept_upto[stream] = max(before, seq)


def _mask(
    files: ScreenFiles, part: SealedScn, offset: ClockOffset, masks: Sequence[Span]
) -> Masked:
    """The names follow from what is in them: done again after a crash, the same files come of it."""
    became: list[SealedScn] = []
    for first, last in pieces(files.index(part.part_key), part.head.stream, offset, masks):
        name = sha256(f"{part.part_key} {first} {last}".encode()).hexdigest()[:32]
        head = replace(part.head, part_key=name, seq_first=first)
        copied = files.copy(part.part_key, head, last)
        if part.kept:
            files.keep(name)
        became.append(replace(copied, kept=part.kept))
    files.discard(part.part_key)
    return Masked(part.part_key, tuple(became))


def _adopt(files: ScreenFiles, op: FileAdopt) -> SealedScn | None:
    try:
        with op.open() as source:
            return files.adopt(op.row.part_key, source, op.row.sha256)
    except BufferFull:
        raise
    except (ArchiveError, CallBufferError, OSError):
        return None  # what the archive has is not what it should: no reason to stop recording


def _part_of(op: FileOp) -> str:
    match op:
        case FileBegin(head):
            return head.part_key
        case FileMask(part):
            return part.part_key
        case FileAppend(part_key) | FileSeal(part_key) | FileKeep(part_key):
            return part_key
        case FileDiscard(part_key):
            return part_key
        case FileAdopt(row):
            return row.part_key
        case FilePass() | FilesFind():
            return ""
