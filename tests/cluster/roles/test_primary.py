import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.frames import HandOverOffer, Role
from cluster.messages import DutyFailing, HealthChanged, PeerGone, PeerRefused
from cluster.roles.io import LeaseCall, SaveState, WithdrawDuty, WokeLate
from tests.cluster.role_bench import S, primary

BESIDE = {"role": Role.SECONDARY, "term": 2}


def test_the_duty_is_renewed_and_never_reaches_beyond_the_belief():
    bench = primary()
    for _ in range(20):
        bench.run(1, beat=BESIDE)
        grant = bench.grants()[-1]
        assert grant.leased
        assert bench.now_ns < grant.until_ns <= bench.now_ns + round(4.5 * S)
        assert grant.until_ns < bench.witness.row[2]


def test_a_lease_lost_to_another_stops_the_primary_at_once():
    bench = primary()
    bench.theirs.acquire(2, peer_is_dead=True)
    bench.run(1.6)
    assert bench.role is Role.SECONDARY
    assert bench.of(WithdrawDuty)
    assert not bench.on_duty()


def test_a_primary_without_witness_but_with_its_peer_polls_on_in_short_grants():
    bench = primary()
    bench.cut_witness()
    bench.run(30, beat={**BESIDE, "sees": False})
    assert bench.role is Role.PRIMARY
    assert bench.on_duty()
    assert not bench.grants()[-1].leased
    assert "no_witness" in bench.alarms()


def test_a_primary_without_witness_hands_over_to_a_peer_that_sees_it():
    bench = primary()
    bench.cut_witness()
    bench.run(10, beat=BESIDE)
    assert bench.frames(HandOverOffer)


def test_a_primary_does_not_hand_over_to_a_peer_that_is_late_to_notice_the_same_outage():
    bench = primary()
    bench.cut_witness()
    bench.run(5, beat=BESIDE)
    bench.run(20, beat={**BESIDE, "sees": False})
    assert bench.role is Role.PRIMARY
    assert bench.on_duty()
    assert not bench.frames(HandOverOffer)


def test_a_primary_does_not_hand_over_to_a_peer_that_sees_the_data_center_return_a_little_earlier():
    bench = primary()
    bench.cut_witness()
    bench.run(20, beat={**BESIDE, "sees": False})
    bench.run(2, beat=BESIDE)
    bench.cut_witness(cut=False)
    bench.run(20, beat=BESIDE)
    assert bench.role is Role.PRIMARY
    assert not bench.frames(HandOverOffer)


def test_a_primary_that_sees_nobody_goes_on_or_stops_listing_by_when_alone():
    record, stop = primary(), primary(when_alone="stop")
    for bench in (record, stop):
        bench.cut_witness()
        bench.run(20)
        assert bench.role is Role.PRIMARY
    assert record.on_duty()
    assert not stop.on_duty()
    assert "alone_stopped" in stop.alarms()
    stop.cut_witness(cut=False)
    stop.run(2)
    assert stop.on_duty()
    assert not stop.alarms() & {"alone_stopped", "no_witness"}


def test_a_primary_alone_that_sees_the_witness_goes_on_by_its_lease():
    bench = primary()
    bench.run(20)
    assert bench.on_duty()
    assert bench.grants()[-1].leased
    assert "peer_dead" in bench.alarms()


def test_a_reign_begun_alone_takes_the_lease_in_a_higher_term_when_the_witness_returns():
    bench = primary()
    bench.memory.reign = 8  # as if begun without the witness
    bench.memory.seen = 8
    bench.cut_witness()
    bench.run(6)
    bench.cut_witness(cut=False)
    bench.hold = (SaveState,)
    bench.run(2)
    assert {grant.term for grant in bench.grants() if not grant.leased} <= {2, 8}
    assert all(grant.term <= 8 for grant in bench.grants())
    bench.hold = ()
    bench.release(SaveState)
    assert bench.memory.reign == 10
    assert bench.grants()[-1].leased


def test_a_process_that_was_stopped_grants_nothing_before_the_lease_was_read_again():
    bench = primary()
    bench.hold = (LeaseCall,)
    bench.now_ns += 30 * S
    grants = len(bench.grants())
    bench.step(WokeLate(30.0))
    bench.run(0.4)
    assert len(bench.grants()) == grants
    bench.theirs.acquire(2, peer_is_dead=False)
    bench.hold = ()
    bench.release(LeaseCall)
    assert bench.role is Role.SECONDARY
    assert len(bench.grants()) == grants


def test_of_two_primaries_the_lower_term_steps_down_and_frees_the_lease():
    bench = primary()
    bench.hear(Role.PRIMARY, 8)
    assert bench.role is Role.SECONDARY
    assert not bench.on_duty()
    assert bench.theirs.acquire(8, peer_is_dead=False).granted


