"""The lease as a state machine: two nodes, one row, answers that get lost, a clock that only goes on."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from cluster.errors import LeaseUnavailable
from sim.stand_ins.lease import SimLeaseTable

LEASE_S, BELIEVED_S = 6.0, 4.5
NODES = ("alpha", "beta")
nodes = st.sampled_from(NODES)


class LeaseMachine(RuleBasedStateMachine):
    """Each node believes its lease for a while, counted from the sending of its request."""

    def __init__(self):
        super().__init__()
        self.now_ns = 0
        self.table = SimLeaseTable(clock_ns=lambda: self.now_ns, lease_s=LEASE_S)
        self.leases = {node: self.table.lease(node) for node in NODES}
        self.terms = dict.fromkeys(NODES, 0)
        self.believed_until_ns = dict.fromkeys(NODES, 0)
        self.holders = {}
        self.highest = 0

    def ask(self, node, call, *, lost):
        sent_ns = self.now_ns
        self.leases[node].answer_lost = lost
        try:
            view = call(self.leases[node])
        except LeaseUnavailable:
            return
        self.terms[node] = max(self.terms[node], view.term if view.granted else 0)
        self.believed_until_ns[node] = sent_ns + round(BELIEVED_S * 1e9) if view.granted else 0

    @rule(seconds=st.sampled_from((0.1, 1.5, 4.4, 6.0, 7.0)))
    def time_passes(self, seconds):
        self.now_ns += round(seconds * 1e9)

    @rule(node=nodes, lost=st.booleans())
    def acquire(self, node, lost):
        seen = self.terms[node]
        self.ask(node, lambda lease: lease.acquire(seen, peer_is_dead=False), lost=lost)

    @rule(node=nodes, lost=st.booleans())
    def renew(self, node, lost):
        self.ask(node, lambda lease: lease.renew(self.terms[node]), lost=lost)

    @rule(node=nodes)
    def take_early_from_a_dead_peer(self, node):
        (peer,) = (name for name in NODES if name != node)
        self.believed_until_ns[peer] = 0
        seen = self.table.row[1]
        self.ask(node, lambda lease: lease.acquire(seen, peer_is_dead=True), lost=False)

    @rule(node=nodes, lost=st.booleans())
    def hand_over(self, node, lost):
        (peer,) = (name for name in NODES if name != node)
        self.believed_until_ns[node] = 0
        self.leases[node].answer_lost = lost
        try:
            self.leases[node].transfer(self.terms[node], peer)
        except LeaseUnavailable:
            return

    @rule(node=nodes, lost=st.booleans())
    def release(self, node, lost):
        self.believed_until_ns[node] = 0
        self.ask(node, lambda lease: lease.release(self.terms[node]), lost=lost)

    @invariant()
    def at_most_one_believes_that_it_holds_the_lease(self):
        assert sum(until_ns > self.now_ns for until_ns in self.believed_until_ns.values()) <= 1

    @invariant()
    def each_term_has_one_holder_and_terms_only_grow(self):
        holder, term, _ = self.table.row
        assert term >= self.highest
        self.highest = term
        if term:
            assert self.holders.setdefault(term, holder) == holder


LeaseMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestLease = LeaseMachine.TestCase


def test_the_machine_sees_a_lease_counted_from_the_answer():
    """A control: it would fail if a node believed as long as the row lasts, counted from an answer late by 2 s."""
    machine = LeaseMachine()
    machine.acquire("alpha", lost=False)
    machine.believed_until_ns["alpha"] += round((LEASE_S - BELIEVED_S + 2.0) * 1e9)
    machine.time_passes(6.0)
    machine.acquire("beta", lost=False)
    with pytest.raises(AssertionError):
        machine.at_most_one_believes_that_it_holds_the_lease()
