"""The checker of the audit trail and of the scrub finds what it is there for."""

import hashlib
from dataclasses import replace

import pytest

from recorder.audit.chain import Anchor
from recorder.records.audit import AuditEntry, deletion_once, role_once
from recorder.records.contacts import HistoryRow, MediaRow
from recorder.records.retention import Deletion, DeletionState
from recorder.records.scrub import Outcome, ScrubRow
from sim.checkers.audit_kept import check_scrub, check_trail
from sim.tables.audit import MemoryAuditDb, MemoryAuditStore

ROLE = HistoryRow(30, "alpha", "secondary", "primary", 7, "why")
GONE = Deletion(
    contact_id="c1",
    number=1,
    source="dyn",
    session_key="s",
    policy="all",
    decision={},
    state=DeletionState.DELETED,
    reason="",
    decided_us=10,
    due_us=20,
    ended_us=50,
    node="alpha",
    term=3,
    size_bytes=7,
)


@pytest.fixture
def records():
    store = MemoryAuditStore()
    ids = ["r1", role_once("alpha", 30, 7, "primary"), deletion_once("c1", 1, "deleted", 50), "r4"]
    MemoryAuditDb(store).append(
        [AuditEntry(name, 5, "alpha", "system", "deed", "x") for name in ids]
    )
    return store.records


def found(records, anchors=(), history=(ROLE,), deletions=(GONE,)):
    return [one.what for one in check_trail(records, anchors, history, deletions)]


def test_a_whole_trail_with_everything_in_it_breaks_nothing(records):
    newest = records[-1]
    assert found(records, [Anchor(newest.number, newest.hash, "the disk of beta")]) == []


def test_a_changed_record_is_found(records):
    records[1] = replace(records[1], entry=replace(records[1].entry, actor="mallory"))
    (what,) = found(records)
    assert "record 2 was changed" in what


def test_a_cut_tail_is_found(records):
    newest = records.pop()
    (what,) = found(records, [Anchor(newest.number, newest.hash, "the disk of beta")])
    assert "the disk of beta remembers record 4" in what


def test_a_role_change_and_a_deletion_that_are_not_in_it_are_found(records):
    other = replace(ROLE, term=8)
    again = replace(GONE, number=2)
    assert found(records, history=[ROLE, other], deletions=[GONE, again]) == [
        "a change to primary is not in the trail",
        "a deletion that ended as deleted is not in the trail",
    ]


def test_a_deletion_that_did_not_end_need_not_be_in_it(records):
    open_one = replace(GONE, number=2, state=DeletionState.DUE, ended_us=None)
    assert found(records, deletions=[open_one]) == []


BODY = b"media"
MEDIA = MediaRow("m1", "audio", "a.mp3", "", 5, hashlib.sha256(BODY).hexdigest(), "dyn/a", None, 1, "alpha", "i1")  # fmt: skip


@pytest.mark.parametrize(
    ("objects", "true"),
    [
        ({"dyn/a": BODY}, Outcome.WHOLE),
        ({"dyn/a": b"other"}, Outcome.DAMAGED),
        ({}, Outcome.MISSING),
    ],
)
@pytest.mark.parametrize("said", [Outcome.WHOLE, Outcome.DAMAGED, Outcome.MISSING, Outcome.UNREAD])
def test_what_the_scrub_says_must_be_so(objects, true, said):
    row = ScrubRow("dyn/a", "dyn", "m1", said, "", None, 1, 1)
    wrong = list(check_scrub([row], [MEDIA], objects))
    assert bool(wrong) == (said not in {true, Outcome.UNREAD})


def test_what_was_deleted_since_is_nothing_to_judge():
    row = ScrubRow("dyn/b", "dyn", "m2", Outcome.WHOLE, "", None, 1, 1)
    assert list(check_scrub([row], [MEDIA], {})) == []
