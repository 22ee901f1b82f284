"""The findings of one source: told to the monitor when they open, change or close, and only then."""

from __future__ import annotations

from cluster.ports import Address
from recorder.messages import FindingClosed, FindingOpened, MonitorMessage
from recorder.model import Finding, Level


class Alarms:
    """Remembers what is open, so that callers may repeat themselves."""

    def __init__(self, *, monitor: Address[MonitorMessage], subject: str) -> None:
        self._monitor = monitor
        self._subject = subject
        self._open: dict[str, tuple[Level, str]] = {}

    def open(self, code: str, level: Level, what: str, hint: str) -> None:
        """Something is wrong; the same words again are not told again."""
        if self._open.get(code) == (level, what):
            return
        self._open[code] = (level, what)
        self._monitor.tell(FindingOpened(Finding(code, level, self._subject, what, hint)))

    def close(self, code: str) -> None:
        """It is well again."""
        if self._open.pop(code, None) is not None:
            self._monitor.tell(FindingClosed(code, self._subject))

    def set(self, code: str, level: Level, what: str, hint: str) -> None:
        """Open with a text, close with an empty one."""
        if what:
            self.open(code, level, what, hint)
        else:
            self.close(code)
