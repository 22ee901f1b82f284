"""A certificate against database and archive: a byte, a row less and a row more are found and named."""

from dataclasses import replace

import pytest

from recorder.prove.check import check_certificate
from recorder.prove.make import make_certificate
from recorder.records.audit import AuditEntry
from tests.recorder.fakes import MP3
from tests.recorder.prove.certified import DAY
from tests.recorder.prove.proving import Proving


@pytest.fixture
def world():
    world = Proving()
    world.offer("a", "b", "c")
    world.archive_items("a", "b")
    return world


@pytest.fixture
def certificate(world):
    return make_certificate(world.prover(), world.proved, DAY, "anna", world.waited.append)


def check(world, certificate, **kwargs):
    tools = {"db": world.db, "archive": world.archive, "audit_db": world.audit_db}
    return check_certificate(certificate, **{**tools, **kwargs})


def faults(world, certificate, **kwargs):
    return [(one.code, one.item) for one in check(world, certificate, **kwargs).faults]


def test_nothing_is_wrong_with_what_nobody_touched(world, certificate):
    found = check(world, certificate)
    assert (found.faults, found.notes) == ((), ())


@pytest.mark.parametrize("place", [0, len(MP3) // 2, len(MP3) - 1])
def test_one_changed_byte_of_an_object_is_found_and_its_item_is_named(world, certificate, place):
    body = bytearray(MP3)
    body[place] ^= 1
    world.objects.objects["zoom/0/b.mp3"] = bytes(body)
    assert faults(world, certificate) == [("object_differs", "b")]
    assert faults(world, certificate, db=None) == [("object_differs", "b")]
    assert faults(world, certificate, read=False) == [], "only reading finds it"


def test_an_object_that_is_not_there_is_named(world, certificate):
    del world.objects.objects["zoom/0/a.mp3"]
    assert faults(world, certificate, read=False) == [("object_missing", "a")]


def test_an_archive_that_is_away_is_told_for_each_object(world, certificate):
    world.archive.faults.down = True
    assert [code for code, _ in faults(world, certificate)] == ["object_missing"] * 2


def test_a_removed_row_is_named(world, certificate):
    del world.contacts.items.rows["zoom", "a"]
    assert faults(world, certificate) == [("row_removed", "a")]


def test_a_removed_media_row_is_named(world, certificate):
    del world.contacts.contacts.media["zoom", "m-b"]
    assert faults(world, certificate) == [("row_removed", "b")]


def test_an_added_row_is_named(world, certificate):
    row = world.contacts.items.rows["zoom", "a"]
    world.contacts.items.rows["zoom", "x"] = replace(
        row, ref=replace(row.ref, key="x"), archived_us=row.archived_us - 3600_000_000
    )
    assert faults(world, certificate) == [("row_added", "x")]


def test_what_is_archived_later_is_a_note(world, certificate):
    world.clock.advance(5)
    world.archive_items("c", "d")
    found = check(world, certificate)
    assert found.faults == ()
    assert [(note.code, note.item) for note in found.notes] == [
        ("archived_since", "c"),
        ("added_since", "d"),
    ]


def test_an_audit_trail_that_was_cut_or_changed_is_told(world, certificate):
    records = world.audit_db._store.records
    kept = records[:]
    records.clear()
    assert faults(world, certificate) == [("audit_removed", "")]
    world.audit_db.append([AuditEntry("2", 5, "alpha", "mallory", "started", "alpha")])
    assert faults(world, certificate) == [("audit_changed", "")]
    records[:] = kept
    assert faults(world, certificate) == []


def test_without_database_and_archive_nothing_is_compared(world, certificate):
    found = check(world, certificate, db=None, archive=None, audit_db=None)
    assert (found.faults, found.notes) == ((), ())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("from_us", None),
        ("to_us", "tomorrow"),
        ("to_us", 0),
        ("made_us", True),
        ("source", ["zoom"]),
        ("audit", {"number": "one"}),
    ],
)
def test_a_statement_that_says_no_such_thing_is_a_fault_and_no_crash(
    world, certificate, name, value
):
    changed = replace(certificate, statement={**certificate.statement, name: value})
    (fault,) = check(world, changed).faults
    assert (fault.code, fault.item) == ("statement", "")
    assert name in fault.what
