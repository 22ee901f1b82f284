"""What every contact database promises about revisions: each change is one, and none is lost."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.records.contacts import ContactQuery
from tests.calls import START_US, a_file, a_party, an_interaction, an_item, names_of
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    if request.param == "memory":
        world = MemoryWorld()
    elif request.param == "sqlite":
        world = sqlite_world(tmp_path)
    else:
        world = SqlWorld(request.getfixturevalue("postgres_url"))
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.node("alpha")


def commit(db, *items):
    return db.commit(items, names_of(*items))


def part(number, *, key=None, minute=0, **more):
    """An item with an interaction of its own, unless `key` names a shared one."""
    call = an_interaction(key or f"int-{number}", started_us=START_US + minute * 60_000_000, **more)
    return an_item(f"rec-{number}", interaction=call)


def brought(db, name="ses-1"):
    return [
        (one.row.revision, one.added_interactions, one.changed_interactions, one.added_media)
        for one in db.contact_revisions(name)
    ]


def test_a_new_contact_is_revision_1(world, db):
    commit(db, part(1), part(2))
    detail = db.contact("ses-1")
    assert (detail.row.revision, detail.row.updated_by) == (1, "alpha")
    assert brought(db) == [(1, ("int-1", "int-2"), (), ("med-rec-1", "med-rec-2"))]
    assert db.contact("ses-1", 1) == detail
    (listed,) = db.contacts(ContactQuery()).rows
    assert listed == detail.row
    assert db.contact_revisions("ses-1")[0].row.updated_us == world.clock.wall_us()


def test_a_part_that_comes_a_day_later_makes_a_revision_and_the_old_one_stays(world, db):
    commit(db, part(1, subject="the call"))
    before = db.contact("ses-1")
    made_us = world.clock.wall_us()
    world.clock.advance(86_400)
    commit(world.node("beta"), part(2, minute=5, parties=[a_party(7)]))
    after = db.contact("ses-1")
    assert (after.row.revision, after.row.updated_by) == (2, "beta")
    assert (after.row.interactions, after.row.media) == (2, 2)
    assert db.contact("ses-1", 1) == before
    assert db.contact("ses-1", 2) == after
    assert brought(db) == [
        (1, ("int-1",), (), ("med-rec-1",)),
        (2, ("int-2",), (), ("med-rec-2",)),
    ]
    made = [(one.row.updated_us, one.row.updated_by) for one in db.contact_revisions("ses-1")]
    assert made == [(made_us, "alpha"), (world.clock.wall_us(), "beta")]


def test_what_becomes_known_of_an_interaction_is_a_revision_that_can_be_taken_back(db):
    commit(db, part(1, key="talk", parties=[a_party(1)]))
    first = db.contact("ses-1")
    commit(db, part(2, key="talk", parties=[a_party(1), a_party(2)], subject="Order 66"))
    second = db.contact("ses-1")
    commit(db, part(3, key="talk", parties=[a_party(1), a_party(2)], subject="Order 66"))
    assert [len(one.parties) for one in second.interactions] == [2]
    assert [db.contact("ses-1", number) for number in (1, 2)] == [first, second]
    assert brought(db) == [
        (1, ("talk",), (), ("med-rec-1",)),
        (2, (), ("talk",), ("med-rec-2",)),
        (3, (), (), ("med-rec-3",)),
    ]


def test_a_repeated_commit_makes_no_revision(world, db):
    parts = [part(1), part(2, key="int-1", subject="more"), part(3, minute=1)]
    for one in parts:
        commit(db, one)
    before = (db.contact("ses-1"), db.contact_revisions("ses-1"))
    world.clock.advance(60)
    for one in (*parts, *reversed(parts)):
        commit(world.node("beta"), one)
    commit(world.node("beta"), *parts)
    assert (db.contact("ses-1"), db.contact_revisions("ses-1")) == before
    assert before[0].row.revision == 3


def test_parts_of_one_commit_are_one_revision(db):
    commit(db, part(1))
    commit(db, part(2), part(3), part(3))
    assert brought(db)[1:] == [(2, ("int-2", "int-3"), (), ("med-rec-2", "med-rec-3"))]


def test_there_is_no_revision_that_was_not_made(db):
    commit(db, part(1))
    commit(db, part(2))
    for number in (-1, 0, 3, 2**40):
        assert db.contact("ses-1", number) is None
    assert db.contact("nobody", 1) is None
    assert db.contact_revisions("nobody") == ()


def test_odd_texts_are_the_same_in_every_revision(db):
    odd = part(1, subject="a\0b \ud800 \u2028 Ü", parties=[a_party(1, name="\0")])
    commit(db, odd)
    first = db.contact("ses-1")
    commit(db, odd)
    commit(db, part(2, key="int-1", subject="z", parties=[a_party(1, name="\0"), a_party(2)]))
    commit(db, odd)
    assert db.contact("ses-1").row.revision == 2
    assert db.contact("ses-1", 1) == first


def test_a_contact_changes_only_by_what_is_committed_to_it(db):
    """An interaction that was linked to another session meanwhile stays where it is."""
    commit(db, an_item("a", session="one", interaction=an_interaction("int-1", session="one")))
    before = (db.contact("one"), db.contact_revisions("one"))
    moved = an_interaction("int-1", session="two", parties=[a_party(9)], subject="moved")
    stray = an_item("b", session="two", interaction=moved)
    for _ in range(3):
        commit(db, stray)
    assert (db.contact("one"), db.contact_revisions("one")) == before
    assert (db.contact("two").row.revision, db.contact("two").row.interactions) == (1, 0)
    assert [one.media_key for one in db.contact("two").media] == ["med-b"]
    more = an_interaction("int-1", session="one", parties=[a_party(1), a_party(9)])
    for _ in range(2):
        commit(db, an_item("c", session="one", interaction=more))
    assert db.contact("one").row.revision == 2


def test_a_file_that_another_contact_has_makes_no_revisions(db):
    commit(db, an_item("a", session="one", interaction=an_interaction("int-1", session="one")))
    elsewhere = an_interaction("int-2", session="two")
    stray = an_item("b", session="two", interaction=elsewhere, files=[a_file("med-a")])
    for _ in range(3):
        commit(db, stray)
    row = db.contact("two").row
    assert (row.revision, row.media, row.size_bytes) == (1, 0, 0)


# -- any order, any node ----

NUMBERS = count()
PARTS = tuple(
    part(
        number,
        key=f"talk-{number % 3}",
        minute=number * 7 % 5,
        subject=f"subject {number % 2}",
        parties=[a_party(number), a_party(number + 1, role="customer")],
    )
    for number in range(6)
)


@pytest.fixture(scope="module")
def sqlite_pair(tmp_path_factory):
    world = sqlite_world(tmp_path_factory.mktemp("revisions"))
    yield world
    world.close()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(
        st.tuples(
            st.sampled_from(["alpha", "beta"]),
            st.lists(st.sampled_from(range(6)), min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=8,
    ),
)
def test_every_state_a_contact_ever_had_is_a_revision(sqlite_pair, batches):
    session = f"session {next(NUMBERS)}"
    memory, sql = MemoryWorld(), sqlite_pair
    memory.clock = sql.clock
    nodes = {name: (sql.node(name), memory.node(name)) for name in ("alpha", "beta")}
    seen = []
    for name, chosen in batches:
        sql.clock.advance(1)
        for node in nodes[name]:
            commit(node, *(in_session(PARTS[one], session) for one in chosen))
        detail = nodes["alpha"][0].contact(session)
        if not seen or seen[-1] != detail:
            seen.append(detail)
    for node in nodes["alpha"]:
        told = node.contact_revisions(session)
        assert [one.row.revision for one in told] == list(range(1, len(seen) + 1))
        assert [node.contact(session, one.row.revision) for one in told] == seen
        assert [one.row for one in told] == [one.row for one in seen]
    assert nodes["alpha"][0].contact_revisions(session) == nodes["beta"][1].contact_revisions(
        session
    )
    for node, _ in nodes.values():
        node.close()


def in_session(item, session):
    """The item in another session, so that one database serves all examples."""
    files = [
        replace(one, ref=replace(one.ref, key=f"{session}/{one.ref.key}")) for one in item.media
    ]
    return replace(
        item,
        ref=replace(item.ref, key=f"{session}/{item.ref.key}", session_key=session),
        interaction=replace(
            item.interaction, key=f"{session}/{item.interaction.key}", session_key=session
        ),
        media=tuple(files),
    )


def test_two_nodes_that_amend_one_contact_at_once_lose_no_revision(world):
    nodes = [world.node("alpha"), world.node("beta")]
    commit(nodes[0], part(0))

    def bring(number):
        commit(nodes[number % 2], part(number, key=f"talk-{number % 4}", minute=number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(bring, range(1, 21)))
    told = nodes[1].contact_revisions("ses-1")
    assert [one.row.revision for one in told] == list(range(1, 22))
    assert {one.row.updated_by for one in told} == {"alpha", "beta"}
    keys = [key for one in told for key in one.added_media]
    assert sorted(keys) == sorted(f"med-rec-{number}" for number in range(21))
    for one in told:
        detail = nodes[0].contact("ses-1", one.row.revision)
        assert len(detail.media) == one.row.media == one.row.revision
        assert len(detail.interactions) == one.row.interactions


# -- finding one by the start of its id ----


def found(db, name):
    return [row.session_key for row in db.contacts_called(name)]


def test_a_contact_is_called_by_its_id_its_session_or_the_start_of_one(db):
    commit(db, an_item("a", session="abc-1"), an_item("b", session="abd-2"))
    row = db.contact("abc-1").row
    assert found(db, "abc-1") == found(db, "abc") == ["abc-1"]
    assert found(db, row.contact_id) == found(db, row.contact_id[:12]) == ["abc-1"]
    assert sorted(found(db, "ab")) == ["abc-1", "abd-2"]
    assert found(db, "bc-1") == found(db, "no/body") == found(db, "") == []


def test_a_whole_id_is_no_start_of_another(db):
    commit(db, an_item("a", session="call"), an_item("b", session="call-2"))
    assert found(db, "call") == ["call"]


def test_many_that_begin_alike_are_cut_short(db):
    commit(db, *(an_item(f"r{number}", session=f"like {number:02d}") for number in range(15)))
    assert len(found(db, "like ")) == 10


@pytest.mark.parametrize("name", ["/", "%", "_", "'", "\0", "\ud800", "like*", "\U0010ffff"])
def test_a_name_is_no_pattern(db, name):
    commit(db, an_item("a", session="like this"))
    assert found(db, name) == []


def test_contacts_are_listed_by_the_start_of_their_id(db):
    commit(db, an_item("a", session="abc-1"), an_item("b", session="abd-2"))
    row = db.contact("abc-1").row
    assert db.contacts(ContactQuery(text=row.contact_id[:12])).rows == (row,)
