"""A whole pair on this computer: configuration, two node processes, one embedded Data Center.

Used by `tandem up`, the demo, the benchmarks and the tests on real processes. Timings are those of a
demo: it polls every half second and waits for nothing to settle.
"""

from __future__ import annotations

import itertools
import os
import socket
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cluster.adapters.real_randomness import RealRandomness
from sim.served.node_process import NodeProcess
from sim.served.source_plan import NODES, SourcePlan
from sim.served.toml_text import toml_text

CLUSTER = "demo"
DEMO_POLL = {
    "interval_s": 0.5,
    "settle_s": 0.0,
    "overlap_s": 10.0,
    "start_back_s": 600.0,
    "tiers": [{"every_s": 15.0, "back_s": 120.0}],
}


@dataclass(frozen=True, slots=True)
class PairPlan:
    """What to write into the configuration files; tables are merged over the demo's defaults."""

    directory: Path
    sources: Sequence[SourcePlan]
    database: str = "sqlite:///center/contacts.db"
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    """For both nodes: table → key → value; `sources.NAME` is the table of a source."""
    of_node: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(
        default_factory=dict[str, Mapping[str, Mapping[str, Any]]]
    )
    """For one node: node → table → key → value."""
    peer_ports: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where each node dials its peer, when that is not the peer itself (a proxy in a test)."""
    web_ports: Mapping[str, int] = field(default_factory=dict[str, int])
    """Where each node answers HTTP; free ports by default."""


class LocalPair:
    """Two nodes with fixed addresses on loopback. `stop` ends both; use it as a context."""

    def __init__(self, plan: PairPlan) -> None:
        self.plan = plan
        self.directory = plan.directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.token = RealRandomness().token()
        self.token_file = self.directory / "token"
        self.token_file.write_text(self.token, encoding="utf-8")
        self.token_file.chmod(0o600)
        web = {**dict(zip(NODES, free_ports(2), strict=True)), **plan.web_ports}
        self.peer_ports: dict[str, int] = dict(zip(NODES, free_ports(2), strict=True))
        self.nodes = {name: self._node(name, web[name]) for name in NODES}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.stop()
        for node in self.nodes.values():
            node.close()

    @property
    def urls(self) -> str:
        """For TANDEM_URL."""
        return ",".join(node.url for node in self.nodes.values())

    def start(self) -> str:
        """Start both and wait until one is primary and one secondary; returns the primary's name."""
        for node in self.nodes.values():
            node.start()
        return self.wait_for_pair()

    def wait_for_pair(self, timeout_s: float = 30.0) -> str:
        """The primary's name, as soon as one node is primary and the other secondary."""
        end = time.monotonic() + timeout_s  # noqa: TID251 - real processes, real time
        while time.monotonic() < end:  # noqa: TID251
            roles = self.roles()
            if sorted(str(role) for role in roles.values()) == ["primary", "secondary"]:
                return next(name for name, role in roles.items() if role == "primary")
            for node in self.nodes.values():
                if not node.running:
                    raise RuntimeError(f"{node.name} ended:\n{node.tail()}")
            time.sleep(0.05)  # noqa: TID251 - looks again until the pair has settled
        tails = "\n".join(node.tail() for node in self.nodes.values())
        raise TimeoutError(f"no pair within {timeout_s} s: {self.roles()}\n{tails}")

    def roles(self) -> dict[str, str | None]:
        """The role of each node by its own word; None when it does not answer."""
        return {name: node.role() for name, node in self.nodes.items()}

    def primary(self) -> NodeProcess | None:
        """The node that says it is primary."""
        return next((node for node in self.nodes.values() if node.role() == "primary"), None)

    def other(self, name: str) -> NodeProcess:
        """The other node."""
        return next(node for other, node in self.nodes.items() if other != name)

    def stop(self) -> None:
        """Stop both, in the order of their names."""
        with ExitStack() as stack:
            for node in reversed(self.nodes.values()):
                stack.callback(node.stop)

    def _node(self, name: str, web_port: int) -> NodeProcess:
        config = self.directory / f"{name}.toml"
        config.write_text(self._config(name, web_port), encoding="utf-8")
        return NodeProcess(
            name,
            config,
            f"http://127.0.0.1:{web_port}",
            self.token,
            {
                variable: secret
                for source in self.plan.sources
                for variable, secret in source.environment(name).items()
            },
        )

    def _config(self, name: str, web_port: int) -> str:
        plan = self.plan
        other = next(node for node in NODES if node != name)
        peer_port = plan.peer_ports.get(name, self.peer_ports[other])
        tables: dict[str, dict[str, Any]] = {
            "node": {"id": name, "cluster": CLUSTER, "data": name},
            "web": {"listen": f"127.0.0.1:{web_port}", "token": f"file:{self.token_file}"},
            "peer": {
                "listen": f"127.0.0.1:{self.peer_ports[name]}",
                "address": f"127.0.0.1:{peer_port}",
                "discovery": False,
            },
            "data_center": {"database": plan.database, "archive": "center/archive"},
            "poll": dict(DEMO_POLL),
            "buffer": {"reserve_bytes": 64 * 1024**2, "resume_bytes": 96 * 1024**2},
            **{source.table_name: source.table(name) for source in plan.sources},
        }
        for more in (plan.tables, plan.of_node.get(name, {})):
            for table, keys in more.items():
                tables.setdefault(table, {}).update(keys)
        return toml_text(tables)


_GIVEN_FROM = 10_000
_GIVEN = 22_000
"""Below the ports that Linux gives to connections, and to who asks for any port."""
_numbers = itertools.count(os.getpid() * 2_503)


def free_port(wanted: int) -> int:
    """The wanted port, or another free one when somebody has it."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", wanted))
        except OSError:
            return free_ports(1)[0]
        return wanted


def free_ports(count: int) -> Sequence[int]:
    """Ports nobody listens on now, and no other caller of this function is given soon.

    A process starts where no other one does, and goes on from port to port: what was given and is not
    listened on yet, or for a moment no more, is given to nobody else.
    """
    found: list[int] = []
    while len(found) < count:
        port = _GIVEN_FROM + next(_numbers) % _GIVEN
        with socket.socket() as one, suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind(("127.0.0.1", port))
            found.append(port)
    return found
