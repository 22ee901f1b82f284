"""A standby proves its own credentials, so that they are no surprise on the day they are needed."""

from __future__ import annotations

from functools import partial

from cluster.ports import Done, Failed
from recorder.errors import AuthRefused, Unreachable
from recorder.model import Level
from recorder.poll.alarms import Alarms
from recorder.poll.poll_jobs import try_credentials
from recorder.poll.poll_messages import CanaryChecked, CanaryDue
from recorder.poll.poller_ports import PollerPorts

FIRST_S = 5.0
AGAIN_S = 60.0
"""While they fail they are tried this often, so that a mended secret is seen soon."""
CODE = "standby_credentials_failing"
UNREACHABLE = "standby_source_unreachable"
AWAY_HINT = (
    "Check name resolution, proxy and firewall of this node. If the other node does not reach it either, the "
    "source is away, and this clears by itself."
)


class Canary:
    """One cheap check of the source, now and then, while this node does not poll."""

    def __init__(self, *, ports: PollerPorts, alarms: Alarms) -> None:
        self._ports = ports
        self._alarms = alarms
        self.problem = ""
        """Why this node could not poll; empty when it could, as far as is known."""
        self._away = 0
        """Checks in a row that did not reach the source."""
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
        """Only what an operator must mend here counts against this node: a source that is away does not."""
        hint, away = self._judge(message)
        self._away = self._away + 1 if away else 0
        if on_duty:
            self.well()
        else:
            if self.problem:
                self._tell(hint)
            else:
                self._alarms.close(CODE)
            self._alarms.set(
                UNREACHABLE,
                Level.WARNING,
                f"this node does not reach {self._ports.name}: {away}" if self._away > 1 else "",
                AWAY_HINT,
            )
        again_s = self._ports.poll.canary_s
        self._arm(min(AGAIN_S, again_s) if self.problem or away else again_s)

    def _judge(self, message: CanaryChecked) -> tuple[str, str]:
        """What to do about `problem`, and why the source was not reached: then nothing else is known."""
        match message.outcome:
            case Done(findings):
                errors = [finding for finding in findings if finding.level is Level.ERROR]
                away = [finding.what for finding in errors if finding.code == Unreachable.code]
                errors = [finding for finding in errors if finding.code != Unreachable.code]
                if errors:
                    self.problem = f"{self._ports.name}: {errors[0].what}"
                    return errors[0].hint, ""
                if not away:
                    self.problem = ""
                return "", away[0] if away else ""
            case Failed(error):
                if isinstance(error, AuthRefused):
                    self.problem = f"{self._ports.name}: {error}"
                    return error.hint, ""
                return "", str(error) if isinstance(error, Unreachable) else ""

    def refused(self, error: AuthRefused) -> None:
        """The duty ended while the source refused this node: that is known, and tried again soon."""
        self.problem = f"{self._ports.name}: {error}"
        self._tell(error.hint)
        self._arm(min(AGAIN_S, self._ports.poll.canary_s))

    def well(self) -> None:
        """Polling tells from now on whether the credentials work."""
        self.problem = ""
        self._away = 0
        self._alarms.close(CODE)
        self._alarms.close(UNREACHABLE)

    def _tell(self, hint: str) -> None:
        hint = hint or "Check client id, secret and rights of this node at the source."
        self._alarms.open(CODE, Level.ERROR, self.problem, hint)

    def _arm(self, delay_s: float) -> None:
        self._timer += 1
        self._ports.clock.call_later(delay_s, self._ports.me, CanaryDue(self._timer))
