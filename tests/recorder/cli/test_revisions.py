"""Contacts that grow: what they are, what they were, and how one is named."""

import json
from dataclasses import replace

import pytest

from tests.recorder.fakes import MP3, buffered, interaction, media

ROOT = "aaaa-session"


def bring(node, key, session=ROOT, **facts):
    """Commit an item with one file."""
    content, object_key = MP3 + key.encode(), f"zoom/{key}.mp3"
    file = media(f"m-{key}", content)
    (stored,) = buffered(key).media
    stored = replace(stored, ref=file, size_bytes=file.size_bytes, sha256=file.sha256)
    item = replace(buffered(key), media=(stored,))
    call = replace(interaction(facts.pop("call", key), (file,)), session_key=session, **facts)
    item = replace(item, ref=replace(item.ref, session_key=session), interaction=call)
    node.objects.objects[object_key] = content
    node.contact_db.commit([item], [[object_key]])
    return node.contact_db.contact(session).row.contact_id


@pytest.fixture
def contact(node):
    bring(node, "i1", call=ROOT, started_us=0, ended_us=60_000_000, subject="All hands")
    return bring(node, "i2", call="room", started_us=20_500_000, ended_us=None, subject="Room 1")


def test_the_list_shows_the_newest_revision(tandem, contact):
    (row,) = tandem("contact", "list", "--json").json["contacts"]
    assert (row["contact"], row["revision"], row["updated_by"]) == (contact, 2, "alpha")
    listed = tandem("contact", "list").lines[1].split()
    assert (listed[1], listed[5]) == ("zoom", "2")


def test_a_contact_is_shown_as_it_was(tandem, contact):
    now = tandem("contact", "show", contact, "--json").json
    assert (now["revision"], now["newest_revision"], now["interactions"]) == (2, 2, 2)
    was = tandem("contact", "show", contact, "--revision", "1", "--json").json
    assert (was["revision"], was["newest_revision"], was["interactions"]) == (1, 2, 1)
    assert [one["media"] for one in was["media"]] == ["m-i1"]
    assert "  revision 1 of 2, made " in tandem("contact", "show", contact, "--revision", "1").out
    assert "  revision 2 of 2, made " in tandem("contact", "show", contact).out


@pytest.mark.parametrize("number", ["3", "99"])
def test_a_revision_that_was_not_made_is_4(tandem, contact, number):
    ended = tandem("contact", "show", contact, "--revision", number)
    assert (ended.status, ended.out) == (4, "")
    assert f"has no revision {number}: its newest is 2" in ended.err
    assert f"tandem contact revisions {contact}" in ended.err


@pytest.mark.parametrize("number", ["0", "-1", "x"])
def test_what_is_no_number_of_a_revision_is_2(tandem, contact, number):
    assert tandem("contact", "show", contact, f"--revision={number}").status == 2


def test_every_revision_is_listed_with_what_it_brought(tandem, contact):
    view = tandem("contact", "revisions", contact, "--json").json
    assert (view["contact"], view["session"]) == (contact, ROOT)
    first, second = view["revisions"]
    assert (first["revision"], first["added_interactions"]) == (1, [ROOT])
    assert (second["revision"], second["added_interactions"]) == (2, ["room"])
    assert (second["added_media"], second["changed_interactions"]) == (["m-i2"], [])
    lines = tandem("contact", "revisions", ROOT).lines
    assert lines[2].endswith(f"interaction {ROOT}, file m-i1")
    assert lines[3].split()[:1] == ["2"]
    assert lines[3].endswith("interaction room, file m-i2")


def test_the_hash_in_a_key_of_a_file_is_cut_in_the_table_and_whole_for_programs(tandem, node):
    key = "f1/" + "ab" * 32
    contact = bring(node, key, call=ROOT)
    (last,) = tandem("contact", "revisions", contact).lines[2:]
    assert last.endswith("file m-f1/abababab…")
    (told,) = tandem("contact", "revisions", contact, "--json").json["revisions"]
    assert told["added_media"] == [f"m-{key}"]


