"""`tandem audit`: listed, exported, and verified on the caller's own computer."""

import json

import pytest

from cluster.status import PeerStatus
from recorder.audit.canonical import from_line, to_line
from recorder.records.audit import AuditEntry, AuditGuardStatus, AuditHead
from tests.recorder.fake_node import BEGAN_US, FakeNode

OTHER_HASH = "0" * 64


def entries(count, node="alpha"):
    return [
        AuditEntry(
            f"{node}.{n}",
            BEGAN_US + n * 1_000_000,
            node,
            "ops (anna)",
            "media_read",
            f"c{n}",
            {"file": "a\u2028b\x85.mp3"},
        )
        for n in range(count)
    ]


@pytest.fixture
def node():
    node = FakeNode()
    node.audit_db.append(entries(5))
    node.change("peer", PeerStatus, web_url="")
    return node


def remember(node, head):
    node.board.publish("audit_guard", AuditGuardStatus(head, "", None))


def test_the_list_names_who_did_what_newest_first(tandem):
    ended = tandem("audit", "list", "--limit", "2")
    assert ended.status == 0
    assert ended.lines[1].split()[:6] == ["5", "2023-11-14", "22:13:24", "alpha", "ops", "(anna)"]
    assert "media_read" in ended.lines[1]
    assert "more: --before 4" in ended.err


def test_the_list_as_json_and_for_one_subject(tandem):
    (row,) = tandem("audit", "list", "--subject", "c3", "--json").json["records"]
    assert (row["number"], row["subject"], row["actor"]) == (4, "c3", "ops (anna)")
    assert tandem("audit", "list", "--since", "2030-01-01T00:00:00Z", "--json").json == {
        "records": []
    }


def test_a_whole_trail_is_0(tandem, node):
    ended = tandem("audit", "verify")
    assert ended.status == 0
    assert ended.out.startswith("whole: 5 records, 1 to 5")
    remember(node, node.audit_db.head())
    assert "remembered elsewhere" in tandem("audit", "verify").out
    assert tandem("audit", "verify", "--json").json == {
        "whole": True,
        "records": 5,
        "first": 1,
        "last": {"number": 5, "hash": node.audit_db.head().hash},
        "anchors": 1,
    }


def test_an_empty_trail_is_whole(tandem, node):
    node.audit_store.records.clear()
    ended = tandem("audit", "verify")
    assert (ended.status, ended.lines) == (0, ["whole: there is no record"])


def test_a_removed_record_is_1_and_named(tandem, node):
    del node.audit_store.records[2]
    ended = tandem("audit", "verify")
    assert ended.status == 1
    assert ended.lines[0].startswith("broken at record 3: removed: record 3 is missing")
    assert ended.lines[1] == "  records 1 to 2 are whole"


def test_a_cut_tail_is_1_because_the_node_remembers_it(tandem, node):
    remember(node, node.audit_db.head())
    del node.audit_store.records[3:]
    ended = tandem("audit", "verify", "--json")
    assert ended.status == 1
    assert ended.json["broken"]["kind"] == "truncated"
    assert ended.json["broken"]["number"] == 4
    assert "the disk of alpha" in ended.json["broken"]["what"]


def test_what_the_other_node_remembers_is_asked_too(tandem, node):
    beta = FakeNode(name="beta")
    remember(beta, AuditHead(9, OTHER_HASH))
    with beta.served() as url:
        node.change("peer", PeerStatus, web_url=url)
        ended = tandem("audit", "verify", "--json")
    assert ended.json["broken"]["kind"] == "truncated"
    assert "the disk of beta" in ended.json["broken"]["what"]


def test_a_node_that_is_away_is_named_and_the_rest_verified(tandem, node):
    node.change("peer", PeerStatus, web_url="http://127.0.0.1:1")
    ended = tandem("audit", "verify")
    assert ended.status == 0
    assert "http://127.0.0.1:1 does not answer" in ended.err


@pytest.fixture
def exported(tandem, tmp_path):
    path = tmp_path / "audit.jsonl"
    ended = tandem("audit", "export", "--out", path)
    assert ended.status == 0, ended.err
    return path


def test_an_export_verifies_without_any_node(bare, exported):
    ended = bare("audit", "verify", "--file", exported, "--url", "http://127.0.0.1:1")
    assert ended.status == 0
    assert "without --anchor" in ended.err


