"""What the data access service promises, over SQL and in memory: SqlDas and MemoryDas."""

import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.das import SqlDas
from recorder.errors import BadCursor
from recorder.model import Window
from recorder.records.das import DasQuery, first_place
from sim.tables.das import MemoryDas
from tests.calls import START_US, a_file, an_interaction, an_item, names_of
from tests.contract.contact_dbs import MemoryWorld, SqlWorld, sqlite_world

MINUTE_US = 60_000_000


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


@pytest.fixture
def das(world):
    if isinstance(world, MemoryWorld):
        yield MemoryDas(world._store)
        return
    engine = open_engine(world.url)
    yield SqlDas(engine)
    engine.dispose()


def call(session, minute, *, part="", source="dyn"):
    """A call that began at a minute; other parts of it make it begin earlier or end later."""
    key = f"{session}{part}"
    began_us = START_US + minute * MINUTE_US
    return an_item(
        f"rec-{key}",
        source=source,
        session=session,
        interaction=an_interaction(f"int-{key}", session=session, started_us=began_us),
        files=[a_file(f"med-{key}", started_us=began_us)],
    )


def commit(db, *items):
    db.commit(items, names_of(*items))


def pages(das, query):
    """Every page, until there is no other."""
    while True:
        page = das.contacts(query)
        yield page
        if page.next is None:
            return
        query = replace(query, after=page.next)


def sessions(page):
    return [one.row.session_key for one in page.contacts]


def told(das, query):
    return [name for page in pages(das, query) for name in sessions(page)]


def window(begin, end):
    return Window(START_US + begin * MINUTE_US, START_US + end * MINUTE_US)


def test_nothing_is_told_of_an_empty_database(das):
    page = das.contacts(DasQuery())
    assert (page.contacts, page.next) == ((), None)


def test_contacts_are_told_as_they_began(db, das):
    commit(db, call("b", 2), call("a", 3), call("c", 1))
    assert told(das, DasQuery(limit=1)) == ["c", "b", "a"]
    assert told(das, DasQuery(limit=2)) == ["c", "b", "a"]
    assert told(das, DasQuery()) == ["c", "b", "a"]


def test_a_period_and_a_source_choose(db, das):
    commit(db, call("a", 1), call("b", 2), call("c", 3), call("z", 2, source="zoom"))
    assert told(das, DasQuery(window=window(2, 3))) in (["b", "z"], ["z", "b"])
    assert told(das, DasQuery(source="dyn", window=window(2, 4))) == ["b", "c"]
    assert told(das, DasQuery(source="zoom")) == ["z"]
    assert told(das, DasQuery(source="nobody")) == []


def test_a_page_holds_no_more_than_was_asked_for(db, das):
    commit(db, *(call(f"s{n}", n) for n in range(7)))
    found = [sessions(page) for page in pages(das, DasQuery(limit=3))]
    assert [len(page) for page in found] == [3, 3, 1]


def test_ids_may_be_of_contacts_sessions_or_items(db, das):
    commit(db, call("a", 1), call("b", 2), call("c", 3), call("d", 4))
    (a,) = das.contacts(DasQuery(ids=("a",))).contacts
    ids = (a.row.contact_id, "b", "rec-c", "no-such", "rec-")
    assert sorted(told(das, DasQuery(ids=ids))) == ["a", "b", "c"]
    assert sorted(told(das, DasQuery(ids=ids, limit=1))) == ["a", "b", "c"]
    assert told(das, DasQuery(ids=ids, window=window(2, 3))) == ["b"]
    assert told(das, DasQuery(ids=ids, source="zoom")) == []


def test_items_and_media_are_told_when_asked_for(db, das):
    commit(db, call("a", 2), call("a", 1, part="+"), call("b", 3))
    plain = das.contacts(DasQuery()).contacts
    assert all(one.items == () and one.media == () for one in plain)
    a, b = das.contacts(DasQuery(items=True, media=True)).contacts
    assert [item.key for item in a.items] == ["rec-a", "rec-a+"]
    assert [item.key for item in b.items] == ["rec-b"]
    assert (a.items[0].version, a.items[0].changed_us) == ("v1", START_US)
    assert a.items[0].archived_us == a.row.updated_us
    assert [media.media_key for media in a.media] == ["med-a+", "med-a"]
    assert a.row == db.contact("a").row


@pytest.mark.parametrize("cursor", ["", "nonsense", "WzEsMl0", "WyJhIl0"])
def test_a_cursor_that_nobody_gave_out_is_refused(das, cursor):
    with pytest.raises(BadCursor):
        das.contacts(DasQuery(after=cursor))


