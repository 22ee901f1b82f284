import pytest

from cluster.adapters.zeroconf_discovery import ZeroconfDiscovery
from cluster.ports import Endpoint, PeerSeen
from sim.clockwork.kernel import Kernel
from sim.stand_ins.discovery import SimDiscovery, SimLan
from sim.stand_ins.network import SimNetwork
from tests.cluster.mailbox import Mailbox
from tests.cluster.multicast import multicast_works
from tests.waiting import wait_until


class RealWorld:
    host = "127.0.0.1"

    def __init__(self):
        if not multicast_works():
            pytest.skip("no multicast on the loopback interface here")
        self._made = []

    def discovery(self, cluster, node, port):
        made = ZeroconfDiscovery(
            cluster=cluster, node=node, endpoint_port=port, interfaces=["127.0.0.1"]
        )
        self._made.append(made)
        return made

    def wait(self, condition, what):
        wait_until(condition, 15.0, what)

    def close(self):
        for made in self._made:
            made.stop()


class SimulatedWorld:
    host = "lan"

    def __init__(self):
        self._kernel = Kernel(seed=3)
        self._lan = SimLan(SimNetwork(kernel=self._kernel))

    def discovery(self, cluster, node, port):
        endpoint = Endpoint(self.host, port)
        return SimDiscovery(lan=self._lan, cluster=cluster, node=node, endpoint=endpoint)

    def wait(self, condition, what):
        assert self._kernel.pump(condition, self._kernel.now_ns + 20 * 10**9), what

    def close(self):
        pass


@pytest.fixture(params=[RealWorld, SimulatedWorld], ids=["zeroconf", "sim"])
def world(request):
    made = request.param()
    yield made
    made.close()


def test_two_nodes_of_a_cluster_see_each_other_and_nobody_else(world):
    seen = {}
    for cluster, node, port in (("acme", "a", 7401), ("acme", "b", 7402), ("other", "c", 7403)):
        seen[node] = Mailbox(node)
        world.discovery(cluster, node, port).start(seen[node])
    world.wait(lambda: seen["a"].messages and seen["b"].messages, "both saw the other")
    assert set(seen["a"].messages) == {PeerSeen("b", Endpoint(world.host, 7402))}
    assert set(seen["b"].messages) == {PeerSeen("a", Endpoint(world.host, 7401))}
    assert seen["c"].messages == []


def test_a_node_that_came_later_finds_the_one_that_waited(world):
    first, second = Mailbox(), Mailbox()
    world.discovery("acme", "a", 7404).start(first)
    later = world.discovery("acme", "b", 7405)
    later.start(second)
    world.wait(lambda: second.messages, "found")
    assert second.messages[0] == PeerSeen("a", Endpoint(world.host, 7404))


def test_stop_is_harmless_whenever_it_comes(world):
    unstarted, started = world.discovery("x", "a", 1), world.discovery("x", "b", 2)
    unstarted.stop()
    started.start(Mailbox())
    started.stop()
    started.stop()
