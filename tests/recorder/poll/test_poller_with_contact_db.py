"""The poller over a real contact database: what the small one in the other tests stands for."""

import pytest

from recorder.codec import job_key
from recorder.model import ItemState
from recorder.records.contacts import ItemQuery
from tests.contract.contact_dbs import sqlite_world
from tests.recorder.poll.polling import Desk


@pytest.fixture
def world(tmp_path):
    made = sqlite_world(tmp_path)
    yield made
    made.close()


def states(db):
    return {row.ref.key: (row.state, row.parked) for row in db.items(ItemQuery()).rows}


def test_items_go_from_found_to_their_ends_on_record(world):
    db = world.node("a")
    desk = Desk(center=db).start()
    refs = {key: desk.source.add(key, 300) for key in ("gone", "none", "poison")}
    desk.grant()
    assert sorted(desk.given()) == ["gone", "none", "poison"]
    assert set(states(db).values()) == {("found", False)}
    desk.break_it(refs["gone"], ItemState.GONE, "gone")
    desk.break_it(refs["none"], ItemState.NOT_RECORDABLE, "no_media")
    for _ in range(3):
        desk.break_it(refs["poison"], code="not_media")
        desk.advance(10)
    assert states(db) == {
        "gone": ("gone", False),
        "none": ("not_recordable", False),
        "poison": ("failed", True),
    }
    assert desk.status.pending == 0
    desk.advance(60)
    assert db.load_progress()[0].watermark_us == desk.mark.at_us
    story = [event.what for event in db.story("crm", "poison")]
    assert story == ["found", *["failed", "waiting"] * 2, "failed", "parked"]


def test_the_other_node_goes_on_where_the_first_ended(world):
    one = Desk(center=world.node("a")).start()
    ref = one.source.add("a", 600)
    one.grant()
    one.advance(2)
    two = Desk(center=world.node("b"), node="b")
    two.source.items = one.source.items
    two.start()
    assert two.mark == one.mark
    two.grant(term=2)
    assert two.given() == ["a"]
    two.break_it(ref, ItemState.GONE, "gone")
    assert two.status.pending == 0
    assert two.mark.at_us > ref.changed_us


def test_a_newer_term_at_the_witness_ends_the_duty(world):
    desk = Desk(center=world.node("a")).start()
    desk.grant(term=3)
    world.see_term(5)
    desk.source.add("a", 91)
    desk.advance(60)
    assert desk.status.state == "standby"


def test_an_operators_retry_of_a_gone_item_is_handed_out(world):
    db = world.node("a")
    desk = Desk(center=db).start()
    ref = desk.source.add("a", 300)
    desk.grant()
    desk.break_it(ref, ItemState.GONE, "gone")
    desk.given()
    assert db.retry_now("crm", "a", desk.clock.wall_us())
    desk.advance(60)
    assert desk.given() == ["a"]
    assert desk.status.pending == 0
    assert job_key(ref) in {job_key(row.ref) for row in db.items(ItemQuery()).rows}
