"""Disks that refuse: call buffer, journal, archive and progress name the file, say what to do, and go on later."""

import errno
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from recorder.adapters import buffer_files, data_lock, folder_archive, journal_file, progress_file
from recorder.adapters.buffer_files import DiskBufferFiles
from recorder.adapters.data_lock import claim_data
from recorder.adapters.folder_archive import FolderArchive
from recorder.adapters.journal_file import JournalFile
from recorder.adapters.progress_file import ProgressFile
from recorder.errors import ArchiveError, CallBufferError, RecorderError
from recorder.model import SourceProgress
from recorder.ports.recording import SealedFile

BODY = b"a recording " * 100
SHA = hashlib.sha256(BODY).hexdigest()


def broken(*_words, **_more):
    raise OSError(errno.EIO, "Input/output error")


def refused(kind, call, *words):
    with pytest.raises(kind) as caught:
        call()
    assert "Input/output error" in str(caught.value) or not words
    assert all(word in str(caught.value) for word in words)
    assert caught.value.hint
    return caught.value


def open_files():
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


# --- call buffer ---


@pytest.fixture
def files(tmp_path):
    return DiskBufferFiles(tmp_path / "buffer", reserve_bytes=0)


def sealed(files, name="abc"):
    part = files.open_part(name, 10**6)
    part.write(BODY)
    return part.seal()


def test_a_sealed_file_that_cannot_be_read_is_named(files, monkeypatch):
    sealed(files)
    monkeypatch.setattr(buffer_files, "_sealed", broken)
    refused(CallBufferError, lambda: files.open_part("abc", 10**6), files.path("abc"))
    monkeypatch.undo()
    assert isinstance(files.open_part("abc", 10**6), SealedFile)


def test_a_file_that_cannot_be_removed_is_named_and_stays(files, monkeypatch):
    sealed(files)
    monkeypatch.setattr(Path, "unlink", broken)
    refused(CallBufferError, lambda: files.discard("abc"), files.path("abc"))
    monkeypatch.undo()
    assert files.names() == ("abc",)


@pytest.mark.parametrize("look", ["names", "free_bytes", "old_names"])
def test_a_buffer_that_vanished_is_told_and_not_taken_for_empty(look, files, tmp_path):
    shutil.rmtree(tmp_path / "buffer")
    calls = {
        "names": files.names,
        "free_bytes": files.free_bytes,
        "old_names": lambda: files.old_names(1.0),
    }
    with pytest.raises(CallBufferError, match="No such file") as caught:
        calls[look]()
    assert str(tmp_path / "buffer") in str(caught.value)


def test_a_file_that_goes_while_the_buffer_is_looked_at_is_passed_over(files, monkeypatch):
    sealed(files)
    sealed(files, "def")

    class Going:
        """An entry whose file another job discards right now."""

        def __init__(self, entry):
            self.name = entry.name
            self._entry = entry

        def stat(self, *, follow_symlinks):
            if self.name == "abc":
                raise FileNotFoundError(self.name)
            return self._entry.stat(follow_symlinks=follow_symlinks)

    class Looked:
        def __init__(self, directory):
            self._entries = list(scandir(directory))

        def __enter__(self):
            return (Going(entry) for entry in self._entries)

        def __exit__(self, *_details):
            """Nothing is held."""

    scandir = os.scandir
    monkeypatch.setattr(buffer_files.os, "scandir", Looked)
    assert files.names() == ("def",)


def test_a_part_that_cannot_be_cut_back_is_named(files, monkeypatch):
    part = files.open_part("abc", 10**6)
    part.write(BODY)
    monkeypatch.setattr(part, "_file", type("Broken", (), {"seek": broken}))
    refused(CallBufferError, part.restart, "abc.part cannot be cut")
    monkeypatch.undo()
    part.abandon()


def test_a_part_that_cannot_be_locked_is_closed_again(files, monkeypatch):
    before = open_files()
    monkeypatch.setattr(buffer_files.fcntl, "flock", broken)
    refused(CallBufferError, lambda: files.open_part("abc", 10**6), "abc.part")
    assert open_files() == before


