"""`tandem sim run`, `swarm` and `replay` as a person or a script calls them."""

import json
from pathlib import Path

import pytest

from recorder.cli.main import run
from recorder.tracing.rows import read_trace
from sim.cli.numbers import counted
from sim.world.incident import Fault, Incident, read_incident
from tests.simulation.judged import broken

QUICK = ("--minutes", "0.3")


@pytest.fixture
def tandem(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        status = run(["sim", *words])
        said = capsys.readouterr()
        return status, said.out, said.err

    return call


def test_a_run_says_its_seed_digest_and_length(tandem):
    status, out, _ = tandem("run", "--seed", "5", *QUICK, "--json")
    answer = json.loads(out)
    assert status == 0
    assert set(answer) >= {"seed", "digest", "simulated_seconds", "events", "violations"}
    assert (answer["seed"], answer["violations"]) == (5, [])


def test_the_same_seed_is_the_same_run_and_replay_knows_it(tandem):
    words = (*QUICK, "--json")
    _, first, _ = tandem("run", "--seed", "5", *words)
    _, again, _ = tandem("replay", "5", *words)
    assert json.loads(first)["digest"] == json.loads(again)["digest"]


def test_a_calm_run_has_no_faults(tandem, tmp_path):
    tandem("run", "--seed", "5", *QUICK, "--calm", "--save", "calm.json")
    assert read_incident(tmp_path / "calm.json").faults == ()


def test_a_saved_run_is_replayed_from_its_file(tandem):
    _, first, said = tandem("run", "--seed", "6", *QUICK, "--save", "deep/six.json", "--json")
    assert "tandem sim replay deep/six.json" in said
    status, again, _ = tandem("replay", "deep/six.json", "--json")
    assert status == 0
    assert json.loads(first)["digest"] == json.loads(again)["digest"]


def test_a_trace_is_written_and_changes_nothing(tandem, tmp_path):
    _, plain, _ = tandem("run", "--seed", "5", *QUICK, "--json")
    _, traced, _ = tandem("run", "--seed", "5", *QUICK, "--json", "--trace", "t.jsonl")
    assert json.loads(plain)["digest"] == json.loads(traced)["digest"]
    header, rows = read_trace(tmp_path / "t.jsonl")
    assert header.origin == "world"
    assert sum(1 for _ in rows) > 50


def test_settings_come_from_a_nodes_own_file(tandem, tmp_path):
    (tmp_path / "node.toml").write_text(
        '[node]\nid = "n1"\ndata = "d"\n[data_center]\ndatabase = "sqlite:///x"\narchive = "a"\n'
        "[poll]\ninterval_s = 7.0\n"
    )
    status, _, _ = tandem("run", *QUICK, "--config", "node.toml", "--save", "one.json")
    assert status == 0
    incident = read_incident(tmp_path / "one.json")
    assert incident.settings["poll"]["interval_s"] == 7.0
    assert "node" not in incident.settings


def test_a_wrong_key_in_that_file_is_named_with_its_path(tandem, tmp_path):
    (tmp_path / "node.toml").write_text(
        '[node]\nid = "n1"\ndata = "d"\n[data_center]\ndatabase = "sqlite:///x"\narchive = "a"\n'
        "[pair]\nheartbeet_s = 1.0\n"
    )
    status, out, err = tandem("run", *QUICK, "--config", "node.toml")
    assert (status, out) == (2, "")
    assert "pair.heartbeet_s: unknown key" in err


def test_what_is_no_incident_is_told_with_its_place(tandem, tmp_path):
    (tmp_path / "odd.json").write_text('{"faults": [{"kind": 3}]}')
    status, _, err = tandem("replay", "odd.json")
    assert status == 2
    assert "odd.json" in err
    assert "faults.0.kind" in err


def test_a_fault_that_makes_no_sense_is_a_usage_error(tandem, tmp_path):
    incident = Incident(faults=(Fault("flood"),))
    (tmp_path / "flood.json").write_text(incident.as_text())
    status, _, err = tandem("replay", "flood.json")
    assert status == 2
    assert "flood.json: fault 1 (flood): there is no such kind" in err


def test_what_is_wrong_with_a_number_of_an_incident_says_where_it_is_to_be_mended(tandem, tmp_path):
    (tmp_path / "early.json").write_text(Incident(faults=(Fault("crash", at_s=-1),)).as_text())
    status, _, err = tandem("replay", "early.json")
    assert status == 2
    assert "early.json: fault 1 (crash): at_s must not be negative" in err
    assert "Mend it there" in err


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ('{"minutes": NaN}', "minutes must be above 0"),
        ('{"workload": {"late": 7}}', "workload.late must be between 0 and 1, not 7"),
        ('{"own_settings": {"gamma": {}}}', "there is no node 'gamma'"),
        ('{"sources": ["dynamics0"]}', "there is no source 'dynamics0'"),
        ('{"colour": "red"}', "no incident: colour: unknown key"),
    ],
)
def test_an_incident_that_makes_no_sense_says_its_file_and_field_and_nothing_runs(
    tandem, tmp_path, content, what
):
    (tmp_path / "odd.json").write_text(content)
    status, out, err = tandem("replay", "odd.json", "--html", "out.html")
    assert (status, out) == (2, "")
    assert "odd.json: " in err
    assert what in err
    assert not (tmp_path / "out.html").exists()


