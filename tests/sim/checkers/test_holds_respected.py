"""S8 as a checker: no deletion without a decision, none within a recycle period, none of what is held."""

from dataclasses import replace

import pytest

from recorder.records.retention import Deletion, DeletionState, Facts, Hold, KeptMedia, Part, Scope
from sim.checkers.holds_respected import check_deletion, check_gone, names
from tests.recorder.keep.facts import a_contact, a_window

NOW_US = 1_000


def a_deletion(state=DeletionState.DELETING, due_us=NOW_US, contact_id="c1"):
    media = (KeptMedia("m", f"dyn/{contact_id}", 100, "ab"),)
    return Deletion(
        contact_id, 1, "dyn", "ses", "all", {}, state, "", 1, due_us, None, "alpha", 3, 100, media
    )


def a_hold(scope, released_us=None):
    return Hold("H-1", "case", scope, 1, "ada", released_us)


def whats(deletions, holds=()):
    found = check_deletion("object x", a_contact(), deletions, holds, NOW_US)
    return [one.what for one in found]


def test_a_deletion_with_a_decision_on_record_whose_time_has_come_is_right():
    assert whats([a_deletion()]) == []
    assert whats([a_deletion(DeletionState.DELETED)]) == []


@pytest.mark.parametrize("state", [DeletionState.DUE, DeletionState.WITHDRAWN])
def test_a_deletion_that_was_not_begun_on_record_is_wrong(state):
    assert whats([a_deletion(state)]) == ["object x was deleted without a decision on record"]
    assert whats([]) == ["object x was deleted without a decision on record"]
    assert whats([a_deletion(contact_id="c2")]) == whats([])


def test_a_deletion_within_the_recycle_period_is_wrong():
    assert whats([a_deletion(due_us=NOW_US + 1)]) == [
        "object x was deleted within its recycle period"
    ]


def test_a_deletion_of_what_is_held_is_wrong():
    hold = a_hold(Scope(source="dyn"))
    assert whats([a_deletion()], [hold]) == ["object x was deleted although H-1 holds it"]
    assert whats([a_deletion()], [replace(hold, released_us=5)]) == []
    assert whats([a_deletion()], [a_hold(Scope(source="zoom"))]) == []


@pytest.mark.parametrize(
    ("scope", "covered"),
    [
        (Scope(), False),
        (Scope(contact_id="c1"), True),
        (Scope(contact_id="c2"), False),
        (Scope(text="Ada"), True),
        (Scope(text="+49"), True),
        (Scope(text="zzz"), False),
        (Scope(window=a_window()), True),
        (Scope(window=a_window(1, 2)), False),
        (Scope(source="dyn", text="zzz"), False),
    ],
)
def test_what_a_hold_names_is_told_a_second_time(scope, covered):
    assert names(scope, a_contact()) is covered


def test_a_contact_without_an_instant_is_named_by_every_period():
    contact = a_contact(started_us=None, ended_us=None, parts=(Part("voice", "inbound"),))
    assert isinstance(contact, Facts)
    assert names(Scope(window=a_window()), contact)


def test_at_the_end_nothing_of_a_deleted_contact_is_left():
    done = a_deletion(DeletionState.DELETED)
    assert not list(check_gone([], [done], ["dyn/c2"]))
    (violation,) = check_gone([], [done], ["dyn/c1"])
    assert violation.items == ("dyn/c1",)
    assert not list(check_gone([], [a_deletion(DeletionState.WITHDRAWN)], ["dyn/c1"]))
