import pytest

from recorder.records.recoveries import (
    Forecast,
    ListedSection,
    RecoveryItem,
    RecoveryQuery,
    RecoveryStatus,
)
from tests.recorder.fakes import ref

START = ("recovery", "start", "--source", "zoom", "--from", "2023-11-01T00:00:00Z")


@pytest.fixture
def quick(monkeypatch):
    """Following takes no time, and something may happen between two looks."""
    between = []

    def sleep(_seconds):
        if between:
            between.pop(0)()

    monkeypatch.setattr("recorder.cli.recovery.time.sleep", sleep)
    return between


def only(node):
    (row,) = node.recoveries.recoveries(RecoveryQuery()).rows
    return row


def list_it(node, *keys, here=0):
    row = only(node)
    items = tuple(RecoveryItem(ref(key), expires_us=row.end) for key in keys)
    section = ListedSection(row.recovery_id, row.begin, row.end, here, 0, items, 1)
    node.recoveries.record_section(section, 1)


def end_it(node, status=RecoveryStatus.COMPLETED, reason="", forecast=None):
    node.recoveries.end(only(node).recovery_id, status, reason, 1, forecast)


def test_a_start_says_the_id_and_how_to_follow(tandem, node):
    ended = tandem(*START)
    assert ended.status == 0
    recovery = only(node).recovery_id
    assert ended.lines == [
        f"Recovery {recovery} is asked for.",
        f"   → tandem recovery show {recovery} --follow",
    ]


def test_a_start_for_an_unknown_source_is_not_found(tandem):
    ended = tandem("recovery", "start", "--source", "crm", "--from", "2023-11-01T00:00:00Z")
    assert ended.status == 4
    assert "no source 'crm'" in ended.err


def test_a_period_that_is_none_is_a_usage_error(tandem):
    ended = tandem(*START, "--to", "2023-10-01T00:00:00Z")
    assert ended.status == 2
    assert "ends before it begins" in ended.err


def test_waiting_follows_it_to_its_end(tandem, node, quick):
    quick += [lambda: list_it(node, "a", here=4), lambda: end_it(node)]
    ended = tandem(*START, "--wait")
    assert ended.status == 0
    assert "completed" in ended.lines[0]
    assert "fetching" in ended.err
    assert "1 pending" in ended.err


def test_another_end_than_completed_fails_the_command(tandem, node, quick):
    quick += [lambda: end_it(node, RecoveryStatus.STOPPED, "no answer")]
    ended = tandem(*START, "--wait", "--json")
    assert ended.status == 1
    assert ended.json["status"] == "stopped"
    assert ended.json["reason"] == "no answer"


def test_a_dry_run_is_waited_for_and_says_what_it_would_take(tandem, node, quick):
    forecast = Forecast(
        5_000_000, is_estimate=True, api_calls=6, minutes=2.5, too_late=1, too_late_keys=("a",)
    )
    quick += [lambda: list_it(node, "a", "b"), lambda: end_it(node, forecast=forecast)]
    ended = tandem(*START, "--dry-run")
    assert ended.status == 0
    assert only(node).dry_run
    assert "To fetch: 2 items, about 5.0 MB, about 6 API calls, about 2.5 minutes" in ended.out
    assert "the source will delete 1 of them before their turn" in ended.out
    assert "   a" in ended.lines
    earnest = ended.lines[-1].partition("tandem ")[2].split()
    assert earnest[:4] == ["recovery", "start", "--source", "zoom"]
    assert "--dry-run" not in earnest
    assert tandem(*earnest).status == 0


def test_when_the_source_deletes_an_item_may_be_unknown(tandem, node, monkeypatch):
    monkeypatch.setattr(
        "recorder.cli.recovery._items", lambda *_: [{"item": "a", "state": "pending"}]
    )
    tandem(*START)
    shown = tandem("recovery", "show", only(node).recovery_id, "--items")
    assert shown.lines[-1].split() == ["a", "pending", "?", "unknown"]


def test_a_node_that_does_not_answer_for_a_moment_is_no_end(tandem, node, quick):
    def away():
        node.recoveries.faults.down = True

    def back():
        node.recoveries.faults.down = False
        end_it(node)

    quick += [away, back]
    ended = tandem(*START, "--wait")
    assert ended.status == 0
    assert "not available" in ended.err


def test_the_list_has_one_line_for_each(tandem, node):
    tandem(*START)
    list_it(node, "a", "b", here=7)
    ended = tandem("recovery", "list")
    assert ended.lines[0].split()[:4] == ["Recovery", "Source", "Kind", "Status"]
    row = ended.lines[1]
    assert only(node).recovery_id in row
    assert "running" in row
    assert row.split()[-4:] == ["9", "0", "0", "2"]
    assert tandem("recovery", "list", "--status", "failed", "--json").json == {"recoveries": []}


def test_one_is_shown_with_counts_and_items(tandem, node):
    tandem(*START)
    list_it(node, "a", "b", here=7)
    recovery = only(node).recovery_id
    ended = tandem("recovery", "show", recovery, "--items")
    assert ended.status == 0
    counts = {" ".join(line.split()[:-1]): line.split()[-1] for line in ended.lines}
    assert (counts["detected"], counts["already here"], counts["pending"]) == ("9", "7", "2")
    assert "Deleted at source (UTC)" in ended.out
    items = tandem("recovery", "show", recovery, "--items", "--json").json["items"]
    assert [item["item"] for item in items] == ["a", "b"]


def test_cancel_and_resume(tandem, node):
    tandem(*START)
    recovery = only(node).recovery_id
    assert tandem("recovery", "cancel", recovery).lines == [f"Recovery {recovery} is cancelled."]
    (again,) = tandem("recovery", "cancel", recovery).lines
    assert again.startswith(f"Recovery {recovery} was cancelled already at 20")
    assert only(node).status is RecoveryStatus.CANCELLED
    assert "because cancelled by admin" in tandem("recovery", "show", recovery).out
    assert tandem("recovery", "resume", recovery).lines == [f"Recovery {recovery} runs."]
    end_it(node)
    assert tandem("recovery", "cancel", recovery).status == 6
    assert tandem("recovery", "cancel", "R-none").status == 4
