import json

from recorder.records.contacts import ContactQuery
from sim.bench.growth import Database, run


def test_a_database_grows_to_a_size_with_keys_of_their_own(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/contacts.db")
    database.grow_to(3_000)
    assert sum(database.db.item_counts().values()) == 3_000
    found = database.db.contacts(ContactQuery(limit=1000))
    assert len({row.contact_id for row in found.rows}) == 1000
    database.engine.dispose()


def test_every_question_is_measured_at_every_size(tmp_path):
    rows = run((1_000, 2_000), f"sqlite:///{tmp_path}/contacts.db", tmp_path)
    assert len(rows) == 16
    assert {row["contacts"] for row in rows} == {1_000, 2_000}
    written = json.loads((tmp_path / "growth.json").read_text())
    assert [row["name"] for row in written["rows"]] == [row["name"] for row in rows]
