import hashlib
import json
from dataclasses import replace

import pytest

from recorder.model import Party, Segment
from tests.recorder.fake_node import OBJECT
from tests.recorder.fakes import AUDIO, MP3, buffered, interaction

PARTIES = (
    Party("p1", "customer", "", "+4930111", 1_000_000, None),
    Party("p2", "agent", "Ada\x1b[2J Agent", "", 2_000_000, 62_000_000),
    Party("p3", "bot"),
)


@pytest.fixture
def contact(node):
    return node.archive_one("i1").contact_id


def test_contacts_are_listed(tandem, contact):
    ended = tandem("contact", "list")
    assert ended.status == 0
    assert ended.lines[1].split()[:8] == [
        *(contact, "zoom", "1970-01-01", "00:00", "inbound", "1", "1"),
        *f"{len(MP3) / 1000:.1f} kB".split()[:1],
    ]
    assert tandem("contact", "list", "--json").json["contacts"][0]["contact"] == contact


def test_contacts_are_found_by_period_and_text(tandem, contact):
    def found(*options):
        return len(tandem("contact", "list", "--json", *options).json["contacts"])

    assert contact
    assert found("--from", "1970-01-01T00:00:00Z", "--to", "1971-01-01T00:00:00Z") == 1
    assert found("--from", "1971-01-01T00:00:00Z") == 0
    assert found("--text", "session-i1") == 1
    assert found("--text", "nobody") == 0


def test_a_contact_is_shown_with_the_hashes_of_its_media(tandem, contact):
    ended = tandem("contact", "show", contact)
    assert ended.status == 0
    assert ended.lines[0] == f"Contact {contact} (zoom, session session-i1)"
    assert hashlib.sha256(MP3).hexdigest() in ended.out
    assert tandem("contact", "show", "session-i1", "--json").json["contact"] == contact


def test_an_export_holds_the_originals_and_a_manifest(tandem, contact, tmp_path):
    folder = tmp_path / "new" / "out"
    ended = tandem("contact", "export", contact, "--to", folder, "--json")
    assert ended.status == 0
    media, manifest = ended.json["files"]
    assert (folder / media).read_bytes() == MP3
    assert media.startswith("000-")
    assert media.endswith(".mp3")
    assert json.loads((folder / manifest).read_text())["contact"] == contact
    assert sorted(path.name for path in folder.iterdir()) == sorted([media, manifest])


def test_an_export_by_the_id_of_the_session_works_too(tandem, contact, tmp_path):
    assert contact
    ended = tandem("contact", "export", "session-i1", "--to", tmp_path / "out")
    assert ended.out == f"2 files are in {tmp_path / 'out'}, media verified by their hashes\n"


@pytest.mark.parametrize("damage", [MP3[:-1] + b"x", MP3[:-1], MP3 + b"x"])
def test_a_tampered_object_is_refused_and_leaves_no_file(tandem, node, contact, tmp_path, damage):
    node.objects.objects[OBJECT] = damage
    folder = tmp_path / "out"
    ended = tandem("contact", "export", contact, "--to", folder)
    assert ended.status == 1
    assert "differs from its recorded hash" in ended.err
    assert OBJECT in ended.err
    assert list(folder.iterdir()) == []


def test_a_lost_object_is_refused_and_leaves_no_file(tandem, node, contact, tmp_path):
    node.objects.objects.clear()
    ended = tandem("contact", "export", contact, "--to", tmp_path)
    assert ended.status == 1
    assert "no longer holds the object" in ended.err
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_exported_over_what_is_there(tandem, contact, tmp_path):
    (tmp_path / "mine").write_text("mine")
    ended = tandem("contact", "export", contact, "--to", tmp_path)
    assert ended.status == 2
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_folder_that_cannot_be_made_is_a_failure(tandem, contact, tmp_path):
    (tmp_path / "file").write_text("")
    ended = tandem("contact", "export", contact, "--to", tmp_path / "file" / "out")
    assert ended.status == 1
    assert "Not a directory" in ended.err


def test_everybody_on_a_call_is_shown_with_their_time_and_moves_no_cursor(tandem, node):
    call = replace(
        interaction("i7", (AUDIO,)),
        parties=PARTIES,
        segments=(
            Segment("s1", 1_000_000, None, "agent_transferred"),
            Segment("s2", None, 62_000_000),
        ),
        subject="Order 66",
    )
    node.contact_db.commit([replace(buffered("i7"), interaction=call)], [["zoom/i7.mp3"]])
    out = tandem("contact", "show", "session-i7").out
    assert "customer: +4930111, 1970-01-01T00:00:01Z to ?" in out
    assert "agent: Ada\ufffd[2J Agent, 1970-01-01T00:00:02Z to 1970-01-01T00:01:02Z" in out
    assert "bot: ?\n" in out
    assert "segment 1970-01-01T00:00:01Z to ? agent_transferred\n" in out
    assert "segment ? to 1970-01-01T00:01:02Z\n" in out
    assert f"Interaction {call.key} Order 66" in out


def test_the_next_page_is_told_on_stderr_and_follows(tandem, node):
    for number in range(3):
        key = f"c{number}"
        call = replace(interaction(key, (AUDIO,)), started_us=number * 1_000_000)
        node.contact_db.commit([replace(buffered(key), interaction=call)], [[f"zoom/{key}.mp3"]])
    first = tandem("contact", "list", "--limit", "2")
    assert len(first.lines) == 3
    after = first.err.split("--after ")[1].strip()
    rest = tandem("contact", "list", "--limit", "2", "--after", after)
    assert len(rest.lines) == 2
    assert rest.err == ""
