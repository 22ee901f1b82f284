"""The arithmetic and the verdict of the takeover benchmark; its pair is measured by itself."""

import json
import signal
from types import SimpleNamespace

import pytest

from sim.bench import takeover
from sim.bench.takeover import Takeovers, largest_gap_s, main
from sim.ucaas.statistics import Poll

GOOD = {"good": True, "offered": 9, "archived": 9, "lost": 0, "duplicates": 0, "violations": []}


def polls_at(*seconds):
    return [
        Poll(number, "recorder-alpha", int(at * 1e9), 0, first_page=True, status=200)
        for number, at in enumerate(seconds, 1)
    ]


@pytest.mark.parametrize(
    ("seconds", "gap_s"),
    [
        ((), 0.0),
        ((10.0,), 0.0),
        ((9.5, 10.0, 10.5), 0.5),
        ((9.5, 10.0, 10.2, 11.4), 1.2),
        ((11.4, 9.5, 10.2, 10.0), 1.2),
        ((1.0, 9.5, 10.0, 30.0), 0.5),
    ],
)
def test_the_largest_gap_is_that_of_the_polls_around_the_instant(seconds, gap_s):
    assert largest_gap_s(polls_at(*seconds), int(10e9)) == pytest.approx(gap_s)


class Node:
    def __init__(self, name):
        self.name = name
        self.done = []

    def signal(self, number):
        self.done.append(signal.Signals(number).name)

    def wait(self):
        self.done.append("wait")

    def start(self):
        self.done.append("start")

    def kill(self):
        self.done.append("kill")

    def post(self, path):
        self.done.append(path)
        return SimpleNamespace(raise_for_status=lambda: None)

    def view(self):
        return {"peer_link": "alive"}


class Stage:
    """A pair that is whole at once; polls come as scripted, in seconds."""

    def __init__(self):
        self.alpha, self.beta = Node("alpha"), Node("beta")
        self.pair = SimpleNamespace(
            nodes={"alpha": self.alpha, "beta": self.beta},
            wait_for_pair=lambda **_limits: "alpha",
            other=lambda _name: self.beta,
        )
        self.admin = SimpleNamespace(polls=lambda _after: polls_at(8.0, 9.0))
        self.disruptions = []
        self.asked = []

    def disrupt(self, kind, node):
        self.disruptions.append((kind, node.name))
        return int(10e9)

    def next_poll_ns(self, by, since_ns, after, _timeout_s):
        self.asked.append((by.name, since_ns, after))
        return int(10.75e9)

    def polls(self, _after):
        return polls_at(9.9, 10.75)


@pytest.fixture
def does(monkeypatch):
    monkeypatch.setattr(takeover, "pause", lambda _seconds: None)
    return Takeovers(Stage())


def test_a_death_is_timed_to_the_other_nodes_poll_and_mended(does):
    assert does.death() == 0.75
    stage = does._stage
    assert stage.disruptions == [("death", "alpha")]
    assert stage.asked == [("alpha", 0, 2), ("beta", int(10e9), 2)]
    assert stage.alpha.done == ["SIGKILL", "wait", "start"]
    assert stage.beta.done == []


def test_silent_nodes_wake_up_or_are_killed_by_turns(does):
    for _ in range(2):
        assert does.silence() == 0.75
    assert does._stage.alpha.done == ["SIGSTOP", "SIGCONT", "SIGSTOP", "kill", "start"]


def test_a_switchover_is_ordered_at_the_primary_and_its_gap_is_kept(does):
    assert does.switchover() == 0.75
    assert does._stage.alpha.done == ["/api/v1/switchover"]
    assert does.gaps_s == [pytest.approx(0.85)]


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Runs the program with figures that are known; its status and what it wrote."""

    def ran(*words, verdict=GOOD, changes=0):
        def takeovers(_directory, **counts):
            return [{"name": name, "samples": count} for name, count in counts.items()], verdict

        def needless(_directory, minutes):
            return {"name": "needless", "minutes": minutes, "role_changes": changes}, GOOD

        monkeypatch.setattr(takeover, "measure_takeovers", takeovers)
        monkeypatch.setattr(takeover, "measure_needless", needless)
        status = main([*words, "--results", str(tmp_path)])
        written = {path.name: json.loads(path.read_text()) for path in tmp_path.iterdir()}
        return status, written

    return ran


def test_both_parts_are_measured_and_written(measured):
    status, written = measured("--deaths", "3", "--silences", "2", "--switchovers", "1")
    assert status == 0
    assert [row["samples"] for row in written["takeover.json"]["rows"]] == [3, 2, 1]
    assert written["takeover.json"]["verdict"] == GOOD
    assert written["needless.json"]["rows"][0]["minutes"] == 2.0


def test_each_part_can_be_left_out(measured):
    none = ("--deaths", "0", "--silences", "0", "--switchovers", "0")
    assert list(measured(*none, "--load-minutes", "60")[1]) == ["needless.json"]


def test_nothing_wanted_is_nothing_measured(measured):
    none = ("--deaths", "0", "--silences", "0", "--switchovers", "0")
    assert measured(*none, "--load-minutes", "0") == (0, {})


def test_a_broken_promise_fails_the_program_and_is_printed(measured, capsys):
    broken = GOOD | {"good": False, "lost": 1, "violations": [{"promise": "S1", "what": "r7"}]}
    assert measured(verdict=broken)[0] == 1
    told = capsys.readouterr().out
    assert "BROKEN  S1: r7" in told
    assert "offered 9, archived 9, lost 1, duplicates 0" in told


def test_a_needless_role_change_fails_the_program(measured):
    assert measured(changes=1)[0] == 1


def test_samples_become_a_row_with_what_is_wanted(capsys):
    seconds = iter([0.5, 0.75])
    row = takeover._samples("death", 2, lambda: next(seconds))
    assert (row["samples"], row["max_ms"], row["wanted_ms"]) == (2, 750.0, 2000.0)
    assert "death 2/2: 750 ms" in capsys.readouterr().out
