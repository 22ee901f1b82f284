"""The distributor between a link, a worker, and a client: two of them make a pair."""

import pytest

from cluster.frames import (
    JobAnswer,
    JobCancel,
    JobDone,
    JobFailed,
    JobOffer,
    JobProgress,
    Role,
)
from cluster.messages import DescribeSelf, Ping, Pong
from cluster.status import ClaimsStatus, ClaimStatus
from cluster.work_messages import (
    ClaimsDue,
    Job,
    JobAssigned,
    JobBroken,
    JobFinished,
    PairChanged,
    RunJob,
    Withdraw,
    WorkDone,
    WorkFailed,
    WorkMoved,
)
from tests.by_hand import Inbox
from tests.cluster.distributor_node import JOB, Node, pass_frames


@pytest.fixture
def primary():
    return Node("a", Role.PRIMARY)


@pytest.fixture
def secondary():
    return Node("b", Role.SECONDARY)


def test_a_primary_runs_a_job_on_its_own_worker_and_tells_the_client(primary):
    primary.ready(2)
    primary.distribute()
    run = primary.worker.messages[0]
    assert isinstance(run, RunJob)
    assert (run.job, run.attempt, run.from_node) == (JOB, 1, "a")
    assert primary.client.messages == [JobAssigned(JOB.key, "a", run.claim, 1)]
    primary.tell(WorkDone(run.claim, JOB.key, 77, b"done"))
    assert primary.client.messages[1:] == [JobFinished(JOB.key, "a", 77, b"done")]
    assert primary.frames() == [JobDone("", JOB.key, 77, b"done", 2)]
    assert primary.status.claimed_here == 0


def test_who_does_what_is_shown_once_a_second_and_forgotten_when_it_is_over(primary):
    primary.ready(2)
    primary.distribute()
    run = primary.worker.messages[0]
    primary.tell(WorkMoved(run.claim, 9, held=True))
    assert primary.board.read("claims", ClaimsStatus).claims == ()
    primary.tell(ClaimsDue())
    shown = ClaimStatus(JOB.key, "a", 1, 9, held=True)
    assert primary.board.read("claims", ClaimsStatus).claims == (shown,)
    primary.tell(WorkDone(run.claim, JOB.key, 77, b"done"))
    primary.tell(ClaimsDue())
    assert primary.board.read("claims", ClaimsStatus).claims == ()


def test_an_offer_without_an_answer_is_nobodys_work_yet(primary):
    primary.ready(0)
    primary.pair(Role.PRIMARY, peer_free=4)
    primary.distribute()
    primary.tell(ClaimsDue())
    assert primary.status.claimed_by_peer == 1
    assert primary.board.read("claims", ClaimsStatus).claims == ()


def test_the_freer_peer_gets_the_job_and_its_result_reaches_the_client(primary, secondary):
    primary.ready(0)
    secondary.ready(4)
    primary.pair(Role.PRIMARY, peer_free=4)
    primary.distribute()
    pass_frames(primary, secondary)
    run = secondary.worker.messages[0]
    assert run.from_node == "a"
    assert primary.client.messages == [JobAssigned(JOB.key, "b", run.claim, 1)]
    secondary.tell(WorkDone(run.claim, JOB.key, 77, b"done"))
    pass_frames(primary, secondary)
    assert primary.client.messages[-1] == JobFinished(JOB.key, "b", 77, b"done")
    assert primary.status.claimed_by_peer == 0


def test_a_secondary_takes_offers_only_up_to_its_free_capacity(secondary):
    secondary.ready(1)
    secondary.link.take()
    secondary.hear(JobOffer("c1", "source/1@1", b"", 1), JobOffer("c2", "source/2@1", b"", 1))
    assert secondary.frames() == [
        JobAnswer("c1", accepted=True, free_capacity=0),
        JobAnswer("c2", accepted=False, free_capacity=0, reason="no free capacity"),
    ]
    assert len(secondary.worker.messages) == 1


def test_a_node_without_a_worker_takes_nothing(secondary):
    secondary.hear(JobOffer("c1", "source/1@1", b"", 1))
    assert not secondary.frames()[0].accepted


