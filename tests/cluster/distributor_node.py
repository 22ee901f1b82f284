"""A distributor with everything around it driven by hand."""

from cluster.board import Board
from cluster.distributor import Distributor
from cluster.messages import SendFrame
from cluster.settings import PairSettings
from cluster.status import DistributorStatus
from cluster.work_messages import (
    Distribute,
    Job,
    PairChanged,
    PeerJobFrame,
    WorkerReady,
)
from tests.by_hand import HandClock, Inbox

JOB = Job("source/1@1", b"body")


class Worker(Inbox):
    """Counts what it was ever told."""

    taken = 0

    def tell(self, message):
        self.taken += 1
        super().tell(message)


class Node:
    """A distributor with inboxes all around it."""

    def __init__(self, node, role, clock=None, peer_free=0):
        self.node = node
        self.clock = clock or HandClock()
        self.link, self.worker = Inbox("link"), Worker("ingester")
        self.client, self.default, self.board = Inbox("poller"), Inbox("default"), Board()
        self.inner = Distributor(
            node=node,
            boot=f"boot-{node}",
            me=self,
            link=self.link,
            clients=lambda key: self.default if key.startswith("source/") else None,
            groups=lambda key: key.partition("/")[0],
            clock=self.clock,
            board=self.board,
            settings=PairSettings(),
        )
        self.name = "distributor"
        self.inner.on_start()
        self.pair(role, peer_free=peer_free)

    def tell(self, message):
        self.inner.on_message(message)

    def pair(self, role, peer="alive", peer_free=0, peer_boot="p1", peer_shares=None):
        self.tell(
            PairChanged(
                role,
                1,
                peer,
                peer_free,
                alone=False,
                peer_node="b" if self.node == "a" else "a",
                peer_boot=peer_boot,
                peer_free_by_group=peer_shares or {},
            )
        )

    def ready(self, free, taken=None, shares=None):
        taken = self.worker.taken if taken is None else taken
        self.tell(WorkerReady(self.worker, free, taken, shares or {}))

    def hear(self, *frames):
        for frame in frames:
            self.tell(PeerJobFrame(frame))

    def distribute(self, job=JOB, attempt=1):
        self.tell(Distribute(job, attempt, self.client))

    def frames(self):
        return [message.frame for message in self.link.take() if isinstance(message, SendFrame)]

    @property
    def status(self):
        return self.board.read("distributor", DistributorStatus)


def pass_frames(*nodes):
    """Carry frames between two nodes until none is left."""
    moved = True
    while moved:
        moved = False
        for sender, receiver in (nodes, nodes[::-1]):
            for frame in sender.frames():
                moved = True
                receiver.hear(frame)
