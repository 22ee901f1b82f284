"""What the distributor is shown of the role machine."""

from cluster.roles.view import pair_changed
from tests.cluster.role_bench import primary


def seen(bench):
    return pair_changed(bench.memory, now_ns=bench.now_ns)


def test_the_peers_health_is_what_its_last_beat_says():
    bench = primary()
    bench.hear(healthy=False)
    assert not seen(bench).peer_healthy
    bench.hear(healthy=True)
    assert seen(bench).peer_healthy
