import pytest

from cluster.frames import Role
from cluster.messages import PeerRejected
from cluster.ports import NodeState
from cluster.roles.io import LeaseCall, SaveState, StateLoaded
from tests.cluster.role_bench import Bench

HAS_RUN = NodeState(term=5, peer="b")


def test_a_starter_that_hears_a_primary_becomes_secondary():
    bench = Bench(state=HAS_RUN)
    bench.link(Role.PRIMARY, 7)
    assert bench.role is Role.SECONDARY
    assert bench.memory.saved.term == 7


def test_a_restart_with_a_stale_state_adopts_the_term_it_hears():
    bench = Bench(state=NodeState(term=2))
    bench.link(Role.PRIMARY, 9)
    assert (bench.memory.saved.term, bench.memory.saved.peer) == (9, "b")
    assert not bench.grants()


@pytest.mark.parametrize(
    ("mine", "theirs", "role"),
    [(5, 4, Role.PRIMARY), (4, 5, Role.SECONDARY), (5, 5, Role.PRIMARY)],
)
def test_of_two_starters_the_higher_term_goes_first_then_the_lower_id(mine, theirs, role):
    bench = Bench(state=NodeState(term=mine))
    bench.step_tick()
    bench.link(Role.STARTING, theirs)
    assert bench.role is role


def test_of_two_equal_starters_the_higher_id_waits():
    bench = Bench(node="b", peer="a", state=HAS_RUN)
    bench.step_tick()
    bench.link(Role.STARTING, 5)
    assert bench.role is Role.SECONDARY


def test_nobody_heard_the_free_lease_is_taken_after_the_grace_and_not_before():
    bench = Bench()
    bench.run(2.8)
    assert bench.role is Role.STARTING
    bench.run(0.4)
    assert bench.role is Role.PRIMARY
    assert bench.grants()[-1].leased


def test_nobody_heard_but_the_lease_is_held_it_becomes_secondary():
    bench = Bench(state=HAS_RUN)
    bench.theirs.acquire(5, peer_is_dead=False)
    bench.run(3.2)
    assert bench.role is Role.SECONDARY


def test_a_primary_that_restarts_within_its_own_lease_takes_it_again_with_a_higher_term():
    bench = Bench(state=HAS_RUN, loaded=False)
    bench.mine.acquire(4, peer_is_dead=False)
    bench.step(StateLoaded(HAS_RUN))
    bench.run(3.2)
    assert bench.role is Role.PRIMARY
    assert {grant.term for grant in bench.grants()} == {6}


def test_without_the_witness_a_node_that_knows_the_past_polls_alone():
    bench = Bench(state=HAS_RUN)
    bench.cut_witness()
    bench.run(5)
    assert bench.role is Role.PRIMARY
    assert bench.memory.reign == 8
    assert not bench.grants()[-1].leased


def test_without_the_witness_and_told_to_stop_when_alone_it_waits():
    bench = Bench(state=HAS_RUN, when_alone="stop")
    bench.cut_witness()
    bench.run(20)
    assert bench.role is Role.STARTING


def test_no_state_and_no_data_center_it_does_not_poll_and_says_why():
    bench = Bench()
    bench.cut_witness()
    bench.run(30)
    assert bench.role is Role.STARTING
    assert not bench.grants()
    assert {"no_state", "no_witness"} <= bench.alarms()
    bench.cut_witness(cut=False)
    bench.run(2)
    assert bench.role is Role.PRIMARY
    assert not bench.alarms() & {"no_state", "no_witness"}


def test_no_state_and_no_data_center_a_fresh_peer_does_not_help():
    bench = Bench()
    bench.cut_witness()
    bench.link(Role.STARTING, 0)
    bench.run(10, beat={"role": Role.STARTING, "term": 0, "sees": False})
    assert not bench.grants()


def test_nothing_is_asked_or_announced_before_the_state_was_read():
    bench = Bench(loaded=False)
    bench.run(5)
    assert bench.log == []


def test_an_unreadable_state_faults_the_node_rather_than_guess():
    bench = Bench(loaded=False)
    bench.step(StateLoaded(None, "state.json is damaged"))
    assert bench.role is Role.FAULTED
    bench.run(10)
    assert "node_faulted" in bench.alarms()
    assert not bench.of(LeaseCall)


def test_a_cloned_node_id_faults_the_node_that_starts():
    bench = Bench(state=HAS_RUN)
    bench.step(PeerRejected("node a runs elsewhere", cloned=True))
    assert bench.role is Role.FAULTED


def test_a_clone_that_hears_so_before_it_has_read_its_state_faults_as_well():
    bench = Bench(loaded=False)
    bench.step(PeerRejected("node a runs elsewhere", cloned=True))
    bench.step(StateLoaded(HAS_RUN))
    assert bench.role is Role.FAULTED


def test_a_cloned_node_id_does_not_disturb_the_established_node():
    bench = Bench(state=HAS_RUN)
    bench.run(4)
    bench.step(PeerRejected("node a runs elsewhere", cloned=True))
    assert bench.role is Role.PRIMARY
    assert "cloned_node" in bench.alarms()
    bench.link(Role.SECONDARY, 6)
    assert "cloned_node" not in bench.alarms()


def test_while_paused_a_restarted_primary_goes_on_as_what_it_was():
    paused = NodeState(term=5, paused=True, paused_revision=1, peer="b")
    bench = Bench(state=paused, loaded=False)
    bench.mine.acquire(4, peer_is_dead=False)
    bench.step(StateLoaded(paused))
    bench.link(Role.SECONDARY, 5, paused=True, paused_revision=1)
    bench.run(3, beat={"role": Role.SECONDARY, "term": 5})
    assert bench.role is Role.PRIMARY


def test_while_paused_a_node_that_was_not_primary_does_not_start_a_reign():
    bench = Bench(state=NodeState(term=5, paused=True, paused_revision=1, peer="b"))
    bench.run(20)
    assert bench.role is Role.SECONDARY
    assert "paused_no_primary" in bench.alarms()


def test_an_unhealthy_starter_lets_a_healthy_one_go_first():
    bench = Bench(state=HAS_RUN)
    bench.memory.healthy = False
    bench.link(Role.STARTING, 1)
    assert bench.role is Role.SECONDARY


def test_the_term_is_durable_before_the_duty_is_granted():
    bench = Bench(state=HAS_RUN)
    bench.hold = (SaveState,)
    bench.run(4)
    assert bench.role is Role.CANDIDATE
    assert not bench.grants()
    saved = bench.release(SaveState)
    assert bench.role is Role.PRIMARY
    assert saved.state.term == bench.grants()[0].term == 6
