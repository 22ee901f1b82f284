"""Each checker is content with a perfect run, and finds what is planted."""

from dataclasses import replace

import pytest

from recorder.model import ItemState, MediaKind, SourceProgress
from sim.checkers.media_intact import bytes_verified, check_media_intact
from sim.checkers.nothing_lost import check_newest, check_nothing_lost, lost
from sim.checkers.nothing_twice import check_nothing_twice, duplicates
from sim.checkers.watermark_never_ahead import check_watermark_never_ahead
from tests.sim.checkers.data import SECOND, T0_US, DataCenter, contact, item_row, media_row, offered


@pytest.fixture
def truth():
    return [offered(number) for number in range(5)]


@pytest.fixture
def center(truth):
    return DataCenter(truth)


def whats(violations):
    return [(violation.what, violation.items) for violation in violations]


def test_a_perfect_run_breaks_nothing(truth, center):
    contents = center.read()
    assert len(contents.items) == len(contents.objects) == 5
    assert len(contents.contacts) == 3
    assert check_nothing_lost(truth, contents) == ()
    assert check_nothing_twice(contents) == ()
    assert check_media_intact(truth, contents) == ()
    assert check_watermark_never_ahead(truth, contents) == ()
    assert bytes_verified(truth, contents) == sum(item.size_bytes for item in truth)


# --- nothing lost ---


def test_a_recording_without_a_trace_is_lost(truth, center):
    del center.item_rows[3]
    violations = check_nothing_lost(truth, center.read())
    assert whats(violations) == [("offered, and unknown to the Data Center", ("r3",))]
    assert [item.key for item in lost(truth, center.read())] == ["r3"]
    assert check_nothing_lost(truth, center.read(), settled=False) == ()


def test_a_row_without_its_bytes_is_lost(truth, center):
    center.details.pop("c2")
    assert whats(check_nothing_lost(truth, center.read())) == [
        ("archived, but not with the bytes offered", ("r4",))
    ]


def test_the_bytes_of_a_newer_version_are_not_yet_on_record_as_that_version(truth, center):
    assert list(check_newest(truth, center.read())) == []
    truth[2] = replace(truth[2], version="newer")
    assert check_nothing_lost(truth, center.read()) == ()
    assert whats(check_newest(truth, center.read())) == [
        ("archived as another version than is offered", ("r2",))
    ]
    truth[2] = replace(truth[2], deleted_us=T0_US)
    assert list(check_newest(truth, center.read())) == []


def test_gone_is_a_lie_while_the_source_still_offers_it(truth, center):
    center.item_rows[1] = item_row(truth[1], ItemState.GONE, "gone: 404")
    (violation,) = check_nothing_lost(truth, center.read(), settled=False)
    assert "still offered" in violation.what


def test_failed_is_visible_but_not_an_end_for_what_is_still_offered(truth, center):
    center.item_rows[1] = item_row(truth[1], ItemState.FAILED, "stalled: no byte")
    assert lost(truth, center.read()) == ()
    (violation,) = check_nothing_lost(truth, center.read())
    assert violation.items == ("r1",)


def test_an_end_needs_a_reason_and_a_settled_run_has_no_open_ends(truth, center):
    truth[0] = replace(truth[0], deleted_us=T0_US)
    center.item_rows[0] = item_row(truth[0], ItemState.GONE)
    center.item_rows[1] = item_row(truth[1], ItemState.FETCHING)
    found = dict(whats(check_nothing_lost(truth, center.read())))
    assert found == {"ended without a reason": ("r0",), "still under way": ("r1",)}


@pytest.mark.parametrize(
    "change",
    [
        {"deleted_us": T0_US, "first_listed_us": None},
        {"deleted_us": T0_US + 9 * SECOND, "first_listed_us": T0_US},
        {"absent": "no file"},
        {"replaced_us": T0_US},
    ],
)
def test_what_nobody_could_know_or_fetch_is_excused(truth, center, change):
    truth[2] = replace(truth[2], **change)
    center.item_rows = [row for row in center.item_rows if row.ref.key != "r2"]
    assert check_nothing_lost(truth, center.read()) == ()


def test_a_deleted_recording_that_was_listed_must_have_left_a_trace(truth, center):
    truth[2] = replace(truth[2], deleted_us=T0_US + 60 * SECOND)
    center.item_rows = [row for row in center.item_rows if row.ref.key != "r2"]
    assert len(check_nothing_lost(truth, center.read())) == 1
    center.item_rows.append(item_row(truth[2], ItemState.GONE, "gone: deleted"))
    assert check_nothing_lost(truth, center.read()) == ()


# --- nothing twice ---


def test_two_rows_of_one_item_are_found(truth, center):
    center.item_rows.append(item_row(truth[0]))
    assert ("an item has two rows", ("dynamics/r0",)) in whats(check_nothing_twice(center.read()))


def test_two_contacts_of_one_call_session_are_found(center):
    center.details["again"] = contact("again", "c1", ("r9",))
    assert whats(check_nothing_twice(center.read())) == [
        ("a call session has two contacts", ("dynamics/c1",))
    ]


def test_an_interaction_in_two_contacts_is_found(center):
    center.details["again"] = contact("again", "c9", ("r1",))
    assert whats(check_nothing_twice(center.read())) == [
        ("an interaction is in two contacts", ("dynamics/r1",))
    ]


