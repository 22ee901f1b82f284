"""The adapter's front page: what the registry finds."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from recorder.adapters.dynamics.settings import DynamicsSettings
from recorder.adapters.dynamics.source import DynamicsSource
from recorder.plugins import DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource


class DynamicsPlugin:
    """Data source kind `dynamics`."""

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return "dynamics"

    @property
    def settings(self) -> type[BaseModel]:
        """The keys of the source's table."""
        return DynamicsSettings

    def open(self, settings: BaseModel, deps: SourceDeps) -> DataSource:
        """Make the source without touching the network. Raises ConfigError."""
        assert isinstance(settings, DynamicsSettings)
        return DynamicsSource(settings=settings, deps=deps)


PLUGIN: Final[DataSourcePlugin] = DynamicsPlugin()
