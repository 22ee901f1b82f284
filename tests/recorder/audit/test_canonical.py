"""The line of a record: the same bytes everywhere, read back only when it is exactly that line."""

import hashlib
import json
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.audit.canonical import (
    chained,
    detail_of,
    detail_text,
    from_line,
    hash_of,
    plain,
    to_line,
)
from recorder.records.audit import AuditEntry

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ENTRIES = st.builds(
    AuditEntry,
    record_id=st.text(),
    at_us=st.integers(0, 2**53),
    node=st.text(),
    actor=st.text(),
    what=st.text(),
    subject=st.text(),
    detail=st.dictionaries(st.text(), VALUES, max_size=4),
)


def a_record(**kwargs):
    facts = {"at_us": 5, "node": "alpha", "actor": "anna", "what": "hold", "subject": "é c1"}
    return chained(AuditEntry(record_id="r", **{**facts, **kwargs}), 1, "")


@given(ENTRIES)
def test_whatever_was_recorded_can_be_read_back_from_its_line(entry):
    record = chained(plain(entry), 7, "ab")
    assert from_line(to_line(record)) == record
    assert "\n" not in to_line(record)
    assert hash_of(from_line(to_line(record))) == record.hash


@given(ENTRIES)
def test_making_an_entry_plain_again_changes_nothing(entry):
    assert plain(plain(entry)) == plain(entry)


@given(ENTRIES)
def test_the_detail_is_stored_as_text_and_comes_back(entry):
    once = plain(entry)
    assert detail_of(detail_text(once)) == once.detail


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"b":1,"a":2}', '{"a": 1}', '{"a":1,"a":2}'])
def test_a_detail_that_nobody_wrote_is_unreadable(text):
    assert detail_of(text) == {"unreadable": text}


def test_the_hash_is_what_anybody_can_compute_from_the_line():
    record = a_record(detail={"file": "ü.mp3", "n": 3})
    fields = json.loads(to_line(record))
    del fields["hash"]
    line = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(line.encode()).hexdigest() == record.hash


@pytest.mark.skipif(shutil.which("jq") is None, reason="needs jq")
def test_jq_makes_the_same_bytes():
    record = a_record(detail={"file": "ü.mp3", "list": [1, None, True]})
    done = subprocess.run(
        ["jq", "-cS", "del(.hash)"], input=to_line(record).encode(), capture_output=True, check=True
    )
    assert hashlib.sha256(done.stdout.rstrip(b"\n")).hexdigest() == record.hash


def spoiled(line, old, new):
    assert old in line
    return line.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"actor":"anna"', '"actor":"anna","actor":"bert"'),
        ('"actor":', '"actor": '),
        ("{", '{"zz":1,'),
        ('"number":1', '"number":1.0'),
        ('"number":1', '"number":true'),
        ('"number":1', '"number":"1"'),
        ('"detail":{}', '"detail":[]'),
        ('"what":"hold"', '"what":7'),
        ("é", "\\u00e9"),
        ("{", "["),
    ],
)
def test_a_line_that_says_the_same_otherwise_is_no_record(old, new):
    line = spoiled(to_line(a_record()), old, new)
    with pytest.raises(ValueError, match=r"\w"):
        from_line(line)


def test_deep_nests_are_refused():
    with pytest.raises(ValueError, match="nested"):
        from_line("[" * 100_000)


def test_no_text_is_longer_than_the_limit():
    record = a_record(detail={"long": "x" * 100_000, "many": list(range(5_000))})
    entry = plain(record.entry)
    assert len(entry.detail["long"]) == 4_000
    assert len(entry.detail["many"]) == 1_000
