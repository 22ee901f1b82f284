"""What keeps requests for certificates promises, in SQL and in memory: SqlCertificateWork and MemoryCertificateWork."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cluster.errors import StaleTerm
from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.certificate_requests import SqlCertificateWork
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.records.certificates import (
    REQUESTS_KEPT_US,
    CertificateHead,
    CertificateRequest,
    Kept,
    Phase,
    RequestQuery,
    RequestStatus,
    StoredCertificate,
)
from sim.tables.certificate_requests import MemoryCertificateWork
from sim.tables.certificates import MemoryCertificateDb, MemoryCertificateStore
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world

DAY = "2024-10-04"


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    if request.param == "memory":
        world = MemoryWorld()
    elif request.param == "sqlite":
        world = sqlite_world(tmp_path)
    else:
        world = SqlWorld(request.getfixturevalue("postgres_url"))
    yield world
    world.close()


@pytest.fixture
def both(world):
    """The work of two nodes, and the certificates."""
    if isinstance(world, MemoryWorld):
        store = MemoryCertificateStore()
        work = MemoryCertificateWork(world._store, store, clock=world.clock)
        yield work, work, MemoryCertificateDb(world._store, store)
        return
    engines = [open_engine(world.url) for _ in range(2)]
    first, second = (SqlCertificateWork(one, cluster="pair", clock=world.clock) for one in engines)
    yield first, second, SqlCertificateDb(engines[0], cluster="pair")
    for engine in engines:
        engine.dispose()


@pytest.fixture
def work(both):
    return both[0]


def wish(name="C-1", source="zoom", day=DAY, at_us=10):
    return CertificateRequest(name, source, day, at_us, "anna", at_us)


def a_certificate(number=1):
    head = CertificateHead("zoom", DAY, number, 20, "alpha", "complete", "00", 0)
    return StoredCertificate(head, "{}", "{}", b"")


def test_a_wish_is_kept_as_it_was_told(work):
    assert work.request(wish()) == wish()
    assert work.of_id("C-1") == wish()
    assert work.of_id("C-2") is None
    assert work.running() == (wish(),)


def test_the_same_day_again_is_the_same_request_until_that_is_over(work):
    work.request(wish())
    assert work.request(wish("C-2", at_us=11)) == wish()
    assert work.of_id("C-2") is None
    assert work.request(wish("C-3", day="2024-10-05")).request_id == "C-3"
    work.cancel("C-1", "cancelled by bob")
    assert work.request(wish("C-4")).request_id == "C-4"


def test_two_nodes_asked_at_once_have_one_request(both):
    first, second, _ = both
    barrier = threading.Barrier(2)

    def ask(work, name):
        barrier.wait()
        return work.request(wish(name)).request_id

    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(ask, first, "C-1"), pool.submit(ask, second, "C-2")]
        found = [one.result() for one in asked]
    assert len(set(found)) == 1
    assert [row.request_id for row in first.running()] == found[:1]


def test_progress_is_told_to_whoever_asks(world, both):
    first, second, _ = both
    row = replace(
        first.request(wish()),
        phase=Phase.LISTING,
        started_us=12,
        node="alpha",
        pages=3,
        items=250,
        listed_us=99,
        reason="waits",
    )
    first.note(row, 1)
    assert second.of_id("C-1") == replace(row, updated_us=world.clock.wall_us())
    assert [one.request_id for one in second.running()] == ["C-1"]


def test_what_failed_runs_no_more(work):
    row = replace(
        work.request(wish()),
        status=RequestStatus.FAILED,
        phase=Phase.OVER,
        reason="away",
        ended_us=5,
    )
    work.note(row, 1)
    assert work.running() == ()
    work.note(replace(row, status=RequestStatus.RUNNING), 1)
    assert work.of_id("C-1").status is RequestStatus.FAILED
    assert work.cancel("C-1", "late").status is RequestStatus.FAILED


def test_what_ended_long_ago_is_forgotten_when_another_is_asked_for(world, work):
    for name, day in (("C-1", DAY), ("C-2", "2024-10-05"), ("C-3", "2024-10-06")):
        work.request(wish(name, day=day))
    work.cancel("C-1", "no")
    world.clock.advance(3600)
    work.cancel("C-2", "no")
    world.clock.advance(REQUESTS_KEPT_US / 1e6 - 1800)
    work.request(wish("C-4", day="2024-10-07"))
    assert work.of_id("C-1") is None
    left = work.requests(RequestQuery())
    assert sorted(row.request_id for row in left.rows) == ["C-2", "C-3", "C-4"]
    assert [row.request_id for row in work.running()] == ["C-3", "C-4"]


def test_a_certificate_is_kept_and_ends_its_request_at_once(both):
    work, _, db = both
    work.request(wish())
    assert work.complete("C-1", a_certificate(), 1) is Kept.KEPT
    row = work.of_id("C-1")
    assert (row.status, row.phase, row.number) == (RequestStatus.COMPLETED, Phase.OVER, 1)
    assert db.certificate("zoom", DAY, 1) == a_certificate()
    assert work.complete("C-1", a_certificate(2), 1) is Kept.OVER, "it was asked for once"
    assert db.last("zoom", DAY).number == 1


def test_a_number_that_is_taken_writes_nothing(both):
    work, _, db = both
    db.add(a_certificate())
    work.request(wish())
    assert work.complete("C-1", replace(a_certificate(), statement='{"a":1}'), 1) is Kept.TAKEN
    assert work.of_id("C-1").status is RequestStatus.RUNNING
    assert db.certificate("zoom", DAY, 1) == a_certificate()
    assert work.complete("C-1", a_certificate(2), 1) is Kept.KEPT


def test_what_was_cancelled_is_not_kept(world, both):
    work, other, db = both
    work.request(wish())
    row = other.cancel("C-1", "cancelled by bob")
    assert (row.status, row.reason) == (RequestStatus.CANCELLED, "cancelled by bob")
    assert row.ended_us == world.clock.wall_us()
    assert work.complete("C-1", a_certificate(), 1) is Kept.OVER
    assert db.last("zoom", DAY) is None
    assert work.cancel("C-2", "x") is None


def test_a_stale_term_writes_nothing(world, both):
    work, _, db = both
    work.request(wish())
    world.see_term(5)
    for deed in (
        lambda: work.note(replace(wish(), pages=9), 4),
        lambda: work.complete("C-1", a_certificate(), 4),
    ):
        with pytest.raises(StaleTerm):
            deed()
    assert (work.of_id("C-1").pages, db.last("zoom", DAY)) == (0, None)
    work.note(replace(wish(), pages=1), 5)


def test_whoever_wrote_with_a_higher_term_is_not_written_over(work):
    work.request(wish())
    work.note(replace(wish(), pages=1), 6)
    with pytest.raises(StaleTerm):
        work.note(replace(wish(), pages=9), 5)
    with pytest.raises(StaleTerm):
        work.complete("C-1", a_certificate(), 5)
    assert work.of_id("C-1").pages == 1


def test_pages_go_from_the_newest_to_the_oldest(work):
    for number in range(5):
        work.request(wish(f"C-{number}", day=f"2024-10-0{number + 1}", at_us=10 + number // 2))
    seen, after = [], None
    while True:
        page = work.requests(RequestQuery(after=after, limit=2))
        seen += [row.request_id for row in page.rows]
        after = page.next
        if after is None:
            break
    assert seen == ["C-4", "C-3", "C-2", "C-1", "C-0"]
    work.cancel("C-3", "no")
    cancelled = work.requests(RequestQuery("zoom", RequestStatus.CANCELLED))
    assert [row.request_id for row in cancelled.rows] == ["C-3"]
    assert work.requests(RequestQuery("teams")).rows == ()
