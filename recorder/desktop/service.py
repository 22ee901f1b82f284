"""The process on an agent's computer: puts the parts together, heeds signals, ends in order.

Threads: the main one has the event loop with the network, `camera` grabs and encodes; nothing else.
SIGTERM and SIGINT end the stream, say so to the node if there is one, and keep the rest for the next start.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from typing import Any, NoReturn

import structlog

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from recorder.adapters.secrets import FileSecrets
from recorder.desktop.boot_clock import BootClock
from recorder.desktop.camera import Camera, Who
from recorder.desktop.client import Client
from recorder.desktop.desktop_clock import DesktopClock
from recorder.desktop.encoder import Vp9Encoder
from recorder.desktop.screens import MssScreens
from recorder.desktop.settings import NOT_ENCRYPTED, DesktopSettings
from recorder.desktop.spool import Spool
from recorder.desktop.spool_folder import claim_folder
from recorder.desktop.spool_rules import Lost
from recorder.desktop.status import StatusBoard, write_status
from recorder.desktop.studio import Studio
from recorder.errors import ConfigError, RecorderError
from recorder.logs import configure_logs
from recorder.version import build

_log = structlog.get_logger(__name__)
EXIT_CRASHED = 70
_TOO_LARGE = "a picture took more than 8 MB: it is recorded with less detail"
_FEWER_BYTES = "Raise screen.quality, or record one monitor: screen.monitors."
_CAMERA_STOP_S = 5.0
_STATUS_EVERY_S = 1.0
_STATUS_AGE_MAX = 4
"""What did not change is written again after so many times: whoever reads it sees that this service lives."""


def run_desktop(settings: DesktopSettings) -> int:
    """Until told to stop; returns the exit status. Raises RecorderError before anything was started."""
    if sys.flags.optimize:
        raise ConfigError(
            "Tandem does not run under python -O: its assertions are part of it.",
            hint="Start it without -O and without PYTHONOPTIMIZE.",
        )
    log = settings.log
    configure_logs(log.level, log.format, node=settings.desktop.id, label="desktop")
    claim_folder(settings.spool.folder)
    os.nice(settings.screen.nice)
    return asyncio.run(_run(settings))


async def _run(settings: DesktopSettings) -> int:
    try:
        service = _Service(settings, asyncio.get_running_loop())
    except OSError as error:
        raise ConfigError(
            f"spool.folder: {settings.spool.folder}: {error.strerror}",
            hint="Its files must be readable and writable for the agent's user.",
        ) from error
    try:
        return await service.run()
    except Exception as error:  # noqa: BLE001 - a bug on the network side ends it as one of the camera does
        return _crash(error)


class _Service:
    """Built and run within the event loop."""

    def __init__(self, one: DesktopSettings, loop: asyncio.AbstractEventLoop) -> None:
        self._settings = one
        self._loop = loop
        self._troubles: dict[str, str] = {}
        self._written: dict[str, Any] = {}
        self._status_age = 0
        self._clock = RealClock()
        desktop_clock = DesktopClock(self._clock, BootClock())
        randomness = RealRandomness()
        self._board = StatusBoard()
        self._board.at(self._clock.wall_us())
        self._spool = Spool(
            one.spool.folder,
            bytes_max=one.spool.bytes_max,
            memory_bytes_max=one.spool.memory_bytes_max,
            on_lost=self._lost,
            on_trouble=self._disk_trouble,
            on_news=self._news,
            mark=desktop_clock.mark,
        )
        camera = Camera(
            who=Who(one.desktop.id, one.agent_keys),
            screens=MssScreens(
                monitors=one.screen.monitors,
                cursor=one.screen.cursor,
                display=one.screen.display,
                clock=self._clock,
            ),
            make_encoder=lambda width, height, fps: Vp9Encoder(
                width, height, frames_per_s=fps, quality=one.screen.quality
            ),
            spool=self._spool,
            clock=self._clock,
            desktop_clock=desktop_clock,
            randomness=randomness,
            frames_per_s_max=one.screen.frames_per_s,
            key_every_s=one.screen.key_every_s,
        )
        self._studio = Studio(camera, on_trouble=self._screen_trouble, on_crash=_crash)
        secrets = FileSecrets()
        self._client = Client(
            settings=one,
            spool=self._spool,
            tell_camera=self._studio.tell,
            read_token=lambda: secrets.read(one.nodes.token),
            clock=self._clock,
            desktop_clock=desktop_clock,
            randomness=randomness,
            board=self._board,
        )

    async def run(self) -> int:
        loop = self._loop
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        self._studio.start()
        serving = asyncio.ensure_future(self._client.run())
        reporting = asyncio.ensure_future(self._report())
        waiting = asyncio.ensure_future(stop.wait())
        _log.info("desktop_started", build=build(), agents=list(self._settings.agent_keys))
        for url in self._settings.open_addresses():
            _log.warning("not_encrypted", to=url, next_step=NOT_ENCRYPTED)
        await asyncio.wait({serving, reporting, waiting}, return_when=asyncio.FIRST_COMPLETED)
        _log.info("stopping")
        await asyncio.to_thread(self._studio.stop, _CAMERA_STOP_S)
        self._client.stop()
        await serving
        waiting.cancel()
        reporting.cancel()
        await asyncio.gather(waiting, reporting, return_exceptions=True)
        self._spool.flush()
        self._write_status()
        _log.info("desktop_stopped", frames_waiting=self._spool.facts().frames_waiting)
        return 0

    async def _report(self) -> None:
        while True:
            self._write_status()
            await asyncio.sleep(_STATUS_EVERY_S)

    def _write_status(self) -> None:
        one = self._settings
        self._board.at(self._clock.wall_us())
        view = self._board.view(
            desktop=one.desktop.id,
            agents=one.agent_keys,
            camera=self._studio.facts(),
            spool=self._spool.facts(),
        )
        if view["coarse_frames"]:
            self._once("frame_too_large", _TOO_LARGE, _FEWER_BYTES)
        self._status_age += 1
        if {**view, "at": ""} == self._written and self._status_age < _STATUS_AGE_MAX:
            return
        self._written, self._status_age = {**view, "at": ""}, 0
        try:
            write_status(one.spool.folder, view)
        except OSError as error:
            self._once("status_unwritten", error.strerror or str(error), "Make room.")

    # -- what the parts tell, in any thread ----

    def _news(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._client.news.set)
        except RuntimeError:
            return  # the loop ended first: what the camera adds now is on disk

    def _lost(self, lost: Lost) -> None:
        self._board.trouble(f"frames {lost.first} to {lost.last} of {lost.stream} were dropped")
        _log.error(
            "frames_dropped",
            stream=lost.stream,
            first=lost.first,
            last=lost.last,
            size_bytes=lost.size_bytes,
            next_step="Bring a node back, or raise spool.bytes_max.",
        )

    def _disk_trouble(self, error: OSError) -> None:
        self._once("spool_refused", error.strerror or str(error), "Make room, or mend the disk.")

    def _screen_trouble(self, error: RecorderError) -> None:
        self._once("screen_away", str(error), error.hint)

    def _once(self, event: str, reason: str, next_step: str) -> None:
        """What repeats every second is told when it changes."""
        if self._troubles.get(event) != reason:
            self._troubles[event] = reason
            self._board.trouble(reason)
            _log.error(event, reason=reason, next_step=next_step)


def _crash(error: BaseException) -> NoReturn:
    """A bug ends the service at once; whoever started it starts it again."""
    _log.critical("desktop_crashed", error=repr(error), exc_info=error)
    os._exit(EXIT_CRASHED)
