"""The door through which data sources and commands come in, ours and a stranger's alike.

A data source registers an object with this shape under the entry-point group `tandem.data_source`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import httpx
from pydantic import BaseModel

from cluster.ports import Clock
from recorder.ports.recording import DataSource, Secrets

DATA_SOURCE_GROUP = "tandem.data_source"
COMMAND_GROUP = "tandem.command"


@dataclass(frozen=True, slots=True)
class SourceDeps:
    """What an adapter is given. `transport` makes a new httpx transport (real, or the fake's)."""

    name: str
    transport: Callable[[], httpx.BaseTransport]
    clock: Clock
    secrets: Secrets
    user_agent: str
    wait: Callable[[float], None] | None = None
    """Blocks the calling job for so many seconds; None where nothing may wait."""


class DataSourcePlugin(Protocol):
    """One kind of data source."""

    @property
    def kind(self) -> str:
        """The word after `kind =` in the configuration."""
        ...

    @property
    def settings(self) -> type[BaseModel]:
        """The model of the rest of the source's configuration table; unknown keys are errors."""
        ...

    def open(self, settings: BaseModel, deps: SourceDeps) -> DataSource:
        """Make a data source without touching the network."""
        ...
