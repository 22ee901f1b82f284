"""The camera's thread: takes orders, lets it look when it is time, and tells what goes wrong."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import assert_never

from recorder.desktop.camera import Camera, CameraFacts
from recorder.desktop.orders import Cover, Cut, Film, GoHome, KeyFrame, Order
from recorder.errors import RecorderError


class Studio:
    """Runs one camera. `on_trouble` hears of a screen that cannot be seen; `on_crash` of a bug. Both in its thread."""

    def __init__(
        self,
        camera: Camera,
        *,
        on_trouble: Callable[[RecorderError], None],
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self._camera = camera
        self._on_trouble = on_trouble
        self._on_crash = on_crash
        self._orders: queue.SimpleQueue[Order] = queue.SimpleQueue()
        self._facts = camera.facts()
        self._thread = threading.Thread(  # noqa: TID251 - encoding must not hold up the network
            target=self._run, name="camera", daemon=True
        )

    def start(self) -> None:
        """Wait for orders."""
        self._thread.start()

    def tell(self, order: Order) -> None:
        """Give an order. Any thread."""
        self._orders.put(order)

    def facts(self) -> CameraFacts:
        """What it did last. Any thread."""
        return self._facts

    def stop(self, timeout_s: float) -> bool:
        """End recording and the thread; whether it ended in time."""
        self.tell(GoHome())
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while self._step():
                self._facts = self._camera.facts()
            self._facts = self._camera.facts()
        except BaseException as error:  # noqa: BLE001 - a bug here must end the service, not one thread
            self._on_crash(error)

    def _step(self) -> bool:
        wait_s = self._camera.wait_s()
        if wait_s is None and self._orders.empty():
            with suppress(RecorderError):  # whoever records is told
                self._camera.prepare()
        try:
            order = self._orders.get(timeout=wait_s)
        except queue.Empty:
            try:
                self._camera.look()
            except RecorderError as error:
                self._on_trouble(error)
            return True
        return self._obey(order)

    def _obey(self, order: Order) -> bool:
        match order:
            case Film(frames_per_s):
                self._camera.film(frames_per_s)
            case Cut(reason):
                self._camera.cut(reason)
            case Cover(on):
                self._camera.cover(on=on)
            case KeyFrame():
                self._camera.key_frame()
            case GoHome():
                self._camera.cut("stopped: the service ends")
                return False
            case _:
                assert_never(order)
        return True
