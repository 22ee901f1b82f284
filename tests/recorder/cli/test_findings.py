"""`tandem finding`, `tandem item why` for what is no item, and `tandem recovery start --ids`."""

import io
import sys

import pytest

from recorder.records.findings import RunRow, Scope, Severity, Sighting, Step, What, Why
from tests.recorder.fake_node import BEGAN_US


def seen(node, subject="i9"):
    sighting = Sighting(
        "zoom",
        What.NOT_HERE,
        subject,
        Why.LATE_AT_SOURCE,
        Severity.CRITICAL,
        BEGAN_US,
        "it came late",
    )
    node.findings.settle(Step("", 0, 0, (sighting,)), 0)
    return node.findings.open_items("zoom", "", 100)[-1].finding.finding_id


def test_findings_are_listed_with_their_cause(tandem, node):
    name = seen(node)
    ended = tandem("finding", "list", "--open")
    assert name in ended.out
    assert "late_at_source" in ended.lines[1]
    assert (
        tandem("finding", "list", "--source", "zoom", "--json").json["findings"][0]["finding"]
        == name
    )


def test_a_finding_is_shown_and_accepted(tandem, node):
    name = seen(node)
    out = tandem("finding", "show", name).out
    assert f"{name} of zoom: OPEN" in out
    assert "because late_at_source: it came late" in out
    assert "tandem item why i9" in out
    assert "accepted: known" in tandem("finding", "accept", name, "--because", "known").out
    assert "closed at" in tandem("finding", "show", name).out
    assert tandem("finding", "accept", name, "--because", "known").status == 6
    assert tandem("finding", "show", "F-0").status == 4


def test_comparisons_are_listed(tandem, node):
    run = RunRow("C-1", "zoom", Scope.RETENTION, BEGAN_US, BEGAN_US + 5, BEGAN_US, BEGAN_US)
    node.findings.begin_run(run, 0)
    assert tandem("finding", "runs").lines[1].split()[:3] == ["C-1", "zoom", "retention"]


def test_why_of_what_nobody_knows_is_4_and_tells_what_is_known(tandem):
    ended = tandem("item", "why", "nobody")
    assert ended.status == 4
    assert "nobody is not known here" in ended.lines[0]
    assert tandem("item", "why", "nobody", "--json").json["known"] is False


def test_why_of_an_item_tells_the_findings_about_it(tandem, node):
    node.fail_one("i2")
    name = seen(node, "i2")
    assert name in tandem("item", "why", "i2").out


def test_why_of_a_finding_a_time_and_an_agent(tandem, node):
    name = seen(node)
    assert tandem("item", "why", name).lines[0].startswith(name)
    assert "contacts began between" in tandem("item", "why", "--at", "2023-11-14T22:13").lines[0]
    ended = tandem("item", "why", "--agent", "Zoe")
    assert ended.status == 4
    assert "No contact here names Zoe" in ended.out
    assert tandem("item", "why").status == 2


@pytest.fixture
def id_file(tmp_path):
    path = tmp_path / "ids.csv"
    path.write_text("meeting id;topic\n1234567890;a\n;b\n1234567891;c\n")
    return path


def test_a_recovery_of_ids_from_a_file(tandem, node, id_file):
    ended = tandem("recovery", "start", "--source", "zoom", "--ids", id_file)
    assert ended.status == 0
    assert "line 3: there is no id in this row" in ended.err
    assert node.recoveries.running()[0].ids == ("1234567890", "1234567891")


def test_a_recovery_of_ids_from_stdin(tandem, node, monkeypatch):
    stdin = io.TextIOWrapper(io.BytesIO(b"1234567890\n"))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert tandem("recovery", "start", "--source", "zoom", "--ids", "-").status == 0
    assert node.recoveries.running()[0].ids == ("1234567890",)


@pytest.mark.parametrize(
    "options", [(), ("--ids", "no-such-file"), ("--from", "2026-11-21T00:00:00Z", "--ids", "-")]
)
def test_a_recovery_is_of_a_period_or_of_ids(tandem, options):
    assert tandem("recovery", "start", "--source", "zoom", *options).status == 2


def test_a_file_without_an_id_is_refused(tandem, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text("id\n")
    ended = tandem("recovery", "start", "--source", "zoom", "--ids", path)
    assert ended.status == 2
    assert "holds no id" in ended.err


def test_a_comparison_begins_when_it_is_asked_for(tandem, node):
    ended = tandem("finding", "run", "--source", "zoom", "--from", "1970-01-01T00:00:01Z")
    assert ended.status == 0
    assert ended.lines == ["C-1 compares zoom.", "   → tandem finding runs --source zoom"]
    assert node.reconciliation.messages[0].window.from_us == 1_000_000
    assert tandem("finding", "run", "--source", "nobody").status == 4
