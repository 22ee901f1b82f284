"""`tandem prove` and `tandem das`: made over a node, verified from files, against real archives and databases."""

import json

import pytest
from sqlalchemy import text

from recorder.adapters.contact_db import SqlContactDb, open_engine
from recorder.adapters.contact_db.audit import SqlAuditDb
from recorder.adapters.contact_db.certificates import SqlCertificateDb
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.signing_key import FileSigner
from recorder.desk.control import OpenSource
from recorder.errors import Unreachable
from recorder.prove.document import to_text
from recorder.prove.make import ProvedSource, Prover, make_certificate
from recorder.records.audit import AuditEntry
from sim.tables.audit import ListedTrail
from tests.databases import migrated
from tests.recorder.fake_node import BEGAN_US, OBJECT
from tests.recorder.fakes import MP3, buffered
from tests.recorder.hand_clock import HandClock
from tests.recorder.prove.proving import ListingSource

DAY = "1970-01-01"


@pytest.fixture
def source(node):
    source = ListingSource([], now_us=BEGAN_US)
    node.sources["zoom"] = OpenSource("zoom", source)
    return source


@pytest.fixture(autouse=True)
def primary(node, monkeypatch):
    """Makes what was asked for while the command waits."""
    monkeypatch.setattr("recorder.cli.prove_make.time.sleep", lambda _seconds: node.certify())


@pytest.fixture
def made(node, source, tandem, tmp_path):
    """A certificate of one item, made over HTTP."""
    source.refs.append(node.archive_one("i1").ref)
    ended = tandem("prove", "--source", "zoom", "--day", DAY, "--out", tmp_path)
    assert ended.status == 0, ended.err
    return tmp_path / f"zoom-{DAY}-1.json"


def test_a_certificate_is_written_as_json_and_as_a_page(made, bare):
    assert "<strong>COMPLETE</strong>" in made.with_suffix(".html").read_text()
    ended = bare("prove", "--verify", made)
    assert ended.status == 0
    assert ended.lines[0] == f"zoom {DAY} #1: COMPLETE; it is as it was certified"


def test_making_tells_what_was_found(node, source, tandem, tmp_path):
    source.refs.append(node.archive_one("i1").ref)
    ended = tandem("prove", "--source", "zoom", "--day", DAY, "--out", tmp_path, "--json")
    assert ended.status == 0
    assert ended.json["verdict"] == "complete"
    assert ended.json["counts"]["archived"] == 1
    assert len(ended.json["files"]) == 2


def test_an_incomplete_day_exits_with_1_and_tells_the_causes(source, tandem, tmp_path):
    source.refs.append(buffered("i1").ref)
    ended = tandem("prove", "--source", "zoom", "--day", DAY, "--out", tmp_path)
    assert ended.status == 1
    assert "INCOMPLETE" in ended.lines[0]
    assert any("missing: not_polled_yet, 1" in line for line in ended.lines)


def test_a_source_that_is_not_there_is_told(source, tandem):
    assert source
    assert tandem("prove", "--source", "no", "--day", DAY).status == 4
    assert tandem("prove", "--source", "zoom", "--day", "soon").status == 2


def test_a_trusted_key_is_that_of_the_node(made, tandem, bare):
    (key,) = tandem("prove", "--keys", "--json").json["keys"]
    assert key["key_id"] in tandem("prove", "--keys").out
    assert "anybody could have" in bare("prove", "--verify", made).out
    ended = bare("prove", "--verify", made, "--key", key["key_id"])
    assert ended.status == 0
    assert "a key that you trust" in ended.out
    assert bare("prove", "--verify", made, "--key", key["public_key"]).status == 0
    ended = bare("prove", "--verify", made, "--key", "ed25519:other")
    assert ended.status == 1
    assert "none of the trusted keys" in ended.out
    assert "a key that you do not trust" in ended.out