def test_a_part_that_was_sealed_by_another_job_meanwhile_is_begun_anew(files, monkeypatch):
    """The other job held the lock while this one opened the file, and renamed it."""
    flock, waited = buffer_files.fcntl.flock, []

    def late(fd, operation):
        if not waited:
            waited.append(fd)
            os.rename(files.path("abc") + ".part", files.path("def"))  # noqa: PTH104
        flock(fd, operation)

    monkeypatch.setattr(buffer_files.fcntl, "flock", late)
    part = files.open_part("abc", 10**6)
    part.write(BODY)
    assert part.seal().size_bytes == len(BODY)
    assert files.names() == ("abc", "def")


# --- journal ---


@pytest.mark.parametrize("trouble", ["write", "fsync"])
def test_a_journal_that_refuses_a_record_has_none_of_it_and_goes_on(trouble, tmp_path, monkeypatch):
    journal = JournalFile(tmp_path / "journal")
    journal.append([b"one"])
    target = (journal_file, "_write_all") if trouble == "write" else (journal_file.os, "fsync")
    monkeypatch.setattr(*target, broken)
    refused(CallBufferError, lambda: journal.append([b"two"]), str(tmp_path / "journal"))
    assert journal.read() == (b"one",)
    monkeypatch.undo()
    journal.append([b"three"])
    assert journal.read() == (b"one", b"three")
    journal.close()


def test_a_journal_that_cannot_even_be_cut_back_is_cut_when_it_is_opened_again(
    tmp_path, monkeypatch
):
    class Stuck:
        """The file of a disk that went away in the middle of a record."""

        def __init__(self, file):
            self._file = file

        def write(self, data):
            self._file.write(bytes(data)[:5])
            broken()

        def fileno(self):
            return self._file.fileno()

        def truncate(self, _size):
            broken()

        def close(self):
            self._file.close()

    journal = JournalFile(tmp_path / "journal")
    journal.append([b"one"])
    monkeypatch.setattr(journal, "_file", Stuck(journal._file))
    refused(CallBufferError, lambda: journal.append([b"two"]), "takes no records")
    assert (tmp_path / "journal").stat().st_size > len(journal_file.frame(b"one"))
    assert journal.read() == (b"one",)
    journal.append([b"three"])
    assert journal.read() == (b"one", b"three")
    journal.close()


@pytest.mark.parametrize("name", ["read", "rewrite", "append"])
def test_a_journal_in_the_place_of_a_folder_is_named(name, tmp_path):
    (tmp_path / "journal").mkdir()
    journal = JournalFile(tmp_path / "journal")
    call = journal.read if name == "read" else lambda: getattr(journal, name)([b"x"])
    with pytest.raises(CallBufferError, match="journal") as caught:
        call()
    assert str(tmp_path) in str(caught.value)


# --- archive ---


@pytest.fixture
def buffered(tmp_path):
    path = tmp_path / "sealed"
    path.write_bytes(BODY)
    return str(path)


@pytest.fixture
def archive(tmp_path, buffered):
    made = FolderArchive(tmp_path / "archive")
    made.put("dyn/a/b.mp3", buffered, SHA, len(BODY))
    return made


def test_an_object_that_cannot_be_read_is_named(archive, monkeypatch):
    monkeypatch.setattr(Path, "open", broken)
    refused(ArchiveError, lambda: archive.open("dyn/a/b.mp3"), "dyn/a/b.mp3 cannot be read")


def test_an_object_that_cannot_be_looked_at_is_not_said_to_be_absent(archive, monkeypatch):
    monkeypatch.setattr(Path, "stat", broken)
    refused(ArchiveError, lambda: archive.info("dyn/a/b.mp3"), "cannot be looked at")


def test_an_archive_that_cannot_be_listed_is_not_said_to_be_empty(archive, monkeypatch):
    monkeypatch.setattr(folder_archive.os, "scandir", broken)
    refused(ArchiveError, lambda: list(archive.keys()), "cannot be listed")


