import pytest

from cluster.frames import Goodbye, Role
from cluster.messages import (
    HealthChanged,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    StateSaved,
)
from cluster.ports import NodeState
from cluster.roles.io import (
    DrainMailbox,
    GrantDuty,
    LeaseCall,
    MailboxDrained,
    NoteRoleChange,
    RaiseAlarm,
    SaveState,
    WokeLate,
)
from tests.cluster.role_bench import S, primary, secondary

# --- evidence --------------------------------------------------------------------------------------


def die(bench):
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())


def test_evidence_of_death_takes_the_lease_early_and_grants_at_once():
    bench = secondary()
    before_ns = bench.now_ns
    die(bench)
    assert bench.role is Role.PRIMARY
    assert bench.grants()[-1].term == 5
    assert bench.now_ns == before_ns
    assert bench.memory.takeover_ms is not None


def test_the_order_of_a_takeover_is_grant_of_the_witness_then_disk_then_peer_then_duty():
    bench = secondary()
    bench.log.clear()
    die(bench)
    kinds = [type(effect) for effect in bench.log]
    order = [
        kinds.index(LeaseCall),
        kinds.index(SaveState),
        max(i for i, kind in enumerate(kinds) if kind is NoteRoleChange),
        kinds.index(GrantDuty),
    ]
    assert order == sorted(order)


def test_a_broken_link_alone_is_no_reason_to_take_over():
    bench = secondary()
    bench.step(PeerGone("closed"))
    bench.run(1)
    assert bench.role is Role.SECONDARY
    assert bench.memory.verdict == "suspect"


def test_a_goodbye_is_evidence_and_the_history_says_that_it_was_one():
    bench = secondary()
    bench.say(Goodbye(4, "the node stops"))
    assert bench.role is Role.PRIMARY
    reasons = {effect.reason for effect in bench.log if isinstance(effect, NoteRoleChange)}
    assert "b said goodbye: the node stops" in reasons
    assert not any("died" in reason for reason in reasons)
    (alarm,) = [effect.alarm for effect in bench.of(RaiseAlarm) if effect.alarm.code == "peer_dead"]
    assert alarm.what == "b said goodbye: the node stops: this node has no partner"


def test_a_goodbye_of_an_earlier_process_is_no_reason_for_what_happens_later():
    bench = secondary()
    bench.say(Goodbye(4, "upgrade"))
    bench.link(Role.STARTING, 4, boot="b2", restarted=False)
    assert bench.memory.goodbye == ""


def test_a_peer_that_returns_with_a_new_boot_is_replaced():
    bench = secondary()
    bench.link(Role.STARTING, 4, boot="b2", restarted=True)
    assert bench.role is Role.PRIMARY


def test_a_peer_that_returns_as_primary_again_is_left_alone():
    bench = secondary()
    bench.theirs.acquire(4, peer_is_dead=False)
    bench.link(Role.PRIMARY, 5, boot="b2", restarted=True)
    bench.run(3, beat={"role": Role.PRIMARY, "term": 5})
    assert bench.role is Role.SECONDARY


def test_evidence_about_an_old_process_never_takes_the_lease_of_a_new_one():
    bench = secondary()
    bench.hold = (LeaseCall,)
    bench.run(1.6)
    bench.theirs.acquire(4, peer_is_dead=False)  # the new process reigns in term 5
    die(bench)
    bench.hold = ()
    bench.release(LeaseCall)
    assert bench.witness.row[:2] == ("b", 5)
    assert bench.role is Role.SECONDARY


@pytest.mark.parametrize("word", ["hello", "goodbye"])
def test_a_word_on_its_way_for_long_is_no_evidence_about_a_reign_that_began_meanwhile(word):
    bench = secondary()
    bench.theirs.acquire(4, peer_is_dead=False)  # the new process reigns in term 5
    bench.run(1.8)
    assert bench.memory.seen == 5
    if word == "hello":
        bench.link(Role.STARTING, 4, boot="b2", restarted=True)
    else:
        bench.say(Goodbye(4, "upgrade"))
    bench.run(1)
    assert bench.witness.row[:2] == ("b", 5)
    assert bench.role is Role.SECONDARY