def test_media_stored_twice_are_found_however_it_happened(truth, center):
    center.add_media(
        "c0", media_row(truth[0], object_key="elsewhere"), center.objects["dynamics/f0"]
    )
    found = dict(whats(check_nothing_twice(center.read())))
    assert set(found) == {
        "a media file has two rows",
        "two media rows hold the same bytes",
        "two objects hold the same bytes",
    }
    assert duplicates(center.read()) == 1


def test_an_orphaned_copy_of_an_object_is_found(center):
    center.objects["copy"] = center.objects["dynamics/f0"]
    assert [v.what for v in check_nothing_twice(center.read())] == [
        "two objects hold the same bytes"
    ]


def test_two_rows_on_one_object_are_found(truth, center):
    other = media_row(truth[1], media_key="new", sha256="0" * 64, object_key="dynamics/f0")
    center.add_media("c0", other, center.objects["dynamics/f0"])
    assert "two media rows share one object" in [v.what for v in check_nothing_twice(center.read())]


# --- media intact ---


def test_a_changed_byte_in_the_archive_is_found(truth, center):
    center.objects["dynamics/f2"] = center.objects["dynamics/f2"][:-1] + b"?"
    assert whats(check_media_intact(truth, center.read())) == [
        ("an object differs from its row", ("f2",))
    ]


def test_a_missing_object_is_found(truth, center):
    del center.objects["dynamics/f2"]
    assert whats(check_media_intact(truth, center.read())) == [
        ("a media row without its object", ("f2",))
    ]


def test_html_kept_as_audio_is_found(truth, center):
    page = b"<html>"
    row = media_row(truth[0], media_key="p", sha256="1" * 64, size_bytes=6, object_key="p")
    center.add_media("c0", row, page)
    found = [
        what for what, items in whats(check_media_intact(truth, center.read())) if items == ("p",)
    ]
    assert "bytes that the source never served" in found


def test_an_empty_file_is_found(truth, center):
    center.add_media("c0", media_row(truth[0], media_key="e", size_bytes=0, object_key="e"), b"")
    assert "an empty file" in [v.what for v in check_media_intact(truth, center.read())]


def test_a_wrong_size_is_found_even_when_the_hash_is_right(truth, center):
    truth[0] = replace(truth[0], size_bytes=1)
    assert whats(check_media_intact(truth, center.read())) == [
        ("a size other than the source's", ("f0",))
    ]


def test_other_files_of_an_item_are_known_by_their_own_hashes(truth, center):
    sha = "5" * 64
    row = media_row(truth[0], media_key="m", kind=MediaKind.TEXT, sha256=sha, object_key="m")
    center.add_media("c0", row, b"")
    assert "bytes that the source never served" in [
        v.what for v in check_media_intact(truth, center.read())
    ]
    truth[0] = replace(truth[0], other_sha256=(sha,))
    assert [v.what for v in check_media_intact(truth, center.read())] == [
        "an object differs from its row"
    ]


# --- watermark ---


def at(center, second):
    center.progress = [SourceProgress("dynamics", 0, T0_US + int(second * SECOND), T0_US)]


@pytest.mark.parametrize(
    "state", [ItemState.FOUND, ItemState.FETCHING, ItemState.BUFFERED, ItemState.FAILED]
)
def test_an_unfinished_item_below_the_watermark_is_found(truth, center, state):
    center.item_rows[2] = item_row(truth[2], state, "why")
    at(center, 2)
    assert check_watermark_never_ahead(truth, center.read()) == ()
    at(center, 2.5)
    assert whats(check_watermark_never_ahead(truth, center.read())) == [
        ("dynamics passed unfinished items", ("r2",))
    ]


def test_a_parked_item_does_not_hold_the_watermark(truth, center):
    center.item_rows[2] = item_row(truth[2], ItemState.FAILED, "why", parked=True)
    assert check_watermark_never_ahead(truth, center.read()) == ()


def test_a_late_item_that_is_found_below_the_watermark_holds_it_and_does_not_break_it(
    truth, center
):
    truth[2] = replace(truth[2], late=True)
    center.item_rows[2] = item_row(truth[2], ItemState.FAILED, "why")
    assert check_watermark_never_ahead(truth, center.read()) == ()


def test_an_item_never_seen_below_the_watermark_is_found(truth, center):
    del center.item_rows[4]
    at(center, 4)
    assert check_watermark_never_ahead(truth, center.read()) == ()
    at(center, 5)
    assert whats(check_watermark_never_ahead(truth, center.read())) == [
        ("dynamics passed items never seen", ("r4",))
    ]


def test_late_and_deleted_items_are_not_held_against_the_watermark(truth, center):
    truth[3] = replace(truth[3], late=True)
    truth[4] = replace(truth[4], deleted_us=T0_US)
    del center.item_rows[3:]
    assert check_watermark_never_ahead(truth, center.read()) == ()


def test_every_source_has_its_own_watermark(truth, center):
    center.item_rows[2] = item_row(truth[2], ItemState.FOUND)
    center.progress = [SourceProgress("zoom", 0, T0_US + 3600 * SECOND, T0_US)]
    assert check_watermark_never_ahead(truth, center.read()) == ()
