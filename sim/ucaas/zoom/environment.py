"""What the parts of the fake share: the archive, its addresses and the posts that are due."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.ucaas.surroundings import Surroundings
from sim.ucaas.zoom.archive import Archive, Meeting
from sim.ucaas.zoom.webhooks import Outbox

DAY_US = 86_400_000_000


@dataclass(slots=True, kw_only=True)
class Environment(Surroundings):
    """One Zoom account. Not thread-safe: the service locks."""

    web_url: str
    """Where the addresses of files lead."""
    lists_processing: bool
    """Whether a listing by the instant of completeness shows what is not complete, as if it were now."""
    retention_days: float | None
    outbox: Outbox
    archive: Archive = field(default_factory=Archive)

    def delete(self, meeting: Meeting, at_us: int) -> None:
        """A meeting and its files are gone."""
        self.archive.remove(meeting)
        for key in meeting.keys:
            self.truth.deleted(self.source, key, at_us)
