"""Why something is not here, or what is known of it: any id, a time, an agent, also of what nobody knows."""

from dataclasses import replace

import pytest

from recorder.errors import NotAnId, Unreachable
from recorder.instants import to_text
from recorder.model import ItemRef, ItemState, SourceProgress, Window
from recorder.records.contacts import HistoryRow
from recorder.records.findings import NODE_UP, Severity, Sighting, Span, Step, What, Why
from recorder.records.recoveries import Cause, RecoveryKind, RecoveryRow
from recorder.records.retention import (
    DAY_US,
    Hold,
    Match,
    Order,
    Policy,
    Rules,
    Scope,
    Walk,
)
from recorder.why.composed import of_agent
from recorder.why.desk import WhyDesk
from sim.tables.data_center import MemoryContactDb, MemoryContactStore
from sim.tables.findings import FindingTables, MemoryFindingsDb
from sim.tables.recoveries import MemoryRecoveryDb, RecoveryTables
from sim.tables.retention import MemoryRetentionDb, RetentionTables
from tests.calls import START_US, a_ref, an_interaction, an_item, an_outcome, names_of
from tests.recorder.hand_clock import HandClock

HOUR_US = 3600 * 1_000_000


class AskedSource:
    """A source that knows some ids."""

    def __init__(self):
        self.refs, self.problem = {}, None

    def find(self, identifier):
        if self.problem is not None:
            raise self.problem
        return self.refs.get(identifier, ())


class Bench:
    def __init__(self):
        self.clock, self.center = HandClock(), MemoryContactStore()
        about = {"node": "alpha", "clock": self.clock}
        self.contacts = MemoryContactDb(self.center, **about)
        self.findings = MemoryFindingsDb(FindingTables(), self.center, **about)
        self.recoveries = MemoryRecoveryDb(RecoveryTables(), self.center, **about)
        self.retention = MemoryRetentionDb(RetentionTables(), self.center, **about)
        self.source = AskedSource()
        self.desk = WhyDesk(
            contact_db=self.contacts,
            findings=self.findings,
            recoveries=self.recoveries,
            retention=self.retention,
            clock=self.clock,
            sources={"dyn": self.source},
        )
        self.cover((-10, 1))

    def cover(self, *hours):
        windows = tuple(Window(START_US + a * HOUR_US, START_US + b * HOUR_US) for a, b in hours)
        mark = START_US + HOUR_US
        self.center.progress["dyn"] = SourceProgress("dyn", 1, mark, mark, windows)

    def commit(self, *items):
        self.contacts.commit(items, names_of(*items))

    def why(self, key, source=None, *, ask=False):
        return self.desk.about_id(key, source, ask_source=ask)

    def found(self, key="rec-1"):
        sighting = Sighting(
            "dyn",
            What.NOT_HERE,
            key,
            Why.LATE_AT_SOURCE,
            Severity.CRITICAL,
            START_US,
            "it came late",
        )
        self.findings.settle(Step("", 0, 0, (sighting,)), 0)
        return self.findings.open_items("dyn", "", 10)[-1].finding


@pytest.fixture
def bench():
    return Bench()


def texts(explanation, what=None):
    return [fact.text for fact in explanation.facts if what in {None, fact.what}]


@pytest.mark.parametrize(
    "key", ["rec-1", "rec", "ses-1", "med-rec-1", "ab" * 32, "AB" * 32, "sales"]
)
def test_an_archived_item_is_told_whatever_it_is_called_by(bench, key):
    bench.commit(an_item())
    found = bench.why(key)
    assert found.verdict.startswith("It is archived since ")
    assert [row.ref.key for row in found.items] == ["rec-1"]
    assert found.is_known


def test_a_meeting_number_is_found_as_people_speak_it(bench):
    item = an_item()
    item = replace(
        item, interaction=replace(item.interaction, attributes={"meeting_id": "85746065002"})
    )
    bench.commit(item)
    for text in ("85746065002", "857 4606 5002", "857-4606-5002"):
        assert [row.ref.key for row in bench.why(text).items] == ["rec-1"]


@pytest.mark.parametrize(
    ("state", "more", "text"),
    [
        (ItemState.NOT_RECORDABLE, {}, "intentionally not recorded"),
        (ItemState.GONE, {}, "is lost: dyn no longer had it"),
        (ItemState.FAILED, {"parked": True}, "missing: 3 tries failed"),
        (ItemState.FAILED, {}, "on its way"),
    ],
)
def test_an_item_that_is_not_archived_says_why(bench, state, more, text):
    bench.contacts.record_outcome(an_outcome(state=state, **more), 0)
    found = bench.why("rec-1")
    assert text in found.verdict
    assert "unreachable: no answer" in found.verdict


