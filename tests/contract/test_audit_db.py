"""What every audit trail in the Data Center promises: SqlAuditDb and MemoryAuditDb."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest

from recorder.audit.canonical import hash_of
from recorder.records.audit import AuditEntry, AuditHead, AuditQuery, deletion_once, role_once
from recorder.records.contacts import HistoryRow
from recorder.records.retention import Deletion, DeletionState, KeptMedia
from tests.contract.audit_dbs import audit_world


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = audit_world(request.param, request, tmp_path)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.node()


def an_entry(name="1", **kwargs):
    facts = {
        "at_us": 1_700_000_000_000_000,
        "node": "alpha",
        "actor": "anna",
        "what": "media_read",
        "subject": f"contact-{name}",
        "detail": {"file": "a.mp3", "bytes": 7},
    }
    return AuditEntry(record_id=f"alpha.boot.{name}", **{**facts, **kwargs})


def some(*names):
    return [an_entry(name) for name in names]


def whole(records):
    """Each record has its own hash, and follows on the one before."""
    assert [record.number for record in records] == list(range(1, len(records) + 1))
    assert all(record.hash == hash_of(record) for record in records)
    assert records[0].previous == ""
    assert all(later.previous == earlier.hash for earlier, later in pairwise(records))


def test_an_empty_trail_has_no_head(db):
    assert db.head() == AuditHead(0, "")
    assert db.records(AuditQuery()) == ()
    assert db.span(None, None) is None


def test_what_is_appended_comes_back_as_it_was_chained_and_numbered(db):
    head = db.append(some("1", "2", "3"))
    records = db.records(AuditQuery())
    assert [record.entry for record in records] == some("1", "2", "3")
    whole(records)
    assert head == db.head() == AuditHead(3, records[-1].hash)


def test_appending_nothing_changes_nothing(db):
    head = db.append(some("1"))
    assert db.append([]) == head


def test_a_repeated_entry_is_the_same_record(world, db):
    db.append(some("1", "2"))
    head = world.node().append([an_entry("2", actor="somebody else"), *some("3", "3")])
    assert [record.entry for record in db.records(AuditQuery())] == some("1", "2", "3")
    assert head.number == 3


def test_strange_texts_are_stored_as_they_are_hashed(db):
    odd = an_entry(
        actor="Ü\0\ud800",
        subject="x" * 10_000,
        detail={"deep": {"list": [1, None, True, "é\u2028"], "rate": 1.5}, "big": 2**70},
    )
    db.append([odd, *some("2")])
    records = db.records(AuditQuery())
    whole(records)
    assert records[0].entry.detail["big"] == str(2**70)
    assert records[0].entry.detail["deep"]["list"] == [1, None, True, "é\u2028"]


def test_two_nodes_that_append_at_once_leave_no_gap_and_lose_nothing(world):
    nodes = [world.node() for _ in range(4)]

    def append(number):
        for step in range(15):
            nodes[number].append(some(f"{number}-{step}-a", f"{number}-{step}-b"))

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(append, number) for number in range(4)]:
            future.result()
    records = nodes[0].records(AuditQuery(limit=1000))
    assert len({record.entry.record_id for record in records}) == len(records) == 120
    whole(records)
    for number in range(4):
        mine = [r.entry.record_id for r in records if f".{number}-" in r.entry.record_id]
        steps = [int(name.split("-")[1]) for name in mine]
        assert steps == sorted(steps)


@pytest.fixture
def listed(db):
    db.append(
        [
            an_entry("1", subject="c1", actor="anna", what="hold", at_us=10),
            an_entry("2", subject="c2", actor="bert", what="hold", at_us=20),
            an_entry("3", subject="c1", actor="bert", what="release", at_us=30),
            an_entry("4", subject="c3", actor="anna", what="hold", at_us=15),
        ]
    )
    return db


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (AuditQuery(), [1, 2, 3, 4]),
        (AuditQuery(newest_first=True), [4, 3, 2, 1]),
        (AuditQuery(limit=2), [1, 2]),
        (AuditQuery(after=2), [3, 4]),
        (AuditQuery(before=3, newest_first=True, limit=1), [2]),
        (AuditQuery(subject="c1"), [1, 3]),
        (AuditQuery(actor="bert"), [2, 3]),
        (AuditQuery(what="hold", actor="anna"), [1, 4]),
        (AuditQuery(from_us=15, to_us=30), [2, 4]),
        (AuditQuery(subject="nobody"), []),
    ],
)
def test_records_are_listed_as_asked(listed, query, numbers):
    assert [record.number for record in listed.records(query)] == numbers


def test_a_period_spans_the_numbers_that_a_whole_excerpt_needs(listed):
    assert listed.span(15, 30) == (2, 4)
    assert listed.span(None, 15) == (1, 1)
    assert listed.span(31, None) is None


def a_deletion(contact="c1", state=DeletionState.DELETED, ended_us=50):
    return Deletion(
        contact_id=contact,
        number=1,
        source="dyn",
        session_key="s",
        policy="all",
        decision={"age_days": 9},
        state=state,
        reason="",
        decided_us=10,
        due_us=20,
        ended_us=ended_us,
        node="alpha",
        term=3,
        size_bytes=7,
        media=(KeptMedia("m1", "dyn/a", 7, "ab"),),
    )


def told(untold):
    return [
        AuditEntry(one.once, one.at_us, "beta", "system", one.what, one.subject, one.detail)
        for one in untold
    ]


def test_what_the_database_knows_and_the_trail_does_not_is_named_until_it_is_told(world, db):
    world.contacts().record_role_change(HistoryRow(30, "alpha", "secondary", "primary", 7, "why"))
    world.delete(a_deletion())
    role, deletion = db.untold(0, 10)
    assert (role.what, role.subject, role.at_us) == ("role_changed", "alpha", 30)
    assert role.once == role_once("alpha", 30, 7, "primary")
    assert role.detail == {"old": "secondary", "new": "primary", "term": 7, "reason": "why"}
    assert (deletion.what, deletion.subject, deletion.at_us) == ("contact_deleted", "c1", 50)
    assert deletion.once == deletion_once("c1", 1, "deleted", 50)
    assert deletion.detail["media"] == ["dyn/a"]
    assert db.untold(0, 1) == (role,)
    db.append(told([role]))
    assert db.untold(0, 10) == (deletion,)
    db.append(told([deletion]))
    assert db.untold(0, 10) == ()


def test_what_is_older_or_not_at_its_end_is_not_named(world, db):
    world.contacts().record_role_change(HistoryRow(30, "alpha", "secondary", "primary", 7, "why"))
    world.delete(a_deletion("c1", DeletionState.DUE, None))
    world.delete(a_deletion("c2", DeletionState.WITHDRAWN, 50))
    assert [one.what for one in db.untold(31, 10)] == ["deletion_withdrawn"]
    assert db.untold(51, 10) == ()
