"""A Data Center that is away, slow, mute, restarted, or has a clock that jumps."""

from cluster.messages import AlarmRaised
from cluster.status import PairStatus
from recorder.archive.archiver_messages import Committed
from sim.world.incident import Fault
from tests.simulation.rule_worlds import live


def _sees(world):
    return [
        machine.board.read("pair", PairStatus).sees_data_center
        for machine in world.machines.values()
    ]


def test_a_node_without_the_data_center_goes_on_and_the_other_sees_it():
    lived = live(
        Fault("data_center_down", "alpha", at_s=20, for_s=20),
        minutes=1,
        looks={30: _sees, 55: _sees},
    )
    assert lived.seen == {30: [False, True], 55: [True, True]}
    assert lived.messages(AlarmRaised, "alpha", 20)


def test_calls_into_silence_run_into_their_time_limits():
    lived = live(
        Fault("data_center_down", at_s=20, for_s=20, options={"silent": True}),
        minutes=1,
        looks={30: _sees, 55: _sees},
    )
    assert lived.seen == {30: [False, False], 55: [True, True]}


def test_a_slow_data_center_answers_a_renewal_too_late_to_be_believed():
    lived = live(
        Fault("data_center_slow", "alpha", at_s=20, for_s=20, options={"seconds": 2.0}),
        minutes=1,
        looks={30: _sees, 55: _sees},
    )
    assert lived.seen[30][0] is False
    assert lived.seen[55] == [True, True]


def _outages(lived):
    return [
        one.outcome.value.outage for one in lived.messages(Committed) if one.outcome.value.outage
    ]


def test_a_commit_whose_answer_was_lost_is_done_and_done_again_without_doubling():
    def archived(world):
        return len(world.data_center.contacts.contacts.media_keys())

    lived = live(
        Fault("answers_lost", at_s=20, at_next="call:commit", for_s=10),
        minutes=1,
        looks={20: archived, 29.9: archived},
    )
    assert "did not answer commit" in str(_outages(lived))
    assert lived.seen[29.9] > lived.seen[20]


def test_objects_that_were_not_synced_are_lost_with_the_power_of_the_data_center_and_put_again():
    fault = Fault("data_center_restart", at_next="done:put", at_s=20, for_s=5)
    lived = live(fault, minutes=1)
    assert lived.world.data_center.starts == 2
    assert max(lived.world.data_center.objects.puts.values()) > 1


def test_a_call_under_way_when_the_data_center_restarts_fails():
    fault = Fault("data_center_restart", at_next="call:commit", at_s=20, for_s=0.0)
    assert "restarted before commit" in str(_outages(live(fault, minutes=1)))


def test_leases_end_early_when_their_clock_jumps_and_terms_stay_unique():
    def left_s(world):
        table = world.data_center.lease_table
        return table.view("beta", "", granted=False).expires_in_s

    lived = live(
        Fault("cut", at_s=29, for_s=15),
        Fault("lease_clock_jump", at_s=30, options={"seconds": 60.0}),
        minutes=1,
        looks={29.99: left_s, 30.01: left_s},
    )
    assert lived.seen[29.99] > 0
    assert lived.seen[30.01] < -50
