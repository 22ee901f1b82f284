"""The job that brings one item into the call buffer: ask, describe, download, verify, seal.

A plain blocking function. Whatever it leaves behind when it fails or dies is found again by the next
try: part files resume, sealed files are verified anew and not fetched a second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TypeAlias

from cluster.ports import Clock
from recorder.errors import (
    BadAnswer,
    CallBufferError,
    DataCenterError,
    ItemGone,
    LinkExpired,
    NotMedia,
    RedirectRefused,
    SourceError,
    Stalled,
    TooLarge,
    Truncated,
    Unreachable,
)
from recorder.ingest.verify import judge
from recorder.model import Interaction, ItemRef, MediaRef, StoredMedia
from recorder.ports.recording import (
    BufferFiles,
    ContactDb,
    DataSource,
    FetchLimits,
    MediaFetcher,
    MediaRequest,
    PartFile,
    SealedFile,
)

_RESUMABLE = (Stalled, Truncated, Unreachable)
_WRONG_BYTES = (BadAnswer, NotMedia)
"""What was written before one of these is not to be built upon."""

_ANOTHER_WAY = (*_RESUMABLE, LinkExpired, RedirectRefused)
"""Failures of a link, as is a link with nothing behind it. Any other failure is about the item, our
credentials or our disk: it ends."""

_TELL_EVERY_NS = 1_000_000_000
_TELL_EVERY_BYTES = 16 * 1024 * 1024
_TRIES_MAX = 100


@dataclass(frozen=True, slots=True)
class Fetched:
    """Every file of the item is sealed in the call buffer."""

    interaction: Interaction
    media: tuple[StoredMedia, ...]


@dataclass(frozen=True, slots=True)
class NothingToFetch:
    """The source says that this item has no media to keep, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class AlreadyFinal:
    """The Data Center knows how this item ended; nothing was fetched."""


FetchResult: TypeAlias = Fetched | NothingToFetch | AlreadyFinal


@dataclass(frozen=True, slots=True)
class FetchTools:
    """The ports a fetch uses; all of them safe for many threads."""

    source: DataSource
    fetcher: MediaFetcher
    files: BufferFiles
    contact_db: ContactDb
    clock: Clock
    limits: FetchLimits


def fetch_item(
    tools: FetchTools, ref: ItemRef, *, ask_first: bool, moved: Callable[[int], None]
) -> FetchResult:
    """Bring every file of `ref` into the call buffer.

    `ask_first` asks the Data Center whether the item is final already; when it does not answer, the
    item is fetched, for a needless copy is harmless. `moved` is told the bytes written so far, once a
    second or every 16 MB, and only while bytes move. Raises SourceError, CallBufferError.
    """
    if ask_first and _is_final(tools.contact_db, ref):
        return AlreadyFinal()
    interaction = tools.source.describe(ref)
    if interaction.not_recordable:
        return NothingToFetch(interaction.not_recordable)
    if not interaction.media:
        raise BadAnswer("the source names no media and no reason why there are none")
    meter = _Meter(tools.clock, moved)
    stored: list[StoredMedia] = []
    for media in interaction.media:
        sealed, media_type = _fetch_media(tools, ref, media, meter)
        stored.append(StoredMedia(media, sealed.size_bytes, sealed.sha256, media_type, sealed.name))
    return Fetched(interaction, tuple(stored))


def buffer_name(source: str, media_key: str) -> str:
    """The name of a media file in the call buffer, the same at every try: 64 hexadecimal digits."""
    raw = source.encode()
    return hashlib.sha256(b"%d:%b%b" % (len(raw), raw, media_key.encode())).hexdigest()


def _is_final(contact_db: ContactDb, ref: ItemRef) -> bool:
    """Parked items count as finished for those who list, but are tried on: they are no end."""
    try:
        if contact_db.unfinished((ref,)):
            return False
        rows = contact_db.item(ref.source, ref.key)
    except DataCenterError:
        return False
    return not any(row.parked for row in rows if row.ref.key == ref.key)


