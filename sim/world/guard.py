"""Watches what nodes may and may not do while a world runs: duty, fence, patience, credentials."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import httpx
from greenlet import getcurrent, greenlet

from cluster.errors import LeaseUnavailable
from cluster.frames import Role
from cluster.messages import (
    AlarmRaised,
    DutyGranted,
    DutyWithdrawn,
    PeerGone,
    PeerUp,
    RoleChanged,
)
from cluster.pair import Pair
from cluster.ports import Address, Behaviour, Clock, Lease, LeaseView, Workers
from cluster.roles.memory import ACTING
from recorder.assembly.actors import NodePorts, calls_lane
from recorder.messages import FindingOpened
from recorder.model import ItemState
from recorder.monitor import Monitor
from recorder.poll.poll_jobs import list_page
from recorder.poll.poller import Poller
from recorder.records.contacts import ItemRow
from sim.checkers.credentials_kept import check_credentials_kept
from sim.checkers.duty_kept import DutyBook, Granted, Sight
from sim.checkers.fenced import FenceBook
from sim.checkers.heard import HeardBook
from sim.checkers.patience_kept import PatienceBook
from sim.checkers.violation import Violation
from sim.truth import TruthItem
from sim.world.incident import NODES

if TYPE_CHECKING:
    from sim.world.world import World

_NS: Final = 1_000_000_000


class Guard:
    """One per world; tells it what is broken, at once."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._now_ns: Callable[[], int] = lambda: world.kernel.now_ns
        self._duty = {source: DutyBook() for source in world.incident.sources}
        self._fence = FenceBook()
        self._patience = {source: PatienceBook() for source in world.incident.sources}
        self._heard = HeardBook(NODES)
        self.opened: Counter[str] = Counter()
        """Findings that nodes told of, by code."""
        self._listers: dict[greenlet, int] = {}
        """Who lists just now, and when that was ordered."""
        self._sight = {node: Sight() for node in NODES}
        center = world.data_center
        center.contacts.control_written = self._written
        center.lease_table.given = self._given
        center.clock_set = self._clock_set
        self._lease_ns = round(next(iter(world.machines.values())).config.pair.lease_s * _NS)

    # -- what happens ----

    def life(self, node: str, what: str) -> None:
        """A process began or ended, was stopped or goes on."""
        self._heard.life(node, what, self._now_ns())
        if what not in {"paused", "resumed"}:
            for source in self._duty:
                self._duty[source].over(node)
                self._patience[source].forget(node)
            self._sight[node].lost()

    def ports(self, node: str, ports: NodePorts) -> NodePorts:
        """The ports of a new life, looked through."""
        inner = ports.around

        def around(actor: str, behaviour: Behaviour[Any]) -> Behaviour[Any]:
            if isinstance(behaviour, Poller):
                source = actor.partition(":")[2]
                behaviour = _Watched(behaviour, partial(self._told, node, source, ports.clock))
            elif isinstance(behaviour, Monitor):
                behaviour = _Watched(behaviour, partial(self._noted, node))
            elif isinstance(behaviour, Pair):
                behaviour = _Watched(behaviour, partial(self._connected, node))
            return inner(actor, behaviour)

        lanes = dict(ports.workers)
        for source in ports.sources:
            lane = calls_lane(source)
            lanes[lane] = _WatchedLane(
                lanes[lane], partial(self._listing, node, source), self._now_ns, self._listers
            )
        sight = self._sight[node] = Sight()
        lease = _WatchedLease(
            ports.lease,
            lambda: sight.asks(self._now_ns()),
            partial(self._witness, node, sight),
        )
        return replace(ports, around=around, workers=lanes, lease=lease)

    def transport(self, node: str, source: str, inner: httpx.BaseTransport) -> httpx.BaseTransport:
        """The road of a node to the service of a source, looked through."""
        return _WatchedTransport(inner, node, self._patience[source], self._now_ns, self._tell)

    def fault(self, kind: str, target: str, *, begins: bool) -> None:
        """A fault begins or ends."""
        self._heard.fault(kind, target, self._now_ns(), begins=begins)

    @property
    def listing_since_ns(self) -> int | None:
        """When the poll was ordered that asks just now; None: a check of credentials or clocks may list, too."""
        return self._listers.get(getcurrent())

    def at_the_end(self) -> None:
        """What is only counted."""
        for service in self._world.services:
            self._tell(check_credentials_kept(service.fake.statistics()))
        machines = self._world.machines
        alive = [node for node in NODES if machines[node].lives]
        self._tell(self._heard.apart(alive, self._now_ns()))

    # -- inside ----

    def _tell(self, violations: Iterable[Violation]) -> None:
        for violation in violations:
            self._world.broken(violation)

    def _told(self, node: str, source: str, clock: Clock, message: Any) -> None:
        book = self._duty[source]
        match message:
            case DutyGranted(term, until_ns, leased):
                now_ns = self._now_ns()
                until_ns = now_ns + until_ns - clock.monotonic_ns()
                duty = Granted(node, term, until_ns, leased)
                self._tell(book.grant(duty, now_ns, self._sight[node].since_ns(now_ns)))
            case DutyWithdrawn():
                book.over(node)
            case _:
                pass

    def _connected(self, node: str, message: Any) -> None:
        match message:
            case PeerUp():
                self._heard.connected(node)
            case PeerGone(reason):
                self._tell(self._heard.disconnected(node, reason, self._now_ns()))
            case _:
                pass

    def _noted(self, node: str, message: Any) -> None:
        now_ns = self._now_ns()
        if isinstance(message, AlarmRaised):
            self._tell(self._heard.alarms(node, message.code, now_ns))
        if isinstance(message, FindingOpened):
            self.opened[message.finding.code] += 1
        if not isinstance(message, RoleChanged):
            return
        if message.new not in ACTING or message.new == Role.HANDING_OVER:
            self._heard.stands_by(node)
        elif message.old == Role.HANDING_OVER:
            self._heard.goes_on(node)
        elif message.new == Role.PRIMARY and message.old not in ACTING:
            seen, book = self._sight[node].since_ns(now_ns), next(iter(self._duty.values()))
            self._tell(book.reign(node, message.term, now_ns, seen))
            self._tell(self._heard.acts(node, now_ns))

    def _listing(self, node: str, source: str) -> None:
        if not self._world.machines[node].lives:
            return  # it died in this step, and what the step still orders is never done
        self._tell(self._duty[source].listing(node, self._now_ns()))

    def _written(self, call: str, term: int) -> None:
        center = self._world.data_center
        progress = center.contacts.progress
        highest = center.lease_table.row[1]
        self._tell(self._fence.written(call, term, highest, progress, self._held()))

    def _held(self) -> Iterator[ItemRow]:
        """Rows that no watermark may pass.

        An item that appeared with stamps from the past may be put on record while a save that knew nothing
        of it is under way, and what the source deleted or replaced is listed no more, or has moved on to a
        later stamp and is listed there: none of them is held against a save. One that cannot be had yet may
        turn out to be such.
        """
        for row in self._world.data_center.contacts.items.rows.values():
            if ItemState(row.state).is_final or row.parked:
                continue
            truth = self._world.services[row.ref.source].fake.truth()
            mine = [item for item in truth if item.key == row.ref.key]
            if mine and all(_is_held(row, item) for item in mine):
                yield row

    def _given(self, node: str, term: int) -> None:
        for book in self._duty.values():
            book.lease(node, term, self._now_ns() + self._lease_ns)

    def _clock_set(self) -> None:
        for book in self._duty.values():
            book.doubted = True

    def _witness(self, node: str, sight: Sight, answered: bool) -> None:  # noqa: FBT001 - a callback
        epoch = self._world.machines[node].epoch
        slow = epoch is not None and epoch.turn_ns > 0
        # Behind full mailboxes an answer is heard when it is worth nothing.
        sight.answered(self._now_ns(), well=answered and not slow)


