"""Groups of jobs on one table: none ever waits for the room of another one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster.frames import Role
from cluster.jobs.claim import Peer
from cluster.jobs.claims import Claims
from cluster.jobs.trust import BREAKS_IN_A_ROW
from cluster.work_messages import Job

S = 1_000_000_000


def group_of(key):
    return key.partition("/")[0]


def job(group, number):
    return Job(f"{group}/{number}@1", b"body")


def table():
    claims = Claims(node="a", boot="boot", claim_s=120, other_half_after_s=90, group_of=group_of)
    claims.role(Role.PRIMARY, 0)
    return claims


@pytest.fixture
def claims():
    return table()


def peer(shares=None, free=0, **more):
    return Peer("b", "p1", "alive", free, free_by_group=shares or {}, **more)


def give(claims, now_ns=0):
    return [(claim.job.key, claim.node) for claim in claims.hand_out(now_ns, {})]


def test_a_group_gets_its_share_of_a_node_and_no_more(claims):
    claims.own_capacity(2, {"slow": 2, "well": 2})
    for number in range(9):
        claims.add(job("slow", number), 1, 0)
    assert len(give(claims)) == 2
    claims.add(job("well", 0), 1, 0)
    assert give(claims) == [("well/0@1", "a")], "it came last, behind seven that wait"


def test_a_group_gets_its_share_of_the_peer_and_no_more(claims):
    claims.peer(peer({"slow": 3, "well": 3}), alone=False)
    for number in range(9):
        claims.add(job("slow", number), 1, 0)
    assert len(give(claims)) == 3
    claims.peer(peer({"slow": 3, "well": 3}), alone=False)
    assert give(claims) == [], "offers without an answer count"
    claims.add(job("well", 0), 1, 0)
    assert give(claims) == [("well/0@1", "b")]


def test_of_a_peer_that_knows_no_groups_the_group_with_the_fewest_claims_gets_the_next_place(
    claims,
):
    claims.peer(peer(free=2), alone=False)
    for number in range(9):
        claims.add(job("slow", number), 1, 0)
    slow = claims.hand_out(0, {})
    assert len(slow) == 2
    claims.add(job("well", 0), 1, 0)
    assert give(claims) == []
    claims.broken(slow[0].id, 0)
    assert give(claims) == [("well/0@1", "b")]


def test_groups_take_turns(claims):
    claims.own_capacity(4)
    for number in range(4):
        claims.add(job("many", number), 1, 0)
    claims.add(job("few", 0), 1, 0)
    assert [key for key, _ in give(claims)] == ["many/0@1", "few/0@1", "many/1@1", "many/2@1"]


def test_a_group_that_breaks_everywhere_spoils_no_node_for_the_others(claims):
    shares = {"broken": 9, "well": 9}
    for number in range(BREAKS_IN_A_ROW):
        claims.own_capacity(9, shares)
        claims.add(job("broken", number), 1, 0)
        (claim,) = claims.hand_out(0, {})
        claims.broken(claim.id, 0)
    claims.peer(peer({"broken": 1, "well": 1}), alone=False)
    claims.add(job("broken", 77), 1, 0)
    assert give(claims) == [("broken/77@1", "b")], "this node broke too many of that group"
    claims.add(job("well", 0), 1, 0)
    assert give(claims) == [("well/0@1", "a")]


def test_losing_the_lead_forgets_every_group(claims):
    claims.own_capacity(1, {"x": 1, "y": 1})
    for group in "xy":
        claims.add(job(group, 0), 1, 0)
        claims.add(job(group, 1), 1, 0)
    give(claims)
    assert claims.waiting == 2
    claims.role(Role.SECONDARY, 0)
    assert (claims.waiting, claims.claimed()) == (0, (0, 0))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.sampled_from("xyz")),
        st.tuples(st.just("own"), st.integers(0, 3)),
        st.tuples(st.just("peer"), st.integers(0, 3)),
        st.tuples(st.just("finish"), st.integers(0, 40)),
        st.tuples(st.just("answer"), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 200)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_a_group_below_its_share_never_waits_for_another_group(steps):
    """After every step: what waits is of a group without room here, or jobs a node just turned down."""
    claims, now_ns, offered = table(), 0, []
    share_of = dict.fromkeys("xyz", 0)
    for number, (what, value) in enumerate(steps):
        if what == "add":
            claims.add(job(value, number), 1, now_ns)
        elif what == "own":
            share_of = {group: value * (place + 1) for place, group in enumerate("xyz")}
        elif what == "peer":
            claims.peer(peer(dict.fromkeys("xyz", value)), alone=False)
        elif what == "finish":
            for group in "xyz":
                claims.finished(job(group, value).key, "a", now_ns)
        elif what == "answer" and offered:
            claim = offered.pop(0)
            claims.answered(claim.id, accepted=value, now_ns=now_ns)
        elif what == "wait":
            now_ns += value * S
            claims.expire(now_ns)
        here = [claim for claim in claims._claims.values() if claim.node == "a"]
        left = {g: share_of[g] - sum(group_of(c.job.key) == g for c in here) for g in "xyz"}
        claims.own_capacity(0, {group: max(0, free) for group, free in left.items()})
        given_now = claims.hand_out(now_ns, {})
        offered += [claim for claim in given_now if claim.node == "b"]
        for group in claims._groups.all():
            room = claims.own_free.of(group.name) if group.name in "xyz" else 0
            waiting = [w for w in group.line._jobs.values() if w.avoid != "a"]
            assert not (room and waiting), f"{group.name} has room for {room} and waits"
            ours = sum(group_of(c.job.key) == group.name for c in claims._claims.values())
            assert group.claimed == ours
