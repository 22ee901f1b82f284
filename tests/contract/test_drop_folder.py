"""What every folder for files with ids promises: DiskDropFolder and MemoryDropFolder."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder.adapters.drop_folder import DiskDropFolder
from recorder.errors import FileTakenOver, RecorderError
from recorder.records.drops import Claimed
from sim.stand_ins.drop_folder import MemoryDropFolder, MemoryDrops

AT_US = 1_790_000_000_000_000


class MemoryWorld:
    def __init__(self):
        self._drops = MemoryDrops()

    def node(self, name):
        return MemoryDropFolder(self._drops, node=name)

    def put(self, name, body=b"id\n1\n", kind="zoom"):
        self._drops.incoming[kind, name] = (body, AT_US)

    def processed(self, kind="zoom"):
        return {name: body for (of, name), body in self._drops.processed.items() if of == kind}

    def break_it(self):
        self._drops.broken = "no rights"


class DiskWorld:
    def __init__(self, root):
        self._root = root
        self.node("alpha").incoming()

    def node(self, name):
        return DiskDropFolder(root=self._root, node=name, kinds=["zoom", "webex"])

    def put(self, name, body=b"id\n1\n", kind="zoom"):
        path = self._root / kind / "csv" / name
        path.write_bytes(body)
        os.utime(path, ns=(AT_US * 1000, AT_US * 1000))

    def processed(self, kind="zoom"):
        folder = self._root / kind / "processed"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def break_it(self):
        csv = self._root / "zoom" / "csv"
        csv.rmdir()
        csv.write_text("not a folder")


@pytest.fixture(params=["memory", "disk"])
def world(request, tmp_path):
    return MemoryWorld() if request.param == "memory" else DiskWorld(tmp_path)


@pytest.fixture
def folder(world):
    return world.node("alpha")


def test_what_is_put_down_is_shown_with_its_size_and_instant(world, folder):
    world.put("b.csv", b"1234")
    world.put("a.txt", kind="webex")
    found = [(one.kind, one.name, one.size_bytes, one.changed_us) for one in folder.incoming()]
    assert found == [("webex", "a.txt", 5, AT_US), ("zoom", "b.csv", 4, AT_US)]


@pytest.mark.parametrize("name", ["a.csv.part", "a.tmp", ".a.csv", "~$a.csv", "a.xlsx", "_a.csv"])
def test_what_is_unfinished_or_no_list_is_left_alone(world, folder, name):
    world.put(name)
    assert folder.incoming() == ()


def test_a_file_is_taken_by_one_of_two_nodes(world, folder):
    world.put("a.csv")
    (one,) = folder.incoming()
    assert [world.node("beta").claim(one), folder.claim(one)] == [True, False]
    assert folder.incoming() == folder.claimed() == ()
    assert world.node("beta").claimed() == (Claimed("zoom", "a.csv", "", AT_US),)


def test_what_was_taken_is_there_after_a_crash_with_its_token(world, folder):
    world.put("a.csv", b"body")
    folder.claim(folder.incoming()[0])
    (taken,) = world.node("alpha").claimed()
    assert folder.read(taken, 100) == b"body"
    assert folder.read(taken, 2) == b"bod"
    decided = folder.decide(taken, "20261121-abc")
    assert world.node("alpha").claimed() == (decided,)
    assert (decided.name, decided.token) == ("a.csv", "20261121-abc")
    assert folder.read(decided, 100) == b"body"


def test_a_second_file_of_the_same_name_waits_for_its_turn(world, folder):
    world.put("a.csv", b"first")
    folder.claim(folder.incoming()[0])
    world.put("a.csv", b"second")
    (second,) = folder.incoming()
    assert not folder.claim(second)
    folder.decide(folder.claimed()[0], "t1")
    assert folder.claim(second)
    assert sorted(folder.read(one, 10) for one in folder.claimed()) == [b"first", b"second"]


def test_a_finished_file_lies_beside_its_result(world, folder):
    world.put("a.csv", b"body")
    folder.claim(folder.incoming()[0])
    decided = folder.decide(folder.claimed()[0], "t1")
    assert not folder.has_result("zoom", "t1")
    place = folder.finish(decided, b"result")
    assert place.endswith("a.t1.result.csv")
    assert world.processed() == {"a.t1.csv": b"body", "a.t1.result.csv": b"result"}
    assert folder.claimed() == ()
    assert folder.has_result("zoom", "t1")
    assert not folder.has_result("zoom", "t2")
    assert not folder.has_result("webex", "t1")


@pytest.fixture
def left(world):
    """What a node took, decided or not, before it went."""
    gone = world.node("gone")
    world.put("a.csv", b"first")
    gone.claim(gone.incoming()[0])
    gone.decide(gone.claimed()[0], "t1")
    world.put("b.csv", b"second")
    gone.claim(gone.incoming()[0])
    gone.live()
    return gone


def test_what_a_node_took_is_shown_to_the_other_with_a_sign_of_its_life(folder, left):
    shown = folder.foreign()
    assert [(one.node, one.claimed.name, one.claimed.token) for one in shown] == [
        ("gone", "b.csv", ""),
        ("gone", "a.csv", "t1"),
    ]
    assert folder.foreign() == shown
    left.live()
    assert [one.sign for one in folder.foreign()] != [one.sign for one in shown]
    assert left.foreign() == ()


def test_what_a_node_left_behind_is_taken_over_with_its_token_by_one(world, folder, left):
    beta = world.node("beta")
    took = [node.take_over(one) for one in folder.foreign() for node in (folder, beta)]
    assert took == [True, False, True, False]
    assert left.claimed() == folder.foreign() == ()
    assert {(one.name, one.token): folder.read(one, 10) for one in folder.claimed()} == {
        ("b.csv", ""): b"second",
        ("a.csv", "t1"): b"first",
    }


def test_a_node_that_comes_back_in_the_middle_of_a_step_finds_its_file_no_more(world, folder, left):
    b, a = left.claimed()
    for one in folder.foreign():
        folder.take_over(one)
    for step in (
        lambda: left.read(a, 10),
        lambda: left.decide(b, "t2"),
        lambda: left.finish(a, b"late"),
    ):
        with pytest.raises(FileTakenOver):
            step()
    for one in folder.claimed():
        folder.finish(folder.decide(one, one.token or "t2"), b"result")
    assert world.processed() == {
        "a.t1.csv": b"first",
        "a.t1.result.csv": b"result",
        "b.t2.csv": b"second",
        "b.t2.result.csv": b"result",
    }


def test_a_file_of_the_same_name_is_finished_before_one_is_taken_over(world, folder, left):
    assert len(left.claimed()) == 2
    world.put("b.csv", b"own")
    folder.claim(folder.incoming()[0])
    undecided = folder.foreign()[0]
    assert not folder.take_over(undecided)
    folder.decide(folder.claimed()[0], "t3")
    assert folder.take_over(undecided)
    assert sorted(folder.read(one, 10) for one in folder.claimed()) == [b"own", b"second"]


def test_a_folder_that_cannot_be_read_is_an_error_with_a_hint(world, folder):
    world.break_it()
    with pytest.raises(RecorderError):
        folder.incoming()


def test_many_files_taken_by_two_nodes_at_once_are_each_taken_once(tmp_path):
    world = DiskWorld(tmp_path)
    for number in range(60):
        world.put(f"{number}.csv")
    nodes = [world.node("alpha"), world.node("beta")]
    found = nodes[0].incoming()
    with ThreadPoolExecutor(8) as pool:
        took = list(
            pool.map(lambda job: job[0].claim(job[1]), [(n, f) for f in found for n in nodes])
        )
    assert sum(took) == 60
    names = [one.name for node in nodes for one in node.claimed()]
    assert len(names) == len(set(names)) == 60


def test_a_link_is_never_followed(tmp_path):
    world = DiskWorld(tmp_path / "drops")
    secret = tmp_path / "secret.csv"
    secret.write_text("x")
    (tmp_path / "drops/zoom/csv/link.csv").symlink_to(secret)
    assert world.node("alpha").incoming() == ()


def test_a_name_that_leaves_no_room_for_a_token_is_refused_with_what_to_do(tmp_path):
    world = DiskWorld(tmp_path)
    folder = world.node("alpha")
    world.put("é" * 120 + ".csv")
    world.put("b" * 170 + ".csv")
    fits, too_long = folder.incoming()
    with pytest.raises(RecorderError, match="too long") as refused:
        folder.claim(too_long)
    assert "180 bytes" in refused.value.hint
    assert folder.claim(fits)
    decided = folder.decide(folder.claimed()[0], "20261121-0123abcd-again99")
    folder.finish(decided, b"result")
    assert len(world.processed()) == 2


def test_a_link_that_took_the_place_of_a_file_is_not_followed_either(tmp_path):
    world = DiskWorld(tmp_path / "drops")
    world.put("a.csv")
    folder = world.node("alpha")
    folder.claim(folder.incoming()[0])
    (taken,) = folder.claimed()
    path = tmp_path / "drops/zoom/claimed/alpha/_~a.csv"
    path.unlink()
    path.symlink_to("/etc/hostname")
    with pytest.raises(RecorderError):
        folder.read(taken, 10)
    assert folder.claimed() == ()


@pytest.mark.skipif(os.geteuid() == 0, reason="everything may be read")
def test_a_file_without_rights_is_an_error_with_a_hint_and_stays(tmp_path):
    world = DiskWorld(tmp_path)
    world.put("a.csv")
    folder = world.node("alpha")
    folder.claim(folder.incoming()[0])
    (tmp_path / "zoom/claimed/alpha/_~a.csv").chmod(0)
    with pytest.raises(RecorderError) as caught:
        folder.read(folder.claimed()[0], 10)
    assert "rights" in caught.value.hint
    assert len(folder.claimed()) == 1


def test_a_folder_of_another_node_without_rights_keeps_this_one_from_nothing(tmp_path, monkeypatch):
    world = DiskWorld(tmp_path)
    for name, node in (("a.csv", "beta"), ("b.csv", "alpha")):
        world.put(name)
        world.node(node).claim(world.node(node).incoming()[0])
    inside = os.scandir

    def refused(path):
        if str(path).endswith("/beta"):
            raise PermissionError(13, "Permission denied")
        return inside(path)

    monkeypatch.setattr(os, "scandir", refused)
    folder = world.node("alpha")
    assert folder.foreign() == ()
    assert [one.name for one in folder.claimed()] == ["b.csv"]
