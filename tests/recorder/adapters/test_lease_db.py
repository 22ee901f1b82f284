"""The lease in the contact database: two nodes, one row, the database's clock."""

import random  # noqa: TID251 - seeded
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cluster.errors import LeaseUnavailable
from recorder.adapters.contact_db import open_engine
from recorder.adapters.lease_db import SqlLease
from tests.databases import migrated
from tests.waiting import wait_until

LEASE_S = 0.15


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    migrated(url)
    return url


@pytest.fixture
def lease_of(url):
    engine = open_engine(url)
    leases = []

    def make(node, *, lease_s=30.0, call_timeout_s=1.0, cluster="pair"):
        lease = SqlLease(
            engine,
            cluster=cluster,
            node=node,
            instance="i",
            boot="boot",
            lease_s=lease_s,
            call_timeout_s=call_timeout_s,
        )
        leases.append(lease)
        return lease

    yield make
    for lease in leases:
        lease.close()
    engine.dispose()


@pytest.fixture
def alpha(lease_of):
    return lease_of("alpha")


@pytest.fixture
def beta(lease_of):
    return lease_of("beta")


def test_nobody_holds_a_lease_that_was_never_taken(alpha):
    view = alpha.look()
    assert (view.granted, view.term, view.holder, view.peer_age_s) == (False, 0, "", None)
    assert view.expires_in_s <= 0