def test_a_secondary_gives_out_nothing(secondary):
    secondary.ready(3)
    secondary.distribute()
    assert secondary.worker.messages == []
    assert secondary.status.waiting == 1


def test_the_link_hears_of_every_change_of_free_capacity_once(primary):
    primary.link.take()
    primary.ready(2)
    primary.ready(2)
    primary.distribute()
    told = [m.free_capacity for m in primary.link.of(DescribeSelf)]
    assert told == [2, 1]


def test_a_worker_that_gives_up_at_once_is_not_thought_busy(primary):
    primary.ready(1)
    primary.distribute()
    primary.tell(WorkFailed(primary.worker.messages[0].claim, JOB.key, b"why"))
    primary.distribute(attempt=2)
    assert len(primary.worker.messages) == 2, "it never said that its capacity changed"


def test_a_worker_gets_no_more_than_it_takes_while_orders_are_on_their_way(primary):
    primary.ready(3)
    for number in range(9):
        primary.distribute(Job(f"source/{number}@1", b"body"))
    assert len(primary.worker.messages) == 3
    primary.ready(2, taken=1)
    assert len(primary.worker.messages) == 3, "two of its three orders are still on their way"
    primary.ready(1, taken=2)
    primary.ready(0, taken=3)
    assert len(primary.worker.messages) == 3
    primary.ready(1, taken=3)
    assert len(primary.worker.messages) == 4


def test_a_refused_job_is_run_here_when_there_is_room(primary):
    primary.pair(Role.PRIMARY, peer_free=5)
    primary.distribute()
    offer = primary.frames()[-1]
    primary.ready(1)
    primary.hear(JobAnswer(offer.claim, accepted=False, free_capacity=0))
    assert len(primary.worker.messages) == 1


def test_progress_and_failure_of_the_peers_claims_are_reported_to_it(secondary):
    secondary.ready(1)
    secondary.hear(JobOffer("c1", JOB.key, b"body", 1))
    secondary.frames()
    secondary.tell(WorkMoved("c1", 500, held=False))
    secondary.tell(WorkFailed("c1", JOB.key, b"why"))
    assert secondary.frames() == [JobProgress("c1", 500), JobFailed("c1", JOB.key, b"why", 1)]


def test_a_failure_is_told_to_the_client_who_may_distribute_again(primary):
    primary.ready(1)
    primary.distribute()
    claim = primary.worker.messages[0].claim
    primary.tell(WorkFailed(claim, JOB.key, b"why"))
    assert primary.client.messages[-1] == JobBroken(JOB.key, "a", b"why")
    primary.ready(1)
    primary.distribute(attempt=2)
    assert primary.worker.messages[-1].attempt == 2


def test_a_failure_at_the_peer_is_told_to_the_client(primary):
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute()
    claim = primary.frames()[-1].claim
    primary.hear(
        JobAnswer(claim, accepted=True, free_capacity=0), JobFailed(claim, JOB.key, b"why", 1)
    )
    assert primary.client.messages[-1] == JobBroken(JOB.key, "b", b"why")


def test_the_failure_of_a_lost_claim_is_no_news_but_its_success_is(primary):
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute()
    claim = primary.frames()[-1].claim
    primary.hear(JobAnswer(claim, accepted=True, free_capacity=0))
    primary.ready(1)
    primary.clock.advance(121)
    assert JobCancel(claim) in primary.frames()
    assert primary.status.expired == 1
    assert len(primary.worker.messages) == 1
    primary.client.take()
    primary.hear(JobFailed(claim, JOB.key, b"late", 1))
    assert primary.client.messages == []
    primary.hear(JobDone(claim, JOB.key, 5, b"late", 1))
    assert primary.client.messages == [JobFinished(JOB.key, "b", 5, b"late")]
    assert primary.status.claimed_here == 0


def test_a_dead_peers_jobs_are_run_here_at_once(primary):
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute()
    claim = primary.frames()[-1].claim
    primary.hear(JobAnswer(claim, accepted=True, free_capacity=0))
    primary.ready(1)
    assert primary.worker.messages == []
    primary.pair(Role.PRIMARY, peer="dead")
    assert len(primary.worker.messages) == 1
    assert primary.status.given_again == 1