def test_an_incident_of_a_newer_program_says_so_whatever_is_in_it(tandem, tmp_path):
    (tmp_path / "newer.json").write_text('{"format": 2, "weather": "rain"}')
    status, _, err = tandem("replay", "newer.json")
    assert status == 2
    assert "newer.json: format 2, this program reads 1" in err
    assert "with the commit that wrote it" in err


def test_a_seed_below_nothing_is_replayed_as_it_was_run(tandem):
    _, first, _ = tandem("run", "--seed", "-5", *QUICK, "--json")
    status, again, _ = tandem("replay", "-5", *QUICK, "--json")
    assert status == 0
    assert json.loads(first)["digest"] == json.loads(again)["digest"]


@pytest.mark.parametrize("what", ["³", "٣", "9" * 5000, "3.0"])
def test_what_only_looks_like_a_seed_is_a_file_that_is_not_there(tandem, what):
    status, _, err = tandem("replay", what)
    assert status == 2
    assert "cannot be read" in err


@pytest.mark.parametrize("option", ["--trace", "--save"])
def test_a_run_begins_only_when_its_files_can_be_written(tandem, tmp_path, monkeypatch, option):
    monkeypatch.setattr("sim.search.attempt.attempt", None)
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    for path in ("folder", "file/below.json"):
        status, out, err = tandem("run", *QUICK, option, path)
        assert (status, out) == (2, "")
        assert f"{path}: cannot be written" in err


def test_a_replay_does_not_write_over_its_incident(tandem, tmp_path):
    tandem("run", "--seed", "5", *QUICK, "--save", "one.json")
    before = (tmp_path / "one.json").read_bytes()
    for option in ("--html", "--trace"):
        status, _, err = tandem("replay", "one.json", option, "./one.json")
        assert status == 2
        assert "one.json: is named twice" in err
    assert (tmp_path / "one.json").read_bytes() == before


def test_a_trace_and_a_saved_incident_need_two_files(tandem, tmp_path):
    status, _, err = tandem("run", *QUICK, "--trace", "new/one", "--save", "new/one")
    assert status == 2
    assert "is named twice" in err
    assert not (tmp_path / "new" / "one").exists()


def test_a_swarm_counts_what_it_lived_through(tandem):
    status, out, _ = tandem("swarm", "--runs", "2", "--seed", "3", *QUICK, "--json")
    answer = json.loads(out)
    assert status == 0
    wanted = {"runs", "simulated_hours", "failovers", "faults", "violations", "never"}
    assert set(answer) >= wanted
    assert (answer["runs"], answer["violations"], answer["never"]) == (2, [], [])


@pytest.mark.parametrize("option", ["--runs", "--jobs", "--seed"])
@pytest.mark.parametrize("number", ["2.5", "2.0", "two"])
def test_a_number_that_is_not_whole_is_refused_instead_of_rounded(tandem, option, number):
    status, out, err = tandem("swarm", *QUICK, option, number)
    assert (status, out) == (2, "")
    assert option in err
    assert f"'{number}' is no whole number" in err


