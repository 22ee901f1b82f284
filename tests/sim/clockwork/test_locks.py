"""Locks in virtual time."""

import pytest

from sim.clockwork.kernel import Deadlock, Kernel
from sim.clockwork.locks import SimLock


@pytest.fixture
def kernel():
    return Kernel(seed=1)


def run_task(kernel, body):
    kernel.schedule(0, lambda: kernel.run_task(body, None), label="job")


def hold(kernel, lock, seconds, story, name):
    def body():
        with lock:
            story.append(f"{name} in at {kernel.now_ns / 1e9:g}")
            kernel.block_for(seconds)
            story.append(f"{name} out at {kernel.now_ns / 1e9:g}")

    return body


@pytest.mark.parametrize("reentrant", [False, True])
def test_a_job_waits_in_virtual_time_for_the_job_that_holds_the_lock(kernel, reentrant):
    story, lock = [], SimLock(kernel, reentrant=reentrant)
    run_task(kernel, hold(kernel, lock, 2.0, story, "one"))
    run_task(kernel, hold(kernel, lock, 1.0, story, "two"))
    kernel.run_for(10)
    assert [line.split(" at ")[0] for line in story] == ["one in", "one out", "two in", "two out"]
    assert float(story[2].split()[-1]) == pytest.approx(2.0, abs=0.06)
    assert not lock.locked()


def test_a_reentrant_lock_lets_its_own_job_in_again_and_needs_as_many_releases(kernel):
    lock, seen = SimLock(kernel, reentrant=True), []

    def body():
        with lock:
            with lock:
                seen.append(lock.locked())
            seen.append(lock.locked())
        seen.append(lock.locked())

    run_task(kernel, body)
    kernel.run_for(1)
    assert seen == [True, True, False]


def test_a_plain_lock_taken_twice_by_one_job_is_a_deadlock(kernel):
    lock = SimLock(kernel, reentrant=False)

    def body():
        with lock, lock:
            pass

    run_task(kernel, body)
    with pytest.raises(Deadlock):
        kernel.run_for(1)


def test_an_actor_that_would_wait_for_a_job_fails_at_once(kernel):
    lock = SimLock(kernel, reentrant=False)
    run_task(kernel, hold(kernel, lock, 5.0, [], "job"))
    kernel.schedule(10**9, lock.acquire, label="actor")
    with pytest.raises(Deadlock):
        kernel.run_for(3)


def test_whoever_does_not_want_to_wait_is_told_no(kernel):
    lock, answers = SimLock(kernel, reentrant=False), []
    run_task(kernel, hold(kernel, lock, 5.0, [], "job"))
    kernel.schedule(10**9, lambda: answers.append(lock.acquire(blocking=False)), label="actor")

    def patient():
        answers.append(lock.acquire(timeout=0.5))

    run_task(kernel, patient)
    kernel.run_for(3)
    assert answers == [False, False]


def test_a_lock_that_nobody_holds_cannot_be_given_back(kernel):
    with pytest.raises(RuntimeError):
        SimLock(kernel, reentrant=False).release()
