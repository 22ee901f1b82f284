"""A fake service and a pair of real processes, for a benchmark to do things to."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.folder_archive import FolderArchive
from recorder.errors import DataCenterError
from recorder.records.contacts import HistoryRow
from sim.bench.timing import now_ns, pause, until
from sim.checkers.contents import read_contents
from sim.checkers.liveness import Disruption
from sim.served.local_pair import CLUSTER, NODES, LocalPair, PairPlan
from sim.served.node_process import NodeProcess
from sim.served.sources import client_apps, dynamics_plan
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.dynamics.serving import serve_dynamics
from sim.ucaas.statistics import Poll
from sim.verdict import Run, Verdict, judge

AUDIO = Path("var/audio")
CLIENTS = {f"recorder-{name}": name for name in NODES}
_ANY_TIME = {kind: float("inf") for kind in ("death", "silence", "switchover")}
_HISTORY_MAX = 10_000
_LAST_OFFER_S = 5.0
"""How long after its end the recording of a call may still appear."""


class Stage:
    """Use it as a context: everything ends with it. `directory` is emptied first."""

    def __init__(
        self,
        directory: Path,
        *,
        tables: Mapping[str, Mapping[str, Any]] | None = None,
        source: Mapping[str, Any] | None = None,
        tls: ssl.SSLContext | None = None,
        verify: ssl.SSLContext | bool = True,
    ) -> None:
        """`tls` is of the fake service, `verify` how its certificate is checked from here."""
        shutil.rmtree(directory, ignore_errors=True)
        self.directory = directory.absolute()
        self.served = serve_dynamics(clients=client_apps(), audio=AUDIO, tls=tls)
        self.admin = SimAdmin(self.served.urls.base, verify=verify)
        plan = dynamics_plan(self.served.urls, **(source or {}))
        self.pair = LocalPair(PairPlan(self.directory, (plan,), tables=tables or {}))
        self.disruptions: list[Disruption] = []
        self._clock = RealClock()
        engine = open_engine(f"sqlite:///{self.directory}/center/contacts.db")
        self.db = SqlContactDb(engine, cluster=CLUSTER, node="bench", clock=self._clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_details: object) -> None:
        self.pair.stop()
        for node in self.pair.nodes.values():
            node.close()
        self.db.close()
        self._clock.stop()
        self.admin.close()
        self.served.stop()

    def disrupt(self, kind: str, node: NodeProcess) -> int:
        """Note what is about to be done to the node that polls; the instant, monotonic."""
        at_ns = now_ns()
        self.disruptions.append(Disruption(kind, node.name, at_ns))
        return at_ns

    def polls(self, after: int = 0) -> tuple[Poll, ...]:
        """First pages of listings with a number above `after`."""
        return tuple(poll for poll in self.admin.polls(after) if poll.first_page)

    def next_poll_ns(self, by: NodeProcess, since_ns: int, after: int, timeout_s: float) -> int:
        """When `by` polled for the first time since an instant; polls up to number `after` are old."""

        def look() -> int:
            return next(
                (
                    poll.monotonic_ns
                    for poll in self.polls(after)
                    if CLIENTS.get(poll.client) == by.name and poll.monotonic_ns >= since_ns
                ),
                0,
            )

        return until(look, timeout_s, f"{by.name} polls\n{by.tail()}", every_s=0.05)

    def archived(self) -> int:
        """Items archived so far; 0 while the Data Center does not answer."""
        try:
            counts = self.db.item_counts()
        except DataCenterError:
            return 0
        return sum(count for (_, state), count in counts.items() if state == "archived")

    def settle(self, timeout_s: float = 60.0) -> Verdict:
        """End the feed of calls, wait until all that was offered is archived, and judge.

        Both nodes still run: stopping them would hand the role over once more.
        """
        self.admin.feed(0.0)
        pause(_LAST_OFFER_S)

        def is_done() -> bool:
            wanted = sum(item.must_be_archived for item in self.admin.truth())
            return self.archived() >= wanted

        until(is_done, timeout_s, "everything offered is archived", every_s=0.5)
        return self.verdict()

    def history(self) -> tuple[HistoryRow, ...]:
        """Role changes on record, oldest first."""
        return tuple(reversed(self.db.role_history(_HISTORY_MAX)))

    def verdict(self) -> Verdict:
        """The checkers over everything. Takeover times have figures of their own: any will do here."""
        archive = FolderArchive(self.directory / "center/archive")
        return judge(
            Run(
                truth=self.admin.truth(),
                contents=read_contents(self.db, archive),
                polls=self.admin.polls(),
                nodes=CLIENTS,
                disruptions=tuple(self.disruptions),
                limits_s=_ANY_TIME,
            )
        )