def test_an_export_says_how_to_notice_a_cut_end(tandem, tmp_path, node):
    path = tmp_path / "audit.jsonl"
    said = tandem("audit", "export", "--out", path).err
    anchor = said.split("--anchor ")[1].strip()
    assert anchor == f"5:{node.audit_db.head().hash}"
    assert tandem("audit", "verify", "--file", path, "--anchor", anchor).status == 0
    lines = path.read_text("utf-8").split("\n")[:-1]
    path.write_text("".join(f"{line}\n" for line in lines[:-1]), "utf-8")
    ended = tandem("audit", "verify", "--file", path, "--anchor", anchor)
    assert ended.status == 1
    assert "truncated" in ended.out


def test_an_export_of_a_period_is_an_excerpt_that_verifies(tandem, tmp_path):
    path = tmp_path / "part.jsonl"
    begin, end = "2023-11-14T22:13:21Z", "2023-11-14T22:13:23Z"
    assert tandem("audit", "export", "--from", begin, "--to", end, "--out", path).status == 0
    ended = tandem("audit", "verify", "--file", path, "--json")
    assert (ended.status, ended.json["first"], ended.json["records"]) == (0, 2, 2)


def test_an_export_goes_to_stdout_by_itself(tandem):
    ended = tandem("audit", "export")
    lines = ended.out.split("\n")[:-1]
    assert [from_line(line).number for line in lines] == [1, 2, 3, 4, 5]
    assert json.loads(lines[0])["what"] == "media_read"


def test_an_export_of_a_broken_trail_is_1(tandem, node, tmp_path):
    del node.audit_store.records[2]
    ended = tandem("audit", "export", "--out", tmp_path / "a")
    assert ended.status == 1
    assert "record 3 is missing" in ended.err


def test_nothing_in_a_period_is_told(tandem):
    ended = tandem("audit", "export", "--from", "2030-01-01T00:00:00Z")
    assert (ended.status, ended.out) == (0, "")
    assert "no record" in ended.err


def test_an_export_overwrites_nothing(tandem, exported):
    assert tandem("audit", "export", "--out", exported).status == 1


def tampered(exported, change):
    lines = exported.read_text("utf-8").split("\n")[:-1]
    exported.write_text("".join(f"{line}\n" for line in change(lines)), "utf-8")


@pytest.mark.parametrize(
    ("change", "number", "kind"),
    [
        (lambda ls: [*ls[:1], ls[1].replace("c1", "c9"), *ls[2:]], 2, "changed"),
        (lambda ls: [*ls[:1], ls[1].replace('"node"', '"node" '), *ls[2:]], 2, "changed"),
        (lambda ls: [*ls[:1], "", *ls[2:]], 2, "changed"),
        (lambda ls: [*ls[:2], ls[1], *ls[2:]], 2, "added"),
        (lambda ls: [ls[0], ls[2], ls[1], *ls[3:]], 2, "reordered"),
        (lambda ls: [*ls[:3], *ls[4:]], 4, "removed"),
    ],
)
def test_whatever_is_done_to_an_export_is_named(bare, exported, change, number, kind):
    tampered(exported, change)
    ended = bare("audit", "verify", "--file", exported, "--json")
    assert ended.status == 1
    broken = ended.json["broken"]
    assert (broken["number"], broken["kind"]) == (number, kind)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_a_file_that_cannot_be_read_is_2(bare, tmp_path, content):
    path = tmp_path / "x"
    if content is not None:
        path.write_bytes(content)
    assert bare("audit", "verify", "--file", path).status == 2


@pytest.mark.parametrize("anchor", ["5", "five:" + OTHER_HASH, "²:" + OTHER_HASH, "5:abc", ""])
def test_an_anchor_that_is_none_is_2(bare, exported, anchor):
    assert bare("audit", "verify", "--file", exported, f"--anchor={anchor}").status == 2


def test_a_line_of_the_export_is_the_record_itself(exported, node):
    lines = exported.read_text("utf-8").split("\n")[:-1]
    assert lines == [to_line(record) for record in node.audit_store.records]


def test_without_a_node_it_is_3(bare):
    assert bare("audit", "verify", "--url", "http://127.0.0.1:1").status == 3


def test_the_name_of_who_types_is_on_record(tandem, node, monkeypatch):
    monkeypatch.setenv("LOGNAME", "anna")
    tandem("item", "retry", "zoom", "nobody")
    assert node.trail.told[0][2] == "admin (anna)"
