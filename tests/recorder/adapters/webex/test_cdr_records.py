import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.adapters.webex.cdr_join import OWNER_AND_TIME, CallKeys, RecordIndex
from recorder.adapters.webex.cdr_records import record_of
from tests.recorder.adapters.webex import calls
from tests.recorder.adapters.webex.scripted import ANNA, BEN, us, uuid

RULES = (("callSessionId", "Correlation ID"), ("callId", "Local call ID"))


def keys(*, owner=ANNA, begin_s=100, end_s=160, **fields):
    known = {"callSessionId": calls.SESSION, "callId": "581329:0"} | fields
    return CallKeys(known, owner, us(begin_s), us(end_s), us(300))


def index(*rows, rules=RULES, **options):
    found = RecordIndex(rules=rules, **options)
    found.add(record for row in rows if (record := record_of(row, found.columns)) is not None)
    return found


def test_a_row_is_read_with_both_writings_of_an_instant():
    record = record_of(calls.record())

    assert (record.started_us, record.ended_us) == (us(90.545), us(165.621))
    assert record.get("Duration") == "70"
    assert record.answered


def test_empty_columns_say_nothing_and_unknown_ones_are_not_kept():
    record = record_of(calls.record())

    assert "Queue Type" not in record.columns
    assert "OS type" not in record.columns
    assert "Redirecting number" not in record.columns
    assert "A column of next year" not in record.columns


@pytest.mark.parametrize("row", [None, 5, "x", [], [{}]])
def test_what_is_no_row_is_none(row):
    assert record_of(row) is None


@pytest.mark.parametrize("value", [None, 5, "", "NA", "n/a", "soon", "2026-13-45", [], math.inf])
def test_an_end_that_cannot_be_read_follows_from_the_duration(value):
    record = record_of(calls.record() | {"Release time": value})

    assert record.ended_us == us(90.545 + 70)


@given(
    st.dictionaries(
        st.sampled_from([*calls.record(), "Neu"]),
        st.none() | st.integers() | st.floats() | st.text() | st.booleans() | st.lists(st.text()),
    )
)
def test_any_row_is_read_without_a_crash(row):
    record = record_of(row)

    assert record.report_id
    assert len(index(row)) == 1
    for text in record.columns.values():
        assert 0 < len(text) <= 200
        assert not set(text) & set("\r\n\x00")


def test_the_first_rule_that_fits_decides():
    other = calls.record(2, **{"Correlation ID": uuid(9), "Local call ID": "581329:0"})
    found = index(calls.record(1), other).find(keys())

    assert found.rule == "callSessionId = Correlation ID"
    assert found.own.report_id == uuid(1, 4)
    assert index(other).find(keys()).rule == "callId = Local call ID"


def test_of_several_legs_the_recorded_one_is_its_own():
    mine = calls.record(3, **{"User UUID": ANNA, "Local call ID": "581329:0"})
    caller = calls.record(1, **{"User UUID": BEN, "Local call ID": "581328:0"})
    queue = calls.record(2, **{"User UUID": "NA", "Local call ID": "581327:0"})

    found = index(mine, caller, queue).find(keys())

    assert found.own.report_id == uuid(3, 4)
    assert [one.report_id for one in found.records] == [uuid(1, 4), uuid(2, 4), uuid(3, 4)]


def test_without_a_rule_that_fits_owner_and_time_decide():
    strange = {"Correlation ID": "NA", "Local call ID": "1:0"}
    found = index(calls.record(1, **strange)).find(keys())

    assert found.rule == OWNER_AND_TIME
    assert index(calls.record(1, **strange)).find(keys(owner=BEN)) is None
    assert index(calls.record(1, **strange)).find(keys(begin_s=900, end_s=960)) is None
    assert index(calls.record(1, **strange)).find(keys(owner="")) is None


def test_the_longest_common_time_wins_among_the_owners_calls():
    strange = {"Correlation ID": "NA", "Local call ID": "NA"}
    short = calls.record(1, **strange, **{"Release time": "2026-01-01T00:01:50Z"})
    long = calls.record(2, **strange, **{"Start time": "2026-01-01T00:01:51Z"})

    assert index(short, long).find(keys()).own.report_id == uuid(2, 4)


def test_rules_are_a_setting():
    row = calls.record(1, **{"A column of next year": uuid(1, 1).upper()})
    rules = (("id", "A column of next year"),)

    found = index(row, rules=rules).find(keys(id=uuid(1, 1), owner=""))

    assert found.rule == "id = A column of next year"
    assert index(row, rules=(("id", "No such column"),)).find(keys(id="x", owner="")) is None


def test_a_repeated_report_is_the_same_report():
    found = index(calls.record(), calls.record(), calls.record(Answered="false"))

    assert len(found) == 1
    assert not found.find(keys()).own.answered


def test_a_report_that_comes_again_under_another_session_is_found_there_only():
    moved = index(calls.record(), calls.record(**{"Correlation ID": uuid(9)}), rules=RULES[:1])

    assert moved.find(keys(callSessionId=uuid(9), owner="")) is not None
    assert moved.find(keys(owner="")) is None


def test_no_more_records_are_kept_than_allowed():
    rows = [calls.record(n, **{"Correlation ID": uuid(n)}) for n in range(20)]
    found = index(*rows, rules=RULES[:1], records_max=5)

    assert len(found) == 5
    assert found.find(keys(callSessionId=uuid(14), owner="")) is None
    assert found.find(keys(callSessionId=uuid(19), owner="")) is not None
    assert sum(len(ids) for ids in found._ids.values()) == 10


def test_an_empty_value_joins_nothing():
    row = calls.record(**{"Correlation ID": "NA", "Local call ID": ""})

    assert index(row).find(keys(callSessionId="", callId="", owner="")) is None
