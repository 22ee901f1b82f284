"""Two installations under one node id, seen through the lease row: the witness tells what the link cannot."""

import itertools

import pytest

from cluster.frames import Role
from cluster.messages import LeaseAnswered
from cluster.ports import NodeState
from tests.cluster.pair_parts import ask
from tests.cluster.role_bench import Bench, S

HAS_RUN = NodeState(term=5, peer="b")


class Twins(Bench):
    """Node `a` on the bench, and another installation with its id that only the witness sees."""

    def __init__(self, **options):
        super().__init__(**options)
        self.mine.instance = "here"
        self.twin = self.witness.lease("a", "elsewhere")

    def run_with_twin(self, seconds, term):
        for _ in range(round(seconds / 1.5)):
            assert self.twin.renew(term).granted
            self.run(1.5)


def test_a_starter_whose_id_holds_a_lease_that_is_renewed_elsewhere_is_the_clone():
    bench = Twins(state=HAS_RUN)
    term = bench.twin.acquire(5, peer_is_dead=False).term
    bench.run_with_twin(3, term)
    assert bench.role is Role.FAULTED
    assert "another installation" in bench.memory.reason
    assert not bench.grants()


def test_a_node_on_a_new_disk_waits_for_the_end_of_its_old_lease_and_goes_on():
    bench = Twins(state=HAS_RUN)
    bench.twin.acquire(5, peer_is_dead=False)
    bench.run(5.5)
    assert bench.role is not Role.PRIMARY
    assert not bench.grants()
    bench.run(3)
    assert bench.role is Role.PRIMARY
    assert "cloned_node" not in bench.alarms_ever()


def test_slow_answers_of_the_witness_do_not_look_like_a_renewal():
    bench = Twins(state=HAS_RUN)
    bench.twin.acquire(5, peer_is_dead=False)
    late_s = itertools.cycle([0.0, 0.9, 0.0, 0.9, 0.5, 0.9, 0.1])

    def answer_late(call):
        view, sent_ns = ask(bench.mine, call), bench.now_ns
        bench.now_ns += round(next(late_s) * S)
        bench.step(LeaseAnswered(call.kind, sent_ns, view))

    bench.answer_lease = answer_late
    bench.run(4)
    assert bench.role is not Role.FAULTED
    assert "cloned_node" not in bench.alarms_ever()


def test_an_established_node_that_loses_its_row_to_a_twin_stops_polling_and_says_so():
    bench = Twins(state=HAS_RUN)
    bench.link(Role.SECONDARY, 5)
    bench.run(4, beat={})
    assert bench.role is Role.PRIMARY
    bench.mine.unreachable = True
    bench.now_ns += 7 * S
    term = bench.twin.acquire(0, peer_is_dead=False).term
    bench.mine.unreachable = False
    bench.run_with_twin(6, term)
    assert bench.role is Role.SECONDARY
    assert "another instance" in bench.memory.reason
    assert "cloned_node" in bench.alarms()


def test_the_finding_ends_with_the_twin_and_the_node_takes_its_lease_again():
    bench = Twins(state=HAS_RUN)
    bench.link(Role.SECONDARY, 5)
    bench.run(4, beat={})
    bench.now_ns += 7 * S
    bench.run_with_twin(6, bench.twin.acquire(0, peer_is_dead=False).term)
    assert "cloned_node" in bench.alarms()
    bench.run(12)
    assert "cloned_node" not in bench.alarms()
    assert bench.role is Role.PRIMARY


@pytest.mark.parametrize("role", [Role.STARTING, Role.SECONDARY])
def test_a_twin_is_never_taken_for_the_peer(role):
    bench = Twins()
    bench.twin.acquire(5, peer_is_dead=False)
    bench.run(1.0 if role is Role.STARTING else 4.0)
    assert bench.role is role
    assert bench.memory.peer_name == ""