def _is_held(row: ItemRow, item: TruthItem) -> bool:
    moved = item.changed_us != row.ref.changed_us
    return item.must_be_archived and not item.late and not moved


class _Watched:
    """Tells of messages before they are handled."""

    def __init__(self, behaviour: Behaviour[Any], told: Callable[[Any], None]) -> None:
        self._behaviour = behaviour
        self._told = told

    def on_start(self) -> None:
        self._behaviour.on_start()

    def on_message(self, message: Any) -> None:
        self._told(message)
        self._behaviour.on_message(message)

    def on_stop(self) -> None:
        self._behaviour.on_stop()


class _WatchedLane:
    """Tells when a listing is submitted, and who is at one."""

    def __init__(
        self,
        lane: Workers,
        listing: Callable[[], None],
        now_ns: Callable[[], int],
        listers: dict[greenlet, int],
    ) -> None:
        self._lane = lane
        self._listing = listing
        self._now_ns = now_ns
        self._listers = listers

    def submit(
        self, job: Callable[[], Any], reply_to: Address[Any], then: Callable[[Any], Any]
    ) -> None:
        if getattr(job, "func", None) is list_page:
            self._listing()
            job = partial(self._at, job, self._now_ns())
        self._lane.submit(job, reply_to, then)

    def _at(self, job: Callable[[], Any], ordered_ns: int) -> Any:
        me = getcurrent()
        self._listers[me] = ordered_ns
        try:
            return job()
        finally:
            del self._listers[me]

    def waiting(self) -> int:
        return self._lane.waiting()


class _WatchedLease:
    """Tells when the witness is asked, and whether it answered."""

    def __init__(
        self, lease: Lease, asks: Callable[[], None], answered: Callable[[bool], None]
    ) -> None:
        self._lease = lease
        self._asks = asks
        self._answered = answered

    def look(self) -> LeaseView:
        return self._call(self._lease.look)

    def acquire(self, seen_term: int, *, peer_is_dead: bool) -> LeaseView:
        return self._call(partial(self._lease.acquire, seen_term, peer_is_dead=peer_is_dead))

    def renew(self, term: int) -> LeaseView:
        return self._call(partial(self._lease.renew, term))

    def transfer(self, term: int, to_node: str) -> LeaseView:
        return self._call(partial(self._lease.transfer, term, to_node))

    def release(self, term: int) -> LeaseView:
        return self._call(partial(self._lease.release, term))

    def _call(self, call: Callable[[], LeaseView]) -> LeaseView:
        self._asks()
        try:
            view = call()
        except LeaseUnavailable:
            self._answered(False)  # noqa: FBT003 - a callback
            raise
        self._answered(True)  # noqa: FBT003 - as above
        return view


class _WatchedTransport(httpx.BaseTransport):
    def __init__(
        self,
        inner: httpx.BaseTransport,
        node: str,
        patience: PatienceBook,
        now_ns: Callable[[], int],
        tell: Callable[[Iterable[Violation]], None],
    ) -> None:
        self._inner = inner
        self._node = node
        self._patience = patience
        self._now_ns = now_ns
        self._tell = tell

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self._tell(self._patience.asks(self._node, path, self._now_ns()))
        response = self._inner.handle_request(request)
        headers = {name.lower(): value for name, value in response.headers.items()}
        self._patience.hears(self._node, path, response.status_code, headers, self._now_ns())
        return response

    def close(self) -> None:
        self._inner.close()