def test_one_of_a_kind_is_told_in_the_singular():
    assert (counted(0, "run"), counted(1, "run"), counted(2, "run")) == (
        "0 runs",
        "1 run",
        "2 runs",
    )


def test_a_swarm_without_a_broken_promise_says_so(tandem):
    status, out, _ = tandem("swarm", "--runs", "1", "--seed", "3", *QUICK)
    assert status == 0
    assert out.startswith("1 run, ")
    assert out.splitlines()[-1] == "every promise was kept"


def test_a_swarm_may_be_asked_to_have_seen_everything(tandem):
    status, _, err = tandem("swarm", "--runs", "1", *QUICK, "--reach-all")
    assert status == 1
    assert "never reached: torn write" in err


@pytest.fixture
def bad_worlds(monkeypatch):
    for place in ("sim.search.hunt.attempt", "sim.search.shrink.attempt"):
        monkeypatch.setattr(place, broken)
    monkeypatch.setattr("sim.search.hunt.same_elsewhere", lambda *_: None)
    monkeypatch.setattr("sim.search.shrink.shrink.__kwdefaults__", {"live": broken, "runs_max": 40})


def test_a_violation_ends_the_swarm_with_the_shortest_story(tandem, bad_worlds, tmp_path):
    del bad_worlds
    status, out, _ = tandem("swarm", "--runs", "9", "--seed", "3", *QUICK)
    assert status == 1
    assert "BROKEN 1.000 s  nothing_lost: gone" in out
    assert "every promise was kept" not in out
    assert "tandem sim replay var/incidents/swarm-3-0.json" in out
    incident = read_incident(tmp_path / "var" / "incidents" / "swarm-3-0.json")
    assert incident.faults == ()
    assert incident.story


def test_a_story_that_cannot_be_kept_where_it_should_is_kept_elsewhere(
    tandem, bad_worlds, tmp_path, monkeypatch
):
    del bad_worlds
    (tmp_path / "var").touch()
    (tmp_path / "other").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "other"))
    status, out, err = tandem("swarm", "--runs", "9", "--seed", "3", *QUICK, "--json")
    assert status == 1
    assert "var/incidents/swarm-3-0.json: cannot be written: " in err
    assert read_incident(Path(json.loads(out)["incident"])).story


def test_scripts_get_the_story_and_the_file_too(tandem, bad_worlds):
    del bad_worlds
    status, out, _ = tandem("swarm", "--runs", "9", "--seed", "3", *QUICK, "--json")
    answer = json.loads(out)
    assert status == 1
    assert (answer["run"], answer["runs"], answer["story"]) == (0, 1, [])
    assert answer["incident"] == "var/incidents/swarm-3-0.json"
    assert answer["violations"][0]["promise"] == "nothing_lost"


def test_a_run_over_several_sources_has_all_of_them_and_is_replayed_from_its_seed(tandem, tmp_path):
    words = (*QUICK, "--sources", "dynamics,zoom,webex", "--json")
    status, first, _ = tandem("run", "--seed", "2", "--save", "three.json", *words)
    assert status == 0
    assert set(read_incident(tmp_path / "three.json").sources) == {"dynamics", "zoom", "webex"}
    _, again, _ = tandem("replay", "2", *words)
    assert json.loads(first)["digest"] == json.loads(again)["digest"]


@pytest.mark.parametrize("sources", ["telegraph", "", "dynamics,2"])
def test_sources_that_nobody_knows_are_refused_with_those_that_are(tandem, sources):
    status, _, said = tandem("run", *QUICK, "--sources", sources)
    assert status == 2
    assert "dynamics, zoom, webex" in said


def test_a_swarm_over_several_sources_draws_some_of_them(tandem):
    status, out, _ = tandem("swarm", "--runs", "2", *QUICK, "--sources", "zoom,webex", "--json")
    assert (status, json.loads(out)["runs"]) == (0, 2)
