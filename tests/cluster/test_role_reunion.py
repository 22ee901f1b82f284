"""The Data Center returns, or the peer: a reign begun without them goes on if it may."""

from cluster.frames import HandOverCommit, HandOverOffer, Role
from cluster.messages import PeerGone, PeerRefused
from tests.cluster.role_bench import S, secondary

ACTS = {"role": Role.PRIMARY, "term": 4}


def blind():
    """A bench whose secondary lost sight of the Data Center, where the primary just renewed."""
    bench = secondary()
    bench.cut_witness()
    bench.run(4, beat={**ACTS, "sees": False})
    bench.theirs.renew(4)
    return bench


def goes_on_and_takes_the_lease(bench):
    assert (bench.role, bench.memory.reign) == (Role.PRIMARY, 8)
    bench.cut_witness(cut=False)
    changes = bench.memory.change_count
    for _ in range(15):
        bench.run(0.2)
        assert bench.on_duty()
    assert bench.witness.row[:2] == ("a", 10)
    assert bench.grants()[-1].leased
    return bench.memory.change_count == changes


def test_the_row_of_a_primary_that_died_is_no_reason_to_step_down_when_the_data_center_returns():
    bench = blind()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    assert goes_on_and_takes_the_lease(bench)


def test_the_row_of_a_primary_that_handed_over_is_no_reason_to_step_down_either():
    bench = blind()
    bench.say(HandOverOffer(4, {}))
    bench.say(HandOverCommit(8, {}, leased=False))
    assert goes_on_and_takes_the_lease(bench)


def test_a_reign_of_the_peer_that_began_later_is():
    bench = blind()
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())
    bench.theirs.acquire(8, peer_is_dead=False)
    bench.cut_witness(cut=False)
    bench.run(2)
    assert bench.role is Role.SECONDARY


def reunited():
    """Both reigned alone while they were cut off; the peer comes back in the lower term, and leased."""
    bench = secondary()
    bench.cut_witness()
    bench.run(8)
    assert bench.memory.reign == 8
    bench.theirs.renew(4)
    bench.cut_witness(cut=False)
    bench.link(**ACTS)
    bench.hear(**ACTS)
    return bench


def test_of_two_that_reigned_alone_the_higher_goes_on_while_the_lower_steps_down():
    bench = reunited()
    bench.run(0.8, beat=ACTS)
    bench.theirs.release(4)
    for _ in range(15):
        bench.run(0.2, beat={"role": Role.SECONDARY, "term": 8})
        assert bench.on_duty()
    assert bench.grants()[-1].leased
    assert bench.memory.change_count == 1


def test_it_steps_down_all_the_same_if_the_lower_never_hears_of_it():
    bench = reunited()
    start_ns = bench.now_ns
    while bench.role is Role.PRIMARY:
        bench.theirs.renew(4)
        bench.run(0.2, beat=ACTS)
        assert bench.now_ns - start_ns < 6 * S
    assert not bench.on_duty()
