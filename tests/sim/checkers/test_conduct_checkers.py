"""What nodes may and may not do while a world runs, as the books that the guard keeps."""

from dataclasses import replace

import pytest

from recorder.model import ItemRef, SourceProgress
from sim.checkers.credentials_kept import check_credentials_kept
from sim.checkers.duty_kept import HANGS_NS, DutyBook, Granted, Sight
from sim.checkers.fenced import FenceBook
from sim.checkers.heard import HeardBook
from sim.checkers.patience_kept import PatienceBook, asked_for_s
from sim.tables.items import ItemTables

S = 1_000_000_000
API = "/api/data/v9.2/msdyn_ocrecordings"


def whats(violations):
    return [one.what for one in violations]


def test_a_leased_duty_within_its_lease_is_fine():
    book = DutyBook()
    book.lease("alpha", 1, 6 * S)
    assert whats(book.grant(Granted("alpha", 1, 4 * S, leased=True), 0, None)) == []
    assert whats(book.listing("alpha", 4 * S)) == []


def test_a_leased_duty_that_outlives_its_lease_is_told():
    book = DutyBook()
    book.lease("alpha", 1, 6 * S)
    told = whats(book.grant(Granted("alpha", 1, 7 * S, leased=True), 3 * S, None))
    assert told == ["leased duty that outlives the lease"]


def test_two_leased_duties_at_once_are_told_unless_the_clock_of_leases_was_set():
    for doubted in (False, True):
        book = DutyBook(doubted=doubted)
        book.lease("alpha", 1, 6 * S)
        book.lease("beta", 2, 9 * S)
        list(book.grant(Granted("alpha", 1, 4 * S, leased=True), 0, None))
        told = whats(book.grant(Granted("beta", 2, 7 * S, leased=True), 3 * S, None))
        assert told == ([] if doubted else ["two nodes hold a leased duty"])


def test_a_duty_that_was_withdrawn_is_no_second_one():
    book = DutyBook()
    book.lease("alpha", 1, 6 * S)
    book.lease("beta", 2, 9 * S)
    list(book.grant(Granted("alpha", 1, 4 * S, leased=True), 0, None))
    book.over("alpha")
    assert whats(book.grant(Granted("beta", 2, 7 * S, leased=True), 3 * S, None)) == []
    assert whats(book.listing("alpha", 3 * S)) == ["polls without duty"]


def test_a_poll_after_the_end_of_the_duty_is_told():
    book = DutyBook()
    list(book.grant(Granted("alpha", 1, 4 * S, leased=False), 0, None))
    assert whats(book.listing("alpha", 5 * S)) == ["polls after its duty ended"]


def test_a_duty_without_a_lease_is_for_those_who_cannot_ask():
    book = DutyBook()
    alone = Granted("alpha", 1, 14 * S, leased=False)
    assert whats(book.grant(alone, 10 * S, None)) == []
    assert whats(book.grant(alone, 10 * S, 5 * S)) == []
    told = whats(book.grant(alone, 10 * S, 3 * S))
    assert told == ["duty without a lease although the witness can be asked"]


def test_a_request_inside_retry_after_is_told_and_one_after_it_is_not():
    book = PatienceBook()
    book.hears("alpha", API, 429, {"retry-after": "10"}, 0)
    assert whats(book.asks("alpha", API, 5 * S)) == ["asked the service inside its Retry-After"]
    assert whats(book.asks("alpha", API, 10 * S)) == []
    assert whats(book.asks("beta", API, 5 * S)) == []


def test_files_and_new_processes_know_nothing_of_retry_after():
    book = PatienceBook()
    book.hears("alpha", API, 429, {"retry-after": "10"}, 0)
    assert whats(book.asks("alpha", f"{API}(1)/msdyn_recording/$value", 5 * S)) == []
    for path in ("/files/1", "/oauth/token", "/v1/access_token", "/rec/archive/download/x"):
        assert whats(book.asks("alpha", path, 5 * S)) == []
    for path in ("/v2/archive_files", "/v1/admin/convergedRecordings"):
        assert whats(book.asks("alpha", path, 5 * S)) != []
    book.forget("alpha")
    assert whats(book.asks("alpha", API, 5 * S)) == []


