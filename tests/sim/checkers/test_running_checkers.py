"""The checkers that hear of a run event by event: what breaks a promise is found, what does not is not."""

import hashlib
from dataclasses import replace

import pytest

from sim.checkers.contents import StoredObject
from sim.checkers.healing import Patience, check_healing
from sim.checkers.liveness import Disruption, Takeovers
from sim.checkers.media_intact import Served
from sim.checkers.no_needless_failover import QUIET_S, Needless
from sim.checkers.nothing_lost import CommittedFirst
from sim.checkers.nothing_twice import Stored
from sim.checkers.one_primary import Pollers
from sim.checkers.terms import Terms
from sim.checkers.watermark_never_ahead import OpenItems
from tests.sim.checkers.data import SECOND, T0_US, body, media_row, offered

NS = 1_000_000_000
PLACE = ("dynamics", "r1", "f1")


def whats(violations):
    return [violation.what for violation in violations]


# -- S1 ----


def test_what_is_called_archived_must_be_committed():
    book = CommittedFirst()
    assert whats(book.called_archived("a", PLACE)) == [
        "a called an item archived before its commit"
    ]
    book.ended(PLACE)
    assert book.called_archived("a", PLACE) == ()
    assert book.called_archived("a", ("dynamics", "r1", "f2"))


def test_a_file_leaves_the_call_buffer_after_the_commit_only():
    book = CommittedFirst()
    book.holds("a", PLACE, ["x", "y"])
    book.holds("b", PLACE, ["x"])
    assert whats(book.discarded("a", "x")) == [
        "a deleted a file from its call buffer before the commit"
    ]
    book.ended(PLACE)
    assert book.discarded("a", "y") == book.discarded("b", "x") == ()
    assert book.discarded("a", "never heard of") == ()


def test_a_dead_process_is_bound_by_its_journal_alone():
    book = CommittedFirst()
    journaled = ("dynamics", "r2", "f2")
    book.holds("a", PLACE, ["x"])
    book.holds("a", journaled, ["y"])
    book.lets_go("a", [journaled])
    assert book.discarded("a", "x") == ()
    assert book.discarded("a", "y")


def test_what_is_refused_may_be_thrown_away():
    book = CommittedFirst()
    book.holds("a", PLACE, ["x"])
    book.refuses("a", PLACE)
    assert book.discarded("a", "x") == ()


# -- S2 ----


def test_each_thing_is_stored_in_one_place():
    book = Stored()
    assert book.media("dynamics", "m1", "sha", "o1") == ()
    assert book.media("dynamics", "m1", "sha", "o1") == ()
    assert "two media rows hold the same bytes" in whats(book.media("dynamics", "m2", "sha", "o2"))
    assert "two media rows share one object" in whats(book.media("dynamics", "m3", "x", "o1"))
    assert book.contact("dynamics", "s1", "c1") == ()
    assert whats(book.contact("dynamics", "s1", "c2")) == ["a call session has two contacts"]


# -- S3 ----


def test_a_commit_names_bytes_that_were_served_and_will_stay():
    item = offered(1)
    served = Served()
    served.offered(item)
    data = body(1)
    stored = StoredObject("o", len(data), hashlib.sha256(data).hexdigest())
    row = media_row(item)
    assert served.committed(row, stored, durable=True) == ()
    assert whats(served.committed(row, stored, durable=False)) == [
        "the database names an object that is not durable"
    ]
    assert whats(served.committed(row, None, durable=True)) == ["a media row without its object"]
    other = media_row(offered(2))
    assert "bytes that the source never served" in whats(
        served.committed(other, stored, durable=True)
    )


# -- S4 ----


def test_a_watermark_passes_nothing_that_is_open():
    book = OpenItems()
    item = offered(5)
    book.offered(item)
    assert book.moved("dynamics", item.changed_us) == ()
    assert whats(book.moved("dynamics", item.changed_us + 1)) == [
        "dynamics passed items never seen"
    ]
    book.recorded("dynamics", item.key, item.changed_us, over=False)
    assert whats(book.moved("dynamics", item.changed_us + 1)) == [
        "dynamics passed unfinished items"
    ]
    assert book.moved("another", item.changed_us + 1) == ()
    book.recorded("dynamics", item.key, item.changed_us, over=True)
    assert book.moved("dynamics", item.changed_us + 1) == ()


