import pytest

from cluster.frames import (
    HandOverAbort,
    HandOverAccept,
    HandOverCommit,
    HandOverOffer,
    HandOverPlease,
    HandOverRefuse,
    Mark,
    Role,
)
from cluster.messages import (
    HealthChanged,
    LeaseAnswered,
    PeerGone,
    PeerRefused,
    StepDownAndStop,
    Switchover,
)
from cluster.roles.io import DutyOver, LeaseCall, Send, WithdrawDuty
from tests.cluster.role_bench import primary, secondary

BESIDE = {"role": Role.SECONDARY, "term": 2}


def offering(**more):
    bench = primary(**more)
    bench.step(Switchover("b", bench.inbox))
    assert bench.role is Role.HANDING_OVER
    return bench


# --- the side that gives ----------------------------------------------------------------------------


def test_a_switchover_offers_first_and_polls_on():
    bench = offering()
    assert bench.frames(HandOverOffer) == [HandOverOffer(2, {}, by_operator=True)]
    bench.run(3)
    assert bench.on_duty()
    assert not bench.of(WithdrawDuty)


def test_after_the_accept_the_duty_ends_then_the_lease_moves_then_the_peer_is_told():
    bench = offering()
    bench.log.clear()
    bench.say(HandOverAccept(2))
    order = [
        effect
        for effect in bench.log
        if isinstance(effect, (WithdrawDuty, LeaseCall))
        or (isinstance(effect, Send) and isinstance(effect.frame, HandOverCommit))
    ]
    withdrawn, transferred, committed = order[:3]
    assert isinstance(withdrawn, WithdrawDuty)
    assert (transferred.kind, transferred.to_node) == ("transfer", "b")
    assert committed.frame == HandOverCommit(3, {}, leased=True)
    assert bench.role is Role.SECONDARY


def test_the_lease_moves_only_after_every_duty_holder_ended():
    bench = offering()
    bench.hold = (WithdrawDuty,)
    bench.say(HandOverAccept(2))
    bench.run(2)
    assert bench.witness.row[0] == "a"
    assert bench.role is Role.HANDING_OVER
    bench.step(DutyOver({"zoom": Mark(1, 500)}))
    assert bench.frames(HandOverCommit) == [HandOverCommit(3, {"zoom": Mark(1, 500)}, leased=True)]


def test_a_duty_holder_that_hangs_does_not_hold_the_hand_over_for_ever():
    bench = offering()
    bench.hold = (WithdrawDuty,)
    bench.say(HandOverAccept(2))
    bench.run(5.4, beat=BESIDE)
    assert bench.frames(HandOverCommit)


def test_the_operator_is_answered_when_the_peer_says_that_it_is_primary():
    bench = offering()
    bench.say(HandOverAccept(2))
    assert bench.answers() == []
    bench.hear(Role.PRIMARY, 3)
    assert bench.answers() == ["done"]
    assert "b is primary in term 3" in bench.inbox.messages[0].message


def test_a_peer_that_never_confirms_makes_the_outcome_unknown():
    bench = offering()
    bench.say(HandOverAccept(2))
    bench.run(4, beat={"role": Role.CANDIDATE, "term": 2})
    bench.run(13, beat={"role": Role.CANDIDATE, "term": 2})
    assert bench.answers() == ["unknown"]


def test_an_offer_without_an_answer_is_called_off_and_the_old_one_goes_on():
    bench = offering()
    bench.run(5.2, beat=BESIDE)
    assert bench.role is Role.PRIMARY
    assert bench.frames(HandOverAbort)
    assert not bench.of(WithdrawDuty)
    assert bench.answers() == ["refused"]


def test_a_refusal_is_called_off_and_its_reason_reaches_the_operator():
    bench = offering()
    bench.say(HandOverRefuse(2, "b is not ready: disk full"))
    assert bench.role is Role.PRIMARY
    assert "disk full" in bench.inbox.messages[0].message


@pytest.mark.parametrize("answer", [HandOverAccept(1), HandOverRefuse(9, "no")])
def test_an_answer_to_another_offer_means_nothing(answer):
    bench = offering()
    bench.say(answer)
    assert bench.role is Role.HANDING_OVER
    assert not bench.of(WithdrawDuty)


def test_a_peer_that_dies_meanwhile_calls_it_off_and_the_duty_is_granted_again():
    bench = offering()
    bench.hold = (WithdrawDuty,)
    bench.say(HandOverAccept(2))
    assert not bench.on_duty()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert bench.role is Role.PRIMARY
    assert bench.on_duty()
    assert bench.grants()[-1].term == 2


