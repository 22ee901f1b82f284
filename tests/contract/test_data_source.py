"""The contract every adapter keeps, over fakes of its service."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sim.contract.data_source import DataSourceContract
from tests.contract.worlds.registry import worlds

ROOT = Path(__file__).parents[2]
WORLDS = worlds()


class TestDataSource(DataSourceContract):
    @pytest.fixture(params=sorted(WORLDS))
    def world(self, request):
        made = WORLDS[request.param]()
        yield made
        made.source.close()


def test_every_registered_adapter_has_a_world():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    registered = set(project["entry-points"]["tandem.data_source"])

    assert registered == {make().kind for make in WORLDS.values()}