@pytest.mark.parametrize(
    "changes",
    [{"late": True}, {"absent": "never recorded"}, {"deleted_us": T0_US}, {"replaced_us": T0_US}],
)
def test_what_nobody_could_know_does_not_hold_the_watermark(changes):
    book = OpenItems()
    book.offered(offered(5, **changes))
    assert book.moved("dynamics", T0_US + 60 * SECOND) == ()


def test_what_was_deleted_holds_no_watermark_although_it_is_put_on_record_later():
    book = OpenItems()
    item = offered(5)
    book.offered(item)
    book.offered(replace(item, deleted_us=T0_US))
    book.recorded("dynamics", item.key, item.changed_us, over=False)
    assert book.moved("dynamics", item.changed_us + 1) == ()
    book.offered(item)
    book.recorded("dynamics", item.key, item.changed_us, over=False)
    assert book.moved("dynamics", item.changed_us + 1)


def test_what_was_found_before_it_could_be_had_is_judged_once_it_can():
    book = OpenItems()
    late, item = offered(5, late=True), offered(6)
    for one in (late, item):
        book.recorded("dynamics", one.key, one.changed_us, over=False)
    assert book.moved("dynamics", T0_US + 60 * SECOND) == ()
    book.offered(late)
    book.offered(item)
    (broken,) = book.moved("dynamics", T0_US + 60 * SECOND)
    assert broken.items == (item.key,)
    book.recorded("dynamics", item.key, item.changed_us, over=True)
    assert book.moved("dynamics", T0_US + 60 * SECOND) == ()


def test_a_row_that_changed_is_listed_again_and_counts_from_then():
    book = OpenItems()
    item = offered(5)
    book.offered(item)
    book.recorded("dynamics", item.key, item.changed_us, over=False)
    book.offered(replace(item, changed_us=item.changed_us + 10 * SECOND))
    assert book.moved("dynamics", item.changed_us + 9 * SECOND) == ()
    assert book.moved("dynamics", item.changed_us + 11 * SECOND)


# -- S5 ----


def test_a_term_is_kept_before_it_is_used():
    book = Terms()
    book.kept("a", 0)
    assert whats(book.reign("a", 1)) == ["used term 1 before it was kept"]
    book.kept("a", 2)
    assert book.reign("a", 2) == ()


def test_a_disk_never_forgets_a_term():
    book = Terms()
    book.kept("a", 7)
    assert whats(book.kept("a", 6)) == ["kept term 6 over term 7"]


def test_a_term_has_one_primary_and_is_taken_once():
    book = Terms()
    assert book.reign("a", 3) == ()
    assert whats(book.reign("b", 3)) == ["two primaries in term 3"]
    assert whats(book.reign("a", 3)) == ["took term 3 again"]


def test_a_reign_whose_offer_came_to_nothing_goes_on_in_its_term():
    book = Terms()
    assert book.reign("a", 3) == ()
    assert book.reign("a", 3, resumed=True) == ()
    assert book.reign("b", 3, resumed=True)


def test_a_stale_write_is_not_accepted():
    book = Terms()
    assert book.wrote("a", 4, seen=4) == ()
    assert whats(book.wrote("a", 3, seen=4)) == ["a write of term 3 was accepted after term 4 was granted"]  # fmt: skip


# -- S6 ----


def both_primary():
    book = Pollers(overlap_s=8.0)
    book.reign("a", 0)
    assert book.polled("a", 0) == ()
    book.reign("b", 9 * NS)
    assert book.polled("b", 10 * NS) == ()
    return book


def test_the_relieved_polls_on_for_the_overlap_at_most():
    book = both_primary()
    assert book.polled("a", 17 * NS) == ()
    assert whats(book.polled("a", 19 * NS)) == ["polled long after b had taken over"]


