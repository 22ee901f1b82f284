"""A pair on PostgreSQL whose server crashes, freezes, or cannot be reached by one node or by both."""

import os
import threading

import pytest

from sim.checkers.liveness import LIMITS_S, Disruption
from sim.served.local_pair import NODES
from sim.ucaas.clocks import monotonic_ns
from tests.postgres import MISSING, PostgresServer, find_programs
from tests.process.cut_proxy import CutProxy
from tests.process.looking import (
    let_pass,
    requests,
    wait_for_finding,
    wait_until_well,
)
from tests.process.world import World
from tests.waiting import wait_until

pytestmark = [pytest.mark.process, pytest.mark.postgres]

LONG = os.environ.get("TANDEM_LONG_TESTS") == "1"
OUTAGE_S = 60.0 if LONG else 0.0
long = pytest.mark.skipif(not LONG, reason="long; `make test-long` runs it")
CALLS = 8
HANDED_OVER_S = 20.0
"""A node first makes sure that the outage is its own: see role_primary."""


class Roads:
    """The way of each node to the server."""

    def __init__(self, port):
        self._open = {name: threading.Event() for name in NODES}
        self._proxies = {
            name: CutProxy(name, lambda _, n=name: self._open[n].wait()) for name in NODES
        }
        for proxy in self._proxies.values():
            proxy.target = port
        self.mend()

    def port(self, name):
        return self._proxies[name].port

    def block(self, *names):
        """Nothing passes any more, and nobody is told."""
        for name in names:
            self._open[name].clear()

    def break_off(self, *names):
        """Connections are reset, new ones refused."""
        for name in names:
            self._proxies[name].refuse()
            self._proxies[name].reset()

    def mend(self):
        for name in NODES:
            self._open[name].set()
            self._proxies[name].listen()

    def close(self):
        self.mend()
        self.break_off(*NODES)


@pytest.fixture(scope="module")
def server():
    programs = find_programs()
    if programs is None:
        pytest.skip(MISSING)
    server = PostgresServer(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="module")
def roads(server):
    roads = Roads(server.port)
    yield roads
    roads.close()


@pytest.fixture(scope="module")
def world(tmp_path_factory, server, roads):
    url = server.url(server.new_database())
    by_road = {
        name: {"data_center": {"database": url.replace(str(server.port), str(roads.port(name)))}}
        for name in NODES
    }
    world = World(tmp_path_factory.mktemp("server"), database=url, of_node=by_road)
    try:
        world.start()
        yield world
    finally:
        world.close()


@pytest.fixture(autouse=True)
def well(world):
    """Every scenario begins with a whole pair that has archived something."""
    world.pair.wait_for_pair()
    for node in world.nodes:
        wait_until_well(node)
    world.calls(2)
    world.settle()


def record_on(world):
    """While nobody can commit, everything is fetched, and both nodes say what is wrong."""
    before = requests(world, kind="blob", status=200)
    world.place(*[{}] * CALLS)
    for node in world.nodes:
        assert "Data Center" in wait_for_finding(node, "no_witness")["what"]
    everything_is_fetched(world, before)
    let_pass(OUTAGE_S)


def everything_is_fetched(world, before):
    wait_until(
        lambda: requests(world, kind="blob", status=200) >= before + CALLS,
        60.0,
        "everything is fetched although nothing can be committed",
        every_s=0.1,
    )


def heals(world):
    world.settle_and_check(limits_s={**LIMITS_S, "outage": HANDED_OVER_S})
    for node in world.nodes:
        wait_until_well(node)


def test_both_nodes_record_on_while_the_server_is_down(world, server):
    primary, _ = world.primary_and_secondary()
    server.stop()
    try:
        record_on(world)
        for node in world.nodes:
            assert "in the call buffer" in wait_for_finding(node, "data_center_down")["what"]
    finally:
        server.start()
    heals(world)
    primary.wait_for_role("primary")


@long
def test_both_nodes_record_on_while_the_server_is_frozen(world, server):
    primary, _ = world.primary_and_secondary()
    server.freeze()
    try:
        record_on(world)
    finally:
        server.thaw()
    heals(world)
    primary.wait_for_role("primary")


@long
def test_both_nodes_record_on_while_the_network_to_the_server_swallows_everything(world, roads):
    primary, _ = world.primary_and_secondary()
    roads.block(*NODES)
    try:
        record_on(world)
    finally:
        roads.mend()
    heals(world)
    primary.wait_for_role("primary")


def test_a_secondary_without_the_server_leaves_the_primary_alone(world, roads):
    primary, secondary = world.primary_and_secondary()
    roads.break_off(secondary.name)
    try:
        wait_for_finding(secondary, "no_witness")
        world.place(*[{}] * 2)
        wait_for_finding(secondary, "data_center_down", timeout_s=40.0)
    finally:
        roads.mend()
    heals(world)
    primary.wait_for_role("primary")


def test_a_primary_that_alone_loses_the_server_hands_over(world, roads):
    primary, secondary = world.primary_and_secondary()
    world.disrupted("outage", primary)
    roads.break_off(primary.name)
    try:
        assert secondary.wait_for_role("primary", timeout_s=HANDED_OVER_S) == "primary"
        assert primary.wait_for_role("secondary") == "secondary"
        before = requests(world, kind="blob", status=200)
        world.place(*[{}] * CALLS)
        everything_is_fetched(world, before)
    finally:
        roads.mend()
    heals(world)
    secondary.wait_for_role("primary")


def test_a_pair_started_while_the_server_is_down_comes_up_and_archives_later(world, server):
    # Two changes at most: the first to stop may hand over, and either may begin again.
    world.disruptions += [Disruption("outage", "", monotonic_ns())] * 2
    world.pair.stop()
    server.stop()
    try:
        world.start()
        record_on(world)
    finally:
        server.start()
    heals(world)
