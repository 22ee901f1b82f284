"""The Lease contract, for every implementation.

An implementation joins with a factory in `FACTORIES`: a context manager that takes `tmp_path` and gives
a `Bench`: `open(node, lease_s, instance)` makes the port of one installation of a node (all of one bench
share the row of one pair), and `wait(seconds)` lets the witness's clock go on. Factories import what they need lazily and may call
`pytest.skip`.
"""

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from cluster.ports import OTHER_INSTANCE, Lease

LEASE_S = 1.0


@dataclass
class Bench:
    open: Callable[[str, float, str], Lease]
    wait: Callable[[float], None]


@contextmanager
def in_memory(tmp_path):
    from sim.stand_ins.lease import SimLeaseTable  # noqa: PLC0415 - lazily, like every factory

    del tmp_path
    now = [0]
    table = SimLeaseTable(clock_ns=lambda: now[0], lease_s=LEASE_S)

    def wait(seconds):
        now[0] += round(seconds * 1e9)

    yield Bench(open=lambda node, _lease_s, instance: table.lease(node, instance), wait=wait)


@contextmanager
def sqlite(tmp_path):
    from tests.contract.lease_dbs import sqlite_leases  # noqa: PLC0415 - lazily, like every factory

    with sqlite_leases(tmp_path) as (open_lease, wait):
        yield Bench(open=open_lease, wait=wait)


FACTORIES = {"in_memory": in_memory, "sqlite": sqlite}


@pytest.fixture(params=[*sorted(FACTORIES), pytest.param("postgres", marks=pytest.mark.postgres)])
def bench(request, tmp_path):
    if request.param == "postgres":  # the only one that shares a server with other tests
        from tests.contract.lease_dbs import leases_at  # noqa: PLC0415 - lazily

        with leases_at(request.getfixturevalue("postgres_url")) as (open_lease, wait):
            yield Bench(open=open_lease, wait=wait)
        return
    with FACTORIES[request.param](tmp_path) as bench:
        yield bench


@pytest.fixture
def alpha(bench):
    return bench.open("alpha", LEASE_S, "i-alpha")


@pytest.fixture
def beta(bench):
    return bench.open("beta", LEASE_S, "i-beta")


@pytest.fixture
def clone(bench):
    return bench.open("alpha", LEASE_S, "another disk")


def test_a_row_that_never_existed_has_no_term_and_no_holder(alpha):
    view = alpha.look()
    assert (view.granted, view.term, view.holder, view.peer_age_s) == (False, 0, "", None)
    assert view.expires_in_s <= 0


