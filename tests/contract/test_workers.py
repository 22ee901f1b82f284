"""What every lane of workers promises."""

from functools import partial

import pytest

from cluster.ports import Done, Failed
from tests.contract.hosts import Recorder


@pytest.fixture
def inbox(host):
    recorder = Recorder()
    address = host.runtime.reserve("one")
    host.runtime.start(address, recorder)
    return recorder, address


def fail(error):
    raise error


def test_the_outcome_of_a_job_comes_back_as_a_message(host, inbox):
    recorder, address = inbox
    host.workers().submit(partial(pow, 2, 10), address, lambda outcome: ("outcome", outcome))
    host.until(lambda: len(recorder.seen) == 2, "the outcome")
    assert recorder.seen[1] == ("outcome", Done(1024))


def test_an_exception_of_a_job_comes_back_as_failed(host, inbox):
    recorder, address = inbox
    error = OSError("disk on fire")
    host.workers().submit(partial(fail, error), address, lambda outcome: outcome)
    host.until(lambda: len(recorder.seen) == 2, "the outcome")
    assert recorder.seen[1] == Failed(error)
    assert host.crashes == []


@pytest.mark.parametrize("error", [AssertionError("broken invariant"), SystemExit(1)])
def test_a_broken_invariant_in_a_job_is_fatal_and_has_no_outcome(host, inbox, error):
    recorder, address = inbox
    workers = host.workers()
    workers.submit(partial(fail, error), address, lambda outcome: outcome)
    workers.submit(partial(str, 1), address, lambda outcome: outcome)
    host.until(lambda: len(recorder.seen) == 2, "the job after it")
    assert [crash for _, crash in host.crashes] == [error]
    assert recorder.seen[1] == Done("1")


def test_a_failure_to_make_the_message_is_fatal(host, inbox):
    _, address = inbox
    error = KeyError("then")
    host.workers().submit(partial(str, 1), address, lambda _: fail(error))
    host.until(lambda: host.crashes, "the crash")
    assert [crash for _, crash in host.crashes] == [error]


def test_a_job_never_runs_inside_submit(host, inbox):
    recorder, address = inbox
    workers = host.workers()
    running = []

    def on_go(_):
        workers.submit(lambda: host.pause(0.02) or running.append(1), address, str)
        running.append("submitted")

    submitting = host.runtime.reserve("submitting")
    host.runtime.start(submitting, Recorder(on_go))
    submitting.tell("go")
    host.until(lambda: len(recorder.seen) == 2, "the outcome")
    assert running == ["submitted", 1]


def test_one_worker_runs_its_jobs_one_after_the_other_in_order(host, inbox):
    recorder, address = inbox
    workers = host.workers(threads=1)
    for number in range(5):
        workers.submit(partial(_slowly, host, number), address, lambda outcome: outcome.value)
    host.until(lambda: len(recorder.seen) == 6, "all outcomes")
    assert recorder.seen == ["start", 0, 1, 2, 3, 4]


def test_as_many_jobs_as_threads_are_under_way_and_the_rest_waits(host, inbox):
    recorder, address = inbox
    workers = host.workers(threads=3)
    inside, gate = [], []

    def job(number):
        inside.append(number)  # shared with the test: how many are inside is its subject
        host.hold(lambda: gate)
        return number

    for number in range(8):
        workers.submit(partial(job, number), address, lambda outcome: outcome.value)
    host.until(lambda: len(inside) == 3, "three run")
    host.let_pass(0.03)
    assert sorted(inside) == [0, 1, 2]
    assert workers.waiting() == 5
    gate.append("open")
    host.until(lambda: len(recorder.seen) == 9, "all outcomes")
    assert sorted(recorder.seen[1:]) == list(range(8))
    assert workers.waiting() == 0


def test_stop_forgets_what_waits_and_waits_for_what_runs(host, inbox):
    recorder, address = inbox
    workers = host.workers(threads=1)
    inside, gate = [], []

    def job(number):
        inside.append(number)
        host.hold(lambda: gate)
        return number

    for number in range(3):
        workers.submit(partial(job, number), address, lambda outcome: outcome.value)
    host.until(lambda: inside, "the first runs")
    assert not workers.stop(0.02)
    assert workers.waiting() == 0
    gate.append("open")
    assert workers.stop(5)
    workers.submit(partial(job, 9), address, lambda outcome: outcome.value)
    host.until(lambda: len(recorder.seen) == 2, "the first outcome")
    host.let_pass(0.03)
    assert recorder.seen == ["start", 0]


def _slowly(host, value):
    host.pause(0.01)
    return value
