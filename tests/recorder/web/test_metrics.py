import re

import pytest
from prometheus_client.parser import text_string_to_metric_families

from cluster.frames import Role
from cluster.status import PairStatus
from recorder.budgets import BudgetFigures
from recorder.desk.control import OpenSource, SourceProblem
from recorder.status import ArchiveStatus, Findings, IngestStatus, SourceWork
from tests.recorder.fake_node import LINK_DOWN, FakeNode


@pytest.fixture
def node():
    return FakeNode()


def scraped(node):
    answer = node.client().get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def test_every_number_of_the_snapshots_is_told(node):
    told = scraped(node)
    assert told[("tandem_term",)] == 7
    assert told[("tandem_live",)] == told[("tandem_ready",)] == 1
    assert told[("tandem_source_lag_seconds", ("source", "zoom"))] == 12
    assert told[("tandem_source_found_total", ("source", "zoom"))] == 120
    assert told[("tandem_source_state", ("source", "zoom"), ("state", "polling"))] == 1
    assert told[("tandem_archived_items_total",)] == 98
    assert told[("tandem_buffer_free_bytes",)] == 9e9
    assert told[("tandem_mailbox_depth", ("actor", "poller:zoom"))] == 3
    assert told[("tandem_dead_letters_total",)] == 2
    assert told[("tandem_takeover_seconds",)] == pytest.approx(0.812)
    assert told[("tandem_peer_heard_seconds",)] == pytest.approx(0.4)


class Thrifty:
    def budget(self):
        return BudgetFigures(used=41, limit=400, per_s=300.0, waits=2, throttled=1, quiet_s=1.5)


def test_budgets_and_work_in_hand_are_told_by_source(node):
    node.sources["zoom"] = OpenSource("zoom", Thrifty())
    node.sources["crm"] = OpenSource("crm", object())
    work = {"zoom": SourceWork(2, 5, 0), "crm": SourceWork(0, 0, 24)}
    node.change("ingest", IngestStatus, by_source=work)
    told = scraped(node)
    assert {
        (key[0].removeprefix("tandem_source_"), value)
        for key, value in told.items()
        if key[1:] == (("source", "zoom"),)
        and re.search("budget|thrott|quiet|downloads|queue|free", key[0])
    } == {
        ("budget_used", 41),
        ("budget_limit", 400),
        ("quiet_seconds", 1.5),
        ("budget_waits_total", 2),
        ("throttled_total", 1),
        ("downloads", 2),
        ("queue_depth", 5),
        ("free_capacity", 0),
    }
    assert told[("tandem_source_free_capacity", ("source", "crm"))] == 24
    assert ("tandem_source_budget_used", ("source", "crm")) not in told


def test_exactly_one_role_is_one(node):
    node.change("pair", PairStatus, role=Role.SECONDARY)
    roles = {key[1][1]: value for key, value in scraped(node).items() if key[0] == "tandem_role"}
    assert roles == {role.value: float(role is Role.SECONDARY) for role in Role}


def test_findings_are_counted_by_level(node):
    node.board.publish("findings", Findings((LINK_DOWN,)))
    node.problems = (SourceProblem("crm", "crm", "stopped_by_load_error", "w", "h"),)
    told = scraped(node)
    assert told[("tandem_findings", ("level", "warning"))] == 1
    assert told[("tandem_findings", ("level", "error"))] == 1
    assert told[("tandem_source_state", ("source", "crm"), ("state", "stopped_by_load_error"))] == 1


def test_a_failing_archive_shows(node):
    node.change("archive", ArchiveStatus, failing_since_us=1)
    told = scraped(node)
    assert told[("tandem_archive_failing",)] == 1
    assert told[("tandem_ready",)] == 0


def test_a_node_that_has_published_nothing_yet_is_scraped_too(node):
    node.board._parts.clear()
    told = scraped(node)
    assert told[("tandem_live",)] == 0
    assert ("tandem_term",) not in told


def test_the_process_tells_its_memory(node):
    assert scraped(node)[("process_resident_memory_bytes",)] > 1e6


def test_a_second_scrape_sees_what_changed(node):
    client = node.client()
    client.get("/metrics")
    node.change("pair", PairStatus, term=8)
    assert "tandem_term 8.0" in client.get("/metrics").text