def test_a_free_lease_is_granted_with_a_term_above_all_seen(alpha):
    view = alpha.acquire(41, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (True, 42, "alpha")
    assert 0 < view.expires_in_s <= LEASE_S


def test_a_held_lease_is_refused_and_the_answer_tells_by_whom_it_is_held(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = beta.acquire(7, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (False, 1, "alpha")
    assert view.expires_in_s > 0


def test_an_expired_lease_is_granted_to_the_other_with_a_higher_term(bench, alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(LEASE_S + 0.1)
    assert beta.look().expires_in_s <= 0
    view = beta.acquire(0, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (True, 2, "beta")


def test_the_holder_acquires_again_with_a_higher_term(alpha):
    alpha.acquire(0, peer_is_dead=False)
    assert alpha.acquire(0, peer_is_dead=False).term == 2


def test_evidence_of_death_takes_a_lease_early(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = beta.acquire(1, peer_is_dead=True)
    assert (view.granted, view.term, view.holder) == (True, 2, "beta")


def test_evidence_does_not_reach_a_reign_that_the_caller_has_not_seen(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    alpha.acquire(0, peer_is_dead=False)
    view = beta.acquire(1, peer_is_dead=True)
    assert (view.granted, view.term, view.holder) == (False, 2, "alpha")


def test_renewing_extends_and_keeps_the_term(bench, alpha):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(0.6 * LEASE_S)
    view = alpha.renew(1)
    assert (view.granted, view.term) == (True, 1)
    bench.wait(0.6 * LEASE_S)
    assert alpha.look().granted


def test_renewing_in_another_term_or_as_another_node_changes_nothing(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    assert not alpha.renew(2).granted
    assert not beta.renew(1).granted
    assert beta.look().holder == "alpha"


def test_a_lease_that_expired_and_was_taken_cannot_be_renewed(bench, alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(LEASE_S + 0.1)
    beta.acquire(0, peer_is_dead=False)
    view = alpha.renew(1)
    assert (view.granted, view.term, view.holder) == (False, 2, "beta")


def test_a_lease_that_expired_and_was_not_taken_can_be_renewed(bench, alpha):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(LEASE_S + 0.1)
    assert alpha.renew(1).granted
    assert alpha.look().expires_in_s > 0


def test_a_transfer_gives_it_to_the_peer_in_the_next_term(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = alpha.transfer(1, "beta")
    assert (view.granted, view.term, view.holder) == (True, 2, "beta")
    assert beta.look().granted
    assert not alpha.renew(1).granted
    assert beta.renew(2).granted


def test_a_transfer_in_a_stale_term_changes_nothing(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    alpha.acquire(0, peer_is_dead=False)
    assert not alpha.transfer(1, "beta").granted
    assert not beta.look().granted


def test_a_released_lease_is_free_at_once_and_its_term_is_never_given_again(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = alpha.release(1)
    assert not view.granted
    assert view.expires_in_s <= 0
    assert beta.acquire(0, peer_is_dead=False).term == 2


def test_a_release_in_a_stale_term_changes_nothing(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    beta.release(1)
    alpha.release(7)
    assert alpha.look().granted


def test_the_last_holder_stays_named_after_the_end(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    alpha.release(1)
    assert beta.look().holder == "alpha"


def test_every_call_is_a_sign_of_life_for_the_other(bench, alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    for call in (
        alpha.look,
        lambda: alpha.renew(1),
        lambda: alpha.acquire(0, peer_is_dead=False),
        lambda: alpha.renew(99),
        lambda: alpha.transfer(99, "beta"),
        lambda: alpha.release(99),
    ):
        bench.wait(0.4)
        assert beta.look().peer_age_s >= 0.35
        call()
        assert beta.look().peer_age_s < 0.35


def test_terms_only_grow_whatever_the_order_of_calls(bench, alpha, beta):
    terms = []
    for node, other in ((alpha, "beta"), (beta, "alpha"), (alpha, "beta")):
        terms.append(node.acquire(0, peer_is_dead=False).term)
        terms.append(node.transfer(terms[-1], other).term)
        bench.wait(LEASE_S + 0.1)
    assert terms == sorted(set(terms))


# -- one node id, two installations ----


@pytest.mark.parametrize("dead", [False, True])
def test_a_lease_held_by_another_installation_of_the_same_node_id_is_refused(alpha, clone, dead):
    alpha.acquire(0, peer_is_dead=False)
    view = clone.acquire(1, peer_is_dead=dead)
    assert (view.granted, view.term, view.holder) == (False, 1, OTHER_INSTANCE)
    view = clone.look()
    assert (view.granted, view.holder) == (False, OTHER_INSTANCE)
    assert view.expires_in_s > 0
    assert alpha.renew(1).granted


def test_another_installation_changes_nothing_of_the_row(alpha, clone, beta):
    alpha.acquire(0, peer_is_dead=False)
    assert not clone.renew(1).granted
    assert not clone.transfer(1, "beta").granted
    clone.release(1)
    assert alpha.look().granted
    assert beta.look().holder == "alpha"


def test_a_node_on_a_new_disk_goes_on_once_its_old_lease_has_ended(bench, alpha, clone):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(LEASE_S + 0.1)
    assert clone.look().holder == "alpha"
    view = clone.acquire(0, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (True, 2, "alpha")
    assert clone.renew(2).granted
    view = alpha.renew(1)
    assert (view.granted, view.holder) == (False, OTHER_INSTANCE)


def test_an_ended_lease_is_not_renewed_by_another_installation(bench, alpha, clone):
    alpha.acquire(0, peer_is_dead=False)
    bench.wait(LEASE_S + 0.1)
    assert not clone.renew(1).granted
    assert alpha.renew(1).granted


def test_a_transferred_lease_is_of_whichever_installation_takes_it_up(alpha, beta, clone):
    beta.acquire(0, peer_is_dead=False)
    beta.transfer(1, "alpha")
    assert clone.look().granted
    assert alpha.renew(2).granted
    assert clone.look().holder == OTHER_INSTANCE


def test_a_restart_of_the_same_installation_takes_its_lease_again(bench, alpha):
    alpha.acquire(0, peer_is_dead=False)
    again = bench.open("alpha", LEASE_S, "i-alpha")
    assert again.look().granted
    assert again.acquire(0, peer_is_dead=False).term == 2