def test_a_changed_file_names_the_item(made, bare):
    document = json.loads(made.read_text())
    document["leaves"][0]["media"][0]["sha256"] = "0" * 64
    made.write_text(json.dumps(document))
    ended = bare("prove", "--verify", made, "--json")
    assert ended.status == 1
    assert ("leaf_changed", "i1") in [(f["code"], f.get("item")) for f in ended.json["faults"]]
    assert "leaf_changed: i1" in bare("prove", "--verify", made).out


def test_a_statement_without_its_source_is_asked_of_no_node(made, tandem):
    document = json.loads(made.read_text())
    del document["statement"]["source"]
    made.write_text(json.dumps(document))
    ended = tandem("prove", "--verify", made, "--node", "--json")
    assert ended.status == 1
    assert "statement" in [fault["code"] for fault in ended.json["faults"]]


def test_a_node_compares_with_its_own(made, node, tandem):
    assert tandem("prove", "--verify", made, "--node").status == 0
    node.objects.objects[OBJECT] = MP3[:-1] + b"x"
    ended = tandem("prove", "--verify", made, "--node", "--json")
    assert ended.status == 1
    assert [(f["code"], f["item"]) for f in ended.json["faults"]] == [("object_differs", "i1")]
    assert tandem("prove", "--verify", made, "--node", "--no-read").status == 0


def test_one_item_is_proven_without_the_others(made, bare, tmp_path):
    proof = tmp_path / "proof.json"
    ended = bare("prove", "--item", "i1", "--from", made, "--out", proof)
    assert ended.status == 0
    assert ended.lines[0] == "i1: archived"
    assert bare("prove", "--verify", proof).status == 0
    assert bare("prove", "--verify", proof, "--json").json["item"] == "i1"
    proof.write_text(proof.read_text().replace("archived", "missing"))
    assert bare("prove", "--verify", proof).status == 1
    assert bare("prove", "--item", "no", "--from", made).status == 4
    assert bare("prove", "--item", "i1").status == 2


def test_certificates_are_listed(made, tandem):
    assert made
    assert tandem("prove", "--list", "--json").json["certificates"][0]["number"] == 1
    assert "complete" in tandem("prove", "--list", "--source", "zoom").out


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ((), 2),
        (("--source", "zoom"), 2),
        (("--verify", "no-such-file.json"), 2),
        (("--verify", __file__), 1),
    ],
)
def test_what_makes_no_sense_is_told(bare, arguments, status):
    ended = bare("prove", *arguments)
    assert ended.status == status
    assert ended.err.startswith("tandem: ")


# --- against a real archive and database ----------------------------------------------------------


@pytest.fixture
def center(tmp_path):
    """Three items in a folder and a SQLite file, and the certificate of their day."""
    url = f"sqlite:///{tmp_path}/contacts.db"
    migrated(url)
    engine, clock = open_engine(url), HandClock(wall_start_us=BEGAN_US)
    contact_db = SqlContactDb(engine, cluster="emea", node="alpha", clock=clock)
    archive = FolderArchive(tmp_path / "archive")
    original = tmp_path / "original"
    original.write_bytes(MP3)
    source = ListingSource([], now_us=BEGAN_US)
    for key in ("i1", "i2", "i3"):
        one = buffered(key)
        archive.put(f"zoom/0/{key}.mp3", str(original), one.media[0].sha256, len(MP3))
        (tmp_path / "archive/zoom/0" / f"{key}.mp3").unlink()
        (tmp_path / "archive/zoom/0" / f"{key}.mp3").write_bytes(MP3)
        contact_db.commit([one], [[f"zoom/0/{key}.mp3"]])
        source.refs.append(one.ref)
    audit_db = SqlAuditDb(engine)
    audit_db.append([AuditEntry("1", 5, "alpha", "anna", "started", "alpha")])
    prover = Prover(
        cluster="emea",
        node="alpha",
        build="1.0",
        clock=clock,
        db=SqlCertificateDb(engine, cluster="emea"),
        contact_db=contact_db,
        archive=archive,
        signer=FileSigner(tmp_path / "signing.key"),
        audit_db=audit_db,
        trail=ListedTrail(),
    )
    certificate = make_certificate(
        prover, ProvedSource(source, "zoom", 0.0), DAY, "anna", lambda _: None
    )
    path = tmp_path / "certificate.json"
    path.write_text(to_text(certificate))
    engine.dispose()

    def run(statement):
        with engine.begin() as connection:
            assert connection.execute(text(statement)).rowcount
        engine.dispose()

    return path, tmp_path / "archive", url, run


