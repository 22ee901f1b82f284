"""What only threads can get wrong in a lane of workers."""

import gc
import threading
import weakref
from functools import partial

import pytest

from cluster.adapters.thread_workers import ThreadWorkers
from cluster.ports import Done, Failed
from tests.by_hand import Inbox
from tests.waiting import wait_until


@pytest.fixture
def crashes():
    return []


@pytest.fixture
def lane(crashes):
    lanes = []

    def make(threads):
        made = ThreadWorkers(
            name="downloads",
            threads=threads,
            on_crash=lambda name, error: crashes.append((name, error)),
        )
        lanes.append(made)
        return made

    yield make
    for made in lanes:
        assert made.stop(5)


def outcome(result):
    return result


def worker_threads():
    return sorted(t.name for t in threading.enumerate() if t.name.startswith("downloads"))


def test_threads_are_made_when_needed_and_reused(lane):
    inbox, workers = Inbox(), lane(4)
    assert worker_threads() == []
    for number in range(20):
        workers.submit(partial(abs, number), inbox, outcome)
        wait_until(lambda: len(inbox.messages) == number + 1, 5, "the outcome")  # noqa: B023
        wait_until(lambda: workers._idle == len(worker_threads()), 5, "all rest")
    assert worker_threads() == ["downloads-1"]


def test_no_more_threads_than_allowed(lane):
    inbox, workers, gate = Inbox(), lane(3), threading.Event()
    for _ in range(10):
        workers.submit(partial(gate.wait, 10), inbox, outcome)
    wait_until(lambda: workers.waiting() == 7, 5, "three run")
    assert worker_threads() == ["downloads-1", "downloads-2", "downloads-3"]
    gate.set()
    wait_until(lambda: len(inbox.messages) == 10, 5, "all end")


def test_threads_are_daemons_and_bear_the_name_of_the_lane(lane):
    inbox = Inbox()
    lane(1).submit(threading.current_thread, inbox, outcome)
    wait_until(lambda: inbox.messages, 5, "the outcome")
    assert inbox.messages[0].value.daemon
    assert inbox.messages[0].value.name == "downloads-1"


def test_a_type_error_of_a_job_is_an_outcome_like_any_other_exception(lane, crashes):
    inbox = Inbox()
    lane(1).submit(partial(abs, "x"), inbox, outcome)
    wait_until(lambda: inbox.messages, 5, "the outcome")
    assert isinstance(inbox.messages[0], Failed)
    assert isinstance(inbox.messages[0].error, TypeError)
    assert crashes == []


def test_a_crash_names_the_lane(lane, crashes):
    def broken():
        raise AssertionError("never")

    lane(1).submit(broken, Inbox(), outcome)
    wait_until(lambda: crashes, 5, "the crash")
    assert [(name, str(error)) for name, error in crashes] == [("downloads", "never")]


def test_stop_reports_a_job_that_does_not_end(lane):
    workers, gate = lane(1), threading.Event()
    workers.submit(partial(gate.wait, 10), Inbox(), outcome)
    wait_until(lambda: workers.waiting() == 0, 5, "it runs")
    assert not workers.stop(0.02)
    gate.set()
    assert workers.stop(5)
    assert worker_threads() == []


def test_an_idle_worker_keeps_neither_the_last_job_nor_its_result_alive(lane):
    class Big:
        pass

    inbox, workers, big = Inbox(), lane(1), Big()
    gone = weakref.ref(big)
    workers.submit(partial(outcome, big), inbox, outcome)
    del big
    wait_until(lambda: workers._idle == 1 and inbox.messages, 5, "the worker rests")
    inbox.take()
    gc.collect()
    assert gone() is None


def test_many_submitters_lose_nothing(lane):
    inbox, workers = Inbox(), lane(4)

    def submit_many(start):
        for number in range(start, start + 250):
            workers.submit(partial(abs, number), inbox, outcome)

    threads = [threading.Thread(target=submit_many, args=(n * 250,)) for n in range(4)]  # noqa: TID251
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    wait_until(lambda: len(inbox.messages) == 1000, 10, "all outcomes")
    assert sorted(done.value for done in inbox.messages) == list(range(1000))
    assert all(isinstance(done, Done) for done in inbox.messages)
