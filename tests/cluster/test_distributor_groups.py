"""Distributors that share groups of jobs: a stalled group holds its share and no more."""

import pytest

from cluster.frames import JobAnswer, JobDone, JobFailed, JobOffer, Role
from cluster.messages import DescribeSelf
from cluster.work_messages import Job, JobFinished, RunJob, WorkDone, WorkFailed
from tests.cluster.distributor_node import Node, pass_frames

SHARES = {"stalled": 2, "well": 2}


def job(group, number):
    return Job(f"{group}/{number}@1", b"body")


@pytest.fixture
def primary():
    return Node("a", Role.PRIMARY)


@pytest.fixture
def secondary():
    return Node("b", Role.SECONDARY)


class TwoNodes:
    """Workers that do what is well at once and never finish what is stalled."""

    def __init__(self, primary, secondary):
        self.nodes = primary, secondary
        self.stalled = {"a": 0, "b": 0}

    def round(self):
        primary, secondary = self.nodes
        primary.pair(Role.PRIMARY, peer_shares=self._free(secondary))
        for node in self.nodes:
            for run in node.worker.take():
                if run.job.key.startswith("stalled"):
                    self.stalled[node.node] += 1
                else:
                    node.tell(WorkDone(run.claim, run.job.key, 1, b""))
            node.ready(0, shares=self._free(node))
        pass_frames(*self.nodes)

    def _free(self, node):
        return {**SHARES, "stalled": SHARES["stalled"] - self.stalled[node.node]}


def test_a_stalled_group_holds_its_share_of_both_nodes_and_the_other_goes_on(primary, secondary):
    world = TwoNodes(primary, secondary)
    for node in world.nodes:
        node.ready(0, shares=SHARES)
    for number in range(50):
        primary.distribute(job("stalled", number))
    for _ in range(5):
        world.round()
    assert world.stalled == {"a": 2, "b": 2}
    wanted = [job("well", number) for number in range(20)]
    for one in wanted:
        primary.distribute(one)
    for _ in range(10):
        world.round()
    done = {news.key for news in primary.client.of(JobFinished)}
    assert done == {one.key for one in wanted}
    assert world.stalled == {"a": 2, "b": 2}


def test_a_secondary_whose_group_is_full_refuses_that_group_alone(secondary):
    secondary.ready(0, shares={"stalled": 0, "well": 1})
    secondary.link.take()
    secondary.hear(JobOffer("c1", "stalled/1@1", b"", 1), JobOffer("c2", "well/1@1", b"", 1))
    assert [answer.accepted for answer in secondary.frames()] == [False, True]


def test_frames_and_beats_tell_the_room_of_each_group(secondary):
    secondary.ready(0, shares={"stalled": 3, "well": 2})
    told = secondary.link.of(DescribeSelf)[-1]
    assert told.free_by_group == {"stalled": 3, "well": 2}
    assert told.free_capacity == 2, "an older peer hears what is true of every group"
    secondary.link.take()
    secondary.hear(JobOffer("c1", "well/1@1", b"", 1), JobOffer("c2", "well/2@1", b"", 1))
    first, second = secondary.frames()
    assert isinstance(first, JobAnswer)
    assert first.free_by_group == {"stalled": 3, "well": 1}
    assert (second.accepted, second.free_capacity) == (True, 0)
    secondary.tell(WorkDone("c1", "well/1@1", 1, b""))
    secondary.tell(WorkFailed("c2", "well/2@1", b""))
    done, failed = secondary.frames()
    assert isinstance(done, JobDone)
    assert isinstance(failed, JobFailed)
    assert done.free_by_group == {"stalled": 3, "well": 1}
    assert failed.free_by_group == {"stalled": 3, "well": 2}


def test_a_primary_heeds_the_shares_in_an_answer(primary):
    primary.pair(Role.PRIMARY, peer_shares={"stalled": 1, "well": 1})
    primary.distribute(job("stalled", 0))
    (offer,) = [frame for frame in primary.frames() if isinstance(frame, JobOffer)]
    answer = JobAnswer(offer.claim, True, 0, "", {"stalled": 0, "well": 1})
    primary.hear(answer)
    primary.distribute(job("stalled", 1))
    assert primary.frames() == []
    primary.distribute(job("well", 0))
    assert [frame.key for frame in primary.frames()] == ["well/0@1"]


def test_of_an_older_peer_the_one_number_counts_for_every_group(primary):
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute(job("stalled", 0))
    primary.distribute(job("well", 0))
    offers = [frame.key for frame in primary.frames() if isinstance(frame, JobOffer)]
    assert offers == ["stalled/0@1"]
    primary.ready(0, shares=SHARES)
    (run,) = primary.worker.of(RunJob)
    assert run.job.key == "well/0@1", "here every group has its own"
