"""Computers that were turned away because they named themselves otherwise than their token allows."""

from __future__ import annotations

from typing import Final

from recorder.model import Finding, Level
from recorder.ports.audit import AuditTrail
from recorder.scn.messages import DesktopDenied

DESKTOP_DENIED: Final = "desktop_denied"
QUIET_NS: Final = 300 * 10**9
"""A finding closes so long after the last try; a desktop tries every minute."""
DAY_US: Final = 86_400 * 10**6
_HOST_CHARS_MAX: Final = 100


class Denials:
    """By the desktop whose token it was: there are no more of them than tokens were made."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, DesktopDenied]] = {}

    def seen(self, denied: DesktopDenied, now_ns: int) -> None:
        """One was turned away."""
        self._last[denied.owner] = (now_ns, denied)

    def findings(self, now_ns: int) -> list[Finding]:
        """Of the last minutes."""
        self._last = {
            owner: (at_ns, denied)
            for owner, (at_ns, denied) in self._last.items()
            if now_ns - at_ns < QUIET_NS
        }
        return [_finding(denied) for _, denied in self._last.values()]


def record_denial(trail: AuditTrail, denied: DesktopDenied, now_us: int) -> None:
    """For the audit trail: whoever goes on trying from one address is one record a day."""
    detail = {"named": denied.named, "host": denied.host, "address": denied.address}
    once = f"{DESKTOP_DENIED}:{denied.owner}:{denied.address}:{now_us // DAY_US}"
    trail.record(DESKTOP_DENIED, denied.owner, denied.token, detail, once=once)


def _finding(denied: DesktopDenied) -> Finding:
    return Finding(
        code=DESKTOP_DENIED,
        level=Level.ERROR,
        subject=denied.owner,
        what=f"A computer ({denied.host[:_HOST_CHARS_MAX]} at {denied.address}) has the token of the desktop "
        f"{denied.owner} and says that it is {denied.named}: it was turned away, its screen is not recorded.",
        hint=f"If its desktop.id is right, give it its own token: `tandem agent-desktop token --desktop {denied.named}`. "
        f"If nobody set it up so, somebody copied the token: change the secret of web.tokens.{denied.token}.",
    )
