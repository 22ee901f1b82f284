"""A chain that is whole, and every way to break one: the first broken record is named, and how."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.audit.canonical import chained, hash_of, to_line
from recorder.audit.chain import Anchor, Break, BreakKind, Unreadable, verify
from recorder.records.audit import AuditEntry, AuditHead

CHANGED, REMOVED, ADDED, REORDERED, TRUNCATED, REWRITTEN = BreakKind


def an_entry(name, **kwargs):
    facts = {"at_us": 5, "node": "alpha", "actor": "anna", "what": "hold", "subject": f"c{name}"}
    return AuditEntry(record_id=f"r{name}", **{**facts, **kwargs})


def a_chain(count):
    records, head = [], AuditHead()
    for number in range(count):
        records.append(chained(an_entry(number), head.number + 1, head.hash))
        head = AuditHead(records[-1].number, records[-1].hash)
    return records


def head_of(records):
    return AuditHead(records[-1].number, records[-1].hash)


def anchored(records, at=-1, where="the disk of beta"):
    return Anchor(records[at].number, records[at].hash, where)


NOTHING = AuditHead()


def broken(links, after=NOTHING, anchors=()):
    found = verify(links, after=after, anchors=anchors).broken
    return found and (found.number, found.kind)


def altered(record, **kwargs):
    return replace(record, entry=replace(record.entry, **kwargs))


def sealed_anew(record):
    return replace(record, hash=hash_of(record))


@pytest.fixture
def records():
    return a_chain(6)


def test_a_whole_chain_verifies_and_says_what_it_holds(records):
    verdict = verify(records, after=AuditHead(), anchors=[anchored(records, 2), anchored(records)])
    assert verdict.broken is None
    assert (verdict.first, verdict.last, verdict.records) == (1, head_of(records), 6)
    assert verdict.anchors == 2


def test_no_records_are_a_whole_chain():
    assert verify([], after=AuditHead()).broken is None


def test_an_excerpt_verifies_from_where_it_begins(records):
    verdict = verify(records[2:])
    assert (verdict.broken, verdict.first, verdict.last) == (None, 3, head_of(records))


def test_an_excerpt_that_must_follow_on_a_record_is_held_to_it(records):
    assert broken(records[3:], after=head_of(records[:3])) is None
    assert broken(records[3:], after=AuditHead(3, "another")) == (3, CHANGED)
    assert broken(records[3:], after=AuditHead()) == (1, REMOVED)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "bert"},
        {"what": "release"},
        {"subject": "c9"},
        {"at_us": 6},
        {"node": "beta"},
        {"record_id": "r9"},
        {"detail": {"a": 1}},
    ],
)
def test_a_changed_record_is_named(records, change):
    records[3] = altered(records[3], **change)
    assert broken(records) == (4, CHANGED)


def test_a_record_that_was_changed_and_sealed_anew_is_named_by_the_one_after_it(records):
    records[3] = sealed_anew(altered(records[3], actor="bert"))
    assert broken(records) == (4, CHANGED)


def test_the_last_record_changed_and_sealed_anew_is_found_by_an_anchor(records):
    anchor = anchored(records)
    records[5] = sealed_anew(altered(records[5], actor="bert"))
    assert broken(records) is None
    assert broken(records, anchors=[anchor]) == (6, REWRITTEN)


@pytest.mark.parametrize("count", [1, 2])
def test_removed_records_are_named(records, count):
    del records[2 : 2 + count]
    assert broken(records) == (3, REMOVED)


def test_the_first_record_removed_is_named(records):
    assert broken(records[1:]) == (1, REMOVED)


def test_a_removed_record_is_named_though_those_after_it_got_new_numbers(records):
    del records[2]
    renumbered = [replace(r, number=number) for number, r in enumerate(records, start=1)]
    assert broken(renumbered) == (3, REMOVED)


def test_an_added_record_with_a_number_that_is_taken_is_named(records):
    forged = chained(an_entry("x"), 3, records[1].hash)
    records.insert(2, forged)
    assert broken(records) == (3, ADDED)


def test_a_record_that_is_there_twice_is_named(records):
    records.insert(4, records[3])
    assert broken(records) == (4, ADDED)


def test_an_added_record_is_named_though_those_after_it_got_new_numbers(records):
    forged = chained(an_entry("x"), 3, records[1].hash)
    moved = [replace(record, number=record.number + 1) for record in records[2:]]
    assert broken([*records[:2], forged, *moved]) == (3, ADDED)


def test_a_poor_forgery_put_in_is_added_and_not_changed(records):
    forged = replace(records[2], hash="0" * 64)
    moved = [replace(record, number=record.number + 1) for record in records[2:]]
    assert broken([*records[:2], forged, *moved]) == (3, ADDED)


def test_a_record_added_at_the_end_is_found_by_the_next_anchor(records):
    forged = chained(an_entry("x"), 7, records[-1].hash)
    after = chained(an_entry("true"), 7, records[-1].hash)
    assert broken([*records, forged], anchors=[Anchor(7, after.hash, "beta")]) == (7, REWRITTEN)


def test_reordered_records_are_named(records):
    records[2], records[3] = records[3], records[2]
    assert broken(records) == (3, REORDERED)


def test_reordered_records_that_changed_their_numbers_are_named(records):
    third, fourth = records[2], records[3]
    records[2], records[3] = replace(fourth, number=3), replace(third, number=4)
    assert broken(records) == (3, REORDERED)


def test_an_excerpt_with_an_earlier_record_behind_it_is_reordered(records):
    assert broken([*records[3:], records[0]], after=None) == (1, REORDERED)


def test_a_cut_tail_is_found_by_an_anchor(records):
    anchors = [anchored(records, 1), anchored(records)]
    assert broken(records[:4]) is None
    assert broken(records[:4], anchors=anchors) == (5, TRUNCATED)
    assert broken([], anchors=anchors) == (1, TRUNCATED)


def test_a_chain_that_was_written_anew_is_found_by_the_first_anchor(records):
    other, head = [], AuditHead()
    for record in records:
        other.append(chained(replace(record.entry, actor="x"), head.number + 1, head.hash))
        head = head_of(other)
    found = verify(other, after=AuditHead(), anchors=[anchored(records, 1), anchored(records)])
    assert (found.broken.number, found.broken.kind) == (2, REWRITTEN)
    assert "the disk of beta" in found.broken.what


def test_an_anchor_from_before_an_excerpt_says_nothing_of_it(records):
    verdict = verify(records[3:], anchors=[anchored(records, 0)])
    assert (verdict.broken, verdict.anchors) == (None, 0)


def test_a_line_that_is_no_record_is_named(records):
    links = [*records[:2], Unreadable(3, "no JSON"), *records[3:]]
    assert broken(links) == (3, CHANGED)


def test_a_line_that_was_put_in_is_added(records):
    links = [*records[:2], Unreadable(3, "no JSON"), *records[2:]]
    assert broken(links) == (3, ADDED)


def test_a_first_record_that_follows_on_another_is_not_the_first():
    (record,) = a_chain(1)
    assert broken([sealed_anew(replace(record, previous="f" * 64))]) == (1, CHANGED)


@given(
    count=st.integers(1, 12), at=st.integers(0, 11), deed=st.sampled_from(["change", "remove", "add", "swap", "cut"])
)  # fmt: skip
def test_whatever_is_done_to_one_place_of_an_anchored_chain_is_found_there(count, at, deed):
    records = a_chain(count)
    anchor = anchored(records)
    at = min(at, count - 1)
    forged = list(records)
    match deed:
        case "change":
            forged[at] = altered(forged[at], actor="mallory")
        case "remove":
            del forged[at]
        case "add":
            forged.insert(at, chained(an_entry("x"), at + 1, records[at].previous))
        case "swap":
            other = (at + 1) % count
            at = min(at, other)
            forged[at], forged[max(other, at + 1) % count] = records[max(other, at + 1) % count], records[at]  # fmt: skip
        case "cut":
            forged = forged[:at]
    found = broken(forged, anchors=[anchor])
    assert (found is None) == (forged == records)
    assert found is None or found[0] == at + 1


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_records_have_one_hash_only_when_they_have_one_line(one, other):
    first, second = (chained(an_entry(text), 1, "") for text in (one, other))
    assert (first.hash == second.hash) == (to_line(first) == to_line(second))


def test_a_break_is_told_in_words(records):
    del records[2:4]
    assert verify(records).broken == Break(3, REMOVED, "records 3 to 4 are missing before record 5")
