"""A real pair in a simulated world, and the checkers over everything it leaves behind.

def test_...(world):
    world.start()
    world.calls(20, over_s=3)
    world.kill(world["alpha"])
    ...
    world.settle_and_check()
"""

import itertools
import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster.adapters.real_clock import RealClock
from recorder.adapters.contact_db.db import SqlContactDb
from recorder.adapters.contact_db.engine import open_engine
from recorder.adapters.folder_archive import FolderArchive
from recorder.model import ItemState
from recorder.records.contacts import HistoryRow, ItemQuery, ItemRow
from sim.checkers.contents import Contents, read_contents
from sim.checkers.liveness import LIMITS_S, Disruption
from sim.served.local_pair import CLUSTER, LocalPair, PairPlan, free_ports
from sim.served.node_process import NodeProcess
from sim.served.source_plan import NODES, nodes_by_client
from sim.served.sources import DYNAMICS, ServedSources
from sim.truth import TruthItem
from sim.ucaas.admin_client import SimAdmin
from sim.ucaas.clocks import monotonic_ns
from sim.ucaas.statistics import Poll
from sim.verdict import Run, Verdict, judge
from tests.databases import migrated
from tests.process.sampler import Look, Sampler, look
from tests.waiting import wait_until

AUDIO = Path(__file__).parents[2] / "var" / "audio"
ENDED = (ItemState.ARCHIVED, ItemState.GONE, ItemState.NOT_RECORDABLE)
SLACK_S = 2.0
"""On top of the promised takeover times: the poll interval, and other work on this machine."""
LIMITS = {**LIMITS_S, "operator": 60.0}
"""The promised takeover times; an operator takes as long as he likes."""
SHORT_CALLS = {"longest_s": 30.0, "row_delay_s": (0.0, 0.3), "file_delay_s": (0.0, 0.3)}
SHORT = {
    "dynamics": SHORT_CALLS,
    "zoom": {
        "listed_s": (0.0, 0.3),
        "complete_s": (0.1, 0.5),
        "slow_s": (0.5, 2.0),
        "late_file_s": (1.0, 3.0),
    },
    "webex": {"longest_s": 30.0, "create_delay_s": (0.0, 0.3), "file_delay_s": (0.0, 0.3)},
}
"""How calls and meetings are drawn: short, and soon to be had."""

LONG = pytest.mark.skipif(
    os.environ.get("TANDEM_LONG_TESTS") != "1", reason="long; `make test-long` runs it"
)
"""Marks what takes too long for every run, and is told by a shorter test or by the simulator too."""


