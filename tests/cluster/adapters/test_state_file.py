"""The node's memory on a real disk."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster.adapters.real_randomness import RealRandomness
from cluster.adapters.state_file import StateFile, _parse, instance_id, replace_file
from cluster.errors import ClusterError
from cluster.ports import NodeState


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.json"


@pytest.fixture
def randomness():
    return RealRandomness()


def test_state_survives_a_restart(path):
    StateFile(path).save(NodeState(7, paused=True, paused_revision=3))
    assert StateFile(path).load() == NodeState(7, paused=True, paused_revision=3)


def test_a_restarted_node_does_not_lower_the_term_either(path):
    StateFile(path).save(NodeState(7))
    StateFile(path).save(NodeState(3))
    assert StateFile(path).load() == NodeState(7)


def test_the_file_can_be_read_by_people(path):
    StateFile(path).save(NodeState(7))
    assert json.loads(path.read_text()) == {
        "term": 7,
        "paused": False,
        "paused_revision": 0,
        "peer": "",
    }


def test_a_field_of_a_newer_version_is_ignored(path):
    path.write_text('{"term": 2, "paused": false, "paused_revision": 1, "mood": "good"}')
    assert StateFile(path).load() == NodeState(2, paused_revision=1)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"7",
        b'{"term": 9223372036854775807, "paused": false, "paused_revision": 0}',
        b'{"term": 0, "paused": false, "paused_revision": 9007199254740993}',
        b'{"term": 7}',
        b'{"term": "7", "paused": false, "paused_revision": 0}',
        b'{"term": -1, "paused": false, "paused_revision": 0}',
        b'{"term": true, "paused": false, "paused_revision": 0}',
        b'{"term": 1, "paused": 0, "paused_revision": 0}',
        b'{"term": 1.0, "paused": false, "paused_revision": 0}',
    ],
)
def test_a_damaged_file_is_an_error_with_a_hint_and_is_never_overwritten(path, content):
    path.write_bytes(content)
    with pytest.raises(ClusterError, match=r"state\.json") as caught:
        StateFile(path).load()
    assert "backup" in caught.value.hint
    with pytest.raises(ClusterError):
        StateFile(path).save(NodeState(1))
    assert path.read_bytes() == content


@given(st.binary(max_size=80))
def test_no_bytes_at_all_break_the_reader(data):
    state = _parse(data)
    assert state is None or state.term >= 0


def test_an_unreadable_file_is_an_error_with_a_hint(path):
    path.mkdir()
    with pytest.raises(ClusterError, match="cannot read") as caught:
        StateFile(path).load()
    assert caught.value.hint


def test_a_crash_while_writing_leaves_the_old_state(path, monkeypatch):
    store = StateFile(path)
    store.save(NodeState(1))

    def power_cut(_):
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(OSError, match="power cut"):
        store.save(NodeState(2))
    assert StateFile(path).load() == NodeState(1)


def test_after_a_failed_sync_of_the_folder_the_same_state_is_written_again(path, monkeypatch):
    store = StateFile(path)
    store.save(NodeState(1))
    synced = []

    def failing_once(number):
        synced.append(number)
        if len(synced) == 2:  # the first is the file, the second the folder
            raise OSError("I/O error")

    monkeypatch.setattr(os, "fsync", failing_once)
    with pytest.raises(OSError, match="I/O error"):
        store.save(NodeState(2))
    store.save(NodeState(2))
    assert len(synced) == 4


def test_what_is_durable_already_is_not_written_again(path, monkeypatch):
    store = StateFile(path)
    store.save(NodeState(5))
    monkeypatch.setattr(os, "fsync", lambda _: pytest.fail("nothing to write"))
    store.save(NodeState(5))
    store.save(NodeState(4))


def test_a_half_written_part_file_is_no_obstacle(path):
    path.with_name("state.json.part").write_bytes(b"{half")
    StateFile(path).save(NodeState(1))
    assert StateFile(path).load() == NodeState(1)
    assert [file.name for file in path.parent.iterdir()] == ["state.json"]


def test_replacing_a_file_syncs_the_file_before_and_the_folder_after_the_rename(path, monkeypatch):
    calls = []
    monkeypatch.setattr(
        os, "fsync", lambda number: calls.append(str(Path(f"/proc/self/fd/{number}").readlink()))
    )
    replace_file(path, b"new")
    assert calls == [f"{path}.part", str(path.parent)]
    assert path.read_bytes() == b"new"


def test_the_instance_is_made_once(path, randomness):
    first = instance_id(path, randomness)
    assert len(first) == 32
    assert instance_id(path, randomness) == first


@pytest.mark.parametrize("content", [b"", b"abc", b"g" * 32, b"A" * 32, b"\xff" * 32])
def test_a_damaged_instance_is_an_error_with_a_hint_and_not_replaced(path, randomness, content):
    path.write_bytes(content)
    with pytest.raises(ClusterError, match="identity") as caught:
        instance_id(path, randomness)
    assert caught.value.hint
    assert path.read_bytes() == content