def test_patience_is_read_from_seconds_and_from_a_date_and_bounded():
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    later = "Thu, 01 Jan 2026 00:00:20 GMT"
    assert asked_for_s({"retry-after": "7"}) == 7
    assert asked_for_s({"retry-after": later, "date": date}) == 20
    assert asked_for_s({"retry-after": "2026-01-01T00:00:30Z", "date": date}) == 30
    assert asked_for_s({"retry-after": "99999"}) == 300
    assert asked_for_s({"retry-after": "soon", "date": date}) == 0
    assert asked_for_s({}) == 0


def test_leaks_and_strays_are_told():
    assert check_credentials_kept({"credential_leaks": 0, "strays": []}) == ()
    told = check_credentials_kept({"credential_leaks": 1, "strays": ["elsewhere.invalid"]})
    assert len(told) == 2


def test_a_control_write_of_a_stale_term_and_progress_that_goes_back_are_told():
    book = FenceBook()
    row = SourceProgress(source="dynamics", epoch=0, watermark_us=10, horizon_us=10)
    back = SourceProgress(source="dynamics", epoch=0, watermark_us=9, horizon_us=10)
    again = SourceProgress(source="dynamics", epoch=1, watermark_us=5, horizon_us=5)
    assert whats(book.written("save_progress", 2, 2, {"dynamics": row})) == []
    stale = whats(book.written("record_outcome", 1, 2, {"dynamics": row}))
    assert stale == ["a control write of a stale term was accepted"]
    went_back = whats(book.written("save_progress", 2, 2, {"dynamics": back}))
    assert went_back == ["a watermark went back within its epoch"]
    assert whats(book.written("save_progress", 2, 2, {"dynamics": again})) == []


def test_a_term_of_a_nodes_own_digit_is_for_those_who_cannot_ask():
    assert whats(DutyBook().reign("alpha", 8, 10 * S, 9 * S)) == []
    told = whats(DutyBook().reign("alpha", 8, 10 * S, 0))
    assert told == ["took a term alone although the witness can be asked"]


def item(state, changed_us):
    ref = ItemRef(source="dynamics", key="k", version="v", changed_us=changed_us, session_key="s")
    tables = ItemTables()
    tables.found((ref,), (), "alpha", 0)
    (row,) = tables.rows.values()
    return replace(row, state=state)


def test_a_witness_is_seen_since_its_first_answer_of_an_unbroken_row():
    sight = Sight()
    assert sight.since_ns(S) is None
    for at_ns, well, since_ns in ((S, True, S), (2 * S, True, S), (3 * S, False, None)):
        sight.asks(at_ns)
        sight.answered(at_ns, well=well)
        assert sight.since_ns(at_ns) == since_ns


def test_a_question_that_waits_is_no_sight_of_the_witness_and_its_answer_begins_a_new_one():
    sight = Sight()
    sight.asks(S)
    sight.answered(S, well=True)
    sight.asks(2 * S)
    assert sight.since_ns(2 * S + HANGS_NS - 1) == S
    assert sight.since_ns(2 * S + HANGS_NS) is None
    sight.answered(9 * S, well=True)
    assert sight.since_ns(9 * S) == 9 * S


def test_what_a_dead_process_saw_of_the_witness_counts_no_more():
    sight = Sight()
    sight.asks(S)
    sight.answered(S, well=True)
    sight.lost()
    assert sight.since_ns(2 * S) is None


def test_a_watermark_that_moves_past_an_unfinished_item_is_told():
    def moved(row):
        book = FenceBook()
        for at_us in (10, 20):
            progress = SourceProgress("dynamics", epoch=0, watermark_us=at_us, horizon_us=at_us)
            told = whats(book.written("save_progress", 1, 1, {"dynamics": progress}, (row,)))
        return told

    assert moved(item("found", 15)) == ["dynamics passed an unfinished item"]
    assert moved(item("archived", 15)) == []
    assert moved(item("found", 20)) == []
    assert moved(item("found", 5)) == [], "it appeared below the watermark"


