"""What keeps certificates promises, in SQL and in memory: SqlCertificateDb and MemoryCertificateDb."""

from dataclasses import replace

import pytest

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.errors import BadCursor
from recorder.model import ItemState, Window
from recorder.records.certificates import (
    CertificateHead,
    CertificateQuery,
    LeafMedia,
    PublishedKey,
    StoredCertificate,
)
from sim.tables.certificates import MemoryCertificateDb, MemoryCertificateStore
from tests.calls import START_US, a_file, a_ref, an_item, an_outcome, names_of
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world

DAY = Window(START_US, START_US + 1_000)


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
def items(world):
    return world.node("alpha")


@pytest.fixture
def db(world):
    if isinstance(world, MemoryWorld):
        yield MemoryCertificateDb(world._store, MemoryCertificateStore())
        return
    engine = open_engine(world.url)
    yield SqlCertificateDb(engine, cluster="pair")
    engine.dispose()


def commit(items, *those):
    items.commit(those, names_of(*those))


def test_an_archived_item_is_told_with_its_files_and_its_commit(world, items, db):
    files = [a_file("m2"), a_file("m1", size_bytes=7)]
    commit(items, an_item("a", session="s", files=files), an_item("b", session="s"))
    a, b = db.day_rows("dyn", DAY, None, 10)
    assert (a.item, a.version, a.changed_us, a.state) == ("a", "v1", START_US, "archived")
    assert a.archived_us == world.clock.wall_us()
    assert a.media == (
        LeafMedia("m1", "ab" * 32, 7, "dyn/m1"),
        LeafMedia("m2", "ab" * 32, 1000, "dyn/m2"),
    )
    assert [one.key for one in b.media] == ["med-b"], "not those of another item of the contact"
    assert (a.recovery, a.deleted, a.parked, a.reason) == ("", "", False, "")


def test_an_item_without_media_is_told_with_its_reason(items, db):
    items.record_found([a_ref("f")], [])
    items.record_outcome(an_outcome("p", parked=True), 0)
    items.record_outcome(an_outcome("g", ItemState.GONE), 0)
    found = {row.item: row for row in db.day_rows("dyn", DAY, None, 10)}
    assert (found["f"].state, found["f"].archived_us) == ("found", None)
    assert (found["p"].state, found["p"].parked) == ("failed", True)
    assert (found["g"].state, found["g"].reason) == ("gone", "unreachable: no answer")


def test_the_rows_of_a_day_come_page_by_page_and_are_of_that_day_and_source(items, db):
    commit(items, *(an_item(f"i{n}", session=f"s{n}", changed_us=START_US + n) for n in range(5)))
    commit(items, an_item("late", session="x", changed_us=DAY.to_us))
    commit(items, an_item("early", session="y", changed_us=START_US - 1))
    commit(items, an_item("other", session="z", source="zoom"))
    seen, after = [], None
    while page := db.day_rows("dyn", DAY, after, 2):
        seen += [row.item for row in page]
        after = (page[-1].changed_us, page[-1].item)
    assert seen == ["i0", "i1", "i2", "i3", "i4"]


def test_rows_are_found_by_item(items, db):
    commit(items, an_item("a", session="a"), an_item("b", session="b"))
    commit(items, an_item("a2", session="a2", source="zoom"))
    assert {row.item for row in db.rows_of("dyn", ["a", "b", "no", "a2"])} == {"a", "b"}
    assert db.rows_of("dyn", []) == ()


def a_certificate(number=1, *, source="dyn", day="2024-10-04", made_us=50):
    head = CertificateHead(source, day, number, made_us, "alpha", "complete", "ab" * 32, 3)
    return StoredCertificate(head, '{"é":1}', '{"key_id":"k"}', b"\x00\xffpacked")


def test_a_certificate_is_kept_as_it_is_and_never_overwritten(db):
    assert db.last("dyn", "2024-10-04") is None
    assert db.certificate("dyn", "2024-10-04", None) is None
    assert db.add(a_certificate())
    assert not db.add(replace(a_certificate(), statement="another"))
    assert db.certificate("dyn", "2024-10-04", 1) == a_certificate()
    assert db.add(a_certificate(2, made_us=60))
    assert db.last("dyn", "2024-10-04") == a_certificate(2, made_us=60).head
    assert db.certificate("dyn", "2024-10-04", None) == a_certificate(2, made_us=60)
    assert db.certificate("dyn", "2024-10-04", 3) is None


def test_certificates_are_listed_newest_first_page_by_page(db):
    for number, day in enumerate(("2024-10-04", "2024-10-05", "2024-10-06"), start=1):
        db.add(a_certificate(1, day=day, made_us=number))
    db.add(a_certificate(2, made_us=9))
    db.add(a_certificate(1, source="zoom", made_us=5))
    query, seen = CertificateQuery(limit=2), []
    while True:
        page = db.certificates(query)
        seen += [(head.source, head.day, head.number) for head in page.rows]
        if page.next is None:
            break
        query = replace(query, after=page.next)
    assert seen[0] == ("dyn", "2024-10-04", 2)
    assert seen[1] == ("zoom", "2024-10-04", 1)
    assert len(seen) == 5
    assert len(db.certificates(CertificateQuery(source="dyn")).rows) == 4
    assert len(db.certificates(CertificateQuery(day="2024-10-04")).rows) == 3
    with pytest.raises(BadCursor):
        db.certificates(CertificateQuery(after="nonsense"))


def test_keys_are_published_once_and_stay(db):
    assert db.published_keys() == ()
    first = PublishedKey("beta", "ed25519:aa", "QUJD", 5)
    db.publish(first)
    db.publish(replace(first, since_us=9))
    db.publish(PublishedKey("alpha", "ed25519:bb", "QUJE", 7))
    db.publish(PublishedKey("beta", "ed25519:cc", "QUJF", 8))
    found = db.published_keys()
    assert [key.key_id for key in found] == ["ed25519:bb", "ed25519:aa", "ed25519:cc"]
    assert found[1] == first