def test_a_candidate_takes_no_answer_from_before_its_candidacy_for_its_own():
    bench = primary()
    bench.hold = (LeaseCall,)
    bench.run(1.6)
    (renewal,) = bench.held
    bench.hear(Role.PRIMARY, 8)
    die(bench)
    bench.memory.release_term = None
    assert bench.role in (Role.SECONDARY, Role.CANDIDATE)
    bench.release(LeaseCall)
    assert renewal.kind == "renew"
    assert bench.role is not Role.PRIMARY


def test_evidence_without_the_witness_takes_over_alone_in_an_own_term():
    bench = secondary()
    bench.cut_witness()
    bench.run(4, beat={"role": Role.PRIMARY, "term": 4})
    die(bench)
    assert bench.role is Role.PRIMARY
    assert bench.memory.reign == 8
    assert not bench.grants()[-1].leased


def test_evidence_without_the_witness_and_told_to_stop_waits_for_one_of_them():
    bench = secondary(when_alone="stop")
    bench.cut_witness()
    bench.run(4, beat={"role": Role.PRIMARY, "term": 4})
    die(bench)
    bench.run(20)
    assert bench.role is Role.SECONDARY
    assert {"peer_dead", "no_witness"} <= bench.alarms()
    bench.cut_witness(cut=False)
    bench.run(2)
    assert bench.role is Role.PRIMARY


def test_an_unhealthy_secondary_still_replaces_a_dead_primary():
    bench = secondary()
    bench.step(HealthChanged(healthy=False, problems=("disk nearly full",)))
    die(bench)
    assert bench.role is Role.PRIMARY


def test_a_dead_peer_is_replaced_however_often_the_roles_changed():
    bench = secondary()
    bench.memory.changes.extend([bench.now_ns] * 10)
    die(bench)
    assert bench.role is Role.PRIMARY


# --- silence ---------------------------------------------------------------------------------------


def test_silence_takes_over_once_the_lease_has_ended():
    bench = secondary()
    bench.run(5.6)
    assert bench.memory.verdict == "dead"
    assert bench.role is Role.SECONDARY
    bench.run(0.8)
    assert bench.role is Role.PRIMARY
    assert 5000 < bench.memory.takeover_ms < 8000


def test_a_silent_peer_with_a_fresh_lease_stays_primary_and_the_link_is_alarmed():
    bench = secondary()
    for _ in range(20):
        bench.theirs.renew(4)
        bench.run(1)
    assert bench.role is Role.SECONDARY
    assert "link_down" in bench.alarms()
    assert "peer_dead" not in bench.alarms()


def test_a_silent_peer_without_the_witness_is_replaced_by_when_alone():
    record, stop = secondary(), secondary(when_alone="stop")
    for bench in (record, stop):
        bench.cut_witness()
        bench.run(12)
    assert record.role is Role.PRIMARY
    assert stop.role is Role.SECONDARY


def test_silence_is_judged_only_after_the_mailbox_was_drained():
    bench = secondary()
    bench.hold = (DrainMailbox,)
    bench.run(8)
    assert bench.role is Role.SECONDARY
    assert bench.held == [DrainMailbox()]
    bench.hear(Role.PRIMARY, 4)  # it had been waiting in the mailbox
    bench.step(MailboxDrained())
    assert bench.memory.verdict == "alive"
    assert bench.role is Role.SECONDARY


def test_a_process_that_was_stopped_measures_silence_anew():
    bench = secondary()
    bench.now_ns += 30 * S
    bench.step(WokeLate(30.0))
    bench.theirs.renew(4)
    bench.run(4)
    assert bench.role is Role.SECONDARY
    bench.run(4)
    assert bench.role is Role.PRIMARY


