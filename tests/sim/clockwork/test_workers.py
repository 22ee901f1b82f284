"""Jobs in virtual time."""

from functools import partial

import pytest

from cluster.ports import Done
from sim.clockwork.kernel import Deadlock
from tests.by_hand import Inbox
from tests.contract.hosts import SimHost


@pytest.fixture
def host():
    return SimHost()


def outcome(result):
    return result


def test_a_job_takes_the_virtual_time_it_blocks(host):
    inbox = Inbox()
    host.workers().submit(partial(host.pause, 3.0), inbox, outcome)
    host.kernel.run_for(2.9)
    assert inbox.messages == []
    host.kernel.run_for(0.2)
    assert inbox.messages == [Done(None)]


def test_jobs_of_one_lane_go_on_beside_each_other(host):
    inbox, workers = Inbox(), host.workers(threads=2)
    for seconds in (3.0, 1.0, 1.0):
        workers.submit(
            partial(host.pause, seconds), inbox, lambda _, seconds=seconds: (seconds, _now(host))
        )
    host.kernel.run_for(10)
    assert inbox.messages == [(1.0, 1), (1.0, 2), (3.0, 3)]


def _now(host):
    return host.kernel.now_ns // 1_000_000_000


def test_jobs_of_a_crashed_node_neither_end_nor_begin(host):
    inbox, workers, events = Inbox(), host.workers(threads=1), []

    def job():
        try:
            host.pause(1.0)
        finally:
            events.append("finally")

    workers.submit(job, inbox, outcome)
    workers.submit(job, inbox, outcome)
    host.kernel.run_for(0.5)
    host.kernel.end_epoch("a")
    host.kernel.run_for(10)
    assert inbox.messages == events == []


def test_waiting_for_an_actor_inside_a_job_is_a_bug(host):
    address = host.runtime.reserve("one")
    host.workers().submit(
        partial(host.runtime.ask, address, lambda reply: reply, 1), Inbox(), outcome
    )
    host.kernel.run_for(1)
    ((_, error),) = host.crashes
    assert isinstance(error, Deadlock)


def test_an_interrupt_in_a_job_comes_out_of_the_kernel(host):
    def job():
        raise KeyboardInterrupt

    host.workers().submit(job, Inbox(), outcome)
    with pytest.raises(KeyboardInterrupt):
        host.kernel.run_for(1)
    assert host.crashes == []


def test_stopping_a_lane_inside_an_event_is_a_bug(host):
    workers = host.workers()
    host.kernel.schedule(0, partial(workers.stop, 1), label="")
    with pytest.raises(Deadlock):
        host.kernel.run_for(1)
