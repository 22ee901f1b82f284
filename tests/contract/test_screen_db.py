"""What the record of screens promises, in SQL and in memory: SqlScreenDb and MemoryScreenDb."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.screens import SqlScreenDb
from recorder.model import Window
from recorder.scn.model import Rendition
from sim.tables.screens import MemoryScreenDb, ScreenTables
from tests.databases import migrated
from tests.screens import T0_US, a_part, a_stream

ALWAYS = Window(0, 2**62)
ONE, TWO, THREE = ("ab" * 16, "cd" * 16, "ef" * 16)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    """Opens it, as each node does."""
    if request.param == "memory":
        tables = ScreenTables()
        yield lambda: MemoryScreenDb(tables)
        return
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)
    engines = []

    def opened():
        engines.append(open_engine(url))
        return SqlScreenDb(engines[-1])

    yield opened
    for engine in engines:
        engine.dispose()


@pytest.fixture
def db(world):
    return world()


def a_rendition(digest="d1", *, contact="c1", number=0, **facts):
    made = Rendition(
        contact_id=contact,
        number=number,
        digest=digest,
        media_type="video/webm",
        object_key=f"renditions/{contact}/{digest}/rendition.webm",
        size_bytes=10,
        sha256="ab" * 32,
        peaks_key=f"renditions/{contact}/{digest}/peaks.json",
        timeline_key=f"renditions/{contact}/{digest}/timeline.json",
        duration_ms=1234,
        has_screen=True,
        has_audio=False,
        made_us=T0_US,
        made_by="alpha",
    )
    return replace(made, **facts)


def test_a_part_is_told_as_it_was_recorded_to_each_of_its_agents(db):
    part = a_part(stream=a_stream(agents=("dyn/ag-1", "zoom/7")))
    db.record_parts([part])
    assert db.parts(["dyn/ag-1"], ALWAYS) == (part,)
    assert db.parts(["zoom/7", "dyn/ag-1"], ALWAYS) == (part,)
    assert db.parts(["zoom/ag-1"], ALWAYS) == ()
    assert db.parts([], ALWAYS) == ()


def test_a_part_recorded_again_stays_as_it_is(db):
    db.record_parts([a_part()])
    db.record_parts([a_part(stored_us=T0_US + 5), a_part(TWO)])
    db.record_parts([])
    assert [part.stored_us for part in db.parts(["dyn/ag-1"], ALWAYS)] == [T0_US, T0_US]


@pytest.mark.parametrize(
    ("from_s", "to_s", "found"), [(0, 9, False), (0, 10.1, True), (20, 30, True), (20.1, 30, False)]
)
def test_parts_that_touch_a_period_are_found(db, from_s, to_s, found):
    db.record_parts([a_part(from_s=10, to_s=20)])
    window = Window(T0_US + round(from_s * 1e6), T0_US + round(to_s * 1e6))
    assert bool(db.parts(["dyn/ag-1"], window)) is found


def test_parts_come_by_stream_and_then_by_their_first_frame(db):
    parts = [
        a_part(ONE, stream=a_stream("s-2"), from_s=1),
        a_part(TWO, stream=a_stream("s-1"), from_s=9, to_s=12),
        a_part(THREE, stream=a_stream("s-1"), from_s=3),
    ]
    db.record_parts(parts)
    assert [part.part_key for part in db.parts(["dyn/ag-1"], ALWAYS)] == [THREE, TWO, ONE]


def test_what_is_forgotten_is_not_listed_and_does_not_come_back(db):
    db.record_parts([a_part(), a_part(TWO)])
    db.forget_part(ONE, "masked")
    db.forget_part(ONE, "again")
    db.forget_part(THREE, "never there")
    db.record_parts([a_part()])
    assert [part.part_key for part in db.parts(["dyn/ag-1"], ALWAYS)] == [TWO]
    assert [part.part_key for part in db.parts_stored_since(0, 10)] == [TWO]
    assert db.known([ONE, TWO, THREE]) == {ONE, TWO}


def test_newly_arrived_parts_come_in_the_order_they_arrived_page_by_page(db):
    db.record_parts([a_part(ONE, stored_us=T0_US + 2), a_part(TWO, stored_us=T0_US + 1)])
    db.record_parts([a_part(THREE, stored_us=T0_US + 2)])
    found = db.parts_stored_since(T0_US + 1, 2)
    assert [part.part_key for part in found] == [TWO, ONE]
    assert [part.part_key for part in db.parts_stored_since(T0_US + 2, 9)] == [ONE, THREE]


def test_renditions_of_a_contact_are_counted_from_one(db):
    assert db.renditions("c1") == ()
    first = db.record_rendition(a_rendition("d1"))
    second = db.record_rendition(a_rendition("d2", has_audio=True))
    assert (first.number, second.number) == (1, 2)
    assert db.renditions("c1") == (first, second)
    assert second == a_rendition("d2", has_audio=True, number=2)
    assert db.record_rendition(a_rendition("d1", contact="c2")).number == 1


def test_the_same_rendition_is_never_there_twice(db):
    first = db.record_rendition(a_rendition("d1"))
    assert db.record_rendition(a_rendition("d1", made_us=T0_US + 9)) == first
    assert db.renditions("c1") == (first,)


def test_two_nodes_that_record_at_once_take_different_numbers(world):
    nodes = [world(), world()]

    def record(number):
        return nodes[number % 2].record_rendition(a_rendition(f"d{number}")).number

    with ThreadPoolExecutor(2) as pool:
        numbers = list(pool.map(record, range(8)))
    assert sorted(numbers) == list(range(1, 9))


def test_forgotten_renditions_leave_nothing(db):
    db.record_rendition(a_rendition("d1"))
    db.record_rendition(a_rendition("d1", contact="c2"))
    db.forget_renditions("c1")
    db.forget_renditions("c1")
    assert db.renditions("c1") == ()
    assert len(db.renditions("c2")) == 1


def test_objects_on_record_are_no_strays(db):
    part, made = a_part(), a_rendition()
    db.record_parts([part, a_part(TWO)])
    db.record_rendition(made)
    db.forget_part(TWO, "masked")
    mine = {part.object_key, made.object_key, made.peaks_key, made.timeline_key}
    asked = [*mine, a_part(TWO).object_key, "screens/no/no.scn"]
    assert db.objects_known(asked) == mine
