"""Drills: an operator's own settings in a standard set of incidents."""

import json

import pytest

from recorder.cli.main import run
from recorder.errors import ConfigError
from sim.drill.incidents import QUICK_S, drills
from sim.drill.operator_settings import not_simulated, settings_of, sources_of, standard_settings
from sim.drill.outcome import Outcome, run_drill, usual_delay_s
from sim.drill.table import HEAD, below, row
from sim.world.incident import NODES
from sim.world.rules.check import check_incident
from sim.world.settings import QUICK, config_of

ALPHA = """
[node]
id = "alpha"
data = "alpha"
[data_center]
database = "sqlite:///contacts.db"
archive = "archive"
[pair]
suspect_s = 3.0
dead_s = 9.0
[poll]
interval_s = 30.0
[sources.dynamics]
kind = "dynamics"
[sources.dynamics.poll]
interval_s = 20.0
"""


THREE = """
[sources.calls]
kind = "dynamics"
[sources.more]
kind = "dynamics"
[sources.more.poll]
interval_s = 15.0
[sources.meetings]
kind = "zoom"
[sources.off]
kind = "webex"
enabled = false
[sources.strange]
kind = "telegraph"
"""


def drill_named(name):
    (found,) = (one for one in drills(longest_s=QUICK_S) if one.name == name)
    return found


def rehearsed(name, settings=QUICK, calls_per_minute=2.0):
    drill = drill_named(name)
    incident = drill.incident(settings=settings, seed=1, calls_per_minute=calls_per_minute)
    return run_drill(drill, incident)


@pytest.fixture
def operators_file(tmp_path):
    path = tmp_path / "alpha.toml"
    path.write_text(ALPHA)
    return path


def test_every_drill_has_a_name_of_its_own_a_sentence_and_faults_after_the_calm():
    every = drills()
    assert len({one.name for one in every}) == len(every)
    assert all(one.what and one.faults and one.began_s > 0 for one in every)


@pytest.mark.parametrize("drill", drills(), ids=lambda drill: drill.name)
def test_every_drill_is_made_of_faults_that_the_world_knows(drill):
    check_incident(drill.incident(settings=QUICK, seed=1, calls_per_minute=1.0))


def test_the_longest_outage_is_a_day_and_can_be_shortened():
    assert max(one.lasts_s for one in drills()) == 86_400
    assert max(one.lasts_s for one in drills(longest_s=QUICK_S)) == QUICK_S


def test_the_operators_timings_reach_both_nodes_and_a_sources_own_poll_wins(operators_file):
    settings = settings_of(operators_file)
    incident = drill_named("node death").incident(settings=settings, seed=1, calls_per_minute=1)
    for node in NODES:
        config = config_of(incident, node)
        assert config.pair.dead_s == 9.0
        assert config.poll.interval_s == 20.0
        assert config.node.id == node


def test_a_wrong_key_is_refused_with_its_path(operators_file):
    operators_file.write_text(ALPHA.replace("dead_s", "ded_s"))
    with pytest.raises(ConfigError, match=r"pair\.ded_s"):
        settings_of(operators_file)


def test_without_a_file_the_standard_settings_are_rehearsed():
    incident = drill_named("node death").incident(
        settings=standard_settings(), seed=1, calls_per_minute=1
    )
    poll = config_of(incident, "alpha").poll
    assert (poll.interval_s, poll.settle_s) == (60.0, 90.0)
    assert usual_delay_s(incident) == 90 + 2 * 60 + 30


def test_a_dead_primary_is_replaced_within_two_seconds_and_nothing_is_lost():
    outcome = rehearsed("node death")
    assert outcome.good, outcome.broken
    assert outcome.takeover_s < 2
    assert (outcome.role_changes, outcome.lost, outcome.duplicates) == (1, 0, 0)
    assert outcome.archived == outcome.offered > 0


