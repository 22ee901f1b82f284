import pytest

from cluster.frames import HandOverAbort, HandOverOffer, HandOverPlease, Role
from cluster.messages import (
    Failover,
    PeerGone,
    PeerRefused,
    SetPaused,
    StateSaved,
    StepDownAndStop,
    Switchover,
)
from cluster.ports import NodeState
from cluster.roles.io import LeaseCall, SaveState, StateLoaded
from tests.cluster.role_bench import Bench, primary, secondary

ACTS = {"role": Role.PRIMARY, "term": 4}


def silent_but_renewing(bench, seconds=8):
    for _ in range(seconds):
        bench.theirs.renew(4)
        bench.run(1)
    assert bench.memory.verdict == "dead"


# --- switchover ------------------------------------------------------------------------------------


def test_a_switchover_to_the_primary_itself_is_already_so():
    bench = primary()
    bench.step(Switchover("a", bench.inbox))
    assert bench.answers() == ["already"]


def test_a_switchover_to_a_node_that_does_not_exist_is_refused():
    bench = primary()
    bench.step(Switchover("zeta", bench.inbox))
    assert bench.answers() == ["refused"]
    assert "zeta" in bench.inbox.messages[0].message


def test_a_switchover_to_a_peer_that_is_not_ready_is_refused():
    bench = primary()
    bench.hear(Role.SECONDARY, 2, healthy=False)
    bench.step(Switchover("", bench.inbox))
    assert bench.answers() == ["refused"]
    assert not bench.frames(HandOverOffer)


def test_a_switchover_on_the_secondary_asks_the_primary_and_is_done_when_the_role_is_here():
    bench = secondary()
    bench.step(Switchover("", bench.inbox))
    assert bench.frames(HandOverPlease)
    assert bench.answers() == []
    bench.theirs.transfer(4, "a")
    bench.run(2, beat={"role": Role.SECONDARY, "term": 4})
    assert bench.answers() == ["done"]
    assert "a is primary in term 5" in bench.inbox.messages[0].message


def test_the_no_of_the_primary_reaches_the_operator_at_the_secondary():
    bench = secondary()
    bench.step(Switchover("", bench.inbox))
    bench.say(HandOverAbort(4, "b does not find a ready"))
    assert bench.answers() == ["refused"]


def test_a_switchover_on_the_secondary_to_the_primary_is_already_so():
    bench = secondary()
    bench.step(Switchover("b", bench.inbox))
    assert bench.answers() == ["already"]


def test_a_switchover_without_a_primary_points_at_failover():
    bench = secondary(when_alone="stop")
    silent_but_renewing(bench)
    bench.step(Switchover("", bench.inbox))
    assert bench.answers() == ["refused"]
    assert "failover" in bench.inbox.messages[0].hint


def test_a_second_switchover_while_one_is_under_way_is_refused():
    bench = primary()
    bench.step(Switchover("", bench.inbox))
    bench.step(Switchover("", bench.inbox))
    assert bench.answers() == ["refused"]


def test_a_switchover_works_while_paused():
    bench = primary()
    bench.hear(Role.SECONDARY, 2, paused=True, paused_revision=1)
    bench.step(Switchover("", bench.inbox))
    assert bench.role is Role.HANDING_OVER


# --- failover --------------------------------------------------------------------------------------


@pytest.mark.parametrize("without_peer", [True, False])
def test_a_failover_never_works_around_a_primary_that_lives(without_peer):
    bench = secondary()
    bench.step(Failover(without_peer, bench.inbox))
    assert bench.answers() == ["refused"]
    assert "switchover" in bench.inbox.messages[0].hint
    assert bench.role is Role.SECONDARY


def test_a_failover_from_a_silent_peer_that_holds_the_lease_needs_without_peer():
    bench = secondary()
    silent_but_renewing(bench)
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == ["refused"]
    assert "--without-peer" in bench.inbox.messages[0].hint
    bench.step(Failover(True, bench.inbox))
    assert bench.answers() == ["refused", "done"]
    assert bench.role is Role.PRIMARY
    assert bench.witness.row[:2] == ("a", 5)


def test_a_failover_from_a_dead_peer_works_while_paused():
    bench = secondary()
    bench.hear(**ACTS, paused=True, paused_revision=1)
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert bench.role is Role.SECONDARY
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == ["done"]
    assert bench.role is Role.PRIMARY


def test_a_failover_when_the_lease_is_free_needs_no_more():
    bench = secondary(when_alone="stop")
    bench.hear(**ACTS, paused=True, paused_revision=1)
    bench.run(10)
    assert bench.role is Role.SECONDARY
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == ["done"]


def test_a_failover_without_witness_and_without_evidence_needs_without_peer():
    bench = secondary(when_alone="stop")
    bench.cut_witness()
    bench.run(10)
    bench.step(Failover(False, bench.inbox))
    bench.step(Failover(True, bench.inbox))
    assert bench.answers() == ["refused", "done"]
    assert bench.memory.reign == 8


