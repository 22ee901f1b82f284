"""Whether the source refuses this node's credentials: the pair moves the duty for that, and for nothing else."""

from __future__ import annotations

from cluster.messages import DutyFailing
from recorder.errors import AuthRefused
from recorder.poll.canary import Canary
from recorder.poll.poller_ports import PollerPorts


class Refusals:
    """Tells the pair when polls begin and cease to be refused."""

    def __init__(self, *, ports: PollerPorts, canary: Canary) -> None:
        self._ports = ports
        self._canary = canary
        self._refused: AuthRefused | None = None

    def polled(self, error: Exception | None) -> None:
        """A poll was whole (None), or failed."""
        if isinstance(error, AuthRefused):
            self._refused = error
            self._ports.pair.tell(DutyFailing(self._ports.me.name, str(error)))
        elif error is None and self._refused is not None:
            self._refused = None
            self._ports.pair.tell(DutyFailing(self._ports.me.name, ""))

    def stand_by(self) -> None:
        """The duty is over: from now on the canary tells."""
        if self._refused is not None:
            self._canary.refused(self._refused)
            self.polled(None)
