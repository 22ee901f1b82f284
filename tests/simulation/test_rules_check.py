"""An incident that makes no sense is refused before anything runs, and told what would."""

import math
import re

import pytest

from recorder.errors import ConfigError
from sim.world.incident import Fault, Incident, Screens, Workload
from sim.world.kinds import KINDS
from sim.world.points import more_points, points
from sim.world.rules import RULES
from sim.world.rules.check import check_incident
from sim.world.world import World

WRONG = [
    (Fault("flood"), "there is no such kind of fault", "crash, pause"),
    (Fault("crash", "gamma"), "no target 'gamma'", "'alpha', 'beta', ''"),
    (Fault("cut", "alpha"), "no target 'alpha'", "'alpha>beta'"),
    (Fault("lease_clock_jump", "alpha"), "no target 'alpha'", "''"),
    (Fault("crash", at_s=-1), "at_s must not be negative", ""),
    (Fault("crash", for_s=-0.1), "for_s must not be negative", ""),
    (Fault("crash", at_s=math.nan), "at_s must not be negative", ""),
    (Fault("crash", for_s=math.inf), "for_s must not be negative", ""),
    (Fault("crash", at_s=1e300), "at_s must be at most 1e+09", ""),
    (Fault("link_reset", for_s=3), "for_s must be 0", ""),
    (Fault("crash", at_next="lunch"), "there is no point 'lunch'", "append"),
    (Fault("crash", at_next="gamma/commit"), "there is no node 'gamma'", "alpha, beta"),
    (Fault("crash", at_next="request:list:0"), "there is no point", "request:list"),
    (Fault("crash", options={"speed": 1}), "no option 'speed'", "power, after_effects"),
    (Fault("pause", options={"speed": 1}), "no option 'speed'", "none"),
    (Fault("link_loss", options={"share": 2.0}), "share must be between 0 and 0.9", ""),
    (Fault("link_loss", options={"share": "much"}), "share must be a number", ""),
    (Fault("crash", options={"power": "on"}), "power must be true or false", ""),
    (Fault("disk_full", options={"what": "half"}), "what must be one of buffer, all", ""),
    (Fault("service_throttle", options={"retry_after": "never"}), "retry_after must be one of", ""),
    (Fault("service_drop", options={"requests": "tea"}), "no kind of request: 'tea'", ""),
    (Fault("settings", options={"interval_s": 1}), "is no setting", "table.key"),
    (Fault("settings", options={"poll.colour": 1}), "poll.colour", ""),
    (Fault("settings", "beta", options={"pair.heartbeat_s": 9}), "below suspect_s", ""),
]


@pytest.mark.parametrize(("fault", "what", "hint"), WRONG, ids=lambda one: str(one)[:60])
def test_a_fault_that_makes_no_sense_is_named_with_the_words_that_do(fault, what, hint):
    fine = Fault("crash", "alpha", at_s=1, for_s=1)
    with pytest.raises(ConfigError) as refused:
        World(Incident(faults=(fine, fault)))
    assert f"fault 2 ({fault.kind})" in str(refused.value)
    assert what in str(refused.value)
    assert hint in (refused.value.hint or "")


def test_settings_of_the_incident_that_are_wrong_are_refused_as_well():
    with pytest.raises(ConfigError, match="heartbeat_s must be below suspect_s"):
        check_incident(Incident(settings={"pair": {"heartbeat_s": 9}}))


@pytest.mark.parametrize(
    ("incident", "what"),
    [
        (Incident(minutes=0), "minutes must be above 0 and at most 10000, not 0"),
        (Incident(minutes=-3), "minutes must be"),
        (Incident(minutes=math.nan), "minutes must be"),
        (Incident(minutes=1e300), "minutes must be"),
        (Incident(patience_s=-1), "patience_s must be between 0 and 1e+09, not -1"),
        (Incident(patience_s=math.inf), "patience_s must be"),
        (Incident(workload=Workload(late=7)), "workload.late must be between 0 and 1, not 7"),
        (Incident(workload=Workload(hints=math.nan)), "workload.hints must be"),
        (Incident(workload=Workload(late_s=-1)), "workload.late_s must be"),
        (Incident(workload=Workload(calls_per_minute=1e12)), "workload.calls_per_minute must be"),
        (Incident(workload=Workload(calls_per_minute=-1)), "workload.calls_per_minute must be"),
        (Incident(workloads={"zoom": Workload(rooms=-0.1)}), "workloads.zoom.rooms must be"),
        (Incident(screens=Screens(agents=-1)), "screens.agents must be between 1 and 1000"),
        (Incident(screens=Screens(agents=10**9)), "screens.agents must be"),
        (Incident(screens=Screens(masks=1.5)), "screens.masks must be between 0 and 1, not 1.5"),
        (Incident(screens=Screens(calls_per_minute=1e12)), "screens.calls_per_minute must be"),
        (Incident(own_settings={"gamma": {}}), "own_settings: there is no node 'gamma'"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_a_number_or_a_node_that_makes_no_sense_is_named_with_what_would(incident, what):
    with pytest.raises(ConfigError, match=re.escape(what)):
        World(incident)


def test_the_ends_of_what_numbers_may_be_are_right():
    check_incident(Incident(minutes=10_000, patience_s=1e9, workload=Workload(late=1, bump=0)))
    check_incident(Incident(minutes=0.01, screens=Screens(agents=1, unheard=1)))


@pytest.mark.parametrize("kind", RULES)
def test_whatever_a_rule_offers_is_right(kind):
    rule = RULES[kind]
    every = Incident(sources=tuple(KINDS))
    for target in rule.targets:
        for for_s in rule.durations_s or (0.0,):
            check_incident(every.with_faults(Fault(kind, target, for_s=for_s)))
    for name, option in rule.options.items():
        for value in option.draw:
            check_incident(every.with_faults(Fault(kind, options={name: value})))


@pytest.mark.parametrize(
    ("sources", "what"),
    [
        (("telegraph",), "there is no source 'telegraph'"),
        (("dynamics0",), "there is no source 'dynamics0'"),
        (("dynamics1",), "there is no source 'dynamics1'"),
        (("dynamics99999",), "there is no source 'dynamics99999'"),
        ((), "at least one"),
        (("dynamics", "dynamics"), "must be different"),
    ],
)
def test_sources_that_nobody_knows_are_refused(sources, what):
    with pytest.raises(ConfigError, match=what) as refused:
        check_incident(Incident(sources=sources))
    assert "dynamics" in refused.value.hint


def test_a_fault_of_a_source_that_is_not_there_is_refused():
    fault = Fault("service_unreachable", for_s=1, options={"source": "dynamics2"})
    with pytest.raises(ConfigError, match="there is no source 'dynamics2'; there are dynamics"):
        check_incident(Incident(faults=(fault,)))
    check_incident(Incident(sources=("dynamics", "dynamics2"), faults=(fault,)))


def test_every_point_is_right_with_and_without_a_node():
    for point in (*points(), *more_points(), "request:list:17"):
        for node in ("", "alpha/", "beta/"):
            check_incident(Incident(faults=(Fault("crash", at_next=f"{node}{point}"),)))


def test_no_point_is_named_twice():
    every = (*points(), *more_points())
    assert len(set(every)) == len(every)
