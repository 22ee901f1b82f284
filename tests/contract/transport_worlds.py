"""Two hosts with a transport each: on real sockets, with and without TLS, and simulated."""

from pathlib import Path

from cluster.adapters.certs import make_certificates
from cluster.adapters.tcp_tls import TlsFiles
from cluster.adapters.tcp_transport import TcpTransport
from cluster.ports import Endpoint
from sim.clockwork.kernel import Kernel
from sim.stand_ins.network import SimNetwork
from sim.stand_ins.transport import SimTransport
from tests.waiting import wait_until

NOW_US = 1_767_225_600_000_000


def make_tls(directory: Path, *nodes: str, now_us=NOW_US, **valid) -> dict[str, TlsFiles]:
    make_certificates(
        directory,
        "acme",
        nodes,
        {node: ["localhost", "127.0.0.1"] for node in nodes},
        now_us=now_us,
        **valid,
    )
    return {
        node: TlsFiles(
            directory / f"{node}.pem", directory / f"{node}.key", directory / "authority.pem"
        )
        for node in nodes
    }


class RealWorld:
    def __init__(self, host: str, tls: dict[str, TlsFiles] | None):
        self.crashes = []
        self._host = host
        self._tls = tls or {}
        self._made = []

    def transport(self, node, port=0):
        made = TcpTransport(
            listen=Endpoint(self._host, port),
            tls=self._tls.get(node),
            on_crash=lambda thread, error: self.crashes.append((thread, error)),
        )
        self._made.append(made)
        return made

    def wait(self, condition, what):
        wait_until(condition, 5.0, what)

    def close(self):
        for made in self._made:
            made.stop()
        assert self.crashes == []


class SimulatedWorld:
    def __init__(self):
        self._kernel = Kernel(seed=7)
        self._network = SimNetwork(kernel=self._kernel)

    def transport(self, node, port=0):
        return SimTransport(network=self._network, host=node, port=port)

    def wait(self, condition, what):
        assert self._kernel.pump(condition, self._kernel.now_ns + 20 * 10**9), what

    def close(self):
        pass
