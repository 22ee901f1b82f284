"""How the service stands, as a small file that `--status` reads: no port is opened on an agent's computer."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recorder.desktop.camera import CameraFacts
from recorder.desktop.spool import SpoolFacts
from recorder.instants import to_text

FILE = "status.json"
FRESH_S = 10.0
"""The file is written every few seconds; one that is older is of a service that ended, or hangs."""


@dataclass(frozen=True, slots=True)
class Reported:
    """What was read."""

    running: bool
    connected: bool
    view: dict[str, Any]


class StatusBoard:
    """What happened last. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._node = ""
        self._since_us = 0
        self._trouble = ""
        self._trouble_us = 0
        self._now_us = 0

    def at(self, now_us: int) -> None:
        """Time goes on."""
        with self._lock:
            self._now_us = now_us

    def connected(self, node: str) -> None:
        """A node welcomed this desktop."""
        with self._lock:
            self._node, self._since_us = node, self._now_us

    def disconnected(self) -> None:
        """No node is there."""
        with self._lock:
            self._node, self._since_us = "", 0

    def trouble(self, text: str) -> None:
        """The last error. It never holds a secret."""
        with self._lock:
            self._trouble, self._trouble_us = text, self._now_us

    def view(
        self, *, desktop: str, agents: tuple[str, ...], camera: CameraFacts, spool: SpoolFacts
    ) -> dict[str, Any]:
        """As JSON shows it."""
        with self._lock:
            return {
                "desktop": desktop,
                "agents": list(agents),
                "pid": os.getpid(),
                "at": to_text(self._now_us),
                "node": self._node or None,
                "connected_since": _instant(self._since_us),
                "recording": bool(camera.stream),
                "recording_since": _instant(camera.since_us),
                "stream": camera.stream or None,
                "width": camera.width,
                "height": camera.height,
                "frames": camera.frames,
                "masked": camera.covered,
                "screen_trouble": camera.trouble or None,
                "coarse_frames": camera.coarse_frames,
                "spool": {
                    "streams": spool.streams,
                    "frames_waiting": spool.frames_waiting,
                    "memory_bytes": spool.memory_bytes,
                    "disk_bytes": spool.disk_bytes,
                    "dropped_frames": spool.dropped_frames,
                },
                "last_error": self._trouble or None,
                "last_error_at": _instant(self._trouble_us),
            }


def write_status(folder: Path, view: dict[str, Any]) -> None:
    """Replace the file. Raises OSError."""
    part = folder / f"{FILE}.part"
    part.write_text(json.dumps(view), encoding="utf-8")
    part.replace(folder / FILE)


def read_status(folder: Path, *, now_s: float) -> Reported | None:
    """What the service said last; `now_s` is the calendar. None when it never ran here."""
    path = folder / FILE
    try:
        age_s = now_s - path.stat().st_mtime
        view: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    running = abs(age_s) <= FRESH_S and _is_alive(view.get("pid"))
    return Reported(running, running and view.get("node") is not None, {**view, "running": running})


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int):
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _instant(at_us: int) -> str | None:
    return to_text(at_us) if at_us else None