def test_a_cursor_of_a_list_by_ids_is_none_of_a_list_by_period(db, das):
    commit(db, call("a", 1), call("b", 2))
    cursor = das.contacts(DasQuery(ids=("a", "b"), limit=1)).next
    with pytest.raises(BadCursor):
        das.contacts(DasQuery(after=cursor))


def test_who_begins_earlier_than_was_known_is_not_missed(db, das):
    """It jumps over the cursor, from what is still to be told to what was told."""
    commit(db, call("a", 10), call("b", 20), call("c", 30))
    first, *_ = pages(das, DasQuery(limit=2))
    assert sessions(first) == ["a", "b"]
    commit(db, call("c", 1, part="+"))
    last = das.contacts(DasQuery(limit=2, after=first.next))
    assert sessions(last) == ["c"]
    assert last.contacts[0].row.revision == 2, "as it is now"
    assert last.next is None


def test_who_is_told_and_changes_is_not_told_again(db, das):
    commit(db, call("a", 10), call("b", 20), call("c", 30))
    first, *_ = pages(das, DasQuery(limit=1))
    commit(db, call("a", 40, part="+"), call("b", 5, part="+"))
    assert told(das, DasQuery(limit=1, after=first.next)) == ["b", "c"]


def test_who_begins_outside_of_the_period_by_now_has_left_it(db, das):
    commit(db, call("a", 10), call("b", 20))
    commit(db, call("b", 1, part="+"))
    assert told(das, DasQuery(window=window(5, 30))) == ["a"]
    assert told(das, DasQuery(window=window(0, 5))) == ["b"]


def test_the_first_place_inside_the_period_stays():
    assert first_place([5], Window(0, 10)) == 5
    assert first_place([20, 5, 3], Window(0, 10)) == 5
    assert first_place([5, 20], Window(0, 10)) is None
    assert first_place([20, 5, 3], Window(0, 10)) == first_place([20, 5, 3, 7], Window(0, 10))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("part"), st.integers(0, 5), st.integers(0, 12)),
        st.tuples(st.just("page"), st.just(0), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    before=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 12)), max_size=8),
    steps=STEPS,
    limit=st.integers(1, 3),
    bounds=st.sampled_from([None, (0, 13), (3, 9)]),
)
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_whoever_stays_is_told_exactly_once_whatever_is_written_between_pages(
    kind, tmp_path_factory, *, before, steps, limit, bounds
):
    world = MemoryWorld() if kind == "memory" else sqlite_world(tmp_path_factory.mktemp("das"))
    db = world.node("alpha")
    engine = None if kind == "memory" else open_engine(world.url)
    das = MemoryDas(world._store) if engine is None else SqlDas(engine)
    chosen = None if bounds is None else window(*bounds)
    parts = 0

    def write(session, minute):
        nonlocal parts
        parts += 1
        commit(db, call(f"s{session}", minute, part=f"+{parts}"))

    def selected():
        return set(told(das, DasQuery(window=chosen)))

    for session, minute in before:
        write(session, minute)
    stayed, ever = selected(), selected()
    query, seen, over = DasQuery(window=chosen, limit=limit), [], False
    for what, session, minute in [*steps, *[("page", 0, 0)] * 200]:
        if what == "part":
            write(session, minute)
            if not over:
                stayed &= selected()
                ever |= selected()
        elif not over:
            page = das.contacts(query)
            seen += sessions(page)
            over = page.next is None
            query = replace(query, after=page.next)
    assert over
    assert len(seen) == len(set(seen)), "told twice"
    assert stayed <= set(seen), "missed"
    assert set(seen) <= ever, "never in the selection"
    world.close()
    if engine is not None:
        engine.dispose()


def test_nobody_is_missed_or_told_twice_while_two_nodes_write(world, das):
    nodes = [world.node("alpha"), world.node("beta")]
    commit(nodes[0], *(call(f"s{n:02}", 2 * n + 50) for n in range(40)))
    over = threading.Event()

    def write(number):
        for turn in range(200):
            if over.is_set():
                return
            n = (turn * 7 + number * 3) % 40
            minute = (turn * 13 + number * 29) % 140
            commit(nodes[number], call(f"s{n:02}", minute, part=f"+{number}.{turn}"))

    writers = [threading.Thread(target=write, args=(n,)) for n in range(2)]  # noqa: TID251 - real concurrency
    for writer in writers:
        writer.start()
    try:
        for _ in range(6):
            seen = told(das, DasQuery(limit=3, items=True))
            assert sorted(seen) == [f"s{n:02}" for n in range(40)]
    finally:
        over.set()
        for writer in writers:
            writer.join()
