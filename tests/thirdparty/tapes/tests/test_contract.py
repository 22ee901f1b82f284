"""Tandem's contract, over a fake of the Tapes service."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tapes_world import TapesWorld

from sim.contract.data_source import DataSourceContract
from sim.contract.world import SourceWorld


class TestTapes(DataSourceContract):
    """Every promise of a data source."""

    @pytest.fixture
    def world(self) -> Iterator[SourceWorld]:
        made = TapesWorld()
        yield made
        made.source.close()
