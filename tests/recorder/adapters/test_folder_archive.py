"""The archive in a folder: links, copies, crashes between the steps, and changes from outside."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from recorder.adapters import folder_archive
from recorder.adapters.folder_archive import FolderArchive
from recorder.errors import ArchiveError

BODY = b"a recording " * 1000
SHA = hashlib.sha256(BODY).hexdigest()


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def root(tmp_path):
    return tmp_path / "archive"


@pytest.fixture
def sealed(tmp_path):
    path = tmp_path / "buffer"
    path.write_bytes(BODY)
    return str(path)


@pytest.fixture
def no_links(monkeypatch):
    """As on another file system."""

    def link(*_args, **_more):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(folder_archive.os, "link", link)


def put(archive, path, key="dyn/a/b.mp3"):
    archive.put(key, path, SHA, len(BODY))


def leftovers(root):
    return sorted(path.name for path in (root / ".incoming").iterdir())


def test_on_the_same_file_system_a_put_is_a_link(root, sealed):
    put(FolderArchive(root), sealed)
    assert (root / "dyn/a/b.mp3").samefile(sealed)


def test_the_object_stays_when_the_buffer_file_is_discarded(root, sealed):
    archive = FolderArchive(root)
    put(archive, sealed)
    Path(sealed).unlink()
    with archive.open("dyn/a/b.mp3") as file:
        assert file.read() == BODY


@pytest.mark.usefixtures("no_links")
def test_on_another_file_system_a_put_is_a_verified_copy(root, sealed):
    archive = FolderArchive(root)
    put(archive, sealed)
    put(archive, sealed)
    assert (root / "dyn/a/b.mp3").read_bytes() == BODY
    assert not (root / "dyn/a/b.mp3").samefile(sealed)
    assert leftovers(root) == []


def test_a_put_works_across_real_devices(root, tmp_path):
    memory = Path("/dev/shm")  # noqa: S108 - another device than the one of tmp_path
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system at hand")
    elsewhere = memory / f"tandem-test-{os.getpid()}"
    elsewhere.write_bytes(BODY)
    try:
        put(FolderArchive(root), str(elsewhere))
    finally:
        elsewhere.unlink()
    assert (root / "dyn/a/b.mp3").read_bytes() == BODY


@pytest.mark.parametrize("theirs", [BODY, b"another recording"])
def test_a_copy_never_replaces_what_another_node_put_meanwhile(root, sealed, monkeypatch, theirs):
    target = root / "dyn" / "a" / "b.mp3"
    real = os.link

    def link(source, name, **more):
        if source == sealed:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        target.write_bytes(theirs)
        real(source, name, **more)

    monkeypatch.setattr(folder_archive.os, "link", link)
    archive = FolderArchive(root)
    if theirs == BODY:
        put(archive, sealed)
    else:
        with pytest.raises(ArchiveError, match="another content"):
            put(archive, sealed)
    assert target.read_bytes() == theirs
    assert leftovers(root) == []


@pytest.mark.usefixtures("no_links")
def test_a_copy_of_a_file_that_was_changed_in_the_buffer_is_refused(root, sealed):
    Path(sealed).write_bytes(b"X" + BODY[1:])
    archive = FolderArchive(root)
    with pytest.raises(ArchiveError, match="hash"):
        put(archive, sealed)
    assert list(archive.keys()) == []
    assert leftovers(root) == []


@pytest.mark.parametrize("point", ["put", "fsync", "rename"])
@pytest.mark.usefixtures("no_links")
def test_a_crash_at_any_step_of_a_copy_leaves_no_object_and_the_next_put_succeeds(
    root, sealed, point, monkeypatch
):
    def trap(reached):
        if reached == point:
            raise Crash

    monkeypatch.setattr(
        Path, "unlink", lambda *_args, **_more: None
    )  # a dead process tidies nothing
    with pytest.raises(Crash):
        put(FolderArchive(root, trap=trap), sealed)
    monkeypatch.undo()
    archive = FolderArchive(root)
    assert list(archive.keys()) == []
    put(archive, sealed)
    assert list(archive.keys()) == ["dyn/a/b.mp3"]


@pytest.mark.parametrize("point", ["put", "rename", "sync"])
def test_a_crash_at_any_step_of_a_link_is_healed_by_doing_it_again(root, sealed, point):
    def trap(reached):
        if reached == point:
            raise Crash

    def run(archive):
        put(archive, sealed)
        archive.sync()

    with pytest.raises(Crash):
        run(FolderArchive(root, trap=trap))
    again = FolderArchive(root)
    put(again, sealed)
    again.sync()
    assert list(again.keys()) == ["dyn/a/b.mp3"]


def test_sync_makes_each_touched_folder_and_the_way_to_it_durable(root, sealed, monkeypatch):
    synced = []
    real = folder_archive._fsync_directory
    monkeypatch.setattr(
        folder_archive, "_fsync_directory", lambda path: (synced.append(path), real(path))
    )
    archive = FolderArchive(root)
    put(archive, sealed, "dyn/a/1")
    put(archive, sealed, "dyn/a/2")
    archive.sync()
    assert synced == [root, root / "dyn", root / "dyn/a"]
    synced.clear()
    put(archive, sealed, "dyn/a/3")
    archive.sync()
    assert synced == [root / "dyn/a"]
    synced.clear()
    archive.sync()
    assert synced == []


def test_a_put_again_after_a_restart_is_synced_again(root, sealed, monkeypatch):
    put(FolderArchive(root), sealed)
    synced = []
    monkeypatch.setattr(folder_archive, "_fsync_directory", synced.append)
    again = FolderArchive(root)
    put(again, sealed)
    again.sync()
    assert root / "dyn/a" in synced


def test_what_could_not_be_synced_is_synced_the_next_time(root, sealed, monkeypatch):
    archive = FolderArchive(root)
    put(archive, sealed)

    def failing(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(folder_archive, "_fsync_directory", failing)
    with pytest.raises(ArchiveError, match="Input/output error"):
        archive.sync()
    synced = []
    monkeypatch.setattr(folder_archive, "_fsync_directory", synced.append)
    archive.sync()
    assert synced == [root, root / "dyn", root / "dyn/a"]


def test_an_object_that_was_changed_from_outside_is_noticed(root, sealed):
    archive = FolderArchive(root)
    put(archive, sealed)
    target = root / "dyn/a/b.mp3"
    target.unlink()
    target.write_bytes(b"X" + BODY[1:])
    with pytest.raises(ArchiveError, match="another content") as caught:
        put(archive, sealed)
    assert caught.value.hint


def test_neither_a_folder_nor_a_symbolic_link_is_put(root, sealed, tmp_path):
    archive = FolderArchive(root)
    (tmp_path / "link").symlink_to(sealed)
    for path in (tmp_path / "link", tmp_path):
        with pytest.raises(ArchiveError, match="regular"):
            archive.put("dyn/a", str(path), SHA, len(BODY))


def test_what_a_crash_left_is_dropped_when_it_is_old(root):
    FolderArchive(root)
    for name, mtime in (("old", 1_000_000), ("young", None)):
        file = root / ".incoming" / name
        file.touch()
        if mtime is not None:
            os.utime(file, (mtime, mtime))
    FolderArchive(root)
    assert leftovers(root) == ["young"]


def test_a_nearly_full_disk_fails_the_check_with_figures(root):
    free = shutil.disk_usage("/").total * 1000
    with pytest.raises(ArchiveError, match="bytes left") as caught:
        FolderArchive(root, reserve_bytes=free).check()
    assert "resumes by itself" in caught.value.hint


def test_a_folder_that_vanished_fails_the_check_and_every_put(root, sealed):
    archive = FolderArchive(root)
    shutil.rmtree(root)
    with pytest.raises(ArchiveError):
        archive.check()
    root.write_bytes(b"a file where the folder was")
    with pytest.raises(ArchiveError):
        put(archive, sealed)
    with pytest.raises(ArchiveError, match="cannot be used"):
        FolderArchive(root)
