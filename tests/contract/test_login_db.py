"""What every store of ended logins promises: SqlLoginDb and MemoryLoginDb."""

import pytest

from recorder.adapters.contact_db import open_engine
from recorder.adapters.contact_db.logins import KEPT_US, SqlLoginDb
from sim.tables.logins import LoginStore, MemoryLoginDb
from tests.databases import migrated

NOW_US = 1_700_000_000_000_000
HOUR_US = 3_600_000_000


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def nodes(request, tmp_path):
    """The stores of two nodes over one Data Center."""
    if request.param == "memory":
        store = LoginStore()
        yield MemoryLoginDb(store), MemoryLoginDb(store)
        return
    url = f"sqlite:///{tmp_path / 'contacts.db'}"
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
    else:
        migrated(url)
    engines = open_engine(url), open_engine(url)
    yield tuple(map(SqlLoginDb, engines))
    for engine in engines:
        engine.dispose()


def test_what_one_node_ends_the_other_knows(nodes):
    alpha, beta = nodes
    assert beta.ended_logins(NOW_US) == frozenset()
    alpha.end_login("a" * 32, NOW_US + HOUR_US, NOW_US)
    assert beta.ended_logins(NOW_US) == {"a" * 32}


def test_ending_one_twice_is_ending_it_once(nodes):
    for db in nodes:
        db.end_login("a", NOW_US + HOUR_US, NOW_US)
    assert nodes[0].ended_logins(NOW_US) == {"a"}


def test_what_is_long_over_is_forgotten_and_nothing_else(nodes):
    alpha, beta = nodes
    alpha.end_login("old", NOW_US, NOW_US)
    later_us = NOW_US + KEPT_US + 1
    assert alpha.ended_logins(NOW_US + KEPT_US) == {"old"}, "clocks of a pair may differ"
    assert alpha.ended_logins(later_us) == frozenset()
    beta.end_login("new", later_us + HOUR_US, later_us)
    assert alpha.ended_logins(NOW_US) == {"new"}
