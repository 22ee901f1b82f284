from cluster.frames import HandOverAccept, HandOverCommit, HandOverOffer, HandOverPlease, Role
from cluster.messages import (
    Failover,
    HealthChanged,
    PeerGone,
    PeerRefused,
    StepDownAndStop,
    Switchover,
)
from cluster.roles.io import WokeLate
from tests.cluster.role_bench import primary, secondary

ACTS = {"role": Role.PRIMARY, "term": 4}
BESIDE = {"role": Role.SECONDARY, "term": 2}


def die(bench):
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())


# --- the peer is gone --------------------------------------------------------------------------------


def test_a_peer_whose_process_died_is_dead_at_once_though_it_just_wrote_to_the_data_center():
    for bench in (primary(), secondary(), secondary(when_alone="stop")):
        bench.theirs.look()
        bench.run(0.6)
        die(bench)
        assert "peer_dead" in bench.alarms()
        bench.run(10)
        assert "peer_dead" in bench.alarms()
        assert "link_down" not in bench.alarms_ever()


def test_a_silent_peer_that_writes_to_the_data_center_is_behind_a_broken_link():
    bench = secondary()
    for _ in range(8):
        bench.theirs.renew(4)
        bench.run(1)
    assert bench.alarms() == {"link_down"}
    bench.step(PeerRefused())
    assert bench.alarms() == {"peer_dead"}


def test_a_silent_peer_that_stopped_writing_is_never_called_a_broken_link():
    for late in range(8):
        bench = secondary()
        bench.run(late * 0.2)
        bench.theirs.renew(4)  # its last sign, a little after its last beat
        bench.run(12)
        assert "peer_dead" in bench.alarms_ever()
        assert "link_down" not in bench.alarms_ever()


def test_what_a_silent_peer_wrote_before_the_data_center_was_lost_says_nothing_later():
    bench = secondary(when_alone="stop")
    for _ in range(8):
        bench.theirs.renew(4)
        bench.run(1)
    bench.cut_witness()
    bench.run(6)
    assert bench.alarms() == {"peer_dead", "no_witness"}


def test_a_node_that_slept_says_of_its_silent_peer_what_it_said_before():
    bench = secondary()
    for _ in range(8):
        bench.theirs.renew(4)
        bench.run(1)
    bench.step(PeerGone("closed"))
    bench.now_ns += 20_000_000_000
    bench.step(WokeLate(20.0))
    assert bench.alarms() == {"link_down"}
    assert "peer_dead" not in bench.alarms_ever()
    bench.run(30)
    assert "link_down" not in bench.alarms(), "silent for long, and nothing heard of its writing"


def test_a_peer_that_is_heard_again_clears_its_alarm():
    bench = secondary(when_alone="stop")
    bench.cut_witness()
    bench.run(8)
    assert "peer_dead" in bench.alarms()
    bench.hear(**ACTS)
    bench.link(Role.PRIMARY, 4)
    assert "peer_dead" not in bench.alarms()


# --- flapping ----------------------------------------------------------------------------------------


def test_a_takeover_is_one_change():
    bench = secondary()
    die(bench)
    assert bench.role is Role.PRIMARY
    assert len(bench.memory.changes) == bench.memory.change_count == 1


def test_changes_by_themselves_flap():
    bench = primary(role_changes_per_hour_max=2)
    bench.step(HealthChanged(healthy=False, problems=("disk full",)))
    bench.say(HandOverAccept(2))
    assert bench.role is Role.SECONDARY
    assert "flapping" in bench.alarms()


def test_switchovers_by_an_operator_never_flap():
    bench = primary(role_changes_per_hour_max=2)
    bench.step(Switchover("b", bench.inbox))
    (offer,) = bench.frames(HandOverOffer)
    assert offer.by_operator
    bench.say(HandOverAccept(2))
    bench.hear(Role.PRIMARY, 3)
    bench.step(Switchover("a", bench.inbox))
    (request,) = bench.frames(HandOverPlease)
    assert request.by_operator
    bench.say(HandOverOffer(3, {}, by_operator=True))
    bench.theirs.transfer(3, "a")
    bench.say(HandOverCommit(4, {}, leased=True))
    assert bench.role is Role.PRIMARY
    assert bench.memory.change_count == 3
    assert "flapping" not in bench.alarms_ever()


def test_a_role_that_the_row_gives_after_an_operators_switchover_does_not_flap_either():
    bench = secondary(role_changes_per_hour_max=1)
    bench.say(HandOverOffer(4, {}, by_operator=True))
    bench.theirs.transfer(4, "a")  # and the commit is lost
    bench.run(2, beat={"role": Role.SECONDARY, "term": 4})
    assert bench.role is Role.PRIMARY
    assert "flapping" not in bench.alarms_ever()


def test_a_request_of_an_operator_at_the_peer_does_not_flap():
    bench = primary(role_changes_per_hour_max=2)
    bench.say(HandOverPlease("an operator asked", by_operator=True))
    bench.say(HandOverAccept(2))
    assert bench.role is Role.SECONDARY
    assert "flapping" not in bench.alarms_ever()


def test_a_return_by_preference_counts():
    bench = primary(role_changes_per_hour_max=2)
    bench.say(HandOverPlease("return to the preferred node"))
    bench.say(HandOverAccept(2))
    assert "flapping" in bench.alarms()


def test_a_failover_by_an_operator_and_a_planned_stop_do_not_flap():
    bench = secondary(role_changes_per_hour_max=1)
    bench.hear(**ACTS, paused=True, paused_revision=1)
    die(bench)
    bench.step(Failover(False, bench.inbox))
    assert bench.role is Role.PRIMARY
    bench.step(StepDownAndStop(bench.inbox))
    assert bench.role is Role.SECONDARY
    assert "flapping" not in bench.alarms_ever()


def test_a_takeover_after_an_operators_offer_came_to_nothing_counts():
    bench = secondary(role_changes_per_hour_max=1)
    bench.say(HandOverOffer(4, {}, by_operator=True))
    die(bench)
    assert bench.role is Role.PRIMARY
    assert "flapping" in bench.alarms()
