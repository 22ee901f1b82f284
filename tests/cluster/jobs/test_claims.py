"""The claim table: who gets a job, for how long, and who gets it next."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.frames import Role
from cluster.jobs.claim import Peer
from cluster.jobs.claims import ANSWER_S, AVOID_S, Claims, in_first_half
from cluster.work_messages import Job

S = 1_000_000_000


def job(number):
    return Job(f"source/{number}@1", b"body")


def alive(free=0, boot="p1"):
    return Peer(node="b", boot=boot, state="alive", free_capacity=free)


@pytest.fixture
def claims():
    table = Claims(node="a", boot="boot", claim_s=120, other_half_after_s=90)
    table.role(Role.PRIMARY, 0)
    return table


def give(claims, now_ns=0, running=None):
    return [(c.job.key, c.node) for c in claims.hand_out(now_ns, running or {})]


def test_jobs_are_given_in_the_order_they_came(claims):
    for number in range(3):
        claims.add(job(number), 1, 0)
    claims.own_capacity(2)
    assert give(claims) == [(job(0).key, "a"), (job(1).key, "a")]
    assert claims.waiting == 1


def test_the_freer_node_gets_the_next_job_and_ties_go_to_this_node(claims):
    claims.own_capacity(2)
    claims.peer(alive(free=3), alone=False)
    for number in range(6):
        claims.add(job(number), 1, 0)
    assert [node for _, node in give(claims)] == ["b", "a", "b", "a", "b"]
    assert claims.own_free.total == 0
    assert claims.peer_free.total == 0


def test_a_repeated_key_changes_nothing_while_it_waits_or_is_claimed(claims):
    assert claims.add(job(1), 1, 0)
    assert not claims.add(job(1), 1, 0)
    claims.own_capacity(5)
    assert len(give(claims)) == 1
    assert not claims.add(job(1), 2, 0)
    assert give(claims) == []


def test_only_a_primary_gives_out_jobs(claims):
    claims.own_capacity(5)
    claims.role(Role.HANDING_OVER, 0)
    claims.add(job(1), 1, 0)
    assert give(claims) == []
    claims.role(Role.PRIMARY, 0)
    assert len(give(claims)) == 1, "an aborted hand-over keeps the queue"


@pytest.mark.parametrize("role", [Role.SECONDARY, Role.STARTING, Role.CANDIDATE, Role.FAULTED])
def test_losing_the_lead_drops_queue_and_table(claims, role):
    claims.own_capacity(1)
    claims.add(job(1), 1, 0)
    claims.add(job(2), 1, 0)
    give(claims)
    assert claims.role(role, 0)
    assert claims.waiting == 0
    assert claims.claimed() == (0, 0)
    assert not claims.role(role, 0)


def test_jobs_that_arrive_just_before_the_role_are_kept_and_old_ones_are_not():
    claims = Claims(node="a", boot="boot", claim_s=120, other_half_after_s=90)
    claims.own_capacity(5)
    claims.role(Role.SECONDARY, 0)
    claims.add(job(1), 1, 0)
    claims.add(job(2), 1, 99 * S)
    claims.role(Role.PRIMARY, 100 * S)
    assert give(claims, 100 * S) == [(job(2).key, "a")]


def test_an_unanswered_offer_counts_against_the_peers_capacity(claims):
    claims.peer(alive(free=2), alone=False)
    for number in range(4):
        claims.add(job(number), 1, 0)
    assert len(give(claims)) == 2
    claims.peer(alive(free=2), alone=False)
    assert give(claims) == [], "a beat that was sent before the offers arrived changes nothing"


def test_an_unanswered_offer_is_given_again_soon(claims):
    claims.peer(alive(free=1), alone=False)
    claims.add(job(1), 1, 0)
    give(claims)
    assert claims.expire(int(ANSWER_S * S) - 1) == []
    over = claims.expire(int(ANSWER_S * S))
    assert [claim.job.key for claim in over] == [job(1).key]
    claims.own_capacity(1)
    assert give(claims, 6 * S) == [(job(1).key, "a")]


def test_only_what_another_node_may_have_done_is_looked_up_first(claims):
    claims.peer(alive(free=1), alone=False)
    claims.add(job(1), 1, 0)
    assert not claims.hand_out(0, {})[0].ask_first
    claims.expire(int(ANSWER_S * S))
    claims.own_capacity(1)
    assert claims.hand_out(6 * S, {})[0].ask_first


def test_the_other_nodes_half_is_looked_up_first_when_alone(claims):
    claims.peer(alive(free=0), alone=True)
    claims.own_capacity(20)
    for number in range(20):
        claims.add(job(number), 1, 0)
    own = claims.hand_out(0, {})
    assert own
    assert not any(claim.ask_first for claim in own)
    other = claims.hand_out(200 * S, {})
    assert other
    assert all(claim.ask_first for claim in other)


def test_a_refused_job_goes_to_the_other_node_or_waits(claims):
    claims.peer(alive(free=3), alone=False)
    claims.add(job(1), 1, 0)
    claim = claims.hand_out(0, {})[0]
    assert claims.answered(claim.id, accepted=False, now_ns=0) is None
    assert give(claims) == [], "the peer is not asked again at once"
    claims.own_capacity(1)
    assert give(claims) == [(job(1).key, "a")]


def test_a_refusing_peer_is_asked_again_later(claims):
    claims.peer(alive(free=3), alone=False)
    claims.add(job(1), 1, 0)
    claim = claims.hand_out(0, {})[0]
    claims.answered(claim.id, accepted=False, now_ns=0)
    assert give(claims, int(AVOID_S * S)) == [(job(1).key, "b")]


def peer_claim(claims, number=1):
    claims.peer(alive(free=1), alone=False)
    claims.add(job(number), 1, 0)
    claim = claims.hand_out(0, {})[0]
    assert claims.answered(claim.id, accepted=True, now_ns=0) is not None
    return claim


def test_a_claim_lasts_until_its_time_is_over(claims):
    peer_claim(claims)
    assert claims.expire(120 * S - 1) == []
    assert len(claims.expire(120 * S)) == 1
    assert claims.expired == 1


def test_moving_bytes_extend_a_claim_and_stalled_bytes_do_not(claims):
    claim = peer_claim(claims)
    claims.moved(claim.id, 1000, 100 * S, held=False)
    assert claims.expire(200 * S) == []
    claims.moved(claim.id, 1000, 210 * S, held=False)
    assert len(claims.expire(220 * S)) == 1


def test_what_a_live_node_holds_on_disk_never_expires(claims):
    claim = peer_claim(claims)
    claims.moved(claim.id, 1000, 0, held=True)
    assert claims.expire(10_000 * S) == []
    claims.peer(Peer(node="b", boot="p1", state="unknown"), alone=False)
    assert len(claims.expire(10_120 * S)) == 1


def test_an_expired_claim_is_given_to_the_other_node_first(claims):
    claims.own_capacity(2)
    claims.add(job(1), 1, 0)
    give(claims)
    claims.expire(120 * S)
    assert give(claims, 120 * S) == []
    claims.peer(alive(free=1), alone=False)
    assert give(claims, 121 * S) == [(job(1).key, "b")]


@pytest.mark.parametrize("state", ["suspect", "unknown"])
def test_a_doubtful_peer_keeps_its_claims_and_gets_no_more(claims, state):
    peer_claim(claims)
    claims.add(job(2), 1, 0)
    assert claims.peer(Peer("b", "p1", state, 9), alone=False) == ()
    assert give(claims) == []
    assert claims.claimed() == (0, 1)


def test_a_dead_peers_claims_are_free_at_once_and_come_first(claims):
    peer_claim(claims, 1)
    claims.add(job(2), 1, 0)
    freed = claims.peer(Peer("b", "p1", "dead"), alone=False)
    assert [claim.job.key for claim in freed] == [job(1).key]
    claims.own_capacity(2)
    assert [key for key, _ in give(claims)] == [job(1).key, job(2).key]


def test_a_restarted_peer_has_nothing_in_hand(claims):
    claim = peer_claim(claims)
    claims.moved(claim.id, 10, 0, held=True)
    assert len(claims.peer(alive(free=1, boot="p2"), alone=False)) == 1


def test_a_late_result_of_a_lost_claim_ends_the_job_and_cancels_the_new_claim(claims):
    peer_claim(claims)
    claims.expire(120 * S)
    claims.own_capacity(1)
    give(claims, 120 * S)
    other = claims.finished(job(1).key, "b", 121 * S)
    assert other is not None
    assert other.node == "a"
    assert claims.claimed() == (0, 0)


def test_a_late_failure_of_a_lost_claim_is_not_news(claims):
    claim = peer_claim(claims)
    claims.expire(120 * S)
    assert not claims.broken(claim.id, 121 * S)
    assert claims.waiting == 1


def test_withdrawn_jobs_are_forgotten(claims):
    peer_claim(claims, 1)
    claims.add(job(2), 1, 0)
    dropped = claims.withdraw([job(1).key, job(2).key, "never heard of"])
    assert [claim.job.key for claim in dropped] == [job(1).key]
    assert claims.waiting == 0
    claims.own_capacity(9)
    assert give(claims) == []


def test_work_in_hand_from_another_reign_is_claimed_without_starting_it_again(claims):
    claims.add(job(1), 1, 0)
    claims.own_capacity(1)
    assert give(claims, running={job(1).key: "old"}) == []
    assert claims.claimed() == (1, 0)
    assert claims.own_free.total == 1
    assert claims.broken("old", 0)


def test_adopting_needs_a_waiting_job_and_the_lead(claims):
    assert not claims.adopt("nothing", "old", 0)
    claims.add(job(1), 1, 0)
    assert claims.adopt(job(1).key, "old", 0)
    claims.role(Role.SECONDARY, 0)
    claims.add(job(2), 1, 0)
    assert not claims.adopt(job(2).key, "old", 0)


def halves():
    keys = [job(number) for number in range(40)]
    return [k for k in keys if in_first_half(k.key)], [k for k in keys if not in_first_half(k.key)]


def test_alone_the_own_half_goes_at_once_and_the_other_half_later(claims):
    first, second = halves()
    claims.own_capacity(100)
    claims.peer(Peer("b", "p1", "dead"), alone=True)
    for work in first + second:
        claims.add(work, 1, 0)
    assert {key for key, _ in give(claims)} == {work.key for work in first}
    assert give(claims, 90 * S - 1) == []
    assert {key for key, _ in give(claims, 90 * S)} == {work.key for work in second}


def test_both_nodes_alone_share_the_work_without_a_word():
    taken = {}
    for me, other in (("a", "b"), ("b", "a")):
        claims = Claims(node=me, boot=me, claim_s=120, other_half_after_s=90)
        claims.role(Role.PRIMARY, 0)
        claims.own_capacity(100)
        claims.peer(Peer(other, "", "dead"), alone=True)
        for work in map(job, range(40)):
            claims.add(work, 1, 0)
        taken[me] = {key for key, _ in give(claims)}
    assert not taken["a"] & taken["b"]
    assert len(taken["a"] | taken["b"]) == 40


def test_alone_without_a_known_peer_everything_is_ours(claims):
    claims.own_capacity(100)
    claims.peer(Peer(state="unknown"), alone=True)
    for work in map(job, range(40)):
        claims.add(work, 1, 0)
    assert len(give(claims)) == 40


def test_no_longer_alone_the_other_half_goes_at_once(claims):
    _, second = halves()
    claims.own_capacity(1)
    claims.peer(Peer("b", "p1", "dead"), alone=True)
    claims.add(second[0], 1, 0)
    assert give(claims) == []
    claims.peer(Peer("b", "p1", "dead"), alone=False)
    assert give(claims) == [(second[0].key, "a")]


def test_alone_the_other_half_is_not_looked_at_with_every_message(claims, monkeypatch):
    _, second = halves()
    claims.own_capacity(100)
    claims.peer(Peer("b", "p1", "dead"), alone=True)
    for work in second:
        claims.add(work, 1, 0)
    looked = []
    monkeypatch.setattr(
        "cluster.jobs.claims.in_first_half", lambda key: looked.append(key) or in_first_half(key)
    )
    for second_of_time in range(80):
        assert give(claims, second_of_time * S) == []
    assert len(looked) == len(second)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9)),
        st.tuples(st.just("own"), st.integers(0, 4)),
        st.tuples(st.just("peer"), st.sampled_from(["alive", "suspect", "dead", "unknown"])),
        st.tuples(st.just("wait"), st.integers(1, 200)),
        st.tuples(st.just("finish"), st.integers(0, 9)),
        st.tuples(st.just("answer"), st.booleans()),
        st.tuples(st.just("alone"), st.booleans()),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_no_job_is_ever_forgotten_or_claimed_twice(steps):
    claims = Claims(node="a", boot="boot", claim_s=120, other_half_after_s=90)
    claims.role(Role.PRIMARY, 0)
    now_ns, state, alone, wanted, offered = 0, "unknown", False, set(), []
    for what, value in steps:
        if what == "add":
            claims.add(job(value), 1, now_ns)
            wanted.add(value)
        elif what == "own":
            claims.own_capacity(value)
        elif what == "wait":
            now_ns += value * S
            claims.expire(now_ns)
        elif what == "finish":
            claims.finished(job(value).key, "a", now_ns)
            wanted.discard(value)
        elif what == "answer" and offered:
            claims.answered(offered.pop(0), accepted=value, now_ns=now_ns)
        else:
            state = value if what == "peer" else state
            alone = value if what == "alone" else alone
            claims.peer(Peer("b", "p", state, 3), alone=alone)
        given_now = claims.hand_out(now_ns, {})
        offered += [claim.id for claim in given_now if claim.node == "b"]
        assert claims.waiting + sum(claims.claimed()) == len(wanted)
        table = claims._claims.values()
        assert claims.claimed()[0] == sum(claim.node == "a" for claim in table)
        assert claims._rooms.unanswered == sum(not claim.answered for claim in table)
    claims.peer(Peer("b", "p", "dead"), alone=False)
    claims.expire(now_ns + 300 * S)
    claims.own_capacity(100)
    claims.hand_out(now_ns + 600 * S, {})
    assert claims.claimed() == (len(wanted), 0)
