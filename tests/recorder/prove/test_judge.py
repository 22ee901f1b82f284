"""What each item of a day is, and why."""

from dataclasses import replace

import pytest

from recorder.model import ItemRef, SourceProgress, Window
from recorder.prove.judge import ObjectFault, cause_of, judged, object_keys, with_objects
from recorder.prove.statement import summary, verdict_of
from recorder.records.certificates import LeafState, Verdict
from tests.recorder.prove.certified import DAY_US, FROM_US, a_leaf, a_media, a_row

NOON_US = FROM_US + DAY_US // 2
PROGRESS = SourceProgress(
    "zoom", 1, FROM_US + DAY_US, FROM_US + DAY_US, (Window(FROM_US, NOON_US),)
)


def a_ref(item="a", version="v1", changed_us=FROM_US + 1000):
    return ItemRef("zoom", item, version, changed_us, "s")


def row(item="a", state="archived", **facts):
    return a_row(a_leaf(item), state=state, **facts)


def judge(refs, rows, progress=PROGRESS):
    return judged(refs, {one.item: one for one in rows}, progress)


def only(refs, rows, progress=PROGRESS):
    (leaf,) = judge(refs, rows, progress)
    return leaf


def test_what_is_archived_has_its_files_and_its_commit():
    leaf = only([a_ref()], [row(media=(a_media("z"), a_media("b")), recovery="R-1")])
    assert (leaf.state, leaf.listed, leaf.cause, leaf.recovery) == ("archived", True, "", "R-1")
    assert leaf.committed_us == a_leaf("a").committed_us
    assert [one.key for one in leaf.media] == ["b", "z"]


@pytest.mark.parametrize(
    ("state", "reason", "leaf_state", "cause"),
    [
        ("not_recordable", "agent_excluded: by rule", "not_recordable", "agent_excluded"),
        ("not_recordable", "", "not_recordable", "not_recordable_without_a_reason"),
        ("gone", "gone: the source deleted it", "gone", "gone"),
        ("failed", "truncated: 3 of 9 bytes", "failed", "truncated"),
        ("failed", "unknown: something", "failed", "failed_without_a_reason"),
        ("found", "", "missing", "under_way"),
        ("buffered", "", "missing", "under_way"),
    ],
)
def test_every_absence_has_a_cause(state, reason, leaf_state, cause):
    leaf = only([a_ref()], [row(state=state, reason=reason, archived_us=None, media=())])
    assert (leaf.state, leaf.cause, leaf.media) == (leaf_state, cause, ())


@pytest.mark.parametrize(
    ("changed_us", "progress", "cause"),
    [
        (FROM_US + 5, PROGRESS, "shown_late"),
        (NOON_US + 5, PROGRESS, "never_polled"),
        (FROM_US + 5, replace(PROGRESS, horizon_us=FROM_US), "not_polled_yet"),
        (FROM_US + 5, None, "not_polled_yet"),
    ],
)
def test_what_nobody_ever_heard_of_is_explained_by_the_coverage(changed_us, progress, cause):
    leaf = only([a_ref(changed_us=changed_us)], [], progress)
    assert (leaf.state, leaf.cause, leaf.committed_us) == ("missing", cause, None)


def test_a_file_that_the_source_replaced_is_missing_until_the_new_one_is_here():
    leaf = only([a_ref(version="v2")], [row()])
    assert (leaf.state, leaf.cause, leaf.version) == ("missing", "newer_version", "v2")
    ahead = row(version="v3", changed_us=FROM_US + 5000)
    assert only([a_ref(version="v2")], [ahead]).state == "archived"


def test_what_the_source_does_not_list_any_more_is_there_still():
    leaf = only([], [row()])
    assert (leaf.state, leaf.listed) == ("archived", False)
    lost = only([], [row(state="found", archived_us=None, media=())])
    assert (lost.state, lost.cause, lost.listed) == ("missing", "left_listing", False)
    gone = only([], [row(state="gone", reason="gone: x", archived_us=None, media=())])
    assert (gone.state, gone.listed) == ("gone", False)


def test_what_a_policy_deleted_is_neither_archived_nor_missing():
    leaf = only([a_ref()], [row(media=(), deleted="seven-years")])
    assert (leaf.state, leaf.cause, leaf.reason) == (
        "deleted",
        "retention",
        "deleted by seven-years",
    )
    assert only([a_ref()], [row(media=())]).cause == "media_not_on_record"


def test_what_has_no_object_is_missing():
    leaves = judge([a_ref("a"), a_ref("b")], [row("a"), row("b")])
    assert sorted(object_keys(leaves)) == ["zoom/0/m-a.mp3", "zoom/0/m-b.mp3"]
    fault = ObjectFault("object_missing", "the archive does not hold it")
    a, b = with_objects(leaves, {"zoom/0/m-b.mp3": fault})
    assert (a.state, b.state, b.cause) == ("archived", "missing", "object_missing")


def test_an_item_is_one_leaf_however_often_it_is_listed():
    refs = [a_ref(version="v2", changed_us=FROM_US + 9), a_ref(), a_ref("\ud800"), a_ref("0")]
    leaves = judge(refs, [])
    assert [leaf.item for leaf in leaves] == ["0", "?", "a"]
    assert leaves[2].version == "v1", "the newest"


@pytest.mark.parametrize("reason", ["", "  ", "unknown", "Unknown", "?!", "1x: y"])
def test_unknown_is_no_cause(reason):
    assert cause_of(reason, "failed") == "failed_without_a_reason"


def test_a_summary_counts_what_a_regulator_asks_for():
    leaves = [
        a_leaf("a", recovery="R-1"),
        a_leaf("b", committed_us=FROM_US + 3 * DAY_US),
        a_leaf("c", listed=False),
        a_leaf("d", LeafState.NOT_RECORDABLE, cause="agent_excluded"),
        a_leaf("e", LeafState.GONE, cause="gone", listed=False),
    ]
    found = summary(leaves, is_over=True)
    assert found["counts"] == {
        "source_total": 3,
        "archived": 3,
        "not_recordable": 1,
        "deleted": 0,
        "gone": 1,
        "failed": 0,
        "missing": 0,
        "recovered_late": 1,
        "archived_late": 1,
        "not_listed_any_more": 2,
    }
    assert found["not_listed_any_more"] == {"archived": 1, "gone": 1}
    assert found["causes"] == [
        {"state": "gone", "cause": "gone", "items": 1},
        {"state": "not_recordable", "cause": "agent_excluded", "items": 1},
    ]
    assert (found["verdict"], found["files"], found["size_bytes"]) == ("losses", 3, 30)


@pytest.mark.parametrize(
    ("states", "over", "verdict"),
    [
        ({}, True, Verdict.COMPLETE),
        ({}, False, Verdict.INCOMPLETE),
        ({LeafState.ARCHIVED: 3, LeafState.NOT_RECORDABLE: 1}, True, Verdict.COMPLETE),
        ({LeafState.GONE: 1}, True, Verdict.LOSSES),
        ({LeafState.GONE: 1, LeafState.MISSING: 1}, True, Verdict.INCOMPLETE),
        ({LeafState.FAILED: 1}, True, Verdict.INCOMPLETE),
        ({LeafState.DELETED: 1}, True, Verdict.COMPLETE),
    ],
)
def test_a_day_is_complete_only_when_nothing_is_open(states, over, verdict):
    assert verdict_of(states, is_over=over) is verdict
