"""What every contact database promises about contacts: one per session, whatever the order."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recorder.errors import DataCenterError
from recorder.model import Window
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


def test_a_contact_shows_what_was_committed(world, db):
    item = an_item()
    commit(db, item)
    detail = db.contact("ses-1")
    row = detail.row
    assert (row.source, row.session_key, row.direction, row.channel) == (
        "dyn",
        "ses-1",
        "inbound",
        "voice",
    )
    assert (row.started_us, row.ended_us) == (START_US, START_US + 60_000_000)
    assert row.parties == ("Ada Agent", "Carl Customer")
    assert (row.interactions, row.media, row.size_bytes) == (1, 1, 1000)
    assert row.updated_us == world.clock.wall_us()
    (interaction,) = detail.interactions
    assert replace(interaction, media=()) == item.interaction
    (ref,) = interaction.media
    assert (ref.key, ref.size_bytes, ref.sha256) == ("med-rec-1", 1000, "ab" * 32)
    (media,) = detail.media
    assert (media.object_key, media.stored_by, media.interaction_key) == (
        "dyn/med-rec-1",
        "alpha",
        "int-rec-1",
    )
    assert db.contact(row.contact_id) == detail
    assert db.contact("no-such") is None


def test_a_late_second_recording_extends_the_contact(world, db):
    first = an_item("a", interaction=an_interaction("int-1"))
    commit(db, first)
    before = db.contact("ses-1").row
    world.clock.advance(3600)
    later = an_interaction("int-2", started_us=START_US + 90_000_000, parties=[a_party(3)])
    commit(world.node("beta"), an_item("b", interaction=later))
    after = db.contact("ses-1").row
    assert after.contact_id == before.contact_id
    assert (after.interactions, after.media, after.size_bytes) == (2, 2, 2000)
    assert after.ended_us == START_US + 150_000_000
    assert after.parties == ("Ada Agent", "Carl Customer", "Party 3")
    assert after.updated_us == world.clock.wall_us()
    assert len(db.contacts(ContactQuery()).rows) == 1


def test_two_recordings_of_one_interaction_share_it(db):
    interaction = an_interaction("int-1")
    commit(db, an_item("a", interaction=interaction), an_item("b", interaction=interaction))
    (shared,) = db.contact("ses-1").interactions
    assert [ref.key for ref in shared.media] == ["med-a", "med-b"]


def test_repeating_a_commit_changes_nothing_at_all(world, db):
    commit(db, an_item())
    before = (db.contact("ses-1"), db.item("dyn", "rec-1"))
    world.clock.advance(60)
    commit(world.node("beta"), an_item())
    assert (db.contact("ses-1"), db.item("dyn", "rec-1")) == before


def test_a_media_file_is_stored_once_whatever_comes_again(db):
    commit(db, an_item("a", files=[a_file("same")]))
    commit(db, an_item("b", files=[a_file("same", size_bytes=999)]))
    (media,) = db.contact("ses-1").media
    assert media.size_bytes == 1000
    assert db.contact("ses-1").row.size_bytes == 1000


def test_an_item_listed_before_its_conversation_was_linked_joins_the_contact_it_is_described_in(db):
    talk = an_interaction("talk", session="talk")
    early = an_item("early", session="early", interaction=talk)
    late = an_item("late", session="talk", interaction=talk)
    commit(db, early)
    commit(db, late)
    (row,) = db.contacts(ContactQuery()).rows
    assert (row.session_key, row.interactions, row.media) == ("talk", 1, 2)
    (item,) = db.item("dyn", "early")
    assert (item.ref.session_key, item.contact_id) == ("talk", row.contact_id)
    assert [one.media_key for one in db.contact("talk").media] == ["med-early", "med-late"]


def test_a_description_without_a_session_leaves_the_item_with_the_listed_one(db):
    commit(db, an_item(session="listed", interaction=an_interaction("int-1", session="")))
    detail = db.contact("listed")
    assert [one.session_key for one in detail.interactions] == ["listed"]


def test_a_contact_whose_interaction_stayed_with_another_contact_can_be_read(db):
    commit(db, an_item("a", session="one", interaction=an_interaction("int-1", session="one")))
    commit(db, an_item("b", session="two", interaction=an_interaction("int-1", session="two")))
    assert [one.media_key for one in db.contact("one").media] == ["med-a"]
    assert [one.media_key for one in db.contact("two").media] == ["med-b"]


def test_the_same_session_at_two_sources_is_two_contacts(db):
    commit(db, an_item(source="one"), an_item(source="two"))
    assert {row.source for row in db.contacts(ContactQuery()).rows} == {"one", "two"}
    assert db.contact("ses-1").row.source == "one"


PARTS = tuple(
    an_item(
        f"rec-{n}",
        version=f"v{n % 2}",
        interaction=an_interaction(
            f"int-{n % 3}",
            started_us=START_US + (n * 7 % 5) * 1_000_000,
            parties=[a_party(n), a_party(n + 1, role="customer", name=f"Name {n}")],
            subject=f"subject {n % 2}",
        ),
    )
    for n in range(5)
)


@pytest.fixture(scope="module")
def sqlite_pair(tmp_path_factory):
    world = sqlite_world(tmp_path_factory.mktemp("orders"))
    yield world
    world.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    order=st.lists(st.sampled_from(range(5)), min_size=0, max_size=6),
    last=st.permutations(range(5)),
    cut=st.integers(1, 5),
    number=st.integers(0, 2**64),
)
def test_any_order_and_repetition_of_the_parts_gives_the_same_contact(
    sqlite_pair, order, last, cut, number
):
    session = f"session {number}"
    parts = [in_session(PARTS[n], session) for n in (*order, *last)]
    memory = MemoryWorld().node("alpha")
    commit(memory, *(in_session(part, session) for part in PARTS))
    nodes = [sqlite_pair.node("alpha"), sqlite_pair.node("beta")]
    for start in range(0, len(parts), cut):
        commit(nodes[start % 2], *parts[start : start + cut])
    assert told(nodes[0].contact(session)) == told(memory.contact(session))
    for node in nodes:
        node.close()


def in_session(item, session):
    """The item in another session, so that one database serves all examples."""
    prefix = f"{session}/"
    files = [
        replace(one, ref=replace(one.ref, key=prefix + one.ref.key.removeprefix(prefix)))
        for one in item.media
    ]
    return replace(
        item,
        ref=replace(item.ref, key=prefix + item.ref.key.removeprefix(prefix), session_key=session),
        interaction=replace(
            item.interaction,
            key=prefix + item.interaction.key.removeprefix(prefix),
            session_key=session,
        ),
        media=tuple(files),
    )


def told(detail):
    """Everything but who did it and when, and in how many commits."""
    media = [replace(one, stored_us=0, stored_by="", revision=0) for one in detail.media]
    row = replace(detail.row, updated_us=0, updated_by="", revision=0)
    return row, detail.interactions, media


# -- lists ----


def a_call(n, **more):
    """One contact an hour after the one before."""
    interaction = an_interaction(
        f"int-{n}", session=f"ses-{n}", started_us=START_US + n * 3_600_000_000, **more
    )
    return an_item(f"rec-{n}", session=f"ses-{n}", interaction=interaction)


def keys(page):
    return [row.session_key for row in page.rows]


def test_contacts_are_listed_newest_first_in_a_window(db):
    commit(db, *(a_call(n) for n in range(4)))
    assert keys(db.contacts(ContactQuery())) == ["ses-3", "ses-2", "ses-1", "ses-0"]
    window = Window(START_US + 3_600_000_000, START_US + 3 * 3_600_000_000)
    assert keys(db.contacts(ContactQuery(window=window))) == ["ses-2", "ses-1"]
    assert keys(db.contacts(ContactQuery(source="other"))) == []


def test_pages_of_contacts_hold_each_once_while_others_arrive(db):
    commit(db, *(a_call(n) for n in range(7)))
    seen, after = [], None
    while True:
        page = db.contacts(ContactQuery(after=after, limit=3))
        seen += keys(page)
        if page.next is None:
            break
        after = page.next
        commit(db, a_call(100 + len(seen)))
    assert seen == [f"ses-{n}" for n in range(6, -1, -1)]


def test_contacts_of_one_instant_are_paged_without_loss(db):
    items = [
        an_item(f"rec-{n}", session=f"ses-{n}", interaction=an_interaction("x", session=f"ses-{n}"))
        for n in range(5)
    ]
    items = [replace(i, interaction=replace(i.interaction, key=f"int-{i.ref.key}")) for i in items]
    commit(db, *items)
    seen, after = [], None
    while after is not None or not seen:
        page = db.contacts(ContactQuery(after=after, limit=2))
        seen += keys(page)
        after = page.next
        if after is None:
            break
    assert sorted(seen) == [f"ses-{n}" for n in range(5)]


def test_a_call_that_names_no_instant_is_listed_last(db):
    silent = replace(an_interaction("int-9", session="ses-9"), started_us=None, ended_us=None)
    silent = replace(silent, segments=())
    commit(db, a_call(1), an_item("rec-9", session="ses-9", interaction=silent))
    assert keys(db.contacts(ContactQuery())) == ["ses-1", "ses-9"]


@pytest.mark.parametrize(
    "text",
    ["Grete", "grete m", "GRETE MÜLLER", "+49 177", "ses-2", "med-rec-2", "rec-2", "Grete Müller"],
)
def test_contacts_are_found_by_the_beginning_of_names_numbers_and_keys(db, text):
    wanted = a_party(5, name="Grete Müller", phone="+49 177 42")
    commit(db, a_call(1), a_call(2, parties=[wanted]), a_call(3))
    assert keys(db.contacts(ContactQuery(text=text))) == ["ses-2"]


def test_contacts_are_found_by_who_took_part_and_by_number(db):
    sue, carl = a_party(7, name="Sue Meier"), a_party(8, name="Sue Huber", role="customer")
    phone = a_party(9, name="", role="customer", phone="+49 177 42")
    commit(db, a_call(1, parties=[sue, phone]), a_call(2, parties=[carl, phone]), a_call(3))
    assert keys(db.contacts(ContactQuery(agent="sue"))) == ["ses-1"]
    assert keys(db.contacts(ContactQuery(number="+49 177"))) == ["ses-2", "ses-1"]
    assert keys(db.contacts(ContactQuery(agent="SUE M", number="+49 177 42"))) == ["ses-1"]
    assert keys(db.contacts(ContactQuery(agent="sue", number="+49 178"))) == []
    assert keys(db.contacts(ContactQuery(agent="sue", source="other"))) == []


def test_a_search_that_may_look_at_few_contacts_goes_on_until_it_found_all(db):
    commit(db, *(a_call(number) for number in range(30)))
    found, after = [], None
    while True:
        page = db.contacts(ContactQuery(agent="party", rows_max=1, limit=4, after=after))
        found += keys(page)
        after = page.next
        if after is None:
            break
    assert found == keys(db.contacts(ContactQuery(agent="party")))


@pytest.mark.parametrize("text", ["%", "_", "rete", "ses-22", "'", "\0"])
def test_text_is_no_pattern(db, text):
    wanted = a_party(5, name="Grete Müller")
    commit(db, a_call(1), a_call(2, parties=[wanted]))
    assert keys(db.contacts(ContactQuery(text=text))) == []


def test_a_cursor_of_another_list_is_refused(db):
    with pytest.raises(DataCenterError, match="cursor"):
        db.contacts(ContactQuery(after="WzEsMl0"))
