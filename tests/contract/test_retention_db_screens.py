"""Screens and renditions of a deleted contact go with it, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from recorder.desk.hold_reach import holds_over
from recorder.model import Party, Window
from recorder.records.retention import DeletionState
from recorder.scn.model import AgentEvent, AgentEventKind
from tests.calls import START_US
from tests.contract.retention_dbs import retention_world
from tests.contract.test_retention_db import a_call, a_hold, commit, decided, delete, order
from tests.contract.test_screen_db import a_rendition
from tests.screens import KEY, T0_US, a_part

AGENT = "dyn/ag-1"
ALWAYS = Window(0, 2**60)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    assert T0_US == START_US
    world = retention_world(request.param, request, tmp_path)
    world.see_term(3)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.retention("alpha")


@pytest.fixture
def screens(world):
    screens = world.screens()
    screens.record_parts([a_part(from_s=5, to_s=50)])
    return screens


def call(key, from_s=0, to_s=60):
    item = a_call(key)
    spoken = replace(
        item.interaction,
        key=f"int-{key}",
        parties=(Party("ag-1", "agent"),),
        segments=(),
        started_us=T0_US + from_s * 10**6,
        ended_us=T0_US + to_s * 10**6,
    )
    return replace(item, interaction=spoken)


def heard(world, key, from_s=0, to_s=60):
    kinds = ((AgentEventKind.RINGING, from_s), (AgentEventKind.ENDED, to_s))
    world.events().record(
        [
            AgentEvent(
                "dyn", f"{key}-{kind}", "ag-1", f"ses-{key}", kind, T0_US + s * 10**6, T0_US, "a"
            )
            for kind, s in kinds
        ]
    )


@pytest.mark.parametrize("by_events", [True, False])
def test_what_shows_this_contact_alone_goes_with_it(world, db, screens, by_events):
    if by_events:
        heard(world, "a")
        commit(world.node("alpha"), a_call("a"))
    else:
        commit(world.node("alpha"), call("a"))
    (one,) = decided(db)
    done, erased = delete(db, one)
    assert done.state is DeletionState.DELETED
    assert erased == ["dyn/med-a", a_part().object_key]
    assert screens.parts([AGENT], ALWAYS) == ()
    screens.record_parts([a_part(from_s=5, to_s=50)])
    assert screens.parts([AGENT], ALWAYS) == (), "it does not come back"


def test_what_another_contact_needs_stays_until_that_one_goes_too(world, db, screens):
    commit(world.node("alpha"), call("a"), call("b", 30, 90))
    ours = [one for one in decided(db) if one.session_key == "ses-a"]
    _, erased = delete(db, ours[0])
    assert erased == ["dyn/med-a"]
    assert len(screens.parts([AGENT], ALWAYS)) == 1
    (left,) = (one for one in db.ready(2**60, 9) if one.session_key == "ses-b")
    _, erased = delete(db, left)
    assert erased == ["dyn/med-b", a_part().object_key]


def test_a_hold_keeps_screens_too(world, db, screens):
    commit(world.node("alpha"), call("a"))
    (one,) = decided(db)
    db.begin_deletion(order(one), 3)
    db.place_hold(a_hold(contact_id=one.contact_id))
    assert db.finish_deletion(order(one), 3, pytest.fail).state is DeletionState.WITHDRAWN
    assert len(screens.parts([AGENT], ALWAYS)) == 1


def test_renditions_of_a_deleted_contact_are_on_no_record(world, db, screens):
    commit(world.node("alpha"), a_call("a"), a_call("b"))
    every = decided(db)
    for one in every:
        screens.record_rendition(a_rendition(contact=one.contact_id))
    delete(db, every[0])
    assert screens.renditions(every[0].contact_id) == ()
    assert len(screens.renditions(every[1].contact_id)) == 1


@pytest.mark.parametrize("by_events", [True, False])
def test_whom_a_part_shows_is_told(world, db, screens, by_events):
    assert db.contacts_shown(KEY) == (), "nobody yet"
    if by_events:
        heard(world, "a")
        commit(world.node("alpha"), a_call("a"), a_call("b"))
    else:
        commit(world.node("alpha"), call("a"), call("b", 51, 90))
    (home,) = db.contacts_shown(KEY)
    assert home == world.node("alpha").contact("ses-a").row.contact_id
    screens.forget_part(KEY, "masked")
    assert db.contacts_shown(KEY) == (home,), "its object alone is gone"
    assert db.contacts_shown("no-such") == ()


@pytest.mark.usefixtures("screens")
def test_a_part_that_shows_several_contacts_is_told_of_each(world, db):
    heard(world, "a")
    commit(world.node("alpha"), a_call("a"), call("b", 30, 90), call("c", 70, 90))
    node = world.node("alpha")
    both = [node.contact(f"ses-{name}").row.contact_id for name in "ab"]
    assert db.contacts_shown(KEY) == tuple(sorted(both))


@pytest.mark.usefixtures("screens")
def test_the_holds_that_a_mask_overrides_are_those_on_all_that_the_part_shows(world, db):
    commit(world.node("alpha"), call("a"), call("b", 30, 90), call("c", 70, 90))
    for name in "abc":
        home = world.node("alpha").contact(f"ses-{name}").row.contact_id
        db.place_hold(a_hold(f"H-{name}", contact_id=home))
    db.place_hold(a_hold("H-item", text="a"))
    db.place_hold(a_hold("H-over", source="dyn"))
    db.release_hold("H-over", "ada", "closed")
    over = holds_over(db)
    assert over.part(a_part(from_s=5, to_s=50)) == ("H-a", "H-b", "H-item")
    home = world.node("alpha").contact("ses-b").row.contact_id
    assert over.contact(home) == ("H-b",)


@pytest.mark.usefixtures("screens")
def test_holds_on_the_source_or_the_time_cover_a_call_that_is_not_here_yet(db):
    part = a_part(from_s=5, to_s=50)
    db.place_hold(a_hold("H-source", source="dyn"))
    db.place_hold(a_hold("H-other", source="zoom"))
    db.place_hold(a_hold("H-then", window=Window(T0_US, T0_US + 6 * 10**6)))
    db.place_hold(a_hold("H-before", window=Window(0, T0_US)))
    db.place_hold(a_hold("H-somebody", text="ada"))
    assert holds_over(db).part(part) == ("H-source", "H-then")
    assert holds_over(None).part(part) == ()