def test_two_may_poll_while_they_cannot_know_of_each_other():
    book = both_primary()
    book.apart(12 * NS, begins=True)
    assert book.polled("a", 60 * NS) == ()
    book.apart(61 * NS, begins=False)
    assert book.polled("a", 65 * NS) == ()
    assert book.polled("a", 70 * NS)


def test_whoever_wakes_may_end_what_was_begun():
    book = both_primary()
    book.woke("a", 100 * NS)
    assert book.polled("a", 101 * NS) == ()
    assert book.polled("a", 110 * NS)


def test_whoever_is_left_polls_on():
    book = both_primary()
    book.relieved("b", 50 * NS)
    assert book.polled("a", 60 * NS) == ()
    assert book.polled("a", 90 * NS) == ()


def test_while_the_one_who_took_over_is_stopped_the_other_primary_may_poll_on():
    book = Pollers(overlap_s=8.0)
    for node in ("a", "b"):
        book.reign(node, 0)
        assert book.polled(node, 0) == ()
    assert book.polled("a", 9 * 10**9) != ()
    book.stopped("b")
    assert book.polled("a", 20 * 10**9) == ()
    book.woke("b", 30 * 10**9)
    assert book.polled("b", 37 * 10**9) == ()
    assert book.polled("b", 39 * 10**9) != ()


def test_what_left_a_primary_may_arrive_long_after_its_reign():
    book = both_primary()
    book.relieved("b", 20 * NS)
    book.relieved("a", 20 * NS)
    book.reign("a", 30 * NS)
    book.relieved("a", 31 * NS)
    book.reign("b", 35 * NS)
    assert book.polled("a", 30 * NS) == ()
    assert book.polled("a", 48 * NS) != ()


def test_a_node_that_was_never_primary_does_not_poll():
    assert whats(Pollers().polled("a", 0)) == ["polled without ever being primary"]


# -- L1 ----


def test_a_takeover_has_its_limit():
    book = Takeovers({"death": 2.0}, slack_s=1.0)
    book.disrupted(Disruption("death", "a", 10 * NS))
    assert book.polled("a", 11 * NS) == ()
    assert book.polled("b", 12 * NS) == ()
    assert book.seconds == [2.0]
    book.disrupted(Disruption("death", "b", 20 * NS))
    assert whats(book.polled("a", 24 * NS)) == ["takeover after death took 4.00 s, allowed 3.00 s"]


def test_a_takeover_that_never_came_is_seen_when_something_else_happens():
    book = Takeovers({"silence": 8.0}, slack_s=1.0)
    book.disrupted(Disruption("silence", "a", 0))
    assert book.disturbed(5 * NS) == ()
    book.disrupted(Disruption("silence", "a", 0))
    assert whats(book.disturbed(10 * NS)) == ["nobody polled after silence"]
    assert book.disturbed(20 * NS) == ()


# -- L2 ----


def test_what_is_offered_when_all_is_well_is_archived_soon():
    patience = Patience(roles_s=5, poll_s=10, ingest_s=5, retry_s=60, look_back_s=100)
    item = offered(1)
    place = (item.source, item.key, item.version)

    def found(took_s, failed=(), behind=(), **changes):
        archived, truth = {place: item.offered_us + took_s * SECOND}, [replace(item, **changes)]
        return check_healing(truth, archived, failed, item.offered_us, patience, behind=behind)

    assert found(20) == ()
    assert whats(found(21)) == ["items were archived up to 21 s after all was well"]
    assert found(80, failed=[place]) == ()
    assert found(120, late=True) == ()
    assert found(120, behind={place[:2]}) == ()
    assert found(500, deleted_us=T0_US) == ()
    ahead_us = item.offered_us + 60 * SECOND
    assert found(80, changed_us=ahead_us) == ()
    assert found(81, changed_us=ahead_us)


# -- L3 ----


def test_without_a_grave_fault_the_primary_stays():
    book = Needless()
    assert book.reign("a", 0) == ()
    assert whats(book.reign("b", NS)) == ["b took over from a without need"]
    book.begins(2 * NS)
    assert book.reign("a", 3 * NS) == ()
    book.ends(4 * NS)
    assert book.reign("b", 5 * NS) == ()
    assert book.reign("a", 5 * NS + round((QUIET_S + 1) * NS))
