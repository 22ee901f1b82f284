"""Which items a hash, an attribute or an id in one leads to, over memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from tests.calls import a_file, an_interaction, an_item, names_of
from tests.contract.finding_dbs import findings_world


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def world(request, tmp_path):
    world = findings_world(request.param, request, tmp_path)
    yield world
    world.close()


@pytest.fixture
def db(world):
    return world.findings("alpha")


@pytest.fixture
def contacts(world):
    return world.node("alpha")


def test_items_are_found_by_the_hash_of_a_file_and_by_an_attribute(db, contacts):
    one, other = an_item(files=[a_file("med-1")]), an_item("rec-2", session="ses-2")
    contacts.commit([one, other], names_of(one, other))
    assert [row.ref.key for row in db.items_behind("AB" * 32, 10)] == ["rec-1", "rec-2"]
    assert [row.ref.key for row in db.items_behind("ab" * 32, 1)] == ["rec-1"]
    assert [row.ref.key for row in db.items_behind("sales", 10)] == ["rec-1", "rec-2"]
    for text in ("cd" * 32, "sale", "queue", '"', "%", "\\", "sales%", ""):
        assert db.items_behind(text, 10) == ()


def with_attributes(key, **attributes):
    return an_item(key, interaction=replace(an_interaction(), attributes=attributes))


def test_an_id_in_an_attribute_is_found_with_any_sign_in_it(db, contacts):
    one = with_attributes("rec-1", ticket='CAS-00%7_\\"', queue="sales")
    contacts.commit([one], names_of(one))
    assert [row.ref.key for row in db.items_behind('CAS-00%7_\\"', 10)] == ["rec-1"]
    for text in ("CAS-00%7_", "cas-00%7_", "CAS-00", "CAS-0017_"):
        assert db.items_behind(text, 10) == ()


def test_an_id_that_a_later_part_replaced_is_found_no_more(db, contacts):
    first, later = (
        with_attributes("rec-1", ticket="CAS-0001"),
        with_attributes("rec-2", ticket="CAS-0002"),
    )
    for one in (first, later):
        contacts.commit([one], names_of(one))
    (whole,) = contacts.contact(first.ref.session_key).interactions
    held = whole.attributes["ticket"]
    assert db.items_behind(held, 10) != ()
    assert db.items_behind({"CAS-0001", "CAS-0002"}.difference({held}).pop(), 10) == ()
