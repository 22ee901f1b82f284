"""Whether a hold covers a contact: by id, source, text and period; in doubt it does."""

import pytest

from recorder.keep.holds import covering, covers
from recorder.model import Window
from recorder.records.retention import Scope
from tests.recorder.keep.facts import T0_US, a_contact, a_hold, a_window


@pytest.mark.parametrize(
    "scope",
    [
        Scope(contact_id="c1"),
        Scope(contact_id="ses-c1"),
        Scope(source="dyn"),
        Scope(text="ADA"),
        Scope(text="+49"),
        Scope(text="rec-"),
        Scope(text="ses-"),
        Scope(window=a_window()),
        Scope(window=Window(0, T0_US)),
        Scope(source="dyn", text="ada", window=a_window()),
    ],
)
def test_a_hold_covers_what_it_names(scope):
    assert covers(scope, a_contact())


@pytest.mark.parametrize(
    "scope",
    [
        Scope(),
        Scope(contact_id="c"),
        Scope(source="zoom"),
        Scope(text="agent"),
        Scope(text="REC-"),
        Scope(window=a_window(1, 2)),
        Scope(source="dyn", text="nobody"),
        Scope(contact_id="c1", source="zoom"),
    ],
)
def test_a_hold_covers_nothing_else(scope):
    assert not covers(scope, a_contact())


def test_a_contact_that_spans_a_period_is_covered_though_it_neither_begins_nor_ends_in_it():
    contact = a_contact(started_us=T0_US - 100, ended_us=T0_US + 100)
    assert covers(Scope(window=a_window(0, 1)), contact)


def test_nobody_knows_when_it_was_so_a_hold_on_a_period_covers_it():
    assert covers(Scope(window=a_window()), a_contact(started_us=None, ended_us=None))


def test_of_several_holds_the_first_by_id_is_named_and_released_ones_are_none():
    holds = [
        a_hold("H-3", source="dyn"),
        a_hold("H-2", text="ada"),
        a_hold("H-1", source="dyn", released_us=1),
    ]
    assert covering(a_contact(), holds).hold_id == "H-2"
    assert covering(a_contact(), holds[2:]) is None
