"""What a cell does around a behaviour, whatever runtime turns it.

A cell is the actor of the actor library that hosts one behaviour. The library reacts to exceptions
in ways we do not want: one in `on_start` calls no hook, and a SystemExit in one actor stops every
actor of the process. So no exception ever reaches it: the first one is kept, the cell ends.
"""

from __future__ import annotations

import threading
from typing import Any

from cluster.ports import Behaviour


class CellBody:
    """Mixed into an actor class of the library; the class gives `actor_stopped`.

    After the first exception `error` is set, `actor_stopped` too, and no further method of the
    behaviour runs. Whoever turns the cell reports `error` once, from outside the library's loop.
    """

    name: str
    behaviour: Behaviour[Any]
    actor_stopped: threading.Event
    error: BaseException | None = None

    def on_start(self) -> None:
        """The library calls this once, before the first message."""
        try:
            self.behaviour.on_start()
        except BaseException as error:  # noqa: BLE001 - kept in `error` and reported
            self._end_with(error)

    def on_receive(self, message: Any) -> None:
        """The library calls this for every message."""
        try:
            self.behaviour.on_message(message)
        except BaseException as error:  # noqa: BLE001 - kept in `error` and reported
            self._end_with(error)

    def on_stop(self) -> None:
        """The library calls this after the last message, but not after an exception."""
        try:
            self.behaviour.on_stop()
        except BaseException as error:  # noqa: BLE001 - kept in `error` and reported
            self._end_with(error)

    def _end_with(self, error: BaseException) -> None:
        self.error = error
        self.actor_stopped.set()
