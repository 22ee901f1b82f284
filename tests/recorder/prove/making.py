"""The maker of certificates, driven by hand."""

from cluster.board import Board
from cluster.messages import DutyGranted, DutyWithdrawn
from recorder.prove.maker import Maker
from recorder.prove.maker_parts import MakerPorts
from recorder.status import CertificatesStatus
from tests.by_hand import HandWorkers, Inbox


class MakerDesk:
    """One node. `run` lets all jobs end, `advance` lets time pass."""

    name = "certificates"

    def __init__(self, prover, work, sources, clock):
        self.prover, self.work, self.sources, self.clock = prover, work, sources, clock
        self.source_lane, self.database, self.lane = HandWorkers(), HandWorkers(), HandWorkers()
        self.board, self.pair = Board(), Inbox("pair")
        self.actor = Maker(
            ports=MakerPorts(
                me=self,
                prover=prover,
                work=work,
                sources=sources,
                source_lanes=dict.fromkeys(sources, self.source_lane),
                database_lane=self.database,
                lane=self.lane,
                board=self.board,
            )
        )
        self.actor.on_start()

    def tell(self, message):
        self.actor.on_message(message)

    def step(self):
        """One job; False when none waits."""
        for lane in (self.database, self.source_lane, self.lane):
            if lane.jobs:
                lane.run_one()
                return True
        return False

    def run(self):
        for _ in range(10_000):
            if not self.step():
                return self
        raise AssertionError("it never comes to rest")

    def advance(self, seconds):
        """In steps, for clocks of either kind."""
        for _ in range(int(seconds * 2)):
            self.clock.advance(0.5)
            self.run()
        return self

    def duty(self, term=1, lasts_s=1e6):
        until_ns = self.clock.monotonic_ns() + int(lasts_s * 1e9)
        self.tell(DutyGranted(term, until_ns, leased=True, peer_marks={}))
        return self

    def withdraw(self):
        self.tell(DutyWithdrawn(self.pair))
        return self

    @property
    def status(self):
        return self.board.read("certificates", CertificatesStatus)
