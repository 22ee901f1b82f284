"""Two distributors and a link that loses frames: no job may wait for ever."""

import pytest

from cluster.frames import JobAnswer, JobOffer, JobProgress, Role
from cluster.work_messages import (
    Distribute,
    Job,
    JobBroken,
    JobFinished,
    WorkDone,
    WorkFailed,
    WorkMoved,
)
from tests.by_hand import HandClock
from tests.cluster.distributor_node import JOB, Node

CLAIM_S = 120


class World:
    """Primary `a` without room, secondary `b` that works, and a client that tries again."""

    def __init__(self):
        clock = HandClock()
        self.clock = clock
        self.a, self.b = Node("a", Role.PRIMARY, clock), Node("b", Role.SECONDARY, clock)
        self.connected = True
        self.lost = 0
        self.finished = {}
        self.broken = []
        self.b.ready(24)
        self.verdict("alive")

    def verdict(self, peer):
        self.a.pair(Role.PRIMARY, peer=peer, peer_free=24 if peer == "alive" else 0)

    def carry(self):
        moved = True
        while moved:
            moved = False
            for sender, receiver in ((self.a, self.b), (self.b, self.a)):
                for frame in sender.frames():
                    moved = True
                    if self.connected:
                        receiver.hear(frame)
                    else:
                        self.lost += 1
        for news in self.a.client.take():
            if isinstance(news, JobFinished):
                self.finished[news.key] = news.node
            elif isinstance(news, JobBroken):
                self.broken.append((news.node, news.body))
                self.a.tell(Distribute(Job(news.key, b"body"), 2, self.a.client))

    def distribute(self, job=JOB):
        self.a.distribute(job)
        self.carry()

    def pass_time(self, seconds):
        for _ in range(seconds):
            self.clock.advance(1)
            self.carry()

    def runs(self):
        self.carry()
        return self.b.worker.take()

    def end(self, run, *, done):
        if done:
            self.b.tell(WorkDone(run.claim, run.job.key, 7, b"done"))
        else:
            self.b.tell(WorkFailed(run.claim, run.job.key, b"why"))
        self.b.ready(24)
        self.carry()

    def hold(self, run):
        self.b.tell(WorkMoved(run.claim, 100, held=True))
        self.carry()


@pytest.fixture
def world():
    return World()


def held_job(world):
    world.distribute()
    (run,) = world.runs()
    world.hold(run)
    return run


def test_a_held_job_whose_end_was_lost_is_given_again_once_the_peer_is_back(world):
    run = held_job(world)
    world.connected = False
    world.verdict("suspect")
    world.end(run, done=True)
    assert world.lost == 1
    world.connected = True
    world.verdict("alive")
    world.pass_time(2)
    (again,) = world.runs()
    assert again.job == JOB
    assert again.ask_first, "it may be done already"
    assert again.claim != run.claim
    world.end(again, done=True)
    assert world.finished == {JOB.key: "b"}


def test_the_reason_of_a_failure_that_was_lost_with_the_link_is_told_when_asked_for(world):
    run = held_job(world)
    world.connected = False
    world.verdict("suspect")
    world.end(run, done=False)
    assert (world.lost, world.broken) == (1, [])
    world.connected = True
    world.verdict("alive")
    world.pass_time(2)
    assert world.broken == [("b", b"why")]
    (again,) = world.runs()
    assert (again.job, again.attempt) == (JOB, 2)
    world.end(again, done=True)
    assert world.finished == {JOB.key: "b"}
    assert world.broken == [("b", b"why")], "it is told once"


def test_a_failure_that_arrived_is_not_told_a_second_time(world):
    run = held_job(world)
    world.end(run, done=False)
    world.verdict("suspect")
    world.verdict("alive")
    world.pass_time(2)
    assert world.broken == [("b", b"why")]