class World:
    """Fake services, a pair that is not started yet, and what happened to it so far.

    `keys` are more for the table of every source; `webhooks`: services that have them send them to both
    nodes; `empty`: the nodes that start first make their database themselves, which takes them seconds;
    `plan` goes to PairPlan: tables, of_node, peer_ports, web_ports, database.
    """

    def __init__(
        self,
        directory: Path,
        *,
        kinds: tuple[str, ...] = (DYNAMICS,),
        keys: Mapping[str, Any] | None = None,
        webhooks: bool = False,
        empty: bool = False,
        **plan: Any,
    ) -> None:
        self.directory = directory
        ports = dict(zip(NODES, free_ports(2), strict=True)) | plan.pop("web_ports", {})
        hear = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        self.served = ServedSources(kinds, AUDIO, hear=hear if webhooks else None)
        self.clients = nodes_by_client(kinds)
        sources = [replace(one, keys={**one.keys, **(keys or {})}) for one in self.served.plans]
        self.pair = LocalPair(PairPlan(directory, sources, web_ports=ports, **plan))
        if not empty and "database" not in plan:
            (directory / "center").mkdir()
            migrated(self._database_url())
        self.disruptions: list[Disruption] = []
        self._seeds = itertools.count(1)
        self._placed: set[tuple[str, str]] = set()
        """Source and key: two services may have the same ids."""
        self.sampler = Sampler(self._look)

    def close(self) -> None:
        """End everything, without ceremony; fails for a promise that was broken meanwhile."""
        self.sampler.stop()
        for node in self.nodes:
            node.kill()
            node.close()
        self.served.stop()
        self.sampler.check()

    def _look(self) -> Look:
        with self.data_center() as (db, _):
            return look(db, self.served.truth)

    @property
    def admin(self) -> SimAdmin:
        """Of the first service, which is the only one in most worlds."""
        return self.served.all[0].admin

    # -- the nodes ----

    def __getitem__(self, name: str) -> NodeProcess:
        return self.pair.nodes[name]

    @property
    def nodes(self) -> tuple[NodeProcess, ...]:
        return tuple(self.pair.nodes.values())

    def start(self) -> str:
        """Start both; the name of the primary."""
        primary = self.pair.start()
        self.sampler.start()
        return primary

    def mend(self) -> str:
        """Wake and start what does not run; the name of the primary, as soon as there is a pair."""
        for node in self.nodes:
            node.signal(signal.SIGCONT)
            if not node.running:
                node.start()
        primary = self.pair.wait_for_pair()
        self.sampler.start()
        return primary

    def primary_and_secondary(self, timeout_s: float = 30.0) -> tuple[NodeProcess, NodeProcess]:
        """As soon as there is one of each."""
        primary = self.pair.wait_for_pair(timeout_s)
        return self[primary], self.pair.other(primary)

    def disrupted(self, kind: str, node: NodeProcess) -> None:
        """Note what is done right now to the node that polls: one of the kinds in LIMITS."""
        self.disruptions.append(Disruption(kind, node.name, monotonic_ns()))
        self.sampler.soon()

    def switch_over_from(self, primary: NodeProcess) -> None:
        """As an operator does: a secondary that is not ready yet is refused, and asked for again."""
        self.disrupted("switchover", primary)

        def done() -> bool:
            return primary.post("/api/v1/switchover").json().get("status") == "done"

        wait_until(done, 10.0, f"{primary.name} hands over", every_s=0.3)

    def kill(self, node: NodeProcess) -> None:
        """SIGKILL; noted as a death when it was the primary.

        Reigns are judged by the record of them, which is written a moment after they begin: a primary
        that dies before that polled without having been one.
        """
        if node.role() == "primary":
            wait_until(lambda: self._reigns(node), 10.0, f"{node.name} is on record", every_s=0.1)
            self.disrupted("death", node)
        node.kill()
        self.sampler.soon()

    def _reigns(self, node: NodeProcess) -> bool:
        reigns = [row.node for row in self.history() if row.new == "primary"]
        return reigns[-1:] == [node.name]

    def findings(self, node: NodeProcess) -> set[str]:
        """Codes of the open findings of a node."""
        view = node.view()
        return set() if view is None else {finding["code"] for finding in view["findings"]}

    def ask(self, path: str) -> Any:
        """JSON of a GET, from the first node that answers."""
        for node in self.nodes:
            with suppress(httpx.TransportError):
                return node.get(path)
        raise AssertionError(f"no node answers {path}")

    # -- calls and polls ----

    def calls(
        self, count: int, *, over_s: float = 0.0, kind: str = "", **options: Any
    ) -> list[str]:
        """Calls that end within `over_s` from now, drawn anew each time; the keys of their items.

        At the first service, or at that of a kind.
        """
        served = self.served[kind or self.served.kinds[0]]
        drawn = served.admin.place_mix(
            count, over_s=over_s, seed=next(self._seeds), **{**SHORT[served.kind], **options}
        )
        keys = [key for call in drawn for key in _keys(call)]
        self._placed.update((served.kind, key) for key in keys)
        return keys

    def place(self, *calls: dict[str, Any]) -> list[str]:
        """Calls written out, as in `sim.ucaas.dynamics.orders.CallBody`; the keys of their recordings."""
        placed = self.admin.place_calls(*calls)
        keys = [key for call in placed for key in call["recordings"]]
        self._placed.update((self.served.kinds[0], key) for key in keys)
        return keys

    def polls(self, node: NodeProcess, *, since_ns: int = 0) -> list[Poll]:
        """Polls of one node the service saw, from an instant of the monotonic clock on."""
        return [
            poll
            for poll in self.served.polls()
            if self.clients.get(poll.client) == node.name and poll.monotonic_ns >= since_ns
        ]

    def wait_for_poll(self, node: NodeProcess, *, since_ns: int, timeout_s: float = 15.0) -> float:
        """Seconds from `since_ns` until the service saw a poll of this node."""
        wait_until(
            lambda: self.polls(node, since_ns=since_ns),
            timeout_s,
            f"{node.name} polls",
            every_s=0.1,
        )
        return (self.polls(node, since_ns=since_ns)[0].monotonic_ns - since_ns) / 1e9

    # -- the Data Center ----

    @contextmanager
    def data_center(self) -> Iterator[tuple[SqlContactDb, FolderArchive]]:
        """Opened for reading, beside the nodes."""
        engine = open_engine(self._database_url())
        clock = RealClock()
        try:
            db = SqlContactDb(engine, cluster=CLUSTER, node="test", clock=clock)
            yield db, FolderArchive(self.directory / "center" / "archive")
        finally:
            clock.stop()
            engine.dispose()

    def _database_url(self) -> str:
        prefix, url = "sqlite:///", self.pair.plan.database
        if url.startswith(prefix):
            return f"{prefix}{self.directory / url.removeprefix(prefix)}"
        return url

    def contents(self) -> Contents:
        """All of it, hashed."""
        with self.data_center() as (db, archive):
            return read_contents(db, archive)

    def history(self) -> Sequence[HistoryRow]:
        """Role changes, oldest first."""
        with self.data_center() as (db, _):
            return tuple(reversed(db.role_history(10_000)))

    def archived(self) -> int:
        """Items archived so far."""
        with self.data_center() as (db, _):
            return sum(row.state == ItemState.ARCHIVED for row in _rows(db))

    def wait_for_archived(self, count: int, timeout_s: float = 40.0) -> None:
        """Until so many items are archived in all."""
        wait_until(
            lambda: self.archived() >= count, timeout_s, f"{count} items archived", every_s=0.1
        )

    def settle(self, timeout_s: float = 60.0) -> None:
        """Until everything placed was offered and is archived, or excused with a reason."""
        looked: list[str] = []

        def is_settled() -> bool:
            looked[:] = self._unsettled()
            return not looked

        started = time.monotonic()  # noqa: TID251 - real time is the subject
        try:
            wait_until(is_settled, timeout_s, "everything is archived or excused", every_s=0.1)
        except AssertionError as error:
            waited = time.monotonic() - started  # noqa: TID251
            tails = "\n".join(f"--- {node.name}\n{node.tail(60)}" for node in self.nodes)
            what = f"after {waited:.0f} s not settled: {', '.join(looked[:10])}"
            raise AssertionError(f"{what}\n{tails}") from error

    def _unsettled(self) -> list[str]:
        truth = self.served.truth()
        with self.data_center() as (db, _):
            rows = {(row.ref.source, row.ref.key): row for row in _rows(db)}
        missing = sorted(self._placed - {(item.source, item.key) for item in truth})
        if missing:
            return [f"{'/'.join(place)} not offered yet" for place in missing]
        waiting = [
            f"{item.source}/{item.key} is {_state(item, rows)}"
            for item in truth
            if item.must_be_archived and not _is_archived(item, rows)
        ]
        under_way = [f"{'/'.join(at)} is {row.state}" for at, row in rows.items() if _is_open(row)]
        return [*waiting, *under_way]

    # -- the checkers ----

    def verdict(
        self, *, slack_s: float = SLACK_S, limits_s: Mapping[str, float] = LIMITS
    ) -> Verdict:
        """All checkers over ground truth and Data Center, as they are now."""
        return judge(
            Run(
                truth=self.served.truth(),
                contents=self.contents(),
                polls=self.served.polls(),
                polls_of={one.kind: one.admin.polls() for one in self.served.all},
                nodes=self.clients,
                disruptions=tuple(self.disruptions),
                limits_s=limits_s,
                slack_s=slack_s,
            )
        )

    def settle_and_check(self, timeout_s: float = 60.0, **verdict: Any) -> Verdict:
        """Wait for the end of all work, then fail the test for every broken promise."""
        self.settle(timeout_s)
        self.sampler.check()
        found = self.verdict(**verdict)
        if not found.good:
            lines = [f"{row.node} {row.new} {row.term}: {row.reason}" for row in self.history()]
            raise AssertionError("\n".join([found.as_text(), *lines]))
        return found


def _keys(placed: dict[str, Any]) -> Iterator[str]:
    """Of recordings, or of the files of a meeting and of its rooms."""
    yield from placed.get("recordings", placed.get("files", ()))
    for room in placed.get("rooms", ()):
        yield from _keys(room)


def _rows(db: SqlContactDb) -> Iterator[ItemRow]:
    after: str | None = None
    while True:
        page = db.items(ItemQuery(after=after, limit=500))
        yield from page.rows
        if page.next is None:
            return
        after = page.next


def _state(item: TruthItem, rows: Mapping[tuple[str, str], ItemRow]) -> str:
    row = rows.get((item.source, item.key))
    return "unknown" if row is None else row.state


def _is_archived(item: TruthItem, rows: Mapping[tuple[str, str], ItemRow]) -> bool:
    row = rows.get((item.source, item.key))
    if row is None or row.ref.version != item.version:
        return False
    return row.state == ItemState.ARCHIVED


def _is_open(row: ItemRow) -> bool:
    return row.state not in {ItemState.FAILED, *ENDED}
