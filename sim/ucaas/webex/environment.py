"""What the parts of the fake share beside what any fake has: recordings, history, webhooks, files."""

from __future__ import annotations

from dataclasses import dataclass, field

from sim.clockwork.chance import Stream
from sim.ucaas.surroundings import Surroundings
from sim.ucaas.webex.center import Center
from sim.ucaas.webex.files import FileStore
from sim.ucaas.webex.history import History
from sim.ucaas.webex.hooks import Hooks
from sim.ucaas.webex.shelf import Shelf


@dataclass(slots=True, kw_only=True)
class Environment(Surroundings):
    """One Webex organisation. Not thread-safe: the service locks."""

    org: str
    """Bare UUID of the organisation."""
    files: FileStore
    hooks: Hooks
    center: Center
    tracking: Stream
    shelf: Shelf = field(default_factory=Shelf)
    history: History = field(default_factory=History)

    def tracking_id(self) -> str:
        """A new id for an answer."""
        return f"ROUTER_{self.tracking.getrandbits(96):024X}"