def test_more_of_an_interaction_is_said_to_be_more(tandem, node, contact):
    bring(node, "i3", call="room", subject="Room 2")
    last = tandem("contact", "revisions", contact).lines[-1]
    assert last.endswith("more of interaction room, file m-i3")


def test_several_interactions_are_on_one_timeline(tandem, contact):
    ended = tandem("contact", "show", contact)
    rows = [line.split() for line in ended.lines]
    assert ["+0:00:00", "+0:01:00", "interaction", ROOT, "All", "hands"] in rows
    assert ["+0:00:20.500", "?", "interaction", "room", "Room", "1"] in rows
    spans = tandem("contact", "show", contact, "--json").json["timeline"]
    room = next(one for one in spans if one["id"] == "room")
    assert (room["offset_ms"], room["kind"]) == (20_500, "interaction")
    assert "end_offset_ms" not in room


def test_the_start_of_an_id_will_do(tandem, contact):
    for name in (contact[:6], ROOT[:3]):
        assert tandem("contact", "show", name, "--json").json["contact"] == contact
        assert tandem("contact", "revisions", name).status == 0


def test_a_start_that_several_share_is_2_and_names_some(tandem, node):
    for number in range(6):
        bring(node, f"o{number}", f"aaaa-{number}")
    ended = tandem("contact", "show", "aaaa")
    assert (ended.status, ended.out) == (2, "")
    assert "'aaaa' begins the ids of several contacts: " in ended.err
    assert ended.err.count("(session aaaa-") == 4
    assert "and more" in ended.err
    assert "Give more of the id." in ended.err


def test_an_export_is_of_one_revision_although_more_arrives(tandem, node, contact, tmp_path):
    def more(call):
        if call == "open":
            node.archive.faults.on_call = lambda _call: None
            bring(node, "a-first", call="first", started_us=0)

    node.archive.faults.on_call = more
    ended = tandem("contact", "export", contact[:8], "--to", tmp_path / "out", "--json")
    assert ended.status == 0
    assert len(ended.json["files"]) == 3
    exported = json.loads((tmp_path / "out" / "contact.json").read_text())
    assert [one["media"] for one in exported["media"]] == ["m-i1", "m-i2"]
    assert node.contact_db.contact(contact).row.revision == 3


@pytest.mark.parametrize(
    "name", ["nobody", "no/body", "/", "..", ".", "a/../b", "a?b=c", "a#b", "%2F", "a b", "é", ""]
)
@pytest.mark.usefixtures("contact")
def test_a_contact_of_any_name_that_is_not_there_is_4(tandem, name):
    for command in ("show", "revisions"):
        ended = tandem("contact", command, name)
        assert (ended.status, ended.out) == (4, "")
        assert f"There is no contact {name!r}." in ended.err


@pytest.mark.parametrize("name", ["/ajXp112QmuoKj4854875==", "a//b/", "..", "a?b", "100 %", "né"])
def test_a_session_of_any_name_can_be_shown(tandem, node, name):
    contact = bring(node, "i1", name)
    for command in ("show", "revisions"):
        ended = tandem("contact", command, name, "--json")
        assert ended.status == 0, ended.err
        assert ended.json["contact"] == contact


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("item", "why"), "tandem item why KEY"),
        (("contact", "show"), "tandem contact show CONTACT"),
        (("contact", "export", "x"), "tandem contact export CONTACT --to TO"),
    ],
)
def test_who_leaves_the_id_out_is_told_what_to_type(tandem, words, line):
    ended = tandem(*words)
    assert ended.status == 2
    assert f"Type `{line}`. " in ended.err
    assert "requires an argument" not in ended.err
    assert "Its id" in ended.err or "A folder" in ended.err


def test_an_option_without_its_value_is_named_as_it_was_typed(tandem):
    assert "--key requires an argument" in tandem("item", "why", "--key").err
