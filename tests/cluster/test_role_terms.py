"""Terms only grow, and evidence of a death never outlives the reign that it is about."""

from cluster.frames import HandOverAccept, HandOverCommit, Role
from cluster.messages import PeerGone, PeerRefused
from cluster.roles.io import LeaseCall
from tests.cluster.role_bench import primary, secondary

ACTS = {"role": Role.PRIMARY, "term": 4}
BESIDE = {"role": Role.SECONDARY, "term": 2}


def alone():
    """A bench whose node reigns without the witness, in term 8, since its peer died."""
    bench = secondary()
    bench.cut_witness()
    bench.run(4, beat=ACTS)
    die(bench)
    assert bench.memory.reign == 8
    return bench


def die(bench):
    bench.step(PeerGone("closed"))
    bench.step(PeerRefused())


def call_under_way(bench, kind):
    """Run until a call of this kind is held back."""
    bench.hold = (LeaseCall,)
    while not any(call.kind == kind for call in bench.held):
        bench.held.clear()
        bench.run(0.2)


def test_a_lease_asked_for_in_an_earlier_reign_does_not_lower_the_term_of_a_later_one():
    bench = alone()
    bench.run(4)
    call_under_way(bench, "acquire")
    bench.cut_witness(cut=False)
    bench.link(Role.PRIMARY, 9, boot="b2", restarted=True)
    assert bench.role is Role.SECONDARY
    die(bench)
    assert bench.memory.reign == 18
    bench.release(LeaseCall)
    assert bench.witness.row[:2] == ("a", 5)
    assert bench.memory.reign == 18
    assert bench.memory.announced.term == 18
    bench.hold = ()
    bench.run(1)
    assert bench.memory.reign == bench.witness.row[1] == 20
    assert bench.grants()[-1].leased


def test_a_peer_that_restarted_long_ago_is_not_replaced_right_after_a_hand_over_to_it():
    bench = primary()
    bench.link(Role.STARTING, 2, boot="b2", restarted=True)
    bench.cut_witness()
    bench.run(6, beat={**BESIDE, "sees": False})
    bench.run(8, beat=BESIDE)
    bench.say(HandOverAccept(2))
    assert bench.frames(HandOverCommit)
    assert bench.role is Role.SECONDARY
    bench.run(0.6)
    assert bench.role is Role.SECONDARY
    bench.run(10, beat={"role": Role.PRIMARY, "term": 9})
    assert bench.role is Role.SECONDARY


def test_a_peer_that_dies_right_after_a_hand_over_to_it_is_replaced_at_once():
    bench = primary()
    bench.cut_witness()
    bench.run(6, beat={**BESIDE, "sees": False})
    bench.run(8, beat=BESIDE)
    bench.say(HandOverAccept(2))
    assert bench.role is Role.SECONDARY
    die(bench)
    assert bench.role is Role.PRIMARY