def test_a_free_lease_is_taken_above_every_term_seen(alpha):
    view = alpha.acquire(41, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (True, 42, "alpha")
    assert 29 < view.expires_in_s <= 30
    assert alpha.look().granted


def test_a_lease_that_runs_is_not_given_to_another(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = beta.acquire(9, peer_is_dead=False)
    assert (view.granted, view.term, view.holder) == (False, 1, "alpha")


def test_an_own_lease_is_taken_again_with_a_higher_term(alpha):
    assert alpha.acquire(0, peer_is_dead=False).term == 1
    assert alpha.acquire(0, peer_is_dead=False).term == 2
    assert alpha.acquire(7, peer_is_dead=False).term == 8


def test_the_lease_of_a_dead_peer_is_taken_early(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = beta.acquire(1, peer_is_dead=True)
    assert (view.granted, view.term, view.holder) == (True, 2, "beta")
    assert not alpha.renew(1).granted


def test_evidence_of_death_does_not_count_against_a_later_term(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    alpha.acquire(0, peer_is_dead=False)  # it died, came back, and took it again
    view = beta.acquire(1, peer_is_dead=True)
    assert (view.granted, view.term) == (False, 2)
    assert beta.acquire(view.term, peer_is_dead=True).granted


def test_renewing_extends_and_never_changes_the_term(alpha):
    alpha.acquire(4, peer_is_dead=False)
    for _ in range(3):
        view = alpha.renew(5)
        assert (view.granted, view.term) == (True, 5)
    assert not alpha.renew(4).granted
    assert not alpha.renew(6).granted


def test_an_expired_lease_may_still_be_renewed_when_nobody_took_it(lease_of):
    alpha = lease_of("alpha", lease_s=0.05)
    alpha.acquire(0, peer_is_dead=False)
    wait_until(lambda: alpha.look().expires_in_s < 0, 5, "the lease ends")
    assert not alpha.look().granted
    assert alpha.renew(1).granted


def test_an_expired_lease_is_taken_by_the_other(lease_of, beta):
    alpha = lease_of("alpha", lease_s=0.05)
    alpha.acquire(0, peer_is_dead=False)
    wait_until(lambda: beta.acquire(0, peer_is_dead=False).granted, 5, "the lease ends")
    assert not alpha.renew(1).granted


def test_a_transfer_gives_it_to_the_peer_with_the_next_term(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    view = alpha.transfer(1, "beta")
    assert (view.granted, view.term, view.holder) == (True, 2, "beta")
    assert not alpha.transfer(1, "beta").granted
    assert beta.look().granted
    assert beta.renew(2).granted


def test_a_released_lease_is_free_at_once(alpha, beta):
    alpha.acquire(0, peer_is_dead=False)
    beta.release(1)
    assert alpha.look().granted
    assert not alpha.release(1).granted
    assert beta.acquire(0, peer_is_dead=False).term == 2


def test_every_call_beats_for_the_peer_to_see(alpha, beta):
    assert alpha.look().peer_age_s is None
    beta.renew(1)
    assert 0 <= alpha.look().peer_age_s < 10


def test_pairs_do_not_share_a_lease(alpha, lease_of):
    other = lease_of("alpha", cluster="another pair")
    alpha.acquire(0, peer_is_dead=False)
    view = other.look()
    assert (view.term, view.holder, view.peer_age_s) == (0, "", None)


def test_two_clients_with_pauses_never_own_the_same_term(lease_of):
    """Each believes from the moment it sent, for less than the lease; nobody else begins within."""
    end = time.monotonic() + 30.0  # noqa: TID251 - real time is the subject
    reigns = []

    def over():
        begun = {term: node for _, node, term, _ in reigns}
        enough = list(begun.values()).count("alpha") > 3 and list(begun.values()).count("beta") > 3
        return enough or time.monotonic() > end  # noqa: TID251

    def fight(node, seed):
        chance = random.Random(seed)
        lease, term = lease_of(node, lease_s=LEASE_S), 0
        while not over():
            sent = time.monotonic()  # noqa: TID251
            held = lease.renew(term) if term else lease.acquire(0, peer_is_dead=False)
            replied = time.monotonic()  # noqa: TID251
            term = held.term if held.granted else 0
            if term:
                reigns.append((replied, node, term, sent + LEASE_S * 0.75))
            pause = chance.choice((0.01, 0.05, LEASE_S * 3))
            threading.Event().wait(chance.uniform(0, pause))

    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(fight, "alpha", 1), pool.submit(fight, "beta", 2)]:
            future.result()
    owners, believed_until = {}, {"alpha": 0.0, "beta": 0.0}
    for replied, node, term, believed in sorted(reigns):
        if term not in owners:
            other = "beta" if node == "alpha" else "alpha"
            assert believed_until[other] <= replied, f"two believers when term {term} began"
        assert owners.setdefault(term, node) == node, f"term {term} has two owners"
        believed_until[node] = believed
    assert list(owners.values()).count("alpha") > 3 < list(owners.values()).count("beta")


# -- when the database does not answer ----


def bounded(call):
    """LeaseUnavailable, and how long it took."""
    start = time.monotonic()  # noqa: TID251 - real time is the subject
    with pytest.raises(LeaseUnavailable) as caught:
        call()
    return time.monotonic() - start, caught.value  # noqa: TID251


def test_a_locked_sqlite_file_is_unavailable_in_time(tmp_path):
    path = tmp_path / "contacts.db"
    migrated(f"sqlite:///{path}")
    engine = open_engine(f"sqlite:///{path}")
    lease = SqlLease(
        engine, cluster="pair", node="alpha", instance="i", boot="b", lease_s=6, call_timeout_s=0.3
    )
    lease.look()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    took_s, error = bounded(lease.look)
    assert took_s < 1.5
    assert error.hint
    blocker.execute("ROLLBACK")
    blocker.close()
    assert lease.acquire(0, peer_is_dead=False).granted
    lease.close()


def test_a_database_without_tables_is_unavailable(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    lease = SqlLease(
        engine, cluster="p", node="a", instance="i", boot="b", lease_s=6, call_timeout_s=0.3
    )
    bounded(lease.look)
    lease.close()


@pytest.mark.postgres
def test_a_stopped_server_is_unavailable_in_time_and_back_afterwards(postgres_server, postgres_url):
    engine = open_engine(postgres_url)
    lease = SqlLease(
        engine, cluster="pair", node="alpha", instance="i", boot="b", lease_s=6, call_timeout_s=0.5
    )
    lease.acquire(0, peer_is_dead=False)
    postgres_server.freeze()
    try:
        for call in (lease.look, lambda: lease.renew(1), lambda: lease.release(1)):
            took_s, _ = bounded(call)
            assert took_s < 2
    finally:
        postgres_server.thaw()

    def renewed():
        try:
            return lease.renew(1).granted or lease.acquire(1, peer_is_dead=False).granted
        except LeaseUnavailable:
            return False

    wait_until(renewed, 10, "the lease works again")
    lease.close()


def test_nobody_listening_is_unavailable_at_once():
    engine = open_engine("postgresql://nobody:secret@127.0.0.1:9/none")
    lease = SqlLease(
        engine, cluster="p", node="a", instance="i", boot="b", lease_s=6, call_timeout_s=0.5
    )
    took_s, error = bounded(lease.look)
    assert took_s < 2
    assert "secret" not in f"{error!r} {error.hint}"
    lease.close()


def test_a_term_beyond_64_bits_is_an_unknown_outcome_and_the_lease_goes_on(alpha):
    with pytest.raises(LeaseUnavailable):
        alpha.acquire(2**64, peer_is_dead=False)
    assert alpha.acquire(1, peer_is_dead=False).granted