def test_a_dead_secondary_calls_for_no_takeover():
    outcome = rehearsed("standby death")
    assert outcome.good, outcome.broken
    assert (outcome.takeover_s, outcome.role_changes) == (None, 0)


def test_slow_settings_show_as_a_slow_takeover_and_a_broken_promise():
    pair = {"suspect_s": 10.0, "dead_s": 20.0, "lease_s": 24.0, "lease_believed_s": 22.0}
    outcome = rehearsed("host silence", {**QUICK, "pair": pair})
    assert outcome.takeover_s > 18


def test_a_data_center_outage_delays_calls_and_loses_none():
    outcome = rehearsed("Data Center outage")
    assert outcome.good, outcome.broken
    assert outcome.delayed > 0
    assert outcome.longest_delay_s > 300
    assert outcome.lost == 0


def test_the_table_tells_every_figure_and_names_what_broke():
    outcome = Outcome(
        name="node death",
        what="it dies",
        takeover_s=1.25,
        role_changes=1,
        offered=10,
        archived=9,
        delayed=2,
        longest_delay_s=95.0,
        api_calls=77,
        duplicates=0,
        lost=1,
        broken=("nothing_lost: one is gone",),
        simulated_s=600.0,
    )
    assert row(outcome) == [
        "node death", "1.2 s", "1", "10", "2", "1m35s", "77", "0", "1", "BROKEN",
    ]  # fmt: skip
    assert len(row(outcome)) == len(HEAD)
    assert "BROKEN in node death: nothing_lost: one is gone" in below([outcome], 60)
    assert json.loads(json.dumps(outcome.as_dict()))["good"] is False
    assert outcome.as_dict()["takeover_s"] == 1.25


def test_a_script_is_told_no_takeover_where_there_is_none():
    outcome = Outcome("x", "y", None, 0, 1, 1, 0, 1.0, 1, 0, 0, (), 60.0)
    told = outcome.as_dict()
    assert "takeover_s" not in told
    assert None not in told.values()


def test_a_source_that_cannot_be_simulated_is_named(tmp_path):
    path = tmp_path / "other.toml"
    path.write_text(ALPHA.replace('kind = "dynamics"', 'kind = "telegraph"'))
    assert not_simulated(path) == ("dynamics (telegraph)",)
    assert sources_of(path) == ("dynamics",)
    path.write_text(ALPHA)
    assert not_simulated(path) == ()


def test_the_command_says_what_it_rehearses_instead(tmp_path, monkeypatch, capsys):
    path = tmp_path / "other.toml"
    path.write_text(ALPHA.replace('kind = "dynamics"', 'kind = "telegraph"'))
    monkeypatch.setattr("sim.drill.rehearse.rehearse", lambda *_: [])
    assert run(["sim", "drill", "--config", str(path), "--only", "standby", "--json"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == []
    assert "no simulated service is like dynamics (telegraph); rehearsed with dynamics" in said.err


def test_a_configuration_with_several_sources_is_rehearsed_with_all_that_can_be_simulated(tmp_path):
    path = tmp_path / "three.toml"
    path.write_text(ALPHA.partition("[sources")[0] + THREE)
    sources = sources_of(path)
    assert sources == ("dynamics", "dynamics2", "zoom")
    settings = settings_of(path)
    assert settings["poll"]["interval_s"] == 30.0
    assert set(settings["sources"]) == {"dynamics2"}
    assert settings["sources"]["dynamics2"]["poll"]["interval_s"] == 15.0
    every = drills(longest_s=QUICK_S, sources=sources)
    assert {"dynamics2 away", "zoom away"} < {one.name for one in every}


def test_a_node_with_two_sources_dies_and_both_are_polled_again():
    drill = drill_named("node death")
    incident = drill.incident(
        settings=QUICK, seed=1, calls_per_minute=4.0, sources=("dynamics", "zoom")
    )
    outcome = run_drill(drill, incident)
    assert outcome.good, outcome.broken
    assert outcome.takeover_s < 3
    assert outcome.offered > 20
