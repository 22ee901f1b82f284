"""Searches among what is frequent: walked in steps, with the same answers as by index."""

from dataclasses import replace

import pytest

from recorder.adapters.contact_db import contact_search
from recorder.model import Window
from recorder.records.contacts import ContactQuery
from tests.calls import START_US, a_party, an_interaction, an_item, names_of
from tests.contract.contact_dbs import MemoryWorld, sqlite_world

CALLS = 60


def a_call(number):
    parties = [
        a_party(1, name=f"Agent {number % 3}"),
        a_party(2, role="customer", name="Carl", phone=f"+49{number % 7}"),
    ]
    started_us = START_US + (number * 7 % CALLS) * 1_000_000
    call = an_interaction(
        f"int-{number}", session=f"ses-{number}", started_us=started_us, parties=parties
    )
    return an_item(f"rec-{number}", session=f"ses-{number}", interaction=call)


@pytest.fixture(autouse=True, params=[3, 15, 1000])
def some_max(request, monkeypatch):
    """Everything is frequent; of that none, some or all may still be looked up."""
    monkeypatch.setattr(contact_search, "RARE_MAX", 3)
    monkeypatch.setattr(contact_search, "SOME_MAX", request.param)
    monkeypatch.setattr(contact_search, "LOOKED_FIRST", 4)
    monkeypatch.setattr(contact_search, "_STEP", 4)
    monkeypatch.setattr(contact_search, "_STEP_MAX", 16)
    return request.param


@pytest.fixture
def both(tmp_path):
    """The same calls in a database and in memory."""
    worlds = [sqlite_world(tmp_path), MemoryWorld()]
    dbs = [world.node("alpha") for world in worlds]
    items = [a_call(number) for number in range(CALLS)]
    for db in dbs:
        db.commit(items, names_of(*items))
    yield dbs
    for world in worlds:
        world.close()


def pages(db, query):
    found, seen = [], []
    while True:
        page = db.contacts(query)
        found += [row.session_key for row in page.rows]
        seen.append(page)
        if page.next is None:
            return found, seen
        query = replace(query, after=page.next)


QUERIES = [
    ContactQuery(agent="agent 1"),
    ContactQuery(agent="agent", number="+493"),
    ContactQuery(text="carl", source="dyn"),
    ContactQuery(text="ses-1", window=Window(START_US, START_US + 30_000_000)),
    ContactQuery(text="rec-2", agent="agent 2"),
    ContactQuery(number="+49", window=Window(START_US + 5_000_000, START_US + 6_000_000)),
    ContactQuery(agent="nobody"),
    ContactQuery(agent="agent 0", number="+49 no such"),
]


@pytest.mark.parametrize("limit", [1, 5, 100])
@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_a_walk_finds_what_memory_finds(both, query, limit):
    real, memory = both
    asked = replace(query, limit=limit)
    assert pages(real, asked)[0] == pages(memory, asked)[0]


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_short_steps_find_the_same_and_say_how_far_they_looked(both, query):
    real, memory = both
    found, seen = pages(real, replace(query, limit=5, rows_max=4))
    assert found == pages(memory, query)[0]
    for page in seen:
        if page.searched_us is not None:
            assert page.next is not None
            assert all(row.started_us >= page.searched_us for row in page.rows)
    ends = [page.searched_us for page in seen if page.searched_us is not None]
    assert ends == sorted(ends, reverse=True)


def test_what_is_rare_is_found_at_once_however_few_contacts_may_be_looked_at(both):
    page = both[0].contacts(ContactQuery(text="ses-17", rows_max=1))
    assert [row.session_key for row in page.rows] == ["ses-17"]
    assert page.next is None


OLD_AND_NEW = ContactQuery(agent="agent 1", number="+491", rows_max=4)


def test_two_frequent_words_that_seldom_meet_are_found_in_one_answer(both, some_max):
    real, memory = both
    found, seen = pages(real, OLD_AND_NEW)
    assert found == pages(memory, OLD_AND_NEW)[0]
    assert len(found) == 3
    walked = [page for page in seen if page.searched_us is not None]
    assert bool(walked) is (some_max == 3), "only what may not be looked up is walked"


def test_one_frequent_word_that_is_absent_lately_is_found_in_one_answer(both, some_max):
    real, memory = both
    asked = ContactQuery(number="+496", rows_max=4)
    found, seen = pages(real, asked)
    assert found == pages(memory, asked)[0]
    assert [page.searched_us is None for page in seen] == [True] or some_max == 3
