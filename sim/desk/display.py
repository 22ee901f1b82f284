"""A display without a monitor (Xvfb), on a number of its own."""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import subprocess
from typing import Self

MISSING = "Xvfb or libX11 is not installed (Debian: xvfb, libx11-6)"
_START_S = 20.0


def can_show() -> bool:
    """Whether there is a display to be had, and something to draw on it with."""
    try:
        ctypes.CDLL("libX11.so.6")
    except OSError:
        return False
    return shutil.which("Xvfb") is not None


class Display:
    """Use it as a context: `name` is for DISPLAY. Raises RuntimeError when it does not start."""

    def __init__(self, width: int = 1920, height: int = 1080) -> None:
        read, write = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 - its own words
            [  # noqa: S607 - found on the path
             "Xvfb", "-displayfd", str(write), "-screen", "0", f"{width}x{height}x24",
             "-nolisten", "tcp", "-noreset"],
            pass_fds=(write,), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(write)
        try:
            self.name = f":{self._number(read)}"
        except BaseException:
            self.close()
            raise
        finally:
            os.close(read)

    @property
    def pid(self) -> int:
        """Of the X server."""
        return self._process.pid

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def _number(self, read: int) -> int:
        told = b""
        while b"\n" not in told:
            ready, _, _ = select.select([read], [], [], _START_S)
            more = os.read(read, 64) if ready else b""
            if not more:
                raise RuntimeError("Xvfb does not start")
            told += more
        return int(told)
