"""The Tapes adapter of Tandem: what the registry finds by the entry point `tapes`."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from recorder.plugins import DataSourcePlugin, SourceDeps
from recorder.ports.recording import DataSource
from tandem_tapes.settings import TapesSettings
from tandem_tapes.source import TapesSource


class TapesPlugin:
    """Data source kind `tapes`."""

    kind = "tapes"
    settings: type[BaseModel] = TapesSettings

    def open(self, settings: BaseModel, deps: SourceDeps) -> DataSource:
        """Make the source without touching the network."""
        assert isinstance(settings, TapesSettings)
        return TapesSource(settings=settings, deps=deps)


PLUGIN: Final[DataSourcePlugin] = TapesPlugin()
