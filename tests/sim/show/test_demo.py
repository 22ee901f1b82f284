"""The parts of the demo, on a stage without processes; the whole of it is tests/process/test_demo.py."""

import json
import signal
from contextlib import nullcontext

import pytest

from sim.checkers.contents import Contents
from sim.checkers.violation import Violation
from sim.show import demo
from sim.ucaas.clocks import wall_us
from sim.verdict import Verdict
from tests.sim.checkers.data import item_row, offered
from tests.sim.show.scripted_stage import WHOLE, ScriptedStage, picture, poll_of


def busy(queue_depth):
    return picture(({"node": "alpha", "role": "primary", "queue_depth": queue_depth}, WHOLE[1]))


def test_the_primary_is_killed_as_soon_as_downloads_are_in_hand():
    stage = ScriptedStage(picture(), busy(1), busy(2), busy(5))
    before_ns = demo.time.monotonic_ns()
    killed_ns = demo._kill_with_work_in_hand(stage, "alpha")
    assert stage.looks == 4
    assert stage.pair.nodes["alpha"].done == [signal.SIGKILL, "wait"]
    assert stage.pair.nodes["beta"].done == []
    assert stage.events == ["kill -9 alpha with 5 downloads in hand"]
    assert before_ns <= killed_ns <= demo.time.monotonic_ns()


def test_a_primary_without_work_is_killed_all_the_same_after_a_while(monkeypatch):
    monkeypatch.setattr(demo, "_KILL_AFTER_S", 0.02)
    stage = ScriptedStage(busy(0))
    demo._kill_with_work_in_hand(stage, "alpha")
    assert stage.pair.nodes["alpha"].done == [signal.SIGKILL, "wait"]
    assert stage.events == ["kill -9 alpha"]


def test_a_primary_that_tells_no_figures_yet_is_not_said_to_be_busy(monkeypatch):
    monkeypatch.setattr(demo, "_KILL_AFTER_S", 0.02)
    stage = ScriptedStage(picture())
    demo._kill_with_work_in_hand(stage, "alpha")
    assert stage.events == ["kill -9 alpha"]


def test_the_next_poll_is_the_first_of_the_other_node_after_the_kill():
    polls = [poll_of("beta", 90, 1), poll_of("alpha", 110, 2), poll_of("beta", 120, 3)]
    found = demo._next_poll(ScriptedStage(picture(), polls=polls), "alpha", 100)
    assert found.number == 3


def test_the_next_poll_may_be_at_any_of_the_sources():
    polls = [poll_of("beta", 90), poll_of("alpha", 110, 2), poll_of("beta", 120, 7, kind="zoom")]
    stage = ScriptedStage(picture(), polls=polls, kinds=("dynamics", "zoom"))
    assert demo._next_poll(stage, "alpha", 100).number == 7


@pytest.mark.parametrize(("calls", "shares"), [(60, (20, 20, 20)), (8, (3, 3, 2)), (2, (1, 1, 0))])
def test_the_calls_are_shared_among_the_sources(calls, shares):
    assert demo._shares(calls, 3) == shares


def test_everything_archived_and_a_whole_pair_end_the_wait():
    stage = ScriptedStage(
        picture(offered=9, archived=7),
        picture((WHOLE[0], {"node": "beta", "role": "down"}), offered=9, archived=9),
        picture(offered=9, archived=9),
        picture(offered=9, archived=9),
    )
    before_us = wall_us()
    assert before_us <= demo._drain(stage, calls=(8,)) <= wall_us()
    assert stage.looks == 4
    assert stage.events == ["everything offered is archived, both nodes are up"]


def test_a_source_that_is_behind_is_waited_for_although_the_others_are_done(monkeypatch):
    monkeypatch.setattr(demo, "_DRAIN_LIMIT_S", 0.02)
    stage = ScriptedStage(picture(sources=(("dynamics", 9, 9), ("zoom", 3, 3))))
    demo._drain(stage, calls=(8, 4))
    assert stage.events == ["not everything was archived in time"]


def test_a_call_that_is_yet_to_be_offered_is_waited_for(monkeypatch):
    monkeypatch.setattr(demo, "_DRAIN_LIMIT_S", 0.02)
    stage = ScriptedStage(picture(offered=7, archived=7))
    demo._drain(stage, calls=(8,))
    assert stage.events == ["not everything was archived in time"]


def test_one_good_look_between_two_bad_ones_does_not_end_the_wait(monkeypatch):
    monkeypatch.setattr(demo, "_DRAIN_LIMIT_S", 0.02)
    good, bad = picture(offered=8, archived=8), picture(offered=9, archived=8)
    stage = ScriptedStage(good, bad)
    demo._drain(stage, calls=(8,))
    assert stage.events == ["not everything was archived in time"]


def test_what_is_offered_after_the_last_look_is_not_waited_for_but_judged_when_it_is_there():
    early, late, there = offered(1), offered(20), offered(30)
    contents = Contents(items=(item_row(there),))
    drained_us = early.offered_us + 5_000_000
    assert demo._due([early, late, there], contents, drained_us) == (early, there)


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs the demo with a verdict that is known; its exit status and what it wrote."""

    def ran(*violations):
        verdict = Verdict(12, 11, 1, 0, 5_000, 1250.0, violations)
        monkeypatch.setattr(demo, "Stage", lambda *_a, **_o: nullcontext(ScriptedStage(picture())))
        monkeypatch.setattr(demo, "_play", lambda _stage, _calls: verdict)
        status = demo.run_demo(tmp_path, tmp_path / "audio", 12)
        return status, json.loads((tmp_path / "verdict.json").read_text(encoding="utf-8"))

    return ran


def test_a_good_verdict_is_exit_status_0_and_is_written_for_machines(run, capsys):
    status, written = run()
    assert status == 0
    figures = ("offered", "archived", "lost", "duplicates", "bytes_verified", "takeover_ms")
    assert [written[name] for name in figures] == [12, 11, 1, 0, 5_000, 1250.0]
    assert written["good"] is True
    told = capsys.readouterr().out
    assert "verdict         good" in told
    assert "verdict.json" in told


def test_a_broken_promise_is_exit_status_1_and_is_named(run, capsys):
    status, written = run(Violation("S1", "not archived", ("r7",)))
    assert status == 1
    assert written["good"] is False
    assert written["violations"] == [{"promise": "S1", "what": "not archived", "items": ["r7"]}]
    assert "BROKEN  S1: not archived (r7)" in capsys.readouterr().out
