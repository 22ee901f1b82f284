"""What the service and the road to it do to a node: each is seen to happen, and nothing is lost."""

import pytest

from sim.ucaas.faults import DYNAMICS, FaultKind
from sim.world.incident import Fault, Workload
from sim.world.kinds import KINDS
from sim.world.rules import RULES
from tests.simulation.rule_worlds import live

BUSY = Workload(calls_per_minute=12.0, bump=0.0, replaced=0.0, late=0.0, equal_stamps=0.0)
MOMENTARY = {FaultKind.TOKEN_REVOKED}
WITHOUT_REQUESTS = {FaultKind.LATE, FaultKind.CLOCK_SKEW}
REQUESTS = {
    FaultKind.SECRET_WRONG: "token",
    FaultKind.PAGE_EXPIRED: "list",
    FaultKind.DELETED_BEFORE_DOWNLOAD: "sas",
    FaultKind.CHANGED_BEFORE_DOWNLOAD: "sas",
    FaultKind.WRONG_SIZE: "sas",
}


@pytest.mark.parametrize(
    "kind", [kind for kind in DYNAMICS.hits if kind not in MOMENTARY | WITHOUT_REQUESTS]
)
def test_every_fault_of_the_service_hits_requests_and_nothing_is_lost(kind):
    """The tokens are revoked as well, so that a node has to ask for new ones."""
    lived = live(
        Fault(f"service_{kind.value}", at_s=20, for_s=25),
        Fault("service_token_revoked", at_s=21),
        minutes=1,
        workload=BUSY,
        looks={44.5: lambda w: [fault.hits for fault in w.service.fake.faults()]},
    )
    assert lived.seen[44.5][0] > 0


def test_a_node_out_of_reach_of_the_service_asks_in_vain():
    def asked(world):
        return world.service.fake.statistics()["requests"]

    lived = live(
        Fault("service_unreachable", at_s=20, for_s=20), minutes=1, looks={26: asked, 39.9: asked}
    )
    assert lived.seen[26] == lived.seen[39.9]


def test_a_long_road_delays_every_request():
    lived = live(
        Fault("service_far", "alpha", at_s=20, for_s=20, options={"seconds": 4.0}),
        minutes=1,
        looks={30: lambda w: w.service.roads["alpha"].slow_s},
    )
    assert lived.seen[30] == 4.0


@pytest.mark.parametrize("retry_after", ["seconds", "date", "absent"])
def test_a_storm_of_429_in_each_of_its_forms_passes(retry_after):
    options = {"retry_after": retry_after, "seconds": 8.0}
    lived = live(
        Fault("service_throttle", at_s=20, for_s=20, options=options), minutes=1, workload=BUSY
    )
    statistics = lived.world.service.fake.statistics()
    assert "429" in str(statistics)


def test_a_fault_may_end_after_so_many_requests():
    lived = live(
        Fault("service_drop", at_s=20, for_s=25, options={"hits": 1, "requests": "blob"}),
        minutes=1,
        workload=BUSY,
        looks={
            20.01: lambda w: len(w.service.fake.faults()),
            44: lambda w: len(w.service.fake.faults()),
        },
    )
    assert lived.seen == {20.01: 1, 44: 0}


def test_late_rows_carry_the_stamps_of_when_they_were_due():
    options = {"seconds": 30.0}
    lived = live(
        Fault("service_late", at_s=10, for_s=30, options=options), minutes=1.2, workload=BUSY
    )
    assert any(item.late for item in lived.world.service.fake.truth())


@pytest.mark.parametrize("seconds", [20.0, -20.0])
def test_the_clock_of_the_service_is_off_for_a_while(seconds):
    def skew_s(world):
        clock = world.service.fake.clock()
        return (clock["service_us"] - clock["now_us"]) / 1e6

    lived = live(
        Fault("service_clock_skew", at_s=20, for_s=20, options={"seconds": seconds}),
        minutes=1,
        looks={30: skew_s, 50: skew_s},
    )
    assert lived.seen == {30: seconds, 50: 0.0}


@pytest.mark.parametrize("how", ["bump", "replace"])
def test_a_recording_that_changes_under_the_download_is_archived_as_it_is_in_the_end(how):
    fault = Fault("service_changed_before_download", at_s=15, for_s=10, options={"how": how})
    lived = live(fault, minutes=1, workload=BUSY)
    truth = lived.world.service.fake.truth()
    assert any(item.replaced_us for item in truth) is (how == "replace")


def test_a_page_that_expired_between_two_pages_is_no_gap():
    fault = Fault("service_page_expired", at_s=10, at_next="request:list:2", for_s=20)
    lived = live(fault, minutes=1.2, workload=Workload(calls_per_minute=240.0))
    assert lived.world.counts["fault service_page_expired"] == 1
    assert "400" in str(lived.world.service.fake.statistics())


def test_some_recordings_share_one_stamp():
    lived = live(minutes=1.5, workload=Workload(calls_per_minute=12.0, equal_stamps=0.8))
    stamps = [item.changed_us for item in lived.world.service.fake.truth()]
    assert len(set(stamps)) < len(stamps) / 1.5


def test_every_kind_of_fault_of_a_service_is_a_rule():
    for kind in KINDS.values():
        assert {f"service_{fault.value}" for fault in kind.manners.hits} <= set(RULES)