def test_a_dropped_connection_alone_takes_no_claim_from_the_peer(primary):
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute()
    claim = primary.frames()[-1].claim
    primary.hear(JobAnswer(claim, accepted=True, free_capacity=0))
    primary.pair(Role.PRIMARY, peer="suspect")
    primary.ready(1)
    primary.clock.advance(60)
    assert primary.worker.messages == []
    assert primary.status.claimed_by_peer == 1


def test_done_for_a_key_nobody_distributed_reaches_the_default_client(primary):
    primary.hear(JobDone("", "source/9@1", 5, b"x", 1), JobDone("", "strange/1", 5, b"x", 1))
    assert primary.default.messages == [JobFinished("source/9@1", "b", 5, b"x")]


def test_work_from_before_a_crash_is_reported_without_a_claim(secondary):
    secondary.tell(WorkDone("", JOB.key, 5, b"x"))
    assert secondary.frames() == [JobDone("", JOB.key, 5, b"x", 0)]
    assert secondary.default.messages == [JobFinished(JOB.key, "b", 5, b"x")]


def test_work_in_hand_survives_a_takeover_and_is_not_started_twice(secondary):
    secondary.ready(2)
    secondary.hear(JobOffer("c1", JOB.key, b"body", 1))
    secondary.pair(Role.PRIMARY, peer="dead")
    secondary.distribute()
    assert len(secondary.worker.messages) == 1
    assert secondary.client.messages == [JobAssigned(JOB.key, "b", "c1", 1)]
    secondary.tell(WorkDone("c1", JOB.key, 5, b"x"))
    assert secondary.client.messages[-1] == JobFinished(JOB.key, "b", 5, b"x")


def test_work_in_hand_of_a_former_primary_is_reported_under_the_new_primarys_claim(primary):
    primary.ready(2)
    primary.distribute()
    claim = primary.worker.messages[0].claim
    primary.tell(WorkMoved(claim, 900, held=True))
    primary.pair(Role.SECONDARY)
    primary.frames()
    primary.hear(JobOffer("new", JOB.key, b"body", 1))
    assert len(primary.worker.messages) == 1
    primary.tell(WorkDone(claim, JOB.key, 5, b"x"))
    assert primary.frames() == [
        JobAnswer("new", accepted=True, free_capacity=1),
        JobProgress("new", 900, held=True),
        JobDone("new", JOB.key, 5, b"x", 2),
    ]


def test_withdrawn_jobs_are_cancelled_at_the_peer(primary, secondary):
    secondary.ready(1)
    primary.pair(Role.PRIMARY, peer_free=1)
    primary.distribute()
    pass_frames(primary, secondary)
    primary.tell(Withdraw((JOB.key,)))
    pass_frames(primary, secondary)
    claim = secondary.worker.messages[0].claim
    secondary.tell(WorkMoved(claim, 5, held=False))
    assert secondary.frames() == [], "no progress for a claim nobody waits for"
    secondary.tell(WorkDone(claim, JOB.key, 5, b"x"))
    assert secondary.frames() == [JobDone("", JOB.key, 5, b"x", 1)]


def test_it_answers_the_supervisor(primary):
    supervisor = Inbox()
    primary.tell(Ping(3, supervisor))
    assert supervisor.messages == [Pong("distributor", 3)]


def test_no_timer_runs_while_there_is_nothing_to_look_after(primary):
    assert primary.clock.timers == []
    primary.ready(1)
    primary.distribute()
    assert len(primary.clock.timers) == 1
    primary.tell(WorkDone(primary.worker.messages[0].claim, JOB.key, 5, b"x"))
    primary.clock.advance(5)
    assert primary.clock.timers == []


def test_an_unhealthy_peer_is_offered_nothing_that_this_node_can_take(primary):
    primary.ready(1)
    primary.tell(
        PairChanged(
            Role.PRIMARY,
            1,
            "alive",
            9,
            alone=False,
            peer_node="b",
            peer_boot="p1",
            peer_healthy=False,
        )
    )
    primary.distribute()
    assert len(primary.worker.messages) == 1