def unconfirmed(*, happened):
    """A hand-over whose transfer was asked for and not answered."""
    bench = offering()
    bench.hold = (LeaseCall,)
    bench.say(HandOverAccept(2))
    while bench.held[0].kind != "transfer":
        bench.release(LeaseCall)
    bench.held.clear()
    if happened:
        bench.mine.transfer(2, "b")
    bench.hold = ()
    bench.step(LeaseAnswered("transfer", bench.now_ns, None, "timed out"))
    return bench


def test_an_unconfirmed_transfer_that_happened_is_committed():
    bench = unconfirmed(happened=True)
    bench.run(1, beat=BESIDE)
    assert bench.frames(HandOverCommit) == [HandOverCommit(3, {}, leased=True)]
    assert bench.role is Role.SECONDARY


def test_an_unconfirmed_transfer_that_did_not_happen_is_undone_by_a_higher_term():
    bench = unconfirmed(happened=False)
    bench.run(1, beat=BESIDE)
    assert bench.role is Role.PRIMARY
    assert bench.memory.reign == 3
    assert bench.grants()[-1].term == 3
    assert not bench.mine.transfer(2, "b").granted  # the late one finds nothing of its term


def test_without_the_witness_the_role_is_handed_over_without_the_lease():
    bench = primary()
    bench.cut_witness()
    bench.run(6, beat={**BESIDE, "sees": False})
    bench.step(Switchover("b", bench.inbox))
    bench.say(HandOverAccept(2))
    assert bench.frames(HandOverCommit) == [HandOverCommit(9, {}, leased=False)]
    assert bench.role is Role.SECONDARY


def test_a_request_of_the_peer_is_an_offer_if_the_peer_is_ready_and_a_no_if_not():
    ready, unready = primary(), primary()
    unready.hear(Role.SECONDARY, 2, healthy=False)
    for bench in (ready, unready):
        bench.say(HandOverPlease("an operator asks"))
    assert ready.frames(HandOverOffer)
    assert unready.frames(HandOverAbort)
    assert unready.role is Role.PRIMARY


# --- stopping -----------------------------------------------------------------------------------------


def test_a_primary_that_stops_hands_over_and_is_then_free_to_go():
    bench = primary()
    bench.step(StepDownAndStop(bench.inbox))
    assert bench.answers() == []
    bench.say(HandOverAccept(2))
    assert bench.frames(HandOverCommit)
    assert bench.answers() == ["done"]


def test_a_primary_that_stops_alone_ends_its_duty_and_its_lease():
    bench = primary()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    bench.step(StepDownAndStop(bench.inbox))
    assert bench.answers() == ["done"]
    assert bench.of(WithdrawDuty)
    assert bench.theirs.acquire(2, peer_is_dead=False).granted


def test_a_primary_that_stops_and_is_refused_ends_its_lease_instead():
    bench = primary()
    bench.step(StepDownAndStop(bench.inbox))
    bench.say(HandOverRefuse(2, "b is not ready"))
    assert bench.answers() == ["done"]
    assert bench.role is Role.SECONDARY
    assert bench.theirs.acquire(2, peer_is_dead=False).granted


def test_a_node_that_stops_begins_no_reign():
    bench = secondary()
    bench.step(StepDownAndStop(bench.inbox))
    assert bench.answers() == ["done"]
    bench.step(PeerRefused())
    bench.run(20)
    assert bench.role is Role.SECONDARY
    bench.say(HandOverOffer(4, {}))
    assert bench.frames(HandOverRefuse)


# --- the side that takes --------------------------------------------------------------------------------


def accepted(**more):
    bench = secondary(**more)
    bench.say(HandOverOffer(4, {}))
    assert bench.frames(HandOverAccept) == [HandOverAccept(4)]
    return bench


def test_a_ready_secondary_accepts_and_becomes_primary_with_the_commit():
    bench = accepted()
    bench.theirs.transfer(4, "a")
    bench.say(HandOverCommit(5, {"zoom": Mark(1, 7)}, leased=True))
    assert bench.role is Role.PRIMARY
    assert (bench.memory.reign, bench.grants()[-1].leased) == (5, True)
    assert bench.memory.marks == {"zoom": Mark(1, 7)}


def test_a_commit_without_the_lease_takes_it_early_by_consent():
    bench = accepted()
    bench.say(HandOverCommit(8, {}, leased=False))
    assert bench.role is Role.PRIMARY
    assert bench.witness.row[0] == "a"
    assert bench.grants()[-1].leased


