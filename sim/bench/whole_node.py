"""The same through everything: real nodes, the Dynamics adapter, the fake service with its API over TLS.

Here each recording costs API calls for its description and its link, beside the download; and the fake,
a Python program on the same cores, sets the pace. So only the processor time of the nodes is compared.
"""

from __future__ import annotations

from pathlib import Path

from sim.bench.file_server import Tls
from sim.bench.programs import Cost, process_cpu_s
from sim.bench.stage import Stage
from sim.bench.timing import now_ns, seconds_since, until
from sim.served.local_pair import NODES

_TABLES = {"poll": {"interval_s": 1.0}}
_LIMIT_S = 180.0
_CALLS_AT_ONCE = 100


def run_through_dynamics(
    directory: Path, tls: Tls, count: int, size_bytes: int, nodes: int
) -> Cost:
    """From the calls' end until all recordings are committed, by one node or by both."""
    with Stage(
        directory,
        tables={**_TABLES, "ingest": {"ca_file": str(tls.authority.absolute())}},
        source={"ca_file": str(tls.authority.absolute())},
        tls=tls.of_server(),
        verify=tls.of_client(),
    ) as stage:
        running = [stage.pair.nodes[name] for name in NODES[:nodes]]
        for node in running:
            node.start()
        if nodes == 1:
            running[0].wait_for_role("primary")
        else:
            stage.pair.wait_for_pair()
        before = [process_cpu_s(node.pid) for node in running]
        started_ns = now_ns()
        call = {"recordings": [{"size_bytes": size_bytes, "row_delay_s": 0.0, "file_delay_s": 0.0}]}
        for first in range(0, count, _CALLS_AT_ONCE):
            stage.admin.place_calls(*[call] * min(_CALLS_AT_ONCE, count - first))
        until(lambda: stage.archived() >= count, _LIMIT_S, "all is archived", every_s=0.05)
        wall_s = seconds_since(started_ns)
        after = [process_cpu_s(node.pid) for node in running]
        return Cost(wall_s, sum(after) - sum(before), sum(before))
