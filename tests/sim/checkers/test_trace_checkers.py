"""Traces made by hand, each with one promise broken, and good ones of worlds."""

import json

import pytest

from recorder.cli.errors import CliError
from recorder.cli.tree import run_command
from recorder.tracing.rows import (
    TraceHeader,
    TraceKind,
    TraceRow,
    header_text,
    read_trace,
    row_text,
)
from sim.checkers.trace import judge_trace
from sim.world.incident import Fault, Incident
from sim.world.trace import world_header
from sim.world.world import World

K = TraceKind
ITEM = {"source": "dynamics", "key": "r1", "version": "f1", "changed_us": 50}


def rows_of(*entries, lane="a"):
    """Entries (kind, what, data), a second apart."""
    made = []
    for number, (kind, what, data) in enumerate(entries, 1):
        facts = dict(data)
        made.append(
            TraceRow(
                number, number * 10**9, facts.pop("lane", lane), kind, what,
                to=facts.pop("to", ""), cause=number - 1 or None, data=facts,
            )
        )  # fmt: skip
    return made


def judged(*entries, origin="world"):
    header = TraceHeader(origin, "test", 0)
    return [(one.violation.promise, one.violation.what) for one in judge_trace([(header, rows_of(*entries))])]  # fmt: skip


BUFFERED = (K.ITEM, "buffered", {**ITEM, "files": ["x"]})
ARCHIVED = (K.ITEM, "archived", {**ITEM, "to": "data_center"})
DONE = (K.ITEM, "done", ITEM)
DISCARDED = (K.ITEM, "discarded", {"file": "x", "to": "disk"})
FOUND = (K.ITEM, "found", ITEM)
KEPT = (K.CALL, "keep_state", {"to": "disk", "term": 1, "outcome": "ok"})
REIGN = (K.ROLE, "primary", {"term": 1, "old": "candidate"})
POLL = (K.REQUEST, "list", {})


def moved(at_us):
    return (K.WATERMARK, "saved", {"source": "dynamics", "epoch": 0, "watermark_us": at_us})


def test_a_good_trace_is_good():
    story = (KEPT, REIGN, POLL, FOUND, BUFFERED, moved(50), ARCHIVED, DISCARDED, DONE, moved(60))
    assert judged(*story) == []
    assert judged(*story, origin="a") == []


@pytest.mark.parametrize("origin", ["world", "a"])
@pytest.mark.parametrize(
    ("entries", "promise", "what"),
    [
        ((BUFFERED, DONE, ARCHIVED), "nothing_lost", "a called an item archived before its commit"),
        ((BUFFERED, DISCARDED, ARCHIVED), "nothing_lost", "deleted a file"),
        ((FOUND, moved(51)), "watermark_never_ahead", "dynamics passed unfinished items"),
        (((K.CALL, "keep_state", {"term": 0, "outcome": "ok"}), REIGN), "one_primary", "before it was kept"),
        ((REIGN, REIGN), "one_primary", "took term 1 again"),
        ((REIGN, (K.ROLE, "primary", {"term": 1, "lane": "b"})), "one_primary", "two primaries in term 1"),
        (
            (
                (K.CALL, "acquire", {"term": 5, "outcome": "ok"}),
                (K.CALL, "save_progress", {"term": 4, "outcome": "ok"}),
            ),
            "one_primary",
            "a write of term 4 was accepted",
        ),
    ],
)  # fmt: skip
def test_a_broken_promise_is_found(entries, promise, what, origin):
    ((seen, text),) = judged(*entries, origin=origin)
    assert seen == promise
    assert what in text


def test_an_item_that_appeared_late_is_not_held_against_the_watermark():
    assert judged(moved(60), FOUND, moved(61), ARCHIVED) == []


def test_two_that_poll_are_found_where_both_are_seen():
    other = {"lane": "b"}
    tail = [POLL] * 10
    entries = (REIGN, POLL, (K.ROLE, "primary", {"term": 2, **other}), (K.REQUEST, "list", other), *tail)  # fmt: skip
    assert judged(*entries) == [("one_primary", "polled long after b had taken over")]


def test_a_trace_of_one_node_is_not_blamed_for_what_the_other_did():
    reported = (K.ITEM, "reported", ITEM)
    assert judged(FOUND, reported, moved(60), origin="a") == []
    assert judged(FOUND, reported, origin="world")


def test_a_commit_of_unknown_outcome_is_no_reason_for_blame():
    unknown = (K.CALL, "commit", {"outcome": "failed: DataCenterDown", "items": ["r1"]})
    assert judged(BUFFERED, unknown, DONE, origin="a") == []


def test_a_violation_that_the_world_saw_is_told_again():
    broken = (K.VIOLATION, "nothing_twice", {"text": "two objects", "items": ["o1"], "lane": "world"})  # fmt: skip
    assert judged(broken) == [("nothing_twice", "two objects")]


