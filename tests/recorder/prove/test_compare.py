"""A certificate against the Data Center: what nobody may have done is named, what may happen is noted."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recorder.prove.compare import compare
from recorder.prove.judge import ObjectFault
from recorder.records.certificates import Cause, LeafState
from tests.recorder.prove.certified import DAY_US, FROM_US, LEAVES, a_leaf, a_media, a_row

MADE_US = FROM_US + 2 * DAY_US
STATES = {
    LeafState.ARCHIVED: "archived",
    LeafState.NOT_RECORDABLE: "not_recordable",
    LeafState.GONE: "gone",
    LeafState.FAILED: "failed",
    LeafState.MISSING: "found",
    LeafState.DELETED: "archived",
}


def as_certified(leaves):
    rows = {}
    for leaf in leaves:
        deleted = "policy" if leaf.state is LeafState.DELETED else ""
        rows[leaf.item] = a_row(leaf, state=STATES[leaf.state], deleted=deleted)
    return rows


def told(leaves, rows, objects=()):
    found = compare(leaves, rows, dict(objects), MADE_US)
    return [(f.code, f.item) for f in found.faults], [(n.code, n.item) for n in found.notes]


@given(LEAVES)
def test_what_is_as_it_was_certified_has_no_fault(leaves):
    assert told(leaves, as_certified(leaves)) == ([], [])


@given(LEAVES, st.data())
def test_a_row_less_or_more_is_named(leaves, data):
    assume(leaves)
    rows = as_certified(leaves)
    leaf = data.draw(st.sampled_from(leaves))
    less = {item: row for item, row in rows.items() if item != leaf.item}
    assert told(leaves, less) == ([("row_removed", leaf.item)], [])
    added = {**rows, "zzzzz": a_row(a_leaf("zzzzz"))}
    assert told(leaves, added) == ([("row_added", "zzzzz")], [])


ARCHIVED = a_leaf("a", media=(a_media("m1"), a_media("m2")))


@pytest.mark.parametrize(
    "change",
    [
        {"state": "found"},
        {"archived_us": MADE_US + 1},
        {"archived_us": None},
        {"media": (a_media("m1"), a_media("m2", sha="cd" * 32))},
        {"media": (a_media("m1"), a_media("m2", size_bytes=11))},
        {"media": (a_media("m1"), replace(a_media("m2"), object_key="x"))},
    ],
)
def test_a_row_that_was_changed_is_named(change):
    faults, notes = told([ARCHIVED], {"a": a_row(ARCHIVED, **change)})
    assert (faults, notes) == ([("row_changed", "a")], [])


def test_files_less_or_more_are_named():
    (fault,) = compare([ARCHIVED], {"a": a_row(ARCHIVED, media=(a_media("m1"),))}, {}, 0).faults
    assert (fault.code, fault.item) == ("row_removed", "a")
    assert "m2" in fault.what
    more = (*ARCHIVED.media, a_media("m3"))
    (fault,) = compare([ARCHIVED], {"a": a_row(ARCHIVED, media=more)}, {}, 0).faults
    assert (fault.code, fault.item) == ("row_added", "a")
    assert "m3" in fault.what


def test_an_object_that_is_not_what_it_was_is_named_with_its_item():
    wrong = {"zoom/0/m2.mp3": ObjectFault(Cause.OBJECT_DIFFERS, "its bytes have another hash")}
    (fault,) = compare([ARCHIVED], {"a": a_row(ARCHIVED)}, wrong, 0).faults
    assert (fault.code, fault.item) == ("object_differs", "a")
    assert "m2" in fault.what


def test_what_may_happen_after_a_certificate_is_a_note():
    missing = a_leaf("a", LeafState.MISSING, cause=Cause.SHOWN_LATE)
    after_us = MADE_US + 5
    row = a_row(a_leaf("a"), archived_us=after_us)
    assert told([missing], {"a": row}) == ([], [("archived_since", "a")])
    assert told([missing], {}) == ([], []), "it never was on record"
    assert told([], {"b": replace(row, item="b")}) == ([], [("added_since", "b")])
    assert told([ARCHIVED], {"a": a_row(ARCHIVED, deleted="p", media=())}) == (
        [],
        [("deleted_since", "a")],
    )
    assert told([ARCHIVED], {"a": a_row(ARCHIVED, version="v2", archived_us=after_us)}) == (
        [],
        [("replaced_since", "a")],
    )


def test_a_minute_is_left_for_clocks_that_differ():
    missing = a_leaf("a", LeafState.MISSING, cause=Cause.UNDER_WAY)
    just = a_row(a_leaf("a"), archived_us=MADE_US - 59_000_000)
    assert told([missing], {"a": just}) == ([], [("archived_since", "a")])
    long_ago = replace(just, archived_us=MADE_US - 61_000_000)
    assert told([missing], {"a": long_ago}) == ([("row_changed", "a")], [])


def test_what_was_missing_and_is_said_to_have_been_archived_before_is_named():
    failed = a_leaf("a", LeafState.FAILED)
    row = a_row(a_leaf("a"))
    assert told([failed], {"a": row}) == ([("row_changed", "a")], [])


def test_a_newer_version_that_was_missing_is_not_what_is_on_record():
    missing = a_leaf("a", LeafState.MISSING, cause=Cause.NEWER_VERSION, version="v2")
    assert told([missing], {"a": a_row(a_leaf("a"))}) == ([], [])
