"""Worlds say nothing here: the lines that their nodes log take as long to write as a part of the run."""

import pytest

from sim.search.quiet import quiet


@pytest.fixture(autouse=True, scope="module")
def _quiet():
    with quiet():
        yield