def test_of_two_primaries_the_higher_term_stays():
    bench = primary()
    bench.hear(Role.PRIMARY, 1)
    assert bench.role is Role.PRIMARY
    assert "two_primaries" in bench.alarms()


def test_of_two_primaries_in_one_term_the_lower_id_stays():
    one, other = primary(), primary(node="b", peer="a")
    for bench in (one, other):
        bench.hear(Role.PRIMARY, bench.memory.reign)
    assert (one.role, other.role) == (Role.PRIMARY, Role.SECONDARY)


def test_a_dying_peer_is_alarmed_and_changes_nothing_else():
    bench = primary()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert bench.role is Role.PRIMARY
    assert bench.alarms() == {"peer_dead"}
    bench.link(Role.STARTING, 2, boot="b2", restarted=True)
    assert not bench.alarms()


def test_an_unhealthy_primary_hands_over_to_a_healthy_peer():
    bench = primary()
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    assert bench.role is Role.HANDING_OVER
    assert "disk full" in bench.memory.reason


def test_an_unhealthy_primary_with_an_unhealthy_peer_stays():
    bench = primary()
    bench.hear(Role.SECONDARY, 2, healthy=False)
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    bench.run(3, beat={**BESIDE, "healthy": False})
    assert bench.role is Role.PRIMARY


def test_failing_credentials_of_this_node_move_the_role_after_a_while():
    bench = primary()
    bench.step(DutyFailing("poller", "the secret was refused"))
    assert "credentials_failing" in bench.alarms()
    bench.run(59, beat=BESIDE)
    assert bench.role is Role.PRIMARY
    bench.run(2, beat=BESIDE)
    assert bench.frames(HandOverOffer)


def test_credentials_that_recover_in_time_move_nothing():
    bench = primary()
    bench.step(DutyFailing("poller", "the secret was refused"))
    bench.run(50, beat=BESIDE)
    bench.step(DutyFailing("poller", ""))
    bench.run(50, beat=BESIDE)
    assert not bench.frames(HandOverOffer)
    assert not bench.alarms()


def unhealthy_after(changes):
    """An unhealthy primary whose role changed so often within the hour, last just now; the calm before it."""
    bench = primary()
    bench.memory.changes.clear()
    bench.memory.changes.extend([bench.now_ns] * changes)
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    return bench


def seconds_until_offer(bench, at_most):
    begun_ns = bench.now_ns
    while not bench.frames(HandOverOffer) and bench.now_ns - begun_ns < at_most * S:
        bench.run(1, beat=BESIDE)
    return (bench.now_ns - begun_ns) / S


@pytest.mark.parametrize(
    ("changes", "pause_s"),
    [(0, 0), (2, 0), (3, 30), (4, 60), (5, 120), (6, 240), (7, 300), (99, 300)],
)
def test_an_unhealthy_primary_hands_over_after_a_pause_that_doubles_with_each_change(
    changes, pause_s
):
    bench = unhealthy_after(changes)
    assert seconds_until_offer(bench, 400) == pytest.approx(pause_s, abs=2)


def test_while_it_pauses_the_operator_hears_that_roles_flap():
    bench = unhealthy_after(3)
    bench.run(3, beat=BESIDE)
    assert bench.role is Role.PRIMARY
    assert "flapping" in bench.alarms()


def test_a_pause_is_over_when_the_changes_are_an_hour_old():
    bench = unhealthy_after(3)
    bench.memory.changes.clear()
    bench.memory.changes.extend([bench.now_ns - 3601 * S] * 99)
    assert seconds_until_offer(bench, 400) <= 2


@given(st.lists(st.integers(0, 4000), max_size=40), st.integers(1, 10))
def test_a_need_waits_at_most_five_minutes_after_the_last_change(ago_s, limit):
    bench = primary(role_changes_per_hour_max=limit)
    memory, now_ns = bench.memory, bench.now_ns
    memory.changes.clear()
    memory.changes.extend(sorted(now_ns - seconds * S for seconds in ago_s))
    last_s = min(ago_s, default=9999)
    calm = memory.is_calm(now_ns)
    assert memory.may_move_in_need(now_ns) or (not calm and last_s < 300)
    assert not calm or memory.may_move_in_need(now_ns)
    assert calm or last_s >= 30 or not memory.may_move_in_need(now_ns)


def test_while_paused_a_primary_does_not_hand_over_by_itself():
    bench = primary()
    bench.hear(Role.SECONDARY, 2, paused=True, paused_revision=1)
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    bench.run(3, beat={**BESIDE, "paused": True, "paused_revision": 1})
    assert bench.role is Role.PRIMARY
