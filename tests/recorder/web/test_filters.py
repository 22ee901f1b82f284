"""A misspelt filter must not look like a recorder without recordings."""

import pytest

from recorder.desk.control import SourceProblem
from recorder.model import ItemOutcome, ItemState
from tests.recorder.fake_node import TOKEN, FakeNode
from tests.recorder.fakes import ref


@pytest.fixture
def node():
    return FakeNode(problems=(SourceProblem("tapes", "tapes", "disabled", "", ""),))


def items(node, **filters):
    return node.client(TOKEN).get("/api/v1/items", params=filters)


def test_a_state_that_no_item_is_ever_in_is_refused_with_those_that_are(node):
    answer = items(node, state=["failed", "bogus"])
    assert answer.status_code == 422
    assert "'bogus'" in answer.json()["error"]["message"]
    assert "failed, parked" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("state", ["found", "assigned", "archived", "not_recordable", "parked"])
def test_every_state_may_be_asked_for(node, state):
    assert items(node, state=state).status_code == 200


def test_an_empty_list_of_a_source_that_is_not_there_is_refused(node):
    answer = items(node, source="zom")
    assert answer.status_code == 404
    assert "'zom'" in answer.json()["error"]["message"]


def test_an_empty_list_of_contacts_of_a_source_that_is_not_there_is_refused(node):
    answer = node.client(TOKEN).get("/api/v1/contacts", params={"source": "zom"})
    assert answer.status_code == 404
    assert "'zom'" in answer.json()["error"]["message"]


@pytest.mark.parametrize("source", ["zoom", "tapes"])
def test_an_empty_list_of_a_configured_source_is_an_empty_list(node, source):
    assert items(node, source=source).json() == {"items": []}


def test_what_is_on_record_of_a_source_taken_away_can_still_be_listed(node):
    outcome = ItemOutcome(ref("i1", "old"), ItemState.FAILED, reason="", attempts=1, found_us=1)
    node.contact_db.record_outcome(outcome, term=0)
    assert [one["item"] for one in items(node, source="old").json()["items"]] == ["i1"]
