"""The ports of screen recording with rows for what goes through them: orders to desktops, files, parts on record.

Instants of frames are on the node's clock, by what was known of the desktop's clock when the part began.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Final

from recorder.assembly.screens import RecordingPorts, ScreenPorts
from recorder.errors import CallBufferError
from recorder.ports.screens import DesktopLinks, ScreenDb, ScreenFiles
from recorder.scn.messages import (
    DesktopCommand,
    MaskScreen,
    Refused,
    StartScreen,
    StopScreen,
)
from recorder.scn.model import ScreenPacket, ScreenPart
from recorder.scn.part import ScnHead, ScnPacket, SealedScn, node_us
from recorder.tracing.rows import TraceKind
from recorder.tracing.tracer import Tracer

RUN_GAP_MS: Final = 1_000
"""Frames nearer to each other are one run: no masked span with its margins has room between them."""


def traced_screens(ports: ScreenPorts | None, tracer: Tracer) -> ScreenPorts | None:
    """`ports` with rows."""
    if ports is None or ports.recording is None:
        return ports
    recording = ports.recording
    db: Any = _Db(recording.db, tracer)  # what it has no row for it hands on
    return replace(
        ports,
        recording=RecordingPorts(
            files=_Files(recording.files, tracer),
            links=_Links(recording.links, tracer),
            db=db,
        ),
    )


class _Links:
    """Orders that begin, end or cover something."""

    def __init__(self, inner: DesktopLinks, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def send(self, connection: str, command: DesktopCommand) -> None:
        """See DesktopLinks."""
        what = _order(command)
        if what:
            self._tracer.row(TraceKind.SCREEN, what, to="desktop", connection=connection)
        self._inner.send(connection, command)

    def close(self, connection: str, reason: str) -> None:
        """See DesktopLinks."""
        self._tracer.row(TraceKind.SCREEN, "hung_up", to="desktop", connection=connection)
        self._inner.close(connection, reason)


def _order(command: DesktopCommand) -> str:
    match command:
        case StartScreen():
            return "start"
        case StopScreen():
            return "stop"
        case MaskScreen(on):
            return "mask" if on else "unmask"
        case Refused():
            return "refused"
        case _:
            return ""


@dataclass(slots=True)
class _Open:
    """A part that is being written."""

    head: ScnHead
    runs: list[list[int]] = field(default_factory=list[list[int]])
    """First and last instant of frames that follow one another closely."""

    def add(self, pts_ms: Iterable[int]) -> None:
        """Frames, in order."""
        for ms in pts_ms:
            if self.runs and ms - self.runs[-1][1] < RUN_GAP_MS:
                self.runs[-1][1] = ms
            else:
                self.runs.append([ms, ms])


class _Files:
    """Every part that begins, ends, is copied or goes. Of frames the first one has a row; the others are in the last."""

    def __init__(self, inner: ScreenFiles, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer
        self._open: dict[str, _Open] = {}

    def begin(self, head: ScnHead) -> None:
        """See ScreenFiles."""
        self._inner.begin(head)
        self._open[head.part_key] = _Open(head)

    def append(self, part_key: str, packets: Sequence[ScreenPacket]) -> None:
        """See ScreenFiles."""
        self._inner.append(part_key, packets)
        part = self._open.get(part_key)
        if part is None or not packets:
            return
        if not part.runs:
            at_us = node_us(part.head.stream, packets[0].pts_ms, part.head.offset)
            self._row("first", part.head, at_us=at_us)
        part.add(packet.pts_ms for packet in packets)

    def seal(self, part_key: str) -> SealedScn | None:
        """See ScreenFiles."""
        sealed = self._inner.seal(part_key)
        part = self._open.pop(part_key, None)
        if part is not None and sealed is not None:
            self._whole("sealed", sealed, part)
        return sealed

    def keep(self, part_key: str) -> None:
        """See ScreenFiles."""
        self._inner.keep(part_key)
        self._tracer.row(TraceKind.SCREEN, "kept", to="disk", part=part_key)

    def index(self, part_key: str) -> tuple[ScnPacket, ...]:
        """See ScreenFiles."""
        return self._inner.index(part_key)

    def copy(self, part_key: str, head: ScnHead, seq_last: int) -> SealedScn:
        """See ScreenFiles."""
        copied = self._inner.copy(part_key, head, seq_last)
        self._whole("copied", copied, None, of=part_key)
        return copied

    def adopt(self, part_key: str, source: BinaryIO, sha256: str) -> SealedScn:
        """See ScreenFiles."""
        adopted = self._inner.adopt(part_key, source, sha256)
        self._whole("fetched", adopted, None)
        return adopted

    def discard(self, part_key: str) -> None:
        """See ScreenFiles."""
        self._inner.discard(part_key)
        self._open.pop(part_key, None)
        self._tracer.row(TraceKind.SCREEN, "deleted", to="disk", part=part_key)

    def found(self) -> tuple[SealedScn, ...]:
        """See ScreenFiles."""
        found = self._inner.found()
        for sealed in found:
            self._whole("found", sealed, None)
        return found

    def free_bytes(self) -> int:
        """See ScreenFiles."""
        return self._inner.free_bytes()

    def _whole(self, what: str, sealed: SealedScn, part: _Open | None, **more: Any) -> None:
        """A part that is complete, with all of its runs."""
        if part is None:
            part = _Open(sealed.head)
            try:
                part.add(packet.pts_ms for packet in self._inner.index(sealed.part_key))
            except CallBufferError:
                part.runs = [[sealed.pts_first_ms, sealed.pts_last_ms]]
        stream, offset = sealed.head.stream, sealed.head.offset
        runs = [[node_us(stream, ms, offset) for ms in run] for run in part.runs]
        self._row(
            what, sealed.head, frames=sealed.packets, runs=runs, kept=sealed.kept,
            began_us=node_us(stream, 0, offset), **more,
        )  # fmt: skip

    def _row(self, what: str, head: ScnHead, **data: Any) -> None:
        self._tracer.row(
            TraceKind.SCREEN, what, to="disk", part=head.part_key, stream=head.stream.stream,
            agents=list(head.stream.agents), error_us=head.offset.error_us, **data,
        )  # fmt: skip


class _Db:
    """Parts that are on record, or no more."""

    def __init__(self, inner: ScreenDb, tracer: Tracer) -> None:
        self._inner = inner
        self._tracer = tracer

    def record_parts(self, parts: Sequence[ScreenPart]) -> None:
        """See ScreenDb."""
        self._inner.record_parts(parts)
        for part in parts:
            self._tracer.row(
                TraceKind.SCREEN, "archived", to="data_center", part=part.part_key, stream=part.stream.stream,
                agents=list(part.stream.agents), from_us=part.from_us, to_us=part.to_us,
            )  # fmt: skip

    def forget_part(self, part_key: str, reason: str) -> None:
        """See ScreenDb."""
        self._inner.forget_part(part_key, reason)
        self._tracer.row(
            TraceKind.SCREEN, "forgotten", to="data_center", part=part_key, reason=reason
        )

    def __getattr__(self, name: str) -> Any:
        """Whatever else it can do goes without a row."""
        return getattr(self._inner, name)