def test_findings_about_an_item_and_the_recovery_that_fetches_it_belong_to_its_story(bench):
    bench.contacts.record_found([a_ref()], ())
    window = Window(START_US, START_US + 1)
    row = RecoveryRow("R-20261121-7f3a", "dyn", RecoveryKind.AUTOMATIC, Cause.RECONCILIATION,
                      START_US, "system", window)  # fmt: skip
    bench.recoveries.request(row)
    finding = bench.found()
    bench.findings.set_recovery("dyn", window, "R-20261121-7f3a", 0)
    found = bench.why("rec-1")
    assert any(finding.finding_id in text and "late_at_source" in text for text in texts(found))
    assert any("Recovery R-20261121-7f3a" in text for text in texts(found, "recovery"))
    assert "asked for by system: reconciliation" in bench.why("R-20261121-7f3a").verdict
    assert finding.finding_id in bench.why(finding.finding_id).verdict
    assert [row.ref.key for row in bench.why(finding.finding_id).items] == ["rec-1"]


def test_a_hold_and_a_deletion_are_told_with_their_decision(bench):
    bench.commit(an_item())
    (row,) = bench.contacts.item(None, "rec-1")
    hold = Hold("H-1", "case 7", Scope(text="carl"), START_US, "ada")
    bench.retention.place_hold(hold)
    found = bench.why("rec-1")
    assert "it is held and cannot be deleted" in found.verdict
    assert texts(found, "hold") == ["held by H-1: case 7"]
    assert "is held" in bench.why(row.contact_id[:8]).verdict
    bench.retention.release_hold("H-1", "ada", "over")
    rules = Rules((Policy("short", Match(), DAY_US),), 0, 0)
    bench.clock.advance(40 * 86_400)
    now_us = bench.clock.wall_us()
    due = bench.retention.survey(Walk(before_us=now_us), rules, now_us).due
    bench.retention.decide(due, rules, now_us, 0)
    order = Order(row.contact_id, 1, rules, now_us)
    bench.retention.begin_deletion(order, 0)
    bench.retention.finish_deletion(order, 0, lambda _key: None)
    found = bench.why("rec-1")
    assert found.verdict.startswith("It was archived, and deleted here by decision")
    assert "policy short" in found.verdict
    assert "is deleted" in bench.why(row.contact_id).verdict


def test_an_id_nobody_knows_says_up_to_where_it_was_not_seen(bench):
    found = bench.why("nobody")
    assert not found.is_known
    assert "was never listed" in found.verdict
    assert texts(found, "coverage")[0].startswith("dyn was listed without it: ")
    assert "--ask-source" in found.hint


def test_the_source_is_asked_for_what_nobody_here_knows(bench):
    bench.source.refs["meeting"] = (ItemRef("dyn", "rec-9", "v", START_US, "meeting"),)
    found = bench.why("meeting", ask=True)
    assert found.is_known
    assert "meeting is at dyn and not here: late_at_source" in found.verdict
    assert "tandem recovery start" in found.hint
    bench.commit(an_item("rec-9", session="other"))
    again = bench.why("meeting", ask=True)
    assert "meeting leads to rec-9 at dyn. It is archived" in again.verdict
    assert [row.ref.key for row in again.items] == ["rec-9"]


def test_what_the_source_does_not_know_either_is_told(bench):
    found = bench.why("nobody", ask=True)
    assert found.verdict == "nobody is known neither here nor at dyn."
    assert not found.is_known
    bench.source.problem = Unreachable("no answer")
    assert "dyn could not say: no answer" in bench.why("nobody", ask=True).verdict
    bench.source.problem = NotAnId("'nobody' is no id")
    assert "is no id" in bench.why("nobody", ask=True).verdict


def test_a_name_or_a_number_leads_to_contacts(bench):
    bench.commit(an_item())
    found = bench.why("+4930111")
    assert "in the archive as contact" in found.verdict
    assert "Carl Customer" in found.verdict


