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


@pytest.fixture(scope="module")
def make_module_world(tmp_path_factory):
    """The same, for worlds that the tests of a file share."""
    with ExitStack() as stack:

        def make(**plan):
            world = World(tmp_path_factory.mktemp("world"), **plan)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(make_world):
    """A pair with the demo's configuration, not started yet."""
    return make_world()
