"""Worlds for tests on real processes."""

from contextlib import ExitStack

import pytest

from tests.process.world import World


@pytest.fixture
def make_world(tmp_path):
    """Makes worlds (keyword arguments of World); all are closed in the end."""
    with ExitStack() as stack:

        def make(**plan):
            world = World(tmp_path, **plan)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(make_world):
    """A pair with the demo's configuration, not started yet."""
    return make_world()
