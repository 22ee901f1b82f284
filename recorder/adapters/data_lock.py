"""One process to a data directory: two would overwrite each other's buffer, journal and progress."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from recorder.errors import ConfigError

_PID_BYTES_MAX = 32


def claim_data(directory: Path) -> None:
    """Make `directory` and keep it for this process, as long as it lives; harmless to repeat.

    Raises ConfigError when it cannot be made or written to, or when another process has it.
    """
    path = directory / "lock"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise ConfigError(
            f"node.data: {directory} cannot be made or written to: {error.strerror}",
            hint="Choose a folder this user may write to, on a disk that is not read-only.",
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(fd, _PID_BYTES_MAX).decode("ascii", "replace").strip()
        os.close(fd)
        if holder == str(os.getpid()):
            return
        raise ConfigError(
            f"node.data: {directory} is in use by process {holder or 'unknown'}",
            hint="Stop that process, or give this node a folder of its own.",
        ) from None
    # Never closed: the system gives the lock back when the process ends, however it ends.
    try:
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
    except OSError:
        return  # on a full disk the lock itself still holds; only the number in the text is missing
