"""The folder of the spool: one service's own, and nobody else's to read."""

from __future__ import annotations

import fcntl
import os
import stat
from pathlib import Path

from recorder.errors import ConfigError

_OTHERS = 0o077


def refuse_open_folder(folder: Path) -> None:
    """Frames lie here as they were seen. Raises ConfigError when others may look in, OSError when it is not there."""
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & _OTHERS:
        raise ConfigError(
            f"spool.folder: {folder} is open to other users (mode {mode:04o})",
            hint=f"Frames wait there unencrypted. Run: chmod 700 {folder}",
        )


def claim_folder(folder: Path) -> None:
    """Make the spool folder and keep it for this process. Raises ConfigError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_open_folder(folder)
        fd = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(
            f"spool.folder: {folder} cannot be made or written to: {error.strerror}",
            hint="Choose a folder the agent's user may write to.",
        ) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(fd)
        raise ConfigError(
            f"spool.folder: {folder} is in use by another process",
            hint="One service for one display: stop the other one, or give this one a folder of its own.",
        ) from None