def test_a_peer_that_is_back_before_the_lease_ended_stays_primary():
    bench = secondary()
    bench.run(5.6)
    bench.theirs.renew(4)
    bench.hear(Role.PRIMARY, 4)
    bench.run(5, beat={"role": Role.PRIMARY, "term": 4})
    assert bench.role is Role.SECONDARY
    assert not bench.alarms()


# --- neither is primary ----------------------------------------------------------------------------


def leaderless(**more):
    bench = secondary(**more)
    bench.theirs.release(4)
    start_ns = bench.now_ns
    while bench.role is Role.SECONDARY:
        bench.run(0.2, beat={"role": Role.SECONDARY, "term": 4})
        assert bench.now_ns - start_ns < 10 * S
    return (bench.now_ns - start_ns) / S


def test_when_neither_is_primary_the_lower_id_goes_at_once_and_the_other_later():
    first = leaderless()
    second = leaderless(node="b", peer="a")
    assert first < 1.7
    assert 2.5 < second < 4.5


def test_a_faulted_peer_is_no_primary_to_wait_for():
    bench = secondary()
    bench.theirs.release(4)
    bench.run(2, beat={"role": Role.FAULTED, "term": 4})
    assert bench.role is Role.PRIMARY


# --- the row names this node -----------------------------------------------------------------------


def test_a_lost_commit_is_healed_by_the_row_that_names_the_secondary():
    bench = secondary()
    bench.theirs.transfer(4, "a")
    bench.run(2, beat={"role": Role.SECONDARY, "term": 4})
    assert bench.role is Role.PRIMARY
    assert bench.memory.reign == 5


def test_the_row_is_followed_even_while_paused():
    bench = secondary()
    bench.memory.paused, bench.memory.paused_revision = True, 1
    bench.theirs.transfer(4, "a")
    bench.run(2, beat={"role": Role.SECONDARY, "term": 4})
    assert bench.role is Role.PRIMARY


def test_a_term_that_passes_through_a_reserved_number_is_not_acted_in():
    bench = secondary(term=6)
    bench.theirs.transfer(6, "a")
    bench.run(2, beat={"role": Role.SECONDARY, "term": 6})
    assert bench.memory.reign == 10


# --- the disk ----------------------------------------------------------------------------------------


def test_a_node_that_cannot_save_its_state_cannot_become_primary():
    bench = secondary()
    bench.disk_error = "no space left on device"
    die(bench)
    bench.run(20)
    assert not bench.grants()
    assert "state_unsaved" in bench.alarms()
    bench.disk_error = ""
    bench.run(7)
    assert bench.role is Role.PRIMARY
    assert "state_unsaved" not in bench.alarms()


def test_a_candidate_that_cannot_save_gives_the_lease_back():
    bench = secondary()
    bench.hold = (SaveState,)
    die(bench)
    (save,) = bench.held
    bench.step(StateSaved(save.state, "no space left on device"))
    assert bench.role is Role.SECONDARY
    assert bench.witness.row[2] <= bench.witness._clock_ns()


def test_an_unknown_outcome_of_the_taking_is_asked_again():
    bench = secondary()
    bench.hold = (LeaseCall,)
    die(bench)
    while bench.held and bench.held[0].kind != "acquire":
        bench.release(LeaseCall)
    bench.held.clear()
    bench.mine.acquire(4, peer_is_dead=True)
    bench.step(LeaseAnswered("acquire", bench.now_ns, None, "timed out"))
    assert bench.role is Role.CANDIDATE
    bench.hold = ()
    bench.run(1)
    assert bench.role is Role.PRIMARY
    assert bench.memory.reign == 6


@pytest.mark.parametrize("paused", [True, False])
def test_while_paused_a_dead_primary_is_not_replaced(paused):
    bench = secondary()
    bench.hear(Role.PRIMARY, 4, paused=paused, paused_revision=3)
    die(bench)
    bench.run(20)
    assert bench.role is (Role.SECONDARY if paused else Role.PRIMARY)
    assert ("paused_no_primary" in bench.alarms()) is paused


def test_the_first_state_saved_names_the_peer():
    bench = secondary()
    assert bench.memory.saved == NodeState(term=4, peer="b")