def test_nobody_replaces_a_living_primary_that_it_can_hear():
    book = HeardBook(("alpha", "beta"))
    assert whats(book.acts("alpha", 20 * S)) == []
    book.fault("data_center_down", "", 30 * S, begins=True)
    book.fault("pause", "beta", 31 * S, begins=True)
    book.fault("pause", "beta", 51 * S, begins=False)
    told = whats(book.acts("beta", 51 * S))
    assert told == ["took over from a living primary that it could hear"]


@pytest.mark.parametrize(
    ("kind", "target"), [("cut", "alpha>beta"), ("pause", "alpha"), ("slow_node", "beta")]
)
def test_a_primary_that_could_not_be_heard_a_moment_ago_may_be_replaced(kind, target):
    book = HeardBook(("alpha", "beta"))
    list(book.acts("alpha", 20 * S))
    book.fault(kind, target, 40 * S, begins=True)
    book.fault(kind, target, 45 * S, begins=False)
    assert whats(book.acts("beta", 50 * S)) == []
    assert len(whats(book.acts("beta", 56 * S))) == 1


def test_one_that_died_or_stands_by_may_be_replaced():
    for ends in (
        lambda book: book.life("alpha", "crashed", 30 * S),
        lambda book: book.stands_by("alpha"),
    ):
        book = HeardBook(("alpha", "beta"))
        list(book.acts("alpha", 20 * S))
        ends(book)
        assert whats(book.acts("beta", 50 * S)) == []


def test_one_that_took_its_offer_back_may_not_be_replaced():
    book = HeardBook(("alpha", "beta"))
    list(book.acts("alpha", 20 * S))
    book.stands_by("alpha")
    book.goes_on("alpha")
    assert len(whats(book.acts("beta", 50 * S))) == 1


def test_a_living_peer_that_can_be_heard_is_not_called_gone():
    book = HeardBook(("alpha", "beta"))
    book.fault("pause", "beta", 20 * S, begins=True)
    book.fault("pause", "beta", 22 * S, begins=False)
    told = whats(book.alarms("beta", "peer_dead", 22 * S))
    assert told == ["called a living peer gone that it could hear"]
    assert whats(book.alarms("beta", "state_unsaved", 22 * S)) == []
    book.life("alpha", "crashed", 30 * S)
    assert whats(book.alarms("beta", "peer_dead", 32 * S)) == []


def broke(book, now_s):
    return [str(one) for one in book.disconnected("alpha", "silent", int(now_s * S))]


def test_nodes_stay_connected_while_nothing_is_wrong():
    book = HeardBook(("alpha", "beta"))
    book.life("beta", "started", 0)
    book.connected("alpha")
    assert broke(book, 19) == []
    assert "although nothing was wrong: silent" in broke(book, 21)[0]


@pytest.mark.parametrize("node", ["alpha", "beta"])
def test_the_pause_of_either_node_may_cost_the_connection(node):
    book = HeardBook(("alpha", "beta"))
    book.fault("pause", node, 100 * S, begins=True)
    assert broke(book, 130) == []
    book.fault("pause", node, 131 * S, begins=False)
    assert broke(book, 150) == []
    assert broke(book, 152) != []


def test_in_the_end_nodes_that_live_are_connected():
    book = HeardBook(("alpha", "beta"))
    for node in book.nodes:
        book.connected(node)
    assert [*book.apart(book.nodes, 60 * S)] == []
    book.life("beta", "crashed", 100 * S)
    assert [*book.apart(book.nodes, 119 * S)] == [], "it is tried still"
    assert [one.items for one in book.apart(book.nodes, 121 * S)] == [("beta",)]
    assert [*book.apart(("alpha",), 121 * S)] == [], "the other one is dead"