def test_a_commit_when_nobody_sees_the_witness_reigns_in_the_term_of_the_commit():
    bench = accepted()
    bench.cut_witness()
    bench.run(6, beat={"role": Role.HANDING_OVER, "term": 4, "sees": False})
    bench.say(HandOverCommit(8, {}, leased=False))
    assert bench.memory.reign == 8
    assert not bench.grants()[-1].leased


def test_a_commit_of_an_overtaken_reign_changes_nothing():
    bench = accepted()
    bench.hear(Role.PRIMARY, 9)
    bench.say(HandOverCommit(5, {}, leased=True))
    assert bench.role is Role.SECONDARY


def test_an_unhealthy_secondary_refuses_and_says_why():
    bench = secondary()
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    bench.say(HandOverOffer(4, {}))
    (refusal,) = bench.frames(HandOverRefuse)
    assert "disk full" in refusal.reason


def test_a_secondary_that_does_not_see_the_data_center_refuses_unless_the_primary_does_not_either():
    bench = secondary()
    bench.cut_witness()
    bench.run(6, beat={"role": Role.PRIMARY, "term": 4})
    bench.say(HandOverOffer(4, {}))
    assert bench.frames(HandOverRefuse)
    bench.hear(Role.HANDING_OVER, 4, sees=False)
    bench.say(HandOverOffer(4, {}))
    assert bench.frames(HandOverAccept)


def test_after_an_abort_the_secondary_watches_as_before():
    bench = accepted()
    bench.say(HandOverAbort(4, "no answer in time"))
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert bench.role is Role.PRIMARY


def test_a_primary_that_dies_between_its_offer_and_its_commit_is_replaced_at_once():
    bench = accepted()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert bench.role is Role.PRIMARY


def test_a_primary_that_falls_silent_after_its_offer_was_accepted_has_time_to_commit():
    bench = accepted()
    bench.run(9)
    assert bench.role is Role.SECONDARY
    bench.run(2)
    assert bench.role is Role.PRIMARY


def test_a_primary_refuses_an_offer():
    bench = primary()
    bench.say(HandOverOffer(1, {}))
    assert bench.frames(HandOverRefuse)
    assert bench.role is Role.PRIMARY


# --- return to the preferred node -----------------------------------------------------------------------

ACTS = {"role": Role.PRIMARY, "term": 4}


def test_the_preferred_node_asks_for_the_role_back_after_a_while_of_equal_health():
    bench = secondary(return_to_primary="when_equal", return_after_s=10)
    bench.run(7, beat=ACTS)
    assert not bench.frames(HandOverPlease)
    bench.run(5, beat=ACTS)
    assert len(bench.frames(HandOverPlease)) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"return_to_primary": "off"},
        {"return_to_primary": "when_equal", "node": "b", "peer": "a"},
        {"return_to_primary": "when_equal", "priority": 50},
    ],
)
def test_a_node_that_is_not_preferred_or_not_asked_to_does_not_ask(more):
    bench = secondary(return_after_s=10, **more)
    bench.run(30, beat=ACTS)
    assert not bench.frames(HandOverPlease)


@pytest.mark.parametrize(
    "beat", [{"healthy": False}, {"sees": False}, {"paused": True, "paused_revision": 1}]
)
def test_the_preferred_node_does_not_ask_while_things_are_not_equal_or_paused(beat):
    bench = secondary(return_to_primary="when_equal", return_after_s=10)
    bench.run(30, beat={**ACTS, **beat})
    assert not bench.frames(HandOverPlease)


def test_the_preferred_node_does_not_ask_for_what_it_would_refuse():
    bench = secondary(return_to_primary="when_equal", return_after_s=10)
    bench.disk_error = "no space left"
    bench.hear(**{**ACTS, "term": 5})
    bench.run(30, beat={**ACTS, "term": 5})
    assert not bench.frames(HandOverPlease)


def test_a_node_of_lower_priority_than_its_peer_does_not_ask():
    bench = secondary(return_to_primary="when_equal", return_after_s=10)
    bench.run(30, beat={**ACTS, "priority": 150})
    assert not bench.frames(HandOverPlease)


def test_the_preferred_node_does_not_ask_while_roles_flap():
    bench = secondary(return_to_primary="when_equal", return_after_s=10)
    bench.memory.changes.extend([bench.now_ns] * 3)
    bench.run(30, beat=ACTS)
    assert not bench.frames(HandOverPlease)
