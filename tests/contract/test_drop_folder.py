"""What every folder for files with ids promises: DiskDropFolder and MemoryDropFolder."""

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from recorder.adapters.drop_folder import DiskDropFolder
from recorder.drop_rows import Claimed
from recorder.errors import RecorderError
from sim.drop_folder import MemoryDropFolder, MemoryDrops

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
