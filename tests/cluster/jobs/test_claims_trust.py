"""Who gets a job after jobs were broken, and who gets none because it is not well."""

import pytest

from cluster.frames import Role
from cluster.jobs.claim import Peer
from cluster.jobs.claims import Claims
from cluster.jobs.trust import BREAKS_IN_A_ROW, PASS_OVER_S
from cluster.work_messages import Job

S = 1_000_000_000


def job(number):
    return Job(f"source/{number}@1", b"body")


@pytest.fixture
def claims():
    table = Claims(node="a", boot="boot", claim_s=120, other_half_after_s=90)
    table.role(Role.PRIMARY, 0)
    return table


def room(claims, own, peer, *, state="alive", healthy=True, boot="p1"):
    claims.own_capacity(own)
    known = Peer(node="b", boot=boot, state=state, free_capacity=peer, healthy=healthy)
    claims.peer(known, alone=False)


def give(claims, now_ns=0):
    given = claims.hand_out(now_ns, {})
    for claim in given:
        claims.answered(claim.id, accepted=True, now_ns=now_ns)
    return given


def give_one(claims, number, now_ns=0):
    claims.add(job(number), 1, now_ns)
    (claim,) = give(claims, now_ns)
    return claim


def fail(claims, node, count=BREAKS_IN_A_ROW, now_ns=0):
    for number in range(count):
        room(claims, *((9, 0) if node == "a" else (0, 9)))
        assert claims.broken(give_one(claims, 1000 + number, now_ns).id, now_ns)


@pytest.mark.parametrize(("node", "other"), [("a", "b"), ("b", "a")])
def test_a_broken_job_goes_to_the_other_node_next_although_it_is_less_free(claims, node, other):
    own, peer = (9, 1) if node == "a" else (1, 9)
    room(claims, own, peer)
    claim = give_one(claims, 1)
    assert claim.node == node
    claims.broken(claim.id, 0)
    room(claims, own, peer)
    claim = give_one(claims, 1)
    assert claim.node == other
    claims.broken(claim.id, 0)
    assert give_one(claims, 1).node == node, "and back again"


def test_the_same_node_gets_a_broken_job_again_when_no_other_takes_it(claims):
    room(claims, 0, 9)
    claims.broken(give_one(claims, 1).id, 0)
    assert give_one(claims, 1).node == "b"


@pytest.mark.parametrize("node", ["a", "b"])
def test_a_node_that_breaks_jobs_in_a_row_gets_none_while_the_other_has_room(claims, node):
    fail(claims, node)
    room(claims, *((99, 5) if node == "a" else (5, 99)))
    for number in range(5):
        claims.add(job(number), 1, 0)
    assert {claim.node for claim in give(claims)} == {"b" if node == "a" else "a"}


def test_afterwards_it_gets_one_job_and_all_of_them_once_that_is_done(claims):
    fail(claims, "b")
    room(claims, 5, 99)
    now_ns = int(PASS_OVER_S * S)
    for number in range(4):
        claims.add(job(number), 1, 0)
    assert [claim.node for claim in give(claims, now_ns)] == ["b", "a", "a", "a"]
    claims.finished(job(0).key, "b", now_ns)
    room(claims, 5, 99)
    for number in range(4, 8):
        claims.add(job(number), 1, 0)
    assert {claim.node for claim in give(claims, now_ns)} == {"b"}


def test_a_failing_node_gets_all_when_the_other_has_no_room_and_gets_nothing_done(claims):
    fail(claims, "b")
    room(claims, 0, 3)
    assert give_one(claims, 1).node == "b"


@pytest.mark.parametrize("node", ["a", "b"])
def test_jobs_wait_for_the_other_node_while_it_is_full_of_work_that_succeeds(claims, node):
    other = "b" if node == "a" else "a"
    fail(claims, node)
    claims.finished("some job", other, 0)
    room(claims, *((9, 0) if node == "a" else (0, 9)))
    claims.add(job(1), 1, 0)
    assert give(claims) == []
    room(claims, *((9, 1) if node == "a" else (1, 9)))
    assert [claim.node for claim in give(claims)] == [other]


def test_nobody_waits_for_a_peer_that_is_gone(claims):
    claims.finished("some job", "b", 0)
    fail(claims, "a")
    claims.finished("another job", "b", 0)
    room(claims, 9, 0, state="dead")
    assert give_one(claims, 1).node == "a"


def test_when_both_fail_the_freer_one_gets_the_job(claims):
    fail(claims, "a")
    fail(claims, "b")
    room(claims, 1, 9)
    assert give_one(claims, 1).node == "b"


def test_a_result_held_on_disk_ends_the_row_of_broken_jobs(claims):
    fail(claims, "b", BREAKS_IN_A_ROW - 1)
    room(claims, 0, 9)
    claims.moved(give_one(claims, 1).id, 100, 0, held=True)
    fail(claims, "b", 1)
    room(claims, 1, 9)
    assert give_one(claims, 2).node == "b"


def test_a_restarted_peer_is_trusted_again(claims):
    fail(claims, "b")
    room(claims, 1, 9, boot="p2")
    assert give_one(claims, 1).node == "b"


def test_a_new_reign_begins_without_old_grudges(claims):
    fail(claims, "b")
    claims.role(Role.SECONDARY, 0)
    claims.role(Role.PRIMARY, 0)
    room(claims, 1, 9)
    assert give_one(claims, 1).node == "b"


def test_an_unhealthy_peer_gets_nothing_that_this_node_can_take(claims):
    room(claims, 1, 9, healthy=False)
    assert give_one(claims, 1).node == "a"
    assert give_one(claims, 2).node == "b", "nobody else could take it"


def test_an_unhealthy_peer_does_not_get_what_it_is_passed_over_for_here(claims):
    fail(claims, "a")
    room(claims, 1, 9, healthy=False)
    assert give_one(claims, 1).node == "b", "both are doubtful: the freer one"
