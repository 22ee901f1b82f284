import pytest

from cluster.errors import LeaseUnavailable
from sim.stand_ins.lease import SimLeaseTable


@pytest.fixture
def table():
    return SimLeaseTable(clock_ns=lambda: 5, lease_s=6.0)


def test_an_unreachable_witness_changes_nothing(table):
    lease = table.lease("a")
    lease.unreachable = True
    with pytest.raises(LeaseUnavailable):
        lease.acquire(0, peer_is_dead=False)
    assert table.row == ("", 0, 0)


def test_a_lost_answer_comes_after_the_change(table):
    lease = table.lease("a")
    lease.answer_lost = True
    with pytest.raises(LeaseUnavailable):
        lease.acquire(0, peer_is_dead=False)
    assert table.row[:2] == ("a", 1)


def test_a_slow_call_lets_time_pass_before_it_acts(table):
    waited = []
    lease = table.lease("a")
    lease.slow_s, lease.wait = 0.7, waited.append
    assert lease.acquire(0, peer_is_dead=False).granted
    assert waited == [0.7]
