"""A comparison that somebody asks for: begun at once, of the period that was asked for, one at a time."""

from dataclasses import replace

import pytest

from recorder.messages import CompareNow
from recorder.model import Window
from recorder.records.findings import ACCEPTED, Scope
from recorder.recover.reconcile_plan import due
from recorder.settings.stages import ReconcileSettings
from tests.by_hand import Inbox
from tests.recorder.recover.reconciling import DAY_S, HOUR_US, Bench


@pytest.fixture
def bench():
    bench = Bench()
    bench.reconcile()
    return bench


def ask(bench, window=None):
    """The answer to a question that was worked off."""
    inbox = Inbox("operator")
    bench.me.tell(CompareNow("dyn", window, inbox))
    bench.work()
    (answer,) = inbox.messages
    return answer


def test_a_run_that_is_asked_for_begins_at_once_and_finds_what_is_missing(bench):
    bench.offer("late", -5)
    answer = ask(bench)
    assert answer.status == "done"
    bench.run(600)
    run = bench.runs[0]
    assert (run.scope, run.reason) == (Scope.ASKED, "")
    assert run.run_id in answer.message
    assert run.to_us - run.from_us == 72 * 3600 * 1_000_000
    assert set(bench.open()) == {"late"}


def test_only_the_period_that_was_asked_for_is_compared(bench):
    bench.offer("late", -5)
    bench.offer("older", -30)
    ask(bench, Window(bench.at(-40), bench.at(-20)))
    bench.run(600)
    assert (bench.runs[0].from_us, bench.runs[0].to_us) == (bench.at(-40), bench.at(-20))
    assert set(bench.open()) == {"older"}


def test_the_run_of_the_night_comes_all_the_same(bench):
    ask(bench)
    bench.run(600)
    asked, night = bench.runs
    tonight_us = asked.started_us - 60_000_000
    before = replace(night, started_us=tonight_us - 20 * HOUR_US)
    settings = ReconcileSettings(at_hour_utc=tonight_us / HOUR_US % 24)
    assert due([asked, before], asked.started_us + 60_000_000, settings) is Scope.RECENT


def test_one_run_of_a_source_at_a_time(bench):
    bench.offer("late", -5)
    inbox = Inbox("operator")
    for _ in range(2):
        bench.me.tell(CompareNow("dyn", None, inbox))
    bench.work()
    assert sorted(answer.status for answer in inbox.messages) == ["done", "refused"]
    bench.run(600)
    assert len(bench.runs) == 2


def test_a_period_of_which_nothing_can_be_compared_is_refused(bench):
    answer = ask(bench, Window(bench.now_us - 1_000_000, bench.now_us))
    assert answer.status == "refused"
    assert "too young" in answer.message
    assert len(bench.runs) == 1


def test_a_node_that_is_not_primary_sends_on(bench):
    bench.withdraw()
    answer = ask(bench)
    assert (answer.status, answer.hint) == ("refused", "Ask the primary node.")


def test_a_run_that_was_asked_for_proves_nothing_about_what_it_did_not_look_at(bench):
    bench.offer("late", -5)
    ask(bench)
    bench.run(600)
    del bench.source.items["late"]
    for _ in range(3):
        ask(bench)
        bench.run(600)
    assert set(bench.open()) == {"late"}


def test_what_was_accepted_alarms_no_more_and_is_fetched_all_the_same(bench):
    bench.offer("i", -10)
    bench.run(DAY_S)
    (row,) = bench.asked
    bench.recoveries.cancel(row.recovery_id, "no")
    (finding,) = bench.findings()
    bench.db.close_finding(finding.finding_id, ACCEPTED + "it is well as it is")
    bench.run(DAY_S)
    assert len(bench.asked) == 2
    bench.run(DAY_S)
    assert len(bench.asked) == 2, "a recovery is at it"
    assert not any(one.is_open for one in bench.findings())


def test_what_was_asked_for_goes_on_after_a_failover_although_nothing_is_compared_by_itself():
    bench = Bench(enabled=False)
    bench.offer("late", -5)
    bench.grant()
    bench.me.tell(CompareNow("dyn", None, Inbox("operator")))
    while not bench.runs:
        bench.me.pump()
        next(one for one in (bench.calls, bench.database, bench.compare) if one.jobs).run_one()
    bench.start("beta")
    bench.grant(4)
    bench.run(600)
    (run,) = bench.runs
    assert (run.scope, run.reason, run.ended_us is not None) == (Scope.ASKED, "", True)
    assert set(bench.open()) == {"late"}
    assert ask(bench).status == "done"


def test_what_began_by_itself_is_ended_first_where_nothing_is_compared_by_itself_any_more():
    bench = Bench()
    bench.grant()
    (run,) = bench.runs
    bench.tables.runs[run.run_id] = replace(run, ended_us=None, reached_us=run.from_us)
    bench.settings = ReconcileSettings(enabled=False)
    bench.start("beta")
    bench.grant(4)
    bench.run(600)
    assert bench.runs[0].ended_us is None
    assert ask(bench).status == "refused"
    bench.run(600)
    assert bench.runs[0].ended_us is not None
    assert ask(bench).status == "done"
