"""What every archive promises."""

import hashlib

import pytest

from recorder.adapters.folder_archive import FolderArchive
from recorder.errors import ArchiveError
from recorder.ports.recording import ObjectInfo
from sim.tables.data_center import MemoryArchive, MemoryArchiveStore

BODY = b"ID3 not quite a recording" * 100


@pytest.fixture(params=["memory", "folder"])
def archive(request, tmp_path):
    if request.param == "memory":
        return MemoryArchive(MemoryArchiveStore())
    return FolderArchive(tmp_path / "archive", reserve_bytes=0)


@pytest.fixture
def sealed(tmp_path):
    """Put a file into the call buffer; gives what `put` wants to know of it."""

    def seal(body=BODY, name="0f0f"):
        path = tmp_path / name
        path.write_bytes(body)
        return {
            "path": str(path),
            "sha256": hashlib.sha256(body).hexdigest(),
            "size_bytes": len(body),
        }

    return seal


def test_what_was_put_can_be_read(archive, sealed):
    archive.put("dyn/2026/a.mp3", **sealed())
    archive.sync()
    with archive.open("dyn/2026/a.mp3") as file:
        assert file.read() == BODY
    assert archive.info("dyn/2026/a.mp3") == ObjectInfo("dyn/2026/a.mp3", len(BODY))


@pytest.mark.parametrize("after", ["", "a", "a/b", "a/b/2", "a/b0", "a-b", "b", "b/1", "zz"])
def test_keys_go_on_behind_one(archive, sealed, after):
    every = ["a-b/1", "a/1", "a/b/1", "a/b/2", "a/b/3", "a/c", "b/1", "b/2"]
    for key in every:
        archive.put(key, **sealed())
    assert list(archive.keys(after)) == [key for key in every if key > after]
    assert list(archive.keys(after=every[3])) == every[4:]


def test_keys_of_one_folder_alone(archive, sealed):
    for key in ["a-b/1", "a/1", "a/b/1", "a/b/2", "a/bc/3", "b/1"]:
        archive.put(key, **sealed())
    assert list(archive.keys(below="a/b/")) == ["a/b/1", "a/b/2"]
    assert list(archive.keys("a/b/1", below="a/b/")) == ["a/b/2"]
    assert list(archive.keys(below="c/d/")) == []


def test_what_was_never_put_is_not_there(archive):
    assert archive.info("dyn/a") is None
    assert list(archive.keys()) == []
    with pytest.raises(ArchiveError, match="dyn/a"):
        archive.open("dyn/a")


def test_the_same_content_again_is_the_same_put(archive, sealed):
    archive.put("dyn/a", **sealed())
    archive.put("dyn/a", **sealed())
    archive.put("dyn/a", **sealed(name="another-file"))
    assert list(archive.keys()) == ["dyn/a"]


@pytest.mark.parametrize("body", [b"x" * len(BODY), BODY + b"more"])
def test_another_content_under_the_same_key_is_refused(archive, sealed, body):
    archive.put("dyn/a", **sealed())
    with pytest.raises(ArchiveError, match="another content"):
        archive.put("dyn/a", **sealed(body, name="other"))
    with archive.open("dyn/a") as file:
        assert file.read() == BODY


def test_a_file_that_is_not_as_described_is_refused(archive, sealed):
    described = sealed()
    with pytest.raises(ArchiveError):
        archive.put("dyn/a", **{**described, "size_bytes": 1})
    with pytest.raises(ArchiveError):
        archive.put("dyn/a", **{**described, "path": described["path"] + "-gone"})
    assert archive.info("dyn/a") is None


def test_an_object_is_held_when_it_is_there_in_this_size(archive, sealed):
    archive.put("dyn/a", **sealed())
    assert archive.holds("dyn/a", len(BODY))
    assert not archive.holds("dyn/a", len(BODY) + 1)
    assert not archive.holds("dyn/b", len(BODY))


