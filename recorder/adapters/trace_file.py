"""A trace in a file: bounded, written by a thread of its own, so that nobody waits for the disk.

The file begins anew, with a header of its own, when it is full and when the process starts; what was
there becomes `<name>.1`. So at most twice `bytes_max` lie on the disk.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

import structlog

from recorder.errors import ConfigError
from recorder.tracing.rows import TraceHeader, TraceRow, header_text, row_text

BYTES_MAX = 64 * 1024 * 1024
ROWS_WAITING_MAX = 20_000

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("trace")


class TraceFile:
    """Takes rows from any thread. Rows that the disk is too slow for are dropped, and counted in the log."""

    def __init__(
        self,
        path: Path,
        header: Callable[[], TraceHeader],
        *,
        bytes_max: int = BYTES_MAX,
        rows_waiting_max: int = ROWS_WAITING_MAX,
    ) -> None:
        """Begins the file. Raises ConfigError when it cannot be written."""
        self._path = path
        self._header = header
        self._bytes_max = bytes_max
        self._waiting: queue.Queue[TraceRow | None] = queue.Queue(rows_waiting_max)
        self._dropped = 0
        self._bytes = 0
        self._broken = False
        try:
            self._file = self._begin()
        except OSError as error:
            raise ConfigError(
                f"the trace {path} cannot be written: {error.strerror}",
                hint="Name a file in a directory that exists and is this user's.",
            ) from error
        self._thread = threading.Thread(  # noqa: TID251 - a file, which nobody else waits for
            target=self._serve, name="trace", daemon=True
        )
        self._thread.start()

    def note(self, row: TraceRow) -> None:
        """Write it soon. Never waits, never raises."""
        try:
            self._waiting.put_nowait(row)
        except queue.Full:
            self._dropped += 1

    def close(self, timeout_s: float = 2.0) -> None:
        """Write what waits, as far as it can be done in time."""
        try:
            self._waiting.put(None, timeout=timeout_s)
        except queue.Full:
            return
        self._thread.join(timeout_s)

    def _begin(self) -> TextIO:
        if self._path.exists():
            self._path.replace(self._path.with_name(self._path.name + ".1"))
        file = self._path.open("x", encoding="utf-8")
        text = header_text(self._header())
        file.write(text)
        file.flush()
        self._bytes = len(text)
        return file

    def _serve(self) -> None:
        while (row := self._waiting.get()) is not None:
            if not self._broken:
                self._write(row)
        self._file.close()

    def _write(self, row: TraceRow) -> None:
        text = row_text(row)
        try:
            if self._bytes + len(text) > self._bytes_max:
                self._file.close()
                self._file = self._begin()
            self._file.write(text)
            self._bytes += len(text)
            if self._waiting.empty():
                self._file.flush()
        except OSError as error:
            self._broken = True
            _log.error("trace_ended", reason=str(error))
        if self._dropped:
            dropped, self._dropped = self._dropped, 0
            _log.warning("trace_rows_dropped", rows=dropped)
