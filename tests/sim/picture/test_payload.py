"""What the page is given."""

import json
import re
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.tracing.rows import row_text
from sim.picture.payload import payload, payload_text
from tests.sim.picture.pages import INCIDENT, by_hand, real_run


def read(text):
    return json.loads(text)


def rows_of(shown):
    """The rows again, as the page reads them."""
    words = shown["words"]
    for number, at_ns, lane, kind, what, actor, to, cause, data in shown["rows"]:
        row = {
            "number": number,
            "at_ns": at_ns,
            "lane": words[lane],
            "kind": words[kind],
            "what": words[what],
        }
        if words[actor]:
            row["actor"] = words[actor]
        if words[to]:
            row["to"] = words[to]
        if cause >= 0:
            row["cause"] = cause
        if data:
            row["data"] = data
        yield row


def test_every_row_of_a_real_run_is_there_whole_and_in_order():
    header, rows, report = real_run()
    shown = read(payload_text(payload(header, rows, report, None)))
    assert list(rows_of(shown)) == [json.loads(row_text(row)) for row in rows]


def test_each_word_is_written_once():
    header, rows, report = real_run()
    words = payload(header, rows, report, None)["words"]
    assert len(words) == len(set(words))


def test_the_title_has_the_seed_and_what_goes_wrong():
    header, rows, report = real_run()
    shown = payload(header, rows, report, None)
    assert shown["title"] == "Seed 3: pause, crash"
    assert shown["seed"] == 3
    assert shown["story"] == INCIDENT.story
    assert shown["faults"] == [str(fault) for fault in INCIDENT.faults]
    assert sorted(shown["rules"]) == ["crash", "pause"]
    assert shown["report"]["digest"] == report.digest


@pytest.mark.parametrize(
    ("kinds", "title"),
    [
        ([], "Seed 0: no fault"),
        (["cut", "cut"], "Seed 0: cut"),
        (["cut", "service_slow", "crash", "pause"], "Seed 0: cut, service slow, crash and 1 more"),
    ],
)
def test_a_title_stays_short(kinds, title):
    header, rows = by_hand(incident={"faults": [{"kind": kind} for kind in kinds], "seed": 0})
    assert payload(header, rows, None, None)["title"] == title


@pytest.mark.parametrize("incident", [{}, {"of another": "version"}])
def test_the_trace_of_a_node_has_no_incident_and_no_report(incident):
    header, rows = by_hand((0, "alpha", "life", "started"), incident=incident)
    shown = payload(header, rows, None, None)
    assert (shown["title"], shown["seed"], shown["report"]) == ("Trace of world", None, None)
    assert (shown["faults"], shown["nodes"], shown["rules"]) == ([], [], {})


def test_a_kind_of_fault_that_this_version_does_not_know_is_shown_without_its_sentence():
    header, rows = by_hand(incident={"faults": [{"kind": "flood"}]})
    shown = payload(header, rows, None, None)
    assert (shown["faults"], shown["rules"]) == (["flood at 0 s"], {})


@given(st.text() | st.sampled_from(["</script>", "<!--", "<script", "\u2028", "]]>", "&lt;"]))
def test_no_text_of_a_trace_can_end_its_place_in_the_page(text):
    header, rows = by_hand((0, "alpha", "item", text, {"key": text, text: [text]}))
    written = payload_text(payload(header, rows, None, None))
    assert not re.search("[<\u2028\u2029]", written)
    (row,) = rows_of(read(written))
    assert row["data"] == {"key": text, text: [text]} if text != "key" else {"key": [text]}


def test_data_of_any_shape_becomes_plain():
    data = MappingProxyType({"a": (1, 2), "b": MappingProxyType({"c": None}), "d": {3}})
    header, rows = by_hand((0, "alpha", "life", "started", data))
    (row,) = rows_of(read(payload_text(payload(header, rows, None, None))))
    assert row["data"] == {"a": [1, 2], "b": {"c": None}, "d": "{3}"}