def _fetch_media(
    tools: FetchTools, ref: ItemRef, media: MediaRef, meter: _Meter
) -> tuple[SealedFile, str]:
    """The sealed file and its media type, by whichever way works first."""
    name = buffer_name(ref.source, media.key)
    opened = tools.files.open_part(name, tools.limits.size_bytes_max)
    if isinstance(opened, SealedFile):
        try:
            return opened, judge(opened, media)
        except (NotMedia, Truncated):
            # An earlier try died between sealing and verifying.
            opened = _open_anew(tools, name)
    last: SourceError | None = None
    try:
        for request in tools.source.open_media(ref, media):
            try:
                _download(tools, request, media, _MeteredSink(opened, meter))
            except (*_ANOTHER_WAY, ItemGone) as error:
                last = error
            except _WRONG_BYTES as error:
                opened.abandon()
                opened, last = _open_anew(tools, name), error
            else:
                sealed = opened.seal()
                try:
                    return sealed, _judged(tools, ref, media, sealed)
                except (NotMedia, Truncated) as error:
                    opened, last = _open_anew(tools, name), error
    except (ItemGone, TooLarge):
        tools.files.discard(name)
        raise
    except CallBufferError:
        # A full disk would stay full for as long as every download keeps its half on it.
        with suppress(CallBufferError):
            tools.files.discard(name)
        raise
    finally:
        opened.abandon()
    raise _why_nothing_worked(tools, ref, media, last)


def _why_nothing_worked(
    tools: FetchTools, ref: ItemRef, media: MediaRef, last: SourceError | None
) -> SourceError:
    """With nothing behind any link, only the source itself knows whether the item is gone.

    Raises what the source answers: ItemGone when it says so.
    """
    if last is None:
        return BadAnswer(f"the source offers no way to download {media.file_name}")
    if not isinstance(last, ItemGone):
        return last
    try:
        tools.source.describe(ref)
    except ItemGone:
        tools.files.discard(buffer_name(ref.source, media.key))
        raise
    return BadAnswer(
        "the source names the file, and nothing is behind its address",
        hint="It is tried again; if it stays so, ask whoever runs the source.",
    )


def _judged(tools: FetchTools, ref: ItemRef, media: MediaRef, sealed: SealedFile) -> str:
    """The media type, once the bytes are media and of the file described.

    Bytes of another file are thrown away, and BadAnswer raised.
    """
    media_type = judge(sealed, media)
    try:
        tools.source.confirm(ref, media)
    except BadAnswer:
        tools.files.discard(sealed.name)
        raise
    return media_type


def _download(
    tools: FetchTools, request: MediaRequest, media: MediaRef, sink: _MeteredSink
) -> None:
    """All bytes by this one link, resumed for as long as every try brings it further."""
    if request.size_bytes is None:
        request = replace(request, size_bytes=media.size_bytes)
    for left in reversed(range(_TRIES_MAX)):
        before = sink.offset
        try:
            tools.fetcher.fetch(request, sink, tools.limits)
        except _RESUMABLE:
            if not left or not request.resumable or sink.offset <= before:
                raise
        else:
            return


def _open_anew(tools: FetchTools, name: str) -> PartFile:
    tools.files.discard(name)
    part = tools.files.open_part(name, tools.limits.size_bytes_max)
    assert not isinstance(part, SealedFile), "what was discarded is gone"
    return part


class _Meter:
    """Counts bytes and tells of them now and then."""

    def __init__(self, clock: Clock, moved: Callable[[int], None]) -> None:
        self._clock = clock
        self._moved = moved
        self._bytes = 0
        self._told_bytes = 0
        self._told_ns = clock.monotonic_ns()

    def advanced(self, count: int) -> None:
        """`count` more bytes are in the buffer."""
        self._bytes += count
        now_ns = self._clock.monotonic_ns()
        if (
            now_ns - self._told_ns >= _TELL_EVERY_NS
            or self._bytes - self._told_bytes >= _TELL_EVERY_BYTES
        ):
            self._told_ns, self._told_bytes = now_ns, self._bytes
            self._moved(self._bytes)


class _MeteredSink:
    """A part file whose progress is metered."""

    def __init__(self, part: PartFile, meter: _Meter) -> None:
        self._part = part
        self._meter = meter

    @property
    def offset(self) -> int:
        return self._part.offset

    def write(self, data: bytes) -> None:
        self._part.write(data)
        self._meter.advanced(len(data))

    def restart(self) -> None:
        self._part.restart()
