"""The adapter's front page: what the registry finds."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from recorder.adapters.webex.settings import WebexSettings
from recorder.adapters.webex.source import WebexSource
from recorder.plugins import DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource


class WebexPlugin:
    """Data source kind `webex`."""

    @property
    def kind(self) -> str:
        """The word in the configuration."""
        return "webex"

    @property
    def settings(self) -> type[BaseModel]:
        """The keys of the source's table."""
        return WebexSettings

    def open(self, settings: BaseModel, deps: SourceDeps) -> DataSource:
        """Make the source without touching the network. Raises ConfigError."""
        assert isinstance(settings, WebexSettings)
        return WebexSource(settings=settings, deps=deps)


PLUGIN: Final[DataSourcePlugin] = WebexPlugin()
