"""What the nodes have in hand, over what is on record."""

from dataclasses import replace

import pytest

from cluster.board import Board
from cluster.status import ClaimsStatus, ClaimStatus
from recorder.codec import job_key
from recorder.desk.live_items import LiveItems, on_record
from recorder.model import ItemState
from recorder.records.contacts import ItemRow
from recorder.status import SourceTries, Try
from tests.recorder.fakes import ref

ROW = ItemRow(
    *(ref("i1"), "found", "", 0, 1, "alpha", 2, None, "", None),
    parked=False,
    contact_id=None,
    size_bytes=0,
    late_s=0.0,
)
KEY = job_key(ROW.ref)
REASON = "unreachable: no answer"


def live(*, claim=None, tries=None):
    board = Board()
    if claim is not None:
        board.publish("claims", ClaimsStatus((claim,)))
    if tries is not None:
        board.publish("tries:zoom", SourceTries({KEY: tries}))
    return LiveItems(board)


def in_hand(*, bytes_total=0, held=False, attempt=1):
    return ClaimStatus(KEY, "beta", attempt, bytes_total, held)


@pytest.mark.parametrize(
    ("claim", "state"),
    [
        (in_hand(), "assigned"),
        (in_hand(bytes_total=5), "fetching"),
        (in_hand(bytes_total=9, held=True), "buffered"),
    ],
)
def test_an_item_in_hand_is_told_with_its_node_and_try(claim, state):
    row, node = live(claim=claim).join(ROW)
    assert (row.state, row.attempts, node) == (state, 1, "beta")


def test_an_item_that_failed_in_an_outage_shows_every_try_and_why():
    row, node = live(tries=Try(7, REASON)).join(replace(ROW, state="failed"))
    assert (row.state, row.attempts, row.reason, node) == ("failed", 7, REASON, "")
    row, node = live(tries=Try(7, REASON), claim=in_hand()).join(ROW)
    assert (row.state, row.attempts, row.reason, node) == ("assigned", 8, REASON, "beta")


def test_tries_on_record_are_never_made_fewer():
    row, _ = live(tries=Try(1, REASON)).join(replace(ROW, state="failed", attempts=9))
    assert row.attempts == 9


@pytest.mark.parametrize("state", ["archived", "gone", "not_recordable"])
def test_what_is_over_stays_as_it_is_on_record(state):
    row = replace(ROW, state=state, attempts=3)
    assert live(claim=in_hand(), tries=Try(9, REASON)).join(row) == (row, "")


def test_nothing_in_hand_changes_nothing():
    assert live().join(ROW) == (ROW, "")
    other = replace(in_hand(), key="zoom/other@1")
    assert live(claim=other).join(ROW) == (ROW, "")


def test_live_states_are_looked_for_among_what_is_open_on_record():
    assert on_record(()) == ()
    assert on_record(("archived",)) == ("archived",)
    assert set(on_record(("fetching", "gone"))) == {"fetching", "gone", "found", "failed", "parked"}


def test_the_choice_is_made_by_the_state_now():
    parked = replace(ROW, ref=ref("i2"), state="failed", parked=True)
    items = live(claim=in_hand(bytes_total=1))

    def chosen(*states):
        return [row.ref.key for row, _ in items.choose((ROW, parked), states)]

    assert chosen() == ["i1", "i2"]
    assert chosen("found") == []
    assert chosen(ItemState.FETCHING.value) == ["i1"]
    assert chosen("failed") == []
    assert chosen("parked") == ["i2"]