def check(bare, center, *more):
    path, archive, url, _ = center
    ended = bare(
        "prove", "--verify", path, "--archive", archive, "--database", url, "--json", *more
    )
    return ended.status, [(f["code"], f.get("item")) for f in ended.json["faults"]]


def test_archive_and_database_are_as_certified(bare, center):
    assert check(bare, center) == (0, [])
    path, archive, url, _ = center
    ended = bare("prove", "--verify", path, "--archive", archive, "--database", url)
    assert ended.lines[1] == (
        "  looked at: signature, leaves, counts, database, audit trail, archive (read)"
    )


def test_a_configuration_file_names_both(bare, center, tmp_path):
    path, archive, url, _ = center
    config = tmp_path / "node.toml"
    config.write_text(
        f'[node]\nid = "alpha"\ndata = "data"\n[data_center]\ndatabase = "{url}"\n'
        f'archive = "{archive}"\n'
    )
    ended = bare("prove", "--verify", path, "--config", config)
    assert ended.status == 0, ended.err
    assert "archive (read)" in ended.out


def test_a_changed_byte_is_found_and_named(bare, center):
    victim = center[1] / "zoom/0/i2.mp3"
    body = bytearray(victim.read_bytes())
    body[4711] ^= 1
    victim.write_bytes(bytes(body))
    assert check(bare, center) == (1, [("object_differs", "i2")])
    assert check(bare, center, "--no-read") == (0, [])


def test_a_removed_object_is_found_and_named(bare, center):
    (center[1] / "zoom/0/i3.mp3").unlink()
    assert check(bare, center, "--no-read") == (1, [("object_missing", "i3")])


def test_a_removed_row_is_found_and_named(bare, center):
    center[3]("DELETE FROM items WHERE item_key = 'i1'")
    assert check(bare, center) == (1, [("row_removed", "i1")])


def test_a_removed_media_row_is_found_and_named(bare, center):
    center[3]("DELETE FROM media WHERE item_key = 'i1'")
    assert check(bare, center) == (1, [("row_removed", "i1")])


def test_an_added_row_is_found_and_named(bare, center):
    columns = "source, version, changed_us, session_key, state, attempts, found_us, updated_us, parked, contact_id"
    center[3](
        f"INSERT INTO items (item_key, archived_us, {columns}) "  # noqa: S608 - our own words
        f"SELECT 'smuggled', archived_us - 3600000000, {columns} FROM items WHERE item_key = 'i1'"
    )
    assert check(bare, center) == (1, [("row_added", "smuggled")])


def test_a_changed_hash_in_the_database_is_found_and_named(bare, center):
    center[3]("UPDATE media SET sha256 = '00' WHERE item_key = 'i2'")
    assert check(bare, center) == (1, [("row_changed", "i2")])


def test_a_cut_audit_trail_is_found(bare, center):
    center[3]("DELETE FROM audit")
    assert check(bare, center) == (1, [("audit_removed", None)])


@pytest.mark.parametrize("name", ["from_us", "source", "made_us"])
def test_a_statement_without_one_of_its_members_is_told_and_no_crash(bare, center, name):
    document = json.loads(center[0].read_text())
    del document["statement"][name]
    center[0].write_text(json.dumps(document))
    status, faults = check(bare, center)
    assert status == 1
    assert ("statement", None) in faults


def test_a_database_or_archive_that_is_not_there_is_told(bare, center, tmp_path):
    path, archive, _, _ = center
    for arguments in (
        ("--database", f"sqlite:///{tmp_path}/no.db"),
        ("--archive", archive / "no"),
    ):
        ended = bare("prove", "--verify", path, *arguments)
        assert ended.status == 2
    assert not (tmp_path / "no.db").exists()
    assert not (archive / "no").exists()