def test_a_failover_with_neither_state_nor_data_center_is_refused():
    bench = Bench()
    bench.cut_witness()
    bench.run(10)
    bench.step(Failover(True, bench.inbox))
    assert bench.answers() == ["refused"]
    assert not bench.grants()


def test_a_failover_on_the_primary_is_already_so():
    bench = primary()
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == ["already"]


def test_a_failover_that_meets_a_candidacy_waits_for_its_outcome():
    bench = secondary()
    bench.hold = (SaveState,)
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == []
    bench.release(SaveState)
    assert bench.answers() == ["done"]


def test_a_failover_whose_candidacy_fails_is_refused_with_the_reason():
    bench = secondary()
    bench.hear(**ACTS, paused=True, paused_revision=1)
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    bench.disk_error = "no space left"
    bench.step(Failover(False, bench.inbox))
    assert bench.answers() == ["refused"]
    assert "no space left" in bench.inbox.messages[0].message


# --- pause -----------------------------------------------------------------------------------------


def test_a_pause_is_done_when_it_is_durable_and_then_announced():
    bench = primary()
    bench.hold = (SaveState,)
    bench.step(SetPaused(True, bench.inbox))
    assert bench.answers() == []
    assert bench.memory.announced.paused is False
    bench.release(SaveState)
    assert bench.answers() == ["done"]
    assert (bench.memory.announced.paused, bench.memory.announced.paused_revision) == (True, 1)


def test_a_pause_that_is_there_already_says_so():
    bench = primary()
    bench.step(SetPaused(False, bench.inbox))
    assert bench.answers() == ["already"]


def test_a_pause_that_cannot_be_saved_is_refused_and_does_not_count():
    bench = primary()
    bench.disk_error = "no space left"
    bench.step(SetPaused(True, bench.inbox))
    assert bench.answers() == ["refused"]
    assert bench.memory.paused is False


def test_a_pause_that_could_not_be_saved_leaves_no_alarm_once_the_disk_is_well_again():
    bench = primary()
    bench.disk_error = "no space left"
    bench.step(SetPaused(True, bench.inbox))
    bench.run(3)
    assert "state_unsaved" in bench.alarms()
    bench.disk_error = ""
    bench.run(2)
    assert "state_unsaved" not in bench.alarms()
    assert not bench.memory.paused


def test_the_higher_revision_of_the_pause_wins_between_the_nodes():
    bench = primary()
    bench.step(SetPaused(True, bench.inbox))
    bench.hear(Role.SECONDARY, 2, paused=False, paused_revision=0)
    assert bench.memory.paused
    bench.hear(Role.SECONDARY, 2, paused=False, paused_revision=2)
    assert not bench.memory.paused
    assert bench.memory.saved.paused_revision == 2


def test_pause_and_resume_at_once_on_both_nodes_end_paused_on_both():
    bench = primary()
    bench.hear(Role.SECONDARY, 2, paused=False, paused_revision=3)
    bench.hear(Role.SECONDARY, 2, paused=True, paused_revision=3)
    assert bench.memory.paused


def test_a_pause_survives_a_restart():
    bench = Bench(loaded=False)
    bench.step(StateLoaded(NodeState(term=4, paused=True, paused_revision=7, peer="b")))
    assert (bench.memory.paused, bench.memory.announced.paused_revision) == (True, 7)


# --- in states that cannot --------------------------------------------------------------------------


def test_a_starting_node_that_has_not_read_its_state_takes_no_command():
    bench = Bench(loaded=False)
    for command in (Failover(True, bench.inbox), SetPaused(True, bench.inbox)):
        bench.step(command)
    assert bench.answers() == ["refused", "refused"]


def test_a_faulted_node_takes_no_command_but_to_stop():
    bench = Bench(loaded=False)
    bench.step(StateLoaded(None, "damaged"))
    for command in (
        Switchover("", bench.inbox),
        Failover(True, bench.inbox),
        SetPaused(True, bench.inbox),
        StepDownAndStop(bench.inbox),
    ):
        bench.step(command)
    assert bench.answers() == ["refused", "refused", "refused", "done"]


def test_a_candidate_that_is_told_to_stop_gives_up_and_frees_what_it_got():
    bench = secondary()
    bench.hold = (SaveState, LeaseCall)
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    while bench.role is Role.CANDIDATE and not bench.memory.candidacy.term:
        bench.release(LeaseCall)
    bench.step(StepDownAndStop(bench.inbox))
    assert bench.role is Role.SECONDARY
    assert bench.answers() == []
    bench.hold = ()
    bench.release(LeaseCall)
    assert bench.answers() == ["done"]
    assert bench.theirs.acquire(5, peer_is_dead=False).granted
    bench.step(StateSaved(NodeState(term=5, peer="b")))
    assert bench.role is Role.SECONDARY