def test_what_another_process_put_is_made_durable_by_whoever_finds_it(sealed):
    store = MemoryArchiveStore()
    MemoryArchive(store).put("dyn/a", **sealed())  # and its process dies
    other = MemoryArchive(store)
    other.sync()
    assert store.unsynced == {"dyn/a"}
    assert other.holds("dyn/a", len(BODY))
    other.sync()
    assert not store.unsynced


def test_a_folder_found_with_the_object_of_a_dead_process_is_synced(tmp_path, sealed, monkeypatch):
    FolderArchive(tmp_path / "archive", reserve_bytes=0).put("dyn/a", **sealed())
    other = FolderArchive(tmp_path / "archive", reserve_bytes=0)
    synced = []
    monkeypatch.setattr("recorder.adapters.folder_archive._fsync_directory", synced.append)
    assert other.holds("dyn/a", len(BODY))
    other.sync()
    assert tmp_path / "archive" / "dyn" in synced


def test_keys_are_listed_in_order(archive, sealed):
    wanted = ["a", "a/b", "a-c", "b/a/x", "b/a/y", "b/a.x", "b/b"]
    wanted = [key for key in wanted if key != "a"]  # a name is an object or a folder, not both
    for key in wanted:
        archive.put(key, **sealed())
    assert list(archive.keys()) == sorted(wanted)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../a",
        "a/../b",
        "a//b",
        "a/",
        ".hidden",
        "a/.b",
        "a\\b",
        "a b",
        "a\n",
        "ä",
        "a\0b",
        "C:x",
        "x" * 201,
    ],
)
def test_a_key_that_could_leave_the_archive_is_refused(archive, sealed, key):
    with pytest.raises(ArchiveError):
        archive.put(key, **sealed())
    with pytest.raises(ArchiveError):
        archive.open(key)
    with pytest.raises(ArchiveError):
        archive.info(key)
    assert list(archive.keys()) == []


def test_a_healthy_archive_passes_its_check(archive):
    archive.check()


def test_a_deleted_object_is_gone_and_the_others_stay(archive, sealed):
    archive.put("dyn/a", **sealed())
    archive.put("dyn/b", **sealed())
    archive.sync()
    archive.delete("dyn/a")
    assert archive.info("dyn/a") is None
    assert list(archive.keys()) == ["dyn/b"]
    with pytest.raises(ArchiveError):
        archive.open("dyn/a")


def test_to_delete_twice_or_what_was_never_there_is_no_error(archive, sealed):
    archive.put("dyn/a", **sealed())
    for _ in range(2):
        archive.delete("dyn/a")
    archive.delete("never/there")
    assert list(archive.keys()) == []


def test_what_was_deleted_can_be_put_again(archive, sealed):
    archive.put("dyn/a", **sealed())
    archive.sync()
    archive.delete("dyn/a")
    archive.put("dyn/a", **sealed(b"another content", name="other"))
    archive.sync()
    with archive.open("dyn/a") as file:
        assert file.read() == b"another content"


def test_a_deletion_is_durable_when_it_returns(tmp_path, sealed, monkeypatch):
    archive = FolderArchive(tmp_path / "archive", reserve_bytes=0)
    archive.put("dyn/a", **sealed())
    synced = []
    monkeypatch.setattr("recorder.adapters.folder_archive._fsync_directory", synced.append)
    archive.delete("dyn/a")
    archive.delete("dyn/a")
    assert synced == [tmp_path / "archive" / "dyn"] * 2, "also for whoever died before it"


@pytest.mark.parametrize("key", ["../outside", "/etc/passwd", ".incoming/x", ""])
def test_nothing_outside_the_archive_is_deleted(archive, tmp_path, key):
    (tmp_path / "outside").write_bytes(b"kept")
    with pytest.raises(ArchiveError):
        archive.delete(key)
    assert (tmp_path / "outside").exists()
