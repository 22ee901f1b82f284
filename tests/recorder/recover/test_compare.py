"""Both sides of a section: what is missing, what is left over, what differs, and what is over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.model import Interaction, ItemRef, MediaKind, MediaRef
from recorder.records.findings import FindingRow, HeldMedia, Severity, What, Why
from recorder.recover.compare import (
    Section,
    closings,
    compare,
    judge_described,
    judge_objects,
    judge_unlisted,
    settled,
    why_over,
)
from tests.recorder.recover.test_causes import HOUR, NOW, a_row, times

YOUNG = NOW - HOUR


def row(key="i", state="archived", version="v", **more):
    made = a_row(state, **more)
    return replace(made, ref=replace(made.ref, key=key, version=version))


def ref(key="i", version="v", at_us=NOW - 50 * HOUR):
    return ItemRef("desk", key, version, at_us, "s")


def section(listed=(), held=()):
    return Section({one.key: one for one in listed}, {one.ref.key: one for one in held}, YOUNG)


def compared(listed=(), held=()):
    return compare(section(listed, held), times())


def a_finding(what=What.NOT_HERE, subject="i", **more):
    facts = {"why": Why.LATE_AT_SOURCE, "severity": Severity.CRITICAL, "at_us": 5, "detail": ""}
    return FindingRow("F-1", "desk", what, subject, opened_us=1, seen_us=1, **{**facts, **more})


def test_what_is_archived_or_not_recordable_agrees():
    found = compared([ref(), ref("j")], [row(), row("j", "not_recordable")])
    assert found.sightings == found.unlisted == ()
    assert found.counts == {
        "at_source": 2,
        "here": 2,
        "not_here": 0,
        "on_the_way": 0,
        "not_listed": 0,
    }


@pytest.mark.parametrize("held", [(), (row(state="found"),), (row(state="gone"),)])
def test_what_is_listed_and_not_archived_is_seen(held):
    (seen,) = compared([ref()], held).sightings
    assert (seen.what, seen.subject, seen.is_offered) == (What.NOT_HERE, "i", True)


def test_what_was_found_a_moment_ago_is_on_its_way():
    young = replace(row(state="found"), found_us=NOW)
    found = compared([ref()], [young])
    assert (found.sightings, found.counts["on_the_way"]) == ((), 1)
    parked = replace(young, parked=True)
    assert compared([ref()], [parked]).counts["not_here"] == 1


def test_a_newer_version_at_the_source_differs_and_can_be_fetched():
    (seen,) = compared([ref(version="w")], [row()]).sightings
    assert (seen.what, seen.why, seen.is_offered) == (What.DIFFERS, Why.CHANGED_AT_SOURCE, True)
    newer = row(version="x", at_us=NOW - HOUR)
    assert compared([ref(version="w")], [newer]).sightings == ()


def test_what_is_here_and_not_listed_is_asked_for():
    found = compared([], [row(), row("j", "not_recordable"), row("k", "gone")])
    assert [one.ref.key for one in found.unlisted] == ["i", "k"]


def test_the_source_says_what_is_left_over():
    noted = judge_unlisted(row(), is_gone=True)
    assert (noted.what, noted.is_noted_only) == (What.NOT_AT_SOURCE, True)
    assert judge_unlisted(row(), is_gone=False) is None
    assert judge_unlisted(row(state="gone"), is_gone=True).what is What.LOST
    assert judge_unlisted(row(state="failed"), is_gone=False) is None


KEYS = st.sampled_from("abcdefgh")
STATES = st.sampled_from(["found", "failed", "archived", "not_recordable", "gone"])
VERSIONS = st.sampled_from("vw")


@given(
    st.dictionaries(KEYS, VERSIONS),
    st.dictionaries(KEYS, st.tuples(STATES, VERSIONS, st.booleans())),
)
def test_every_item_of_either_side_is_accounted_for_once(listed, held):
    rows = [
        replace(row(key, state, version), found_us=NOW if young else NOW - 40 * HOUR)
        for key, (state, version, young) in held.items()
    ]
    found = compared([ref(key, version) for key, version in listed.items()], rows)
    counts = found.counts
    differing = sum(one.what is What.DIFFERS for one in found.sightings)
    told = counts["here"] + counts["not_here"] + counts["on_the_way"] + differing
    assert told == counts["at_source"] == len(listed)
    seen = [one.subject for one in found.sightings]
    assert len(seen) == len(set(seen))
    assert not set(seen) & {one.ref.key for one in found.unlisted}
    assert {one.ref.key for one in found.unlisted} <= set(held) - set(listed)


def media(key="m", size=5, sha256=None):
    return MediaRef(key, MediaKind.AUDIO, "a.mp3", "audio/mpeg", size, sha256)


def held_file(key="m", size=5):
    return HeldMedia("i", key, f"desk/{key}.mp3", size, "ab" * 32)


def described(*files):
    return Interaction("c", "s", "voice", "inbound", None, None, media=files)


@pytest.mark.parametrize("said", [media(), media(size=None), media(sha256="AB" * 32)])
def test_size_and_hash_as_archived_agree(said):
    assert judge_described(row(), described(said), [held_file()]) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (media(size=6), "6 bytes at the source, 5 here"),
        (media(sha256="cd" * 32), "another hash"),
        (media("n"), "new or replaced"),
    ],
)
def test_size_or_hash_differing_is_seen(said, text):
    seen = judge_described(row(), described(said), [held_file()])
    assert seen.what is What.DIFFERS
    assert text in seen.detail


def test_what_was_deleted_here_by_decision_has_nothing_to_compare():
    assert judge_described(row(), described(media()), []) is None


def test_a_file_without_an_object_is_seen():
    held = [held_file(), held_file("n", 7)]
    sizes = {"desk/m.mp3": 5, "desk/n.mp3": 7}
    assert judge_objects(row(), sizes, held) is None
    gone = judge_objects(row(), sizes | {"desk/n.mp3": None}, held)
    assert (gone.what, gone.why) == (What.OBJECT_MISSING, Why.ARCHIVE_DAMAGED)
    assert "desk/n.mp3 is not there" in gone.detail
    short = judge_objects(row(), sizes | {"desk/m.mp3": 4}, held)
    assert "4 bytes instead of 5" in short.detail


def test_what_is_seen_no_more_is_over_with_its_reason():
    both = section([ref()], [replace(row(), archived_us=NOW, archived_by="beta")])
    opened = [
        a_finding(recovery_id="R-1"),
        a_finding(What.OBJECT_WITHOUT_ROW, "object"),
        a_finding(What.LOST, "unasked"),
    ]
    (over,) = closings(opened, [], both, unasked=["unasked"])
    assert over.finding_id == "F-1"
    assert over.because.startswith("archived at ")
    assert over.because.endswith("by beta, fetched by R-1")


def test_what_is_seen_again_stays_open():
    both = section([ref()], [])
    seen = compare(both, times()).sightings
    assert closings([a_finding()], seen, both, unasked=()) == ()


@pytest.mark.parametrize(
    ("finding", "item", "listed", "text"),
    [
        (a_finding(What.OBJECT_MISSING), row(), ref(), "has the file again"),
        (a_finding(), row(state="not_recordable", reason="x: y"), ref(), "not recordable: x: y"),
        (a_finding(What.LOST), row(state="failed"), ref(), "has it again"),
        (a_finding(), None, None, "no longer has it"),
        (a_finding(What.DIFFERS), row(state="found"), ref(), "agrees again"),
    ],
)
def test_a_closing_says_why(finding, item, listed, text):
    assert text in why_over(finding, item, listed)


def test_what_became_of_an_item_ends_its_finding_between_two_runs():
    assert settled(a_finding(), row()).because.startswith("archived")
    assert settled(a_finding(), row(state="found")) is None
    assert settled(a_finding(), None) is None
    assert settled(a_finding(What.OBJECT_MISSING), row()) is None
