"""Watches the call buffer's free space and stops the intake before the disk is full."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, assert_never

from cluster.board import Board
from cluster.messages import Ping, Pong
from cluster.ports import Address, Clock, Done, Failed, Outcome, Workers
from recorder.buffer.space import Space, after_failure, after_look
from recorder.messages import (
    BufferSpaceChanged,
    FindingClosed,
    FindingOpened,
    IngesterFact,
    MonitorMessage,
)
from recorder.model import Finding, Level
from recorder.ports.recording import BufferFiles
from recorder.settings.stages import BufferSettings
from recorder.status import BufferStatus

NAME = "call_buffer"
FULL = "buffer_full"
BROKEN = "buffer_failing"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the disk found."""

    free_bytes: int
    files: int


@dataclass(frozen=True, slots=True)
class LookDue:
    """Time to look at the disk."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A look is over."""

    outcome: Outcome[Look]


CallBufferMessage: TypeAlias = Ping | LookDue | Looked


class CallBuffer:
    """One per node."""

    def __init__(
        self,
        *,
        me: Address[CallBufferMessage],
        ingester: Address[IngesterFact],
        monitor: Address[MonitorMessage],
        board: Board,
        workers: Workers,
        clock: Clock,
        files: BufferFiles,
        settings: BufferSettings,
    ) -> None:
        """`workers` is a lane whose jobs are short, never the one of downloads."""
        self._me = me
        self._ingester = ingester
        self._monitor = monitor
        self._board = board
        self._workers = workers
        self._clock = clock
        self._files = files
        self._settings = settings
        self._space: Space | None = None
        self._count = 0

    def on_start(self) -> None:
        """Look at once: the ingester takes nothing before it has heard from us."""
        self._look()

    def on_stop(self) -> None:
        """Nothing is held."""

    def on_message(self, message: CallBufferMessage) -> None:
        """Handle one message."""
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
            case LookDue():
                self._look()
            case Looked(outcome):
                self._looked(outcome)
                self._clock.call_later(self._settings.look_every_s, self._me, LookDue())
            case _:
                assert_never(message)

    def _look(self) -> None:
        self._workers.submit(partial(look, self._files), self._me, Looked)

    def _looked(self, outcome: Outcome[Look]) -> None:
        before = self._space
        match outcome:
            case Done(seen):
                self._count = seen.files
                space = after_look(before, seen.free_bytes, self._settings)
            case Failed(error):
                space = after_failure(str(error))
        self._space = space
        if before is None or (before.open, before.broken) != (space.open, space.broken):
            self._ingester.tell(BufferSpaceChanged(space.open, space.free_bytes, space.reason))
            self._tell_findings(space)
        self._board.publish(
            "buffer", BufferStatus(self._count, space.free_bytes, space.open, space.reason)
        )

    def _tell_findings(self, space: Space) -> None:
        full = Finding(
            code=FULL,
            level=Level.ERROR,
            subject=NAME,
            what=f"The call buffer takes no more recordings: {space.reason}.",
            hint="Free space on its disk, or see why recordings do not reach the Data Center.",
        )
        broken = Finding(
            code=BROKEN,
            level=Level.ERROR,
            subject=NAME,
            what=f"The call buffer's disk does not answer: {space.reason}.",
            hint="Check the disk and its mount; recording resumes by itself.",
        )
        for finding, is_so in (
            (full, not space.open and not space.broken),
            (broken, space.broken),
        ):
            self._monitor.tell(
                FindingOpened(finding) if is_so else FindingClosed(finding.code, finding.subject)
            )


def look(files: BufferFiles) -> Look:
    """Job: count and measure. Raises CallBufferError."""
    return Look(files.free_bytes(), len(files.names()))
