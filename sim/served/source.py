"""A fake service on a real port, with what a pair needs to record from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from sim.served.source_plan import SourcePlan
from sim.ucaas.admin_client import SimAdmin


@dataclass(frozen=True, slots=True)
class ToServe:
    """How a fake is to be served."""

    audio: Path
    """Where the audio bank is kept."""
    port: int = 0
    """0 for a free one."""
    hooks: Mapping[str, str] = field(default_factory=dict[str, str])
    """Where each node takes webhooks of this source; empty: none are sent."""


@dataclass(frozen=True, slots=True)
class ServedSource:
    """A running fake, its admin API, and how the nodes reach it; `stop` ends it."""

    kind: str
    base: str
    """Its address; the admin API is below `base`/_sim/."""
    plan: SourcePlan
    admin: SimAdmin
    end: Callable[[], None]
    downloads: tuple[str, ...]
    """What this kind calls its requests for media, as faults name them."""
    demo_mix: Mapping[str, float | tuple[float, float]]
    """How the calls of a demo are drawn."""

    def stop(self) -> None:
        """Stop the server and give the connection back."""
        with ExitStack() as stack:
            stack.callback(self.end)
            stack.callback(self.admin.close)