@pytest.mark.parametrize("done", [True, False])
def test_a_loss_that_nobody_noticed_is_found_when_the_claim_was_silent_for_long(world, done):
    run = held_job(world)
    world.connected = False
    world.end(run, done=done)
    world.connected = True
    world.pass_time(CLAIM_S - 2)
    assert world.runs() == []
    world.pass_time(4)
    (again,) = world.runs()
    assert again.ask_first == done
    assert world.broken == ([] if done else [("b", b"why")])


def test_what_the_peer_still_has_in_hand_stays_with_it(world):
    run = held_job(world)
    world.connected = False
    world.verdict("suspect")
    world.pass_time(3)
    world.connected = True
    world.verdict("alive")
    world.pass_time(3600)
    assert world.runs() == []
    assert world.a.status.given_again == 0
    world.end(run, done=True)
    assert world.finished == {JOB.key: "b"}


def test_a_lost_question_is_asked_again(world):
    run = held_job(world)
    world.connected = False
    world.end(run, done=False)
    world.pass_time(CLAIM_S + 5)
    assert world.lost > 1
    world.connected = True
    world.pass_time(CLAIM_S + 5)
    assert len(world.runs()) == 1


def test_a_peer_in_doubt_is_not_asked_before_it_is_back(world):
    held_job(world)
    world.connected = False
    world.verdict("suspect")
    world.pass_time(3 * CLAIM_S)
    assert world.lost == 0


def test_a_node_does_not_start_what_it_is_only_asked_about(world):
    node = world.b
    node.hear(JobOffer("c1", JOB.key, b"body", 1, again=True))
    assert node.worker.messages == []
    (answer,) = node.frames()
    assert (answer.claim, answer.accepted) == ("c1", False)


def test_a_node_says_how_far_it_is_with_what_it_is_asked_about(world):
    run = held_job(world)
    world.b.hear(JobOffer(run.claim, JOB.key, b"body", 1, again=True))
    answer, progress = world.b.frames()
    assert isinstance(answer, JobAnswer)
    assert answer.accepted
    assert progress == JobProgress(run.claim, 100, held=True)


def test_thousands_of_doubtful_claims_are_asked_about_a_few_at_a_time(world):
    jobs = [Job(f"source/{number}@1", b"") for number in range(400)]
    for job in jobs:
        world.b.ready(24)
        world.verdict("alive")
        world.distribute(job)
        for run in world.runs():
            world.hold(run)
    assert world.a.status.claimed_by_peer == 400
    world.verdict("suspect")
    world.a.frames()
    world.verdict("alive")
    assert 0 < len(world.a.frames()) <= 100


def test_an_hour_of_a_flapping_link_leaves_no_job_behind(world):
    jobs = [Job(f"source/{number}@1", b"body") for number in range(60)]
    archived, busy = set(), []
    for second in range(3600):
        flap, phase = divmod(second, 23)
        world.connected = phase < 20
        if flap % 2 and phase in {0, 22}:  # every other break is too short to be noticed
            world.verdict("alive" if phase == 0 else "suspect")
        elif phase == 0:
            world.verdict("alive")
        if second < 1800 and second % 30 == 0:
            world.distribute(jobs[second // 30])
        for run in world.runs():
            if run.ask_first and run.job.key in archived:
                world.end(run, done=True)
            else:
                busy.append((second, run))
        for taken, run in list(busy):
            if second == taken + 5:
                world.hold(run)
            elif second == taken + 6 + (taken + int(run.job.key[7:-2])) % 19:
                busy.remove((taken, run))
                done = run.attempt > 1 or len(run.job.key) % 2 == 0
                archived |= {run.job.key} if done else set()
                world.end(run, done=done)
        world.pass_time(1)
    assert world.lost > 10
    assert world.a.status.waiting == 0
    assert sum((world.a.status.claimed_here, world.a.status.claimed_by_peer)) == 0
    assert set(world.finished) == {job.key for job in jobs}