# --- contacts for programs ------------------------------------------------------------------------


def test_contacts_are_told_page_by_page_or_to_the_end(node, tandem):
    for number in range(3):
        node.archive_one(f"i{number}")
    page = tandem("das", "contacts", "--limit", "2", "--json").json
    assert len(page["contacts"]) == 2
    rest = tandem("das", "contacts", "--limit", "2", "--after", page["next"], "--json").json
    assert len(rest["contacts"]) == 1
    ended = tandem("das", "contacts", "--limit", "2", "--all", "--fields", "items", "--json")
    lines = [json.loads(line) for line in ended.lines]
    assert sorted(line["items"][0]["item"] for line in lines) == ["i0", "i1", "i2"]
    ended = tandem("das", "contacts", "--limit", "2")
    assert len(ended.lines) == 3
    assert "--after" in ended.err


def test_one_contact_is_found_by_its_item(node, tandem):
    node.archive_one("i1")
    node.archive_one("i2")
    (contact,) = tandem("das", "contacts", "--id", "i2", "--json").json["contacts"]
    assert contact["session"] == "session-i2"


# --- asked for, and waited for --------------------------------------------------------------------


def test_progress_is_told_while_it_waits(source, tandem, tmp_path):
    assert source
    ended = tandem("prove", "--source", "zoom", "--day", DAY, "--out", tmp_path)
    assert "is asked for: C-" in ended.err
    assert "waiting 0 %, 0 items, 0 pages, for a primary" in ended.err


def test_what_is_only_asked_for_is_fetched_later(node, source, tandem, tmp_path):
    source.refs.append(node.archive_one("i1").ref)
    ended = tandem("prove", "--source", "zoom", "--day", DAY, "--no-wait", "--json")
    assert (ended.status, ended.json["status"]) == (0, "done")
    request = ended.json["request"]["request"]
    said = tandem("prove", "--source", "zoom", "--day", DAY, "--no-wait")
    assert said.lines[0].endswith(f": {request}.")
    assert said.lines[1].endswith(f"tandem prove --request {request}")
    ended = tandem("prove", "--request", request, "--out", tmp_path, "--json")
    assert (ended.status, ended.json["request"], ended.json["number"]) == (0, request, 1)
    assert (tmp_path / f"zoom-{DAY}-1.json").exists()
    assert tandem("prove", "--request", "C-0").status == 4


def test_an_interrupted_wait_says_how_to_go_on(source, tandem, monkeypatch):
    assert source

    def interrupted(_seconds):
        raise KeyboardInterrupt

    monkeypatch.setattr("recorder.cli.prove_make.time.sleep", interrupted)
    ended = tandem("prove", "--source", "zoom", "--day", DAY)
    assert ended.status == 130
    assert "goes on without you" in ended.err
    assert "tandem prove --request C-" in ended.err
    assert "tandem prove --cancel C-" in ended.err


def test_requests_are_listed_and_cancelled(source, tandem):
    assert source
    request = tandem("prove", "--source", "zoom", "--day", DAY, "--no-wait", "--json").json
    name = request["request"]["request"]
    assert tandem("prove", "--requests", "--json").json["requests"][0]["request"] == name
    assert "waiting 0 %" in tandem("prove", "--requests").out
    assert tandem("prove", "--cancel", name).out == f"{name} is cancelled.\n"
    assert "cancelled by admin" in tandem("prove", "--requests", "--source", "zoom").out
    ended = tandem("prove", "--request", name)
    assert ended.status == 1
    assert f"{name} gave no certificate: cancelled by admin" in ended.err


def test_a_source_that_is_away_is_temporary(source, tandem):
    source.troubles = [Unreachable("no answer")] * 99
    ended = tandem("prove", "--source", "zoom", "--day", DAY)
    assert ended.status == 5
    assert "zoom does not give the day whole: no answer" in ended.err
