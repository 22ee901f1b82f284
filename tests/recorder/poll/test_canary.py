"""A standby tries its own credentials now and then, and says so before the day they are needed."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from cluster.ports import Done, Failed
from recorder.errors import AuthRefused, Throttled, Unreachable
from recorder.messages import FindingClosed, FindingOpened
from recorder.model import Finding, Level
from recorder.poll.alarms import Alarms
from recorder.poll.canary import AGAIN_S, CODE, FIRST_S, UNREACHABLE, Canary
from recorder.poll.poll_messages import CanaryChecked, CanaryDue
from tests.by_hand import HandClock, HandWorkers, Inbox

EVERY_S = 900.0
REFUSED = AuthRefused("AADSTS7000215: the secret is wrong", hint="Renew it.")


def finding(level=Level.ERROR, what="no right to read", hint="Grant it."):
    return Finding("privilege_missing", level, "crm", what, hint)


class Bench:
    """One canary whose checks end as told."""

    def __init__(self, every_s=EVERY_S):
        self.clock, self.me, self.monitor = HandClock(), Inbox(), Inbox()
        self.lane = HandWorkers()
        self.checks = 0
        ports = SimpleNamespace(
            name="crm",
            me=self.me,
            clock=self.clock,
            source=self,
            source_lane=self.lane,
            poll=SimpleNamespace(canary_s=every_s),
        )
        self.canary = Canary(ports=ports, alarms=Alarms(monitor=self.monitor, subject="crm"))
        self.canary.start()

    def check(self):
        self.checks += 1
        return ()

    def pass_time(self, seconds, *, on_duty=False):
        """The clock moves on; what comes due is told to the canary."""
        self.clock.advance(seconds)
        for message in self.me.take():
            assert isinstance(message, CanaryDue)
            self.canary.due(message, on_duty=on_duty)

    def checked(self, outcome, *, on_duty=False):
        """The check under way ends so."""
        (job, _, then) = self.lane.jobs.pop()
        job()
        self.canary.checked(then(outcome), on_duty=on_duty)

    @property
    def opened(self):
        return [message.finding for message in self.monitor.of(FindingOpened)]

    @property
    def closed(self):
        return self.monitor.of(FindingClosed)


@pytest.fixture
def bench():
    return Bench()


@pytest.fixture
def failing(bench):
    """A canary that knows its secret is refused."""
    bench.pass_time(FIRST_S)
    bench.checked(Failed(REFUSED))
    return bench


def test_the_first_check_comes_soon_and_the_next_ones_rarely(bench):
    bench.pass_time(FIRST_S - 0.1)
    assert bench.lane.jobs == []
    bench.pass_time(0.1)
    bench.checked(Done(()))
    assert (bench.checks, bench.canary.problem, bench.monitor.messages) == (1, "", [])
    bench.pass_time(EVERY_S - 0.1)
    assert bench.lane.jobs == []
    bench.pass_time(0.1)
    assert len(bench.lane.jobs) == 1


def test_whoever_wants_checks_more_often_gets_the_first_one_so_soon():
    bench = Bench(every_s=2.0)
    bench.pass_time(2.0)
    assert len(bench.lane.jobs) == 1


def test_refused_credentials_are_a_finding_with_what_to_do(failing):
    (told,) = failing.opened
    assert (told.code, told.level, told.subject) == (CODE, Level.ERROR, "crm")
    assert "AADSTS7000215" in told.what
    assert told.hint == "Renew it."
    assert "AADSTS7000215" in failing.canary.problem


def test_a_right_that_is_missing_counts_as_much(bench):
    bench.pass_time(FIRST_S)
    bench.checked(Done((finding(Level.WARNING, "slow"), finding(), finding(what="another"))))
    assert bench.canary.problem == "crm: no right to read"
    assert bench.opened[0].hint == "Grant it."


def test_what_is_only_worth_knowing_is_no_problem_of_the_standby(bench):
    bench.pass_time(FIRST_S)
    bench.checked(Done((finding(Level.WARNING), finding(Level.INFO))))
    assert (bench.canary.problem, bench.opened) == ("", [])


@pytest.mark.parametrize("error", [Unreachable("away"), Throttled("wait")])
def test_a_source_that_is_away_for_everyone_is_no_problem_of_the_standby(error, bench):
    bench.pass_time(FIRST_S)
    bench.checked(Failed(error))
    assert (bench.canary.problem, bench.opened) == ("", [])


UNRESOLVED = replace(finding(what="login.example: name not known"), code="unreachable")


@pytest.mark.parametrize("outcome", [Done((UNRESOLVED,)), Failed(Unreachable("no such name"))])
def test_a_source_this_node_does_not_reach_is_a_finding_of_its_own_once_it_lasts(outcome, bench):
    bench.pass_time(FIRST_S)
    bench.checked(outcome)
    assert bench.opened == []
    bench.pass_time(AGAIN_S)
    bench.checked(outcome)
    (told,) = bench.opened
    assert (told.code, told.level) == (UNREACHABLE, Level.WARNING)
    assert "crm" in told.what
    assert bench.canary.problem == "", "whoever is not reached may be away for everyone"
    bench.pass_time(AGAIN_S)
    bench.checked(Done(()))
    assert bench.closed == [FindingClosed(UNREACHABLE, "crm")]
    bench.pass_time(AGAIN_S)
    assert bench.lane.jobs == [], "and from then on rarely again"


def test_a_duty_ends_the_doubt_whether_the_source_is_reached(bench):
    for pause_s in (FIRST_S, AGAIN_S):
        bench.pass_time(pause_s)
        bench.checked(Failed(Unreachable("no such name")))
    bench.canary.well()
    assert bench.closed == [FindingClosed(UNREACHABLE, "crm")]


def test_while_they_fail_they_are_tried_often_and_a_mended_secret_is_seen_soon(failing):
    failing.pass_time(AGAIN_S)
    failing.checked(Failed(REFUSED))
    assert len(failing.opened) == 1, "the same words are told once"
    failing.pass_time(AGAIN_S)
    failing.checked(Done(()))
    assert failing.canary.problem == ""
    assert failing.closed == [FindingClosed(CODE, "crm")]
    failing.pass_time(AGAIN_S)
    assert failing.lane.jobs == [], "and from then on rarely again"


def test_an_outage_proves_nothing_about_credentials_that_failed_before(failing):
    failing.pass_time(AGAIN_S)
    failing.checked(Failed(Unreachable("away")))
    assert "AADSTS7000215" in failing.canary.problem
    assert failing.closed == []


def test_on_duty_polling_itself_is_the_proof(bench):
    bench.pass_time(FIRST_S, on_duty=True)
    assert bench.lane.jobs == []
    bench.pass_time(EVERY_S)
    assert len(bench.lane.jobs) == 1, "and it goes on when the duty has ended"


def test_a_check_that_ends_after_the_duty_came_says_nothing(failing):
    failing.pass_time(AGAIN_S)
    failing.checked(Failed(REFUSED), on_duty=True)
    assert failing.canary.problem == ""
    assert failing.closed == [FindingClosed(CODE, "crm")]


def test_a_duty_that_ended_by_a_refusal_is_known_at_once_and_tried_soon(bench):
    bench.canary.refused(REFUSED)
    assert "AADSTS7000215" in bench.canary.problem
    assert len(bench.opened) == 1
    bench.pass_time(FIRST_S)
    assert bench.lane.jobs == [], "the timer from before counts no more"
    bench.pass_time(AGAIN_S - FIRST_S)
    assert len(bench.lane.jobs) == 1


def test_there_is_one_check_at_a_time_however_often_it_was_refused(bench):
    for _ in range(3):
        bench.canary.refused(REFUSED)
    bench.pass_time(AGAIN_S)
    assert len(bench.lane.jobs) == 1


def test_an_error_without_advice_gets_some(bench):
    bench.pass_time(FIRST_S)
    bench.checked(Done((finding(hint=""),)))
    assert "client id" in bench.opened[0].hint


def test_the_check_runs_on_the_lane_of_the_source(bench):
    bench.pass_time(FIRST_S)
    (job, reply_to, then) = bench.lane.jobs[0]
    assert reply_to is bench.me
    assert then(Done(())) == CanaryChecked(Done(()))
    assert job() == ()
