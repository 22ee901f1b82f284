"""A standby proves its own credentials, so that they are no surprise on the day they are needed."""

from __future__ import annotations

from functools import partial

from cluster.ports import Done
from recorder.errors import AuthRefused
from recorder.model import Level
from recorder.poll.alarms import Alarms
from recorder.poll.poll_jobs import try_credentials
from recorder.poll.poll_messages import CanaryChecked, CanaryDue
from recorder.poll.poller_ports import PollerPorts

FIRST_S = 5.0
AGAIN_S = 60.0
"""While they fail they are tried this often, so that a mended secret is seen soon."""
CODE = "standby_credentials_failing"


class Canary:
    """One cheap check of the source, now and then, while this node does not poll."""

    def __init__(self, *, ports: PollerPorts, alarms: Alarms) -> None:
        self._ports = ports
        self._alarms = alarms
        self.problem = ""
        """Why this node could not poll; empty when it could, as far as is known."""
        self._timer = 0

    def start(self) -> None:
        """Arm the first check."""
        self._arm(min(FIRST_S, self._ports.poll.canary_s))

    def due(self, message: CanaryDue, *, on_duty: bool) -> None:
        """Check, unless polling itself proves the credentials."""
        if message.number != self._timer:
            return
        if on_duty:
            self._arm(self._ports.poll.canary_s)
            return
        job = partial(try_credentials, self._ports.source)
        self._ports.source_lane.submit(job, self._ports.me, CanaryChecked)

    def checked(self, message: CanaryChecked, *, on_duty: bool) -> None:
        """Only what an operator must mend counts: a source that is away for everyone does not."""
        if isinstance(message.outcome, Done):
            errors = [f for f in message.outcome.value if f.level is Level.ERROR]
            self.problem = f"{self._ports.name}: {errors[0].what}" if errors else ""
            hint = errors[0].hint if errors else ""
        elif isinstance(message.outcome.error, AuthRefused):
            self.problem = f"{self._ports.name}: {message.outcome.error}"
            hint = message.outcome.error.hint
        else:
            hint = ""
        if on_duty:
            self.well()
        elif self.problem:
            self._tell(hint)
        else:
            self._alarms.close(CODE)
        again_s = self._ports.poll.canary_s
        self._arm(min(AGAIN_S, again_s) if self.problem else again_s)

    def refused(self, error: AuthRefused) -> None:
        """The duty ended while the source refused this node: that is known, and tried again soon."""
        self.problem = f"{self._ports.name}: {error}"
        self._tell(error.hint)
        self._arm(min(AGAIN_S, self._ports.poll.canary_s))

    def well(self) -> None:
        """Polling tells from now on whether the credentials work."""
        self.problem = ""
        self._alarms.close(CODE)

    def _tell(self, hint: str) -> None:
        hint = hint or "Check client id, secret and rights of this node at the source."
        self._alarms.open(CODE, Level.ERROR, self.problem, hint)

    def _arm(self, delay_s: float) -> None:
        self._timer += 1
        self._ports.clock.call_later(delay_s, self._ports.me, CanaryDue(self._timer))
