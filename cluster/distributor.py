"""Shares jobs between the two nodes: gives them out as primary, takes and reports them on either.

The decisions are in `claims.py` and `in_hand.py`; this actor turns them into frames, orders to the
worker of this node, and news to whoever distributed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, assert_never

from cluster.board import Board
from cluster.frames import (
    Frame,
    JobAnswer,
    JobCancel,
    JobDone,
    JobFailed,
    JobFrame,
    JobOffer,
    JobProgress,
)
from cluster.jobs.capacity import Capacity
from cluster.jobs.claim import Claim, Peer
from cluster.jobs.claims import Claims
from cluster.jobs.in_hand import InHand, Task
from cluster.messages import DescribeSelf, LinkMessage, Ping, Pong, SendFrame
from cluster.ports import Address, Clock
from cluster.settings import PairSettings
from cluster.status import ClaimsStatus, DistributorStatus
from cluster.work_messages import (
    ClaimsDue,
    Distribute,
    DistributorMessage,
    Job,
    JobAssigned,
    JobBroken,
    JobFinished,
    JobNews,
    PairChanged,
    PeerJobFrame,
    RunJob,
    Withdraw,
    WorkDone,
    WorkerReady,
    WorkFailed,
    WorkMoved,
)

LOOK_S = 1.0
"""How often claims are looked at while there are any."""

DistributorInbox: TypeAlias = DistributorMessage | Ping


class Distributor:
    """One per node. Gives out jobs only while this node is primary; takes the peer's at any time."""

    def __init__(
        self,
        *,
        node: str,
        boot: str,
        me: Address[DistributorInbox],
        link: Address[LinkMessage],
        clients: Callable[[str], Address[JobNews] | None],
        groups: Callable[[str], str],
        clock: Clock,
        board: Board,
        settings: PairSettings,
    ) -> None:
        """`boot` must be new at every start; `clients` finds who cares for a key nobody gave out here.

        `groups` names the group of a key, one of few: jobs of one group never wait for those of another.
        """
        self._node = node
        self._me = me
        self._link = link
        self._default_client = clients
        self._group_of = groups
        self._clock = clock
        self._board = board
        self._claims = Claims(
            node=node,
            boot=boot,
            claim_s=settings.claim_s,
            other_half_after_s=settings.other_half_after_s,
            group_of=groups,
        )
        self._in_hand = InHand()
        self._clients: dict[str, Address[JobNews]] = {}
        self._worker: Address[RunJob] | None = None
        self._reported = Capacity()
        self._given = 0
        self._unreported: dict[str, int] = {}
        """Orders the worker's last word does not reckon with: key → which order it was."""
        self._told_free: Capacity | None = None
        self._look_pending = False

    def on_start(self) -> None:
        """Publish an empty table."""
        self._publish()
        self._show_claims()

    def on_stop(self) -> None:
        """Nothing to give back: claims die with the process."""

    def on_message(self, message: DistributorInbox) -> None:
        """Handle one message, then give out what can be given out."""
        now_ns = self._clock.monotonic_ns()
        match message:
            case Ping(number, reply_to):
                reply_to.tell(Pong(self._me.name, number))
                return
            case Distribute():
                self._distribute(message, now_ns)
            case Withdraw(keys):
                self._withdraw(keys)
            case PairChanged():
                self._pair_changed(message, now_ns)
            case PeerJobFrame(frame):
                self._peer_said(frame, now_ns)
            case WorkerReady() | WorkMoved() | WorkDone() | WorkFailed():
                self._worker_said(message, now_ns)
            case ClaimsDue():
                self._look_pending = False
                self._cancel(self._claims.expire(now_ns))
                self._ask()
                self._show_claims()
            case _:
                assert_never(message)
        self._hand_out(now_ns)
        self._publish()

    # -- as primary ----

    def _distribute(self, message: Distribute, now_ns: int) -> None:
        key = message.job.key
        self._clients[key] = message.reply_to
        added = self._claims.add(message.job, message.attempt, now_ns)
        running = self._in_hand.claims.get(key)
        if added and running is not None and self._claims.adopt(key, running, now_ns):
            self._tell(key, JobAssigned(key, self._node, running, message.attempt))

    def _withdraw(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._clients.pop(key, None)
        self._cancel(self._claims.withdraw(keys))

    def _pair_changed(self, message: PairChanged, now_ns: int) -> None:
        if self._claims.role(message.role, now_ns):
            self._clients.clear()
        peer = Peer(
            node=message.peer_node,
            boot=message.peer_boot,
            state=message.peer,
            free_capacity=message.peer_free_capacity,
            healthy=message.peer_healthy,
            free_by_group=message.peer_free_by_group,
        )
        self._claims.peer(peer, alone=message.alone)
        self._ask()

    def _hand_out(self, now_ns: int) -> None:
        for claim in self._claims.hand_out(now_ns, self._in_hand.claims):
            key = claim.job.key
            if claim.node == self._node:
                self._run(RunJob(claim.id, claim.job, claim.attempt, self._node, claim.ask_first))
                self._tell(key, JobAssigned(key, self._node, claim.id, claim.attempt))
            else:
                self._send(JobOffer(claim.id, key, claim.job.body, claim.attempt, claim.ask_first))
        if self._told_free != self._claims.own_free:
            free = self._told_free = self._claims.own_free
            self._link.tell(DescribeSelf(free_capacity=free.free, free_by_group=free.by_group))
        if not self._look_pending and (self._claims.waiting or any(self._claims.claimed())):
            self._look_pending = True
            self._clock.call_later(LOOK_S, self._me, ClaimsDue())

    def _ask(self) -> None:
        for claim in self._claims.ask():
            job = claim.job
            offer = JobOffer(claim.id, job.key, job.body, claim.attempt, ask_first=True, again=True)
            self._send(offer)

    def _cancel(self, claims: list[Claim]) -> None:
        for claim in claims:
            if claim.node != self._node:
                self._send(JobCancel(claim.id))

    # -- the peer ----

    def _peer_said(self, frame: JobFrame, now_ns: int) -> None:
        match frame:
            case JobOffer():
                self._offered(frame)
            case JobAnswer(claim, accepted):
                self._claims.peer_capacity(frame.free_capacity, frame.free_by_group)
                assigned = self._claims.answered(claim, accepted=accepted, now_ns=now_ns)
                if assigned is not None:
                    key = assigned.job.key
                    news = JobAssigned(key, assigned.node, assigned.id, assigned.attempt)
                    self._tell(key, news)
            case JobProgress(claim, bytes_total, held):
                self._claims.moved(claim, bytes_total, now_ns, held=held)
            case JobDone(_, key, completed_at_us, body):
                self._claims.peer_capacity(frame.free_capacity, frame.free_by_group)
                peer = self._claims.peer_node
                self._claims.finished(key, peer, now_ns)
                self._tell(key, JobFinished(key, peer, completed_at_us, body), last=True)
            case JobFailed(claim, key, body):
                self._claims.peer_capacity(frame.free_capacity, frame.free_by_group)
                if self._claims.broken(claim, now_ns):
                    self._tell(key, JobBroken(key, self._claims.peer_node, body), last=True)
            case JobCancel(claim):
                self._in_hand.unwanted(claim)
            case _:
                assert_never(frame)

    def _offered(self, offer: JobOffer) -> None:
        task = self._in_hand.report_as(offer.key, offer.claim)
        failure = self._in_hand.failure(offer.claim) if offer.again and task is None else None
        if failure is not None:  # the word of it was lost with the link
            self._send_failed(offer.claim, offer.key, failure)
            return
        own_free = self._claims.own_free.of(self._group_of(offer.key))
        has_room = self._worker is not None and own_free > 0
        accepted = task is not None or (has_room and not offer.again)
        if task is None and accepted:
            job = Job(offer.key, offer.body)
            peer = self._claims.peer_node
            order = RunJob(offer.claim, job, offer.attempt, peer, offer.ask_first)
            self._run(order, report=offer.claim)
        refusal = "not in hand" if offer.again else "no free capacity"
        reason = "" if accepted else refusal
        free = self._claims.own_free
        self._send(JobAnswer(offer.claim, accepted, free.free, reason, free.by_group))
        if task is not None and (task.held or task.bytes_total):
            self._send(JobProgress(offer.claim, task.bytes_total, task.held))

    # -- the worker of this node ----

    def _worker_said(
        self, message: WorkerReady | WorkMoved | WorkDone | WorkFailed, now_ns: int
    ) -> None:
        match message:
            case WorkerReady(worker, free_capacity, taken, free_by_group):
                self._worker = worker
                self._reported = Capacity(free_capacity, free_by_group)
                self._unreported = {key: n for key, n in self._unreported.items() if n > taken}
                self._count_capacity()
            case WorkMoved(claim, bytes_total, held):
                self._moved(claim, bytes_total, now_ns, held=held)
            case WorkDone():
                self._done(message, now_ns)
            case WorkFailed():
                self._failed(message, now_ns)
            case _:
                assert_never(message)

    def _run(self, order: RunJob, *, report: str = "") -> None:
        assert self._worker is not None, "capacity without a worker"
        self._in_hand.start(Task(order.claim, order.job.key, report))
        self._given += 1
        self._unreported[order.job.key] = self._given
        self._count_capacity()
        self._worker.tell(order)

    def _count_capacity(self) -> None:
        """The worker's word, less what it was given since and still has."""
        left = self._reported.less(self._group_of(key) for key in self._unreported)
        self._claims.own_capacity(left.free, left.by_group)

    def _ended(self, key: str) -> Task | None:
        self._unreported.pop(key, None)
        self._count_capacity()
        return self._in_hand.ended(key)

    def _moved(self, claim: str, bytes_total: int, now_ns: int, *, held: bool) -> None:
        task = self._in_hand.moved(claim, bytes_total, held=held)
        self._claims.moved(claim, bytes_total, now_ns, held=held)
        if task is not None and task.report:
            self._send(JobProgress(task.report, bytes_total, held))

    def _done(self, done: WorkDone, now_ns: int) -> None:
        task = self._ended(done.key)
        report = task.report if task is not None else ""
        other = self._claims.finished(done.key, self._node, now_ns)
        if other is not None:
            self._cancel([other])
        free = self._claims.own_free
        at_us, body = done.completed_at_us, done.body
        self._send(JobDone(report, done.key, at_us, body, free.free, free.by_group))
        news = JobFinished(done.key, self._node, done.completed_at_us, done.body)
        self._tell(done.key, news, last=True)

    def _failed(self, failed: WorkFailed, now_ns: int) -> None:
        task = self._ended(failed.key)
        if task is not None and task.report:
            self._in_hand.failed(task.report, failed.body)
            self._send_failed(task.report, failed.key, failed.body)
        if self._claims.broken(failed.claim, now_ns):
            self._tell(failed.key, JobBroken(failed.key, self._node, failed.body), last=True)

    # -- telling ----

    def _send_failed(self, claim: str, key: str, body: bytes) -> None:
        free = self._claims.own_free
        self._send(JobFailed(claim, key, body, free.free, free.by_group))

    def _send(self, frame: Frame) -> None:
        self._link.tell(SendFrame(frame))

    def _tell(self, key: str, news: JobNews, *, last: bool = False) -> None:
        client = self._clients.get(key) or self._default_client(key)
        if last:
            self._clients.pop(key, None)
        if client is not None:
            client.tell(news)

    def _show_claims(self) -> None:
        """Once a second while there are any: who does what is for people."""
        self._board.publish("claims", ClaimsStatus(self._claims.under_way()))

    def _publish(self) -> None:
        here, there = self._claims.claimed()
        self._board.publish(
            "distributor",
            DistributorStatus(
                waiting=self._claims.waiting,
                claimed_here=here,
                claimed_by_peer=there,
                peer_free_capacity=self._claims.peer_free.total,
                expired=self._claims.expired,
                given_again=self._claims.given_again,
            ),
        )