def test_a_folder_is_no_object(archive):
    assert archive.info("dyn/a") is None
    assert archive.info("dyn/a/b.mp3/c") is None
    with pytest.raises(ArchiveError, match="dyn/a cannot be read"):
        archive.open("dyn/a")


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_a_copy_the_disk_refuses_to_name_leaves_nothing_behind(
    code, archive, buffered, monkeypatch, tmp_path
):
    calls = []

    def link(*_words, **_more):
        calls.append(1)
        raise OSError(errno.EXDEV if len(calls) == 1 else code, os.strerror(code))

    monkeypatch.setattr(folder_archive.os, "link", link)
    with pytest.raises(ArchiveError, match=r"dyn/a/c\.mp3 cannot be put") as caught:
        archive.put("dyn/a/c.mp3", buffered, SHA, len(BODY))
    assert os.strerror(code) in str(caught.value)
    assert archive.info("dyn/a/c.mp3") is None
    assert list((tmp_path / "archive" / ".incoming").iterdir()) == []


def test_without_links_an_object_of_that_name_is_never_replaced(archive, buffered, monkeypatch):
    """The other node puts it between the look and the copy."""
    other = b"b" * len(BODY)
    target = Path(archive._target("dyn/a/c.mp3"))

    def link(_path, to, **_more):
        if Path(to) == target and list(target.parent.parent.parent.glob(".incoming/*")):
            target.write_bytes(other)
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr(folder_archive.os, "link", link)
    with pytest.raises(ArchiveError, match="another content"):
        archive.put("dyn/a/c.mp3", buffered, SHA, len(BODY))
    assert target.read_bytes() == other


def test_a_copy_that_the_other_node_finishes_while_this_one_starts_is_no_trouble(
    archive, tmp_path, monkeypatch
):
    incoming = tmp_path / "archive" / ".incoming"
    iterdir = Path.iterdir

    def looked(path):
        yield from iterdir(path)
        yield incoming / "finished-meanwhile"

    monkeypatch.setattr(Path, "iterdir", looked)
    assert list(FolderArchive(tmp_path / "archive").keys()) == ["dyn/a/b.mp3"]
    assert archive is not None


def test_a_folder_somebody_left_among_the_copies_is_no_trouble(archive, tmp_path):
    odd = tmp_path / "archive" / ".incoming" / "lost+found"
    odd.mkdir()
    os.utime(odd, (0, 0))
    assert list(FolderArchive(tmp_path / "archive").keys()) == ["dyn/a/b.mp3"]
    assert odd.is_dir()
    assert archive is not None


# --- progress and the lock of the data directory ---


def test_progress_that_cannot_be_read_is_not_taken_for_none(tmp_path, monkeypatch):
    store = ProgressFile(tmp_path / "progress")
    store.save(SourceProgress("dyn", 0, 5, 5))
    monkeypatch.setattr(Path, "read_bytes", broken)
    refused(RecorderError, store.load, str(tmp_path / "progress"))
    monkeypatch.undo()
    assert store.load() == (SourceProgress("dyn", 0, 5, 5),)


def test_progress_that_cannot_be_written_is_named_and_the_old_one_stays(tmp_path, monkeypatch):
    store = ProgressFile(tmp_path / "progress")
    store.save(SourceProgress("dyn", 0, 5, 5))
    monkeypatch.setattr(progress_file, "replace_file", broken)
    fresh = SourceProgress("dyn", 0, 6, 6)
    refused(CallBufferError, lambda: store.save(fresh), "dyn.")
    assert store.load() == (SourceProgress("dyn", 0, 5, 5),)
    monkeypatch.undo()
    store.save(fresh)
    assert store.load() == (fresh,)


def test_a_full_disk_does_not_keep_a_node_from_taking_its_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(data_lock.os, "write", broken)
    claim_data(tmp_path / "data")
    assert (tmp_path / "data" / "lock").exists()