def test_the_history_names_the_causes_and_the_rows_of_the_item():
    header = TraceHeader("world", "test", 0)
    noise = [(K.CALL, "renew", {"outcome": "ok", "term": 1})] * 40
    (found,) = judge_trace([(header, rows_of(KEPT, REIGN, FOUND, *noise, BUFFERED, DISCARDED))])
    assert len(found.history) <= 20
    text = "\n".join(found.history)
    for piece in ("role primary", "item found key r1", "item buffered key r1", "item discarded"):
        assert piece in text


def test_two_traces_are_merged_by_wall_clock():
    first = TraceHeader("a", "test", began_us=1_000_000, began_ns=77 * 10**9)
    later = TraceHeader("b", "test", began_us=2_500_000, began_ns=0)
    one = TraceRow(1, 77 * 10**9, "a", K.LIFE, "started")
    two = TraceRow(2, 80 * 10**9, "a", K.ROLE, "primary", cause=1, data={"term": 3})
    other = TraceRow(1, 0, "b", K.ROLE, "primary", data={"term": 3})
    (found,) = judge_trace([(first, [one, two]), (later, [other])])
    assert found.violation.what == "two primaries in term 3"
    assert (found.row.lane, found.at_ns) == ("a", 3 * 10**9)


# -- without their beginning ----


def judged_from(first, *entries, origin="world"):
    header = TraceHeader(origin, "test", 0)
    found = judge_trace([(header, rows_of(*entries)[first:])])
    return [(one.violation.promise, one.violation.what) for one in found]


RELIEVED = (K.ROLE, "secondary", {"term": 1, "old": "primary"})
OTHER_REIGNS = (K.ROLE, "primary", {"term": 2, "old": "candidate", "lane": "b"})
OTHER_POLLS = (K.REQUEST, "list", {"lane": "b"})


def test_who_was_primary_before_a_trace_begins_may_poll_and_may_finish():
    story = (KEPT, REIGN, POLL, POLL, RELIEVED, POLL, OTHER_REIGNS, OTHER_POLLS)
    for first in range(len(story)):
        assert judged_from(first, *story) == []


def test_who_polls_long_after_the_other_took_over_is_found_in_what_is_left():
    story = (REIGN, POLL, OTHER_REIGNS, OTHER_POLLS, RELIEVED, *[OTHER_POLLS] * 10, POLL)
    for first in (1, 2):
        assert judged_from(first, *story) == [("one_primary", "polled long after b had taken over")]


def test_a_commit_before_a_trace_begins_is_not_missed():
    story = (KEPT, REIGN, POLL, FOUND, BUFFERED, ARCHIVED, DONE, DISCARDED)
    for first in range(len(story)):
        assert judged_from(first, *story) == []


def test_what_is_found_again_is_not_taken_for_new_before_a_watermark_was_seen():
    assert judged_from(1, REIGN, FOUND, moved(60)) == []
    assert judged_from(1, REIGN, moved(40), FOUND, moved(60)) != []


# -- the command ----


@pytest.fixture(scope="module")
def world_trace(tmp_path_factory):
    incident = Incident(seed=3, minutes=1.5, faults=(Fault("crash", "alpha", at_s=30, for_s=15),))
    rows = []
    assert World(incident, note=rows.append).run().good
    path = tmp_path_factory.mktemp("traces") / "world.trace"
    path.write_text(header_text(world_header(incident)) + "".join(map(row_text, rows)))
    return path


def test_the_trace_of_a_good_world_is_good(world_trace, capsys):
    assert run_command(["sim", "check", str(world_trace)]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "verdict  good"


def test_the_trace_of_a_good_world_is_good_wherever_it_begins(world_trace):
    header, every = read_trace(world_trace)
    rows = list(every)
    for first in range(0, len(rows), len(rows) // 20):
        assert judge_trace([(header, rows[first:])]) == ()


def test_a_bad_trace_ends_with_1_and_tells_why(world_trace, tmp_path, capsys):
    lines = [
        line for line in world_trace.read_text().splitlines() if '"what":"archived"' not in line
    ]
    bad = tmp_path / "bad.trace"
    bad.write_text("\n".join(lines) + "\n")
    assert run_command(["sim", "check", str(bad), "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["good"] is False
    assert {one["promise"] for one in answer["violations"]} >= {"nothing_lost"}
    assert answer["traces"][0]["origin"] == "world"
    assert run_command(["sim", "check", str(bad)]) == 1
    assert "BROKEN" in capsys.readouterr().out


def test_a_file_that_is_no_trace_is_a_usage_error(tmp_path):
    path = tmp_path / "none.trace"
    path.write_text("nonsense\n")
    with pytest.raises(CliError) as refused:
        run_command(["sim", "check", str(path)])
    assert refused.value.code == 2
