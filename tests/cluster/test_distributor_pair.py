"""Two distributors that share the work."""

import pytest

from cluster.frames import (
    Role,
)
from cluster.work_messages import (
    Job,
    JobBroken,
    JobFinished,
    WorkDone,
    WorkFailed,
)
from tests.cluster.distributor_node import Node, pass_frames


@pytest.fixture
def primary():
    return Node("a", Role.PRIMARY)


@pytest.fixture
def secondary():
    return Node("b", Role.SECONDARY)


def test_a_hundred_jobs_between_two_nodes_all_end_once(primary, secondary):
    jobs = [Job(f"source/{number}@1", b"") for number in range(100)]
    for job in jobs:
        primary.distribute(job)
    for _ in range(60):
        primary.pair(Role.PRIMARY, peer_free=2)
        for node in (primary, secondary):
            runs = node.worker.take()
            for run in runs:
                node.tell(WorkDone(run.claim, run.job.key, 1, b""))
            node.ready(2)
        pass_frames(primary, secondary)
    finished = [news.key for news in primary.client.of(JobFinished)]
    assert sorted(finished) == sorted(job.key for job in jobs)
    assert {news.node for news in primary.client.of(JobFinished)} == {"a", "b"}


def test_a_node_that_breaks_everything_at_once_does_not_swallow_the_work(primary, secondary):
    jobs = [Job(f"source/{number}@1", b"") for number in range(100)]
    for job in jobs:
        primary.distribute(job)
    done, tries = set(), 0
    for _ in range(100):
        primary.ready(2)
        for run in primary.worker.take():
            done.add(run.job.key)
            primary.tell(WorkDone(run.claim, run.job.key, 1, b""))
        primary.ready(2)
        secondary.ready(24)
        primary.pair(Role.PRIMARY, peer_free=24)
        pass_frames(primary, secondary)
        for run in secondary.worker.take():
            tries += 1
            secondary.tell(WorkFailed(run.claim, run.job.key, b"why"))
        pass_frames(primary, secondary)
        for news in primary.client.take():
            if isinstance(news, JobBroken):
                primary.distribute(Job(news.key, b""), attempt=2)
        primary.clock.advance(1)
    assert done == {job.key for job in jobs}
    assert tries < 40, "24 before it was known, then a trial now and then"
