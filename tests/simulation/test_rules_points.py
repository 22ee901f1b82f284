"""Every named point is a place that a run comes to, or nobody should wait there."""

from sim.world.incident import Fault, Incident, Workload
from sim.world.points import is_message, points
from sim.world.world import World

INCIDENTS = (
    Incident(
        seed=1,
        minutes=3,
        workload=Workload(calls_per_minute=60.0, deleted=0.2),
        faults=(
            Fault("service_token_revoked", at_s=20),
            Fault("crash", "alpha", at_s=40, for_s=20),
            Fault("data_center_down", at_s=70, for_s=15),
            Fault("service_server_error", at_s=90, for_s=20, options={"status": 500}),
            Fault("cut", at_s=115, for_s=20),
            Fault("service_slow", at_s=140, for_s=20, options={"bytes_per_s": 2000.0}),
        ),
    ),
    Incident(
        seed=2,
        minutes=3,
        workload=Workload(calls_per_minute=20.0),
        settings={"ingest": {"queue": 1, "downloads": 1}},
        faults=(
            Fault("disk_full", at_s=20, for_s=20, options={"what": "all"}),
            Fault("data_center_down", "alpha", at_s=60, for_s=40),
            Fault("data_center_down", "beta", at_s=110, for_s=40),
            Fault("service_wrong_size", at_s=30, for_s=60),
            Fault("switchover", at_s=15),
            Fault("stop", "alpha", at_s=155, for_s=10),
            Fault("stop", at_s=170, for_s=5),
        ),
    ),
)


def test_every_point_is_reached_in_one_of_two_eventful_runs():
    reached = set()
    for incident in INCIDENTS:
        world = World(incident)
        for machine in world.machines.values():
            machine.watched = frozenset(point for point in points() if is_message(point))
        on_point = world.hooks.on_point

        def keep(node, point, on_point=on_point):
            reached.add(point)
            on_point(node, point)

        world.hooks.on_point = keep
        report = world.run()
        assert report.good, [str(one) for one in report.violations]
    assert sorted(set(points()) - reached) == []
