import json
from itertools import pairwise

import pytest
from sqlalchemy import text

from recorder.model import Window
from sim.bench.growth import START_US, Database
from sim.bench.memory import peak_mb
from sim.bench.period_source import EVERY, PeriodSource, a_missing_call, spread
from sim.bench.recovery import run
from tests.recorder.hand_clock import HandClock


def listed(source, window):
    refs, page = [], None
    while True:
        found = source.list_items(window, page)
        refs += found.items
        page = found.next_page
        if page is None:
            return refs


def _instants(database):
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT item_key, changed_us FROM items")).all()


@pytest.fixture
def source():
    return PeriodSource(size=3_000, page_size=700, clock=HandClock())


def test_a_period_lists_the_calls_of_the_database_but_for_every_thousandth(source, tmp_path):
    database = Database(f"sqlite:///{tmp_path}/contacts.db")
    database.grow_to(3_000)
    spread(database)
    refs = listed(source, source.window)
    missing = database.db.unfinished(refs)
    known = dict(_instants(database))
    database.engine.dispose()
    assert [known[ref.key] for ref in refs if ref.key in known] == [
        ref.changed_us for ref in refs if ref.key in known
    ]
    assert len({ref.key for ref in refs}) == 3_000
    assert [ref.key for ref in missing] == [f"lost-{n:09d}" for n in range(EVERY - 1, 3_000, EVERY)]


def test_parts_of_a_period_list_every_record_once_in_order(source):
    whole = source.window
    edges = [whole.from_us, whole.from_us + 1, START_US + 10**12 + 7, whole.to_us - 1, whole.to_us]
    parts = [listed(source, Window(a, b)) for a, b in pairwise(edges)]
    assert [ref for part in parts for ref in part] == listed(source, whole)
    stamps = [ref.changed_us for part in parts for ref in part]
    assert stamps == sorted(stamps)


def test_what_the_listing_takes_is_told_apart(source):
    listed(source, source.window)
    assert source.pages == 5
    assert source.spent_s > 0


def test_missing_calls_are_what_was_listed_and_have_files_of_their_own(source):
    refs = [source.record(number * EVERY - 1) for number in (1, 2)]
    calls = [a_missing_call(ref) for ref in refs]
    assert [call.ref for call in calls] == refs
    assert len({call.media[0].ref.key for call in calls}) == 2


def test_memory_is_that_of_this_process():
    assert 10 < peak_mb() < 5_000


def test_a_small_period_gives_every_figure(tmp_path, capsys):
    rows = run(2_000, live=False, pages=(500,), alone_s=0.3, results=tmp_path)
    assert [row["name"] for row in rows] == [
        "recovery, 500 a page",
        "two sets by sql, 500 a page",
        "two sets by das, 500 a page",
    ]
    ours = rows[0]
    assert (ours["detected"], ours["recovered"]) == (2_000, 2)
    assert all(row["difference_s"] > 0 and row["memory_more_mb"] > 0 for row in rows)
    assert all(row["times_ours"] > 0 for row in rows[1:])
    assert all(row["missing"] == 2 for row in rows[1:])
    kept = json.loads((tmp_path / "recovery.json").read_text())
    assert kept["rows"] == rows
    assert kept["contacts"] == 2_000
    assert "Recovery of a period with 2,000 records (sqlite)" in capsys.readouterr().out
