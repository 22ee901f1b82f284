"""What looks at objects change of what is on record: laws."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.records.scrub import CensusPage, Outcome, Reading, ScrubObject
from recorder.scrub.ledger import enrolment, recorded

KEYS = st.sets(st.sampled_from("abcdef"), max_size=6)


def an_object(key, **kwargs):
    return ScrubObject(key, "dyn", f"m-{key}", f"c-{key}", 10, "ab", **kwargs)


def a_page(with_row, without_row, now_us):
    objects = tuple(an_object(key) for key in sorted(with_row))
    return CensusPage("", None, objects, tuple(sorted(without_row)), now_us, 100)


@given(st.lists(st.tuples(KEYS, KEYS), max_size=6))
def test_after_a_census_what_is_on_record_is_what_is_there(pages):
    rows = {}
    for number, (with_row, others) in enumerate(pages):
        without_row = others - with_row
        found = enrolment(rows, a_page(with_row, without_row, 1000 * number))
        for key in found.gone:
            del rows[key]
        rows |= {row.object_key: row for row in found.rows}
        assert set(rows) == with_row | without_row
        assert {key for key, row in rows.items() if not row.media_key} == without_row
        again = enrolment(rows, a_page(with_row, without_row, 1000 * number))
        assert (again.gone, again.changes) == ((), ()) or Outcome.STRAY in {c.after for c in again.changes}  # fmt: skip


@given(st.lists(st.sampled_from([Outcome.WHOLE, Outcome.DAMAGED, Outcome.MISSING]), min_size=1))
def test_changes_tell_exactly_when_it_became_bad_well_or_worse(outcomes):
    row, last = None, Outcome.UNREAD
    for at_us, outcome in enumerate(outcomes, start=1):
        row, change = recorded(row, Reading(an_object("a"), outcome, "", at_us))
        expected = outcome != last and (outcome.is_bad or last.is_bad)
        assert (change is not None) == expected
        assert (row.since_us is None) == (not outcome.is_bad)
        assert row.times == at_us
        last = outcome