def test_around_a_time_everything_is_told_that_concerns_it(bench):
    bench.commit(an_item())
    bench.findings.note_spans(
        [
            Span("alpha", NODE_UP, "", START_US - HOUR_US, START_US + HOUR_US),
            Span("alpha", "poll_failing", "dyn", START_US, START_US + 5, START_US + 5, "429"),
        ]
    )
    bench.contacts.record_role_change(
        HistoryRow(START_US + 7, "beta", "secondary", "primary", 4, "died")
    )
    bench.found("rec-2")
    found = bench.desk.about_time(START_US, None, "")
    assert found.verdict.startswith("1 contacts began between ")
    assert "1 findings are open about it" in found.verdict
    assert {"coverage", "contact", "node", "outage", "role", "finding"} <= {
        fact.what for fact in found.facts
    }
    instants = [fact.at_us or 0 for fact in found.facts]
    assert instants == sorted(instants)
    assert "1 contacts of ada began" in bench.desk.about_time(START_US, "dyn", "ada").verdict
    assert "0 contacts of zoe began" in bench.desk.about_time(START_US, None, "zoe").verdict


@pytest.mark.parametrize(
    ("hours", "verdict", "fact"),
    [
        (((-10, 1),), "is proven complete: the sources had none", "proven complete from"),
        (((-10, -5), (5, 6)), "not proven complete for dyn", "is not proven complete between"),
        (((5, 6),), "not proven complete for dyn", "was first listed from"),
        (((-10, -5),), "not proven complete for dyn", "is archived up to"),
    ],
)
def test_a_time_without_a_contact_says_whether_that_is_proven(bench, hours, verdict, fact):
    bench.cover(*hours)
    found = bench.desk.about_time(START_US, None, "")
    assert verdict in found.verdict
    assert any(fact in text for text in texts(found, "coverage"))


def test_a_time_in_a_gap_says_what_was_wrong_then(bench):
    bench.cover((-10, -5), (5, 6))
    assert "no node is known to have run then" in bench.desk.about_time(START_US, None, "").verdict
    up = Span("alpha", NODE_UP, "", START_US - HOUR_US, START_US + HOUR_US)
    bench.findings.note_spans(
        [up, Span("alpha", "source_stopped_by_error", "dyn", START_US, START_US, None, "401")]
    )
    assert (
        "source_stopped_by_error on alpha: 401" in bench.desk.about_time(START_US, None, "").verdict
    )


def test_an_agent_is_told_with_all_contacts(bench):
    bench.commit(an_item(), an_item("rec-2", session="ses-2"))
    found = bench.desk.about_agent("ada", None)
    assert found.verdict.startswith("2 contacts are recorded of ada, the last at ")
    nobody = bench.desk.about_agent("zoe", None)
    assert not nobody.is_known
    assert "--at" in nobody.hint
    many = of_agent("ada", bench.contacts.contacts_called("ses-1"), more=True)
    assert many.verdict.startswith("more than 1 contacts")


def test_around_a_time_all_contacts_are_counted_and_the_nearest_are_shown(bench):
    seconds = [*range(-40, 40), 1000]
    for number, second in enumerate(seconds):
        at_us = START_US + second * 1_000_000
        spoken = an_interaction(f"int-c{number}", session=f"s{number}", started_us=at_us)
        bench.commit(
            an_item(f"c{number}", session=f"s{number}", changed_us=at_us, interaction=spoken)
        )
    found = bench.desk.about_time(START_US, None, "")
    assert found.verdict.startswith("81 contacts began between ")
    assert "(the 50 nearest to it are shown)" in found.verdict
    shown = [fact.at_us for fact in found.facts if fact.what == "contact"]
    assert len(shown) == 50
    assert max(abs(at_us - START_US) for at_us in shown) <= 25 * 1_000_000


def test_what_is_not_in_the_archive_is_told_beside_what_is_proven(bench):
    for key, state in (("g", ItemState.GONE), ("n", ItemState.NOT_RECORDABLE)):
        bench.contacts.record_outcome(an_outcome(key, state), 0)
    verdict = bench.desk.about_time(START_US, None, "").verdict
    assert "2 items of that time are not in the archive (1 gone, 1 not recordable)" in verdict
    assert "is proven complete" in verdict
    assert "had none" not in verdict


def test_what_lies_behind_the_watermark_or_in_the_future_is_not_called_listed(bench):
    bench.cover((-10, 0.1))
    until = to_text(START_US + HOUR_US // 10)
    assert "proven complete from 2" in bench.desk.about_time(START_US, None, "").verdict
    assert f" to {until}" in bench.desk.about_time(START_US, None, "").verdict
    later = bench.clock.wall_us() + HOUR_US
    assert "lies in the future" in bench.desk.about_time(later, None, "").verdict
