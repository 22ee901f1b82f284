"""The adapter's front page: what the registry finds."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from recorder.adapters.zoom.settings import ZoomSettings
from recorder.adapters.zoom.source import ZoomSource
from recorder.plugins import DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource


class ZoomPlugin:
    """Data source kind `zoom`."""

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return "zoom"

    @property
    def settings(self) -> type[BaseModel]:
        """The keys of the source's table."""
        return ZoomSettings

    def open(self, settings: BaseModel, deps: SourceDeps) -> DataSource:
        """Make the source without touching the network. Raises ConfigError."""
        assert isinstance(settings, ZoomSettings)
        return ZoomSource(settings=settings, deps=deps)


PLUGIN: Final[DataSourcePlugin] = ZoomPlugin()
