"""A whole desktop service within a test: a real camera thread and event loop, and a copy of every frame."""

import asyncio
import threading

from cluster.adapters.real_clock import RealClock
from cluster.adapters.real_randomness import RealRandomness
from recorder.desktop.camera import Camera, Who
from recorder.desktop.client import Client
from recorder.desktop.desktop_clock import DesktopClock
from recorder.desktop.settings import DesktopSettings
from recorder.desktop.spool import Spool
from recorder.desktop.status import StatusBoard
from recorder.desktop.studio import Studio
from tests.recorder.desktop.screens import PlainEncoder


class Desktop:
    """The whole service but for its process: a real camera thread and event loop, painted screens."""

    def __init__(
        self, folder, urls, screens, *, token="secret", unattended_s=600.0, encoder=PlainEncoder,  # noqa: S107
        agents=None, key_every_s=1.0, connect_s=5.0, ca_file=None,
    ):  # fmt: skip
        self.settings = DesktopSettings.model_validate({
            "desktop": {"id": "desk-1", "agents": agents or {"dynamics": "anna"}},
            "nodes": {
                "urls": urls, "token": "value:x", "connect_s": connect_s, "retry_max_s": 0.3,
                "ca_file": ca_file,
            },
            "spool": {"folder": str(folder), "unattended_max_s": unattended_s},
        })  # fmt: skip
        folder.mkdir(exist_ok=True)
        self.crashed, self.lost, self.troubles, self.kept = [], [], [], {}
        self.loop = asyncio.new_event_loop()
        clock, randomness = RealClock(), RealRandomness()
        desktop_clock = DesktopClock(clock)
        self.spool = Spool(
            folder, bytes_max=2**26, memory_bytes_max=2**23, on_lost=self.lost.append,
            on_trouble=self.troubles.append, on_news=self._news,
        )  # fmt: skip
        self.camera = Camera(
            who=Who("desk-1", self.settings.agent_keys), screens=screens, make_encoder=encoder,
            spool=self, clock=clock, desktop_clock=desktop_clock, randomness=randomness,
            frames_per_s_max=10, key_every_s=key_every_s,
        )  # fmt: skip
        self.studio = Studio(
            self.camera, on_trouble=self.troubles.append, on_crash=self.crashed.append
        )
        self.board = StatusBoard()
        self.client = Client(
            settings=self.settings, spool=self.spool, tell_camera=self.studio.tell,
            read_token=lambda: token, clock=clock, desktop_clock=desktop_clock,
            randomness=randomness, board=self.board,
        )  # fmt: skip
        self.studio.start()
        self._thread = threading.Thread(target=self._run, daemon=True)  # noqa: TID251 - beside the test
        self._thread.start()

    # A copy of every frame, for the comparison with what nodes got.
    def begin(self, stream):
        self.spool.begin(stream)

    def add(self, stream, packet):
        self.kept[stream, packet.seq] = packet
        self.spool.add(stream, packet)

    def end(self, stream, reason):
        self.spool.end(stream, reason)

    def _news(self):
        self.loop.call_soon_threadsafe(self.client.news.set)

    def _run(self):
        self.loop.run_until_complete(self.client.run())

    def close(self):
        assert self.studio.stop(5)
        self.loop.call_soon_threadsafe(self.client.stop)
        self._thread.join(10)
        assert not self._thread.is_alive()
        self.loop.close()
        self.spool.flush()
        assert not self.crashed
