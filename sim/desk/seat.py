"""A desk where somebody seems to work: a display without a monitor, a window on it, and the real desktop service."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from sim.desk.desktop_process import DesktopProcess
from sim.desk.display import Display
from sim.desk.on_the_phone import PhoneCall

SIZE: Final = (1280, 800)
_WAIT_S: Final = 5.0


class Seat:
    """Ends with `close`. Raises RuntimeError when the display does not start."""

    def __init__(
        self, folder: Path, name: str, *, urls: Sequence[str], token: str, agents: Mapping[str, str]
    ) -> None:
        """`urls` are `ws://…`, in the order in which the service tries them."""
        self.name = name
        width, height = SIZE
        with ExitStack() as stack:
            self.display = stack.enter_context(Display(width, height))
            words = ["--display", self.display.name, "--width", str(width), "--height", str(height)]
            self._window = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "sim.desk.on_the_phone", *words],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            stack.callback(self._end_window)
            self.service = DesktopProcess(
                folder, name, urls=urls, display=self.display.name, token=token, agents=dict(agents)
            )
            self.service.start()
            stack.callback(self.service.stop)
            self._stack = stack.pop_all()

    @property
    def is_known(self) -> bool:
        """Whether a node has its service's connection."""
        return bool(self.service.view().get("node"))

    def hear(self, call: PhoneCall) -> None:
        """The window shows this call while it is heard; nothing happens when the window is gone."""
        assert self._window.stdin is not None, "opened with a pipe"
        with suppress(OSError):
            self._window.stdin.write(f"{call.model_dump_json()}\n".encode())
            self._window.stdin.flush()

    def close(self) -> None:
        """End all three."""
        self._stack.close()

    def _end_window(self) -> None:
        assert self._window.stdin is not None, "opened with a pipe"
        with suppress(OSError):
            self._window.stdin.close()
        try:
            self._window.wait(_WAIT_S)
        except subprocess.TimeoutExpired:
            self._window.kill()
            self._window.wait()
