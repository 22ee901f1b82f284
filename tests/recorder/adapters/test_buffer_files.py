"""The call buffer on a real disk: crashes, errors, foreign files."""

import errno
import hashlib
import os
from pathlib import Path

import pytest

from recorder.adapters import buffer_files
from recorder.adapters.buffer_files import DiskBufferFiles
from recorder.errors import CallBufferError

NAME = "ab" * 32


class Crash(BaseException):
    """The process died here."""


def crash_at(point):
    def trap(reached):
        if reached == point:
            raise Crash

    return trap


def opened(directory, **kwargs):
    return DiskBufferFiles(directory, reserve_bytes=0, **kwargs)


@pytest.mark.parametrize("point", ["fsync", "rename"])
def test_a_crash_while_sealing_leaves_a_part_that_is_sealed_next_time(tmp_path, point):
    part = opened(tmp_path, trap=crash_at(point)).open_part(NAME, 100)
    part.write(b"OggS")
    with pytest.raises(Crash):
        part.seal()
    files = opened(tmp_path)
    assert files.names() == ()
    again = files.open_part(NAME, 100)
    assert again.offset == 4
    assert again.seal().sha256 == hashlib.sha256(b"OggS").hexdigest()


def test_a_folder_that_cannot_be_synced_is_told(tmp_path):
    def failing(_reached):
        raise OSError(errno.EIO, "Input/output error")

    with pytest.raises(CallBufferError, match="Input/output error"):
        opened(tmp_path, trap=failing).sync()


@pytest.mark.parametrize("point", ["fsync", "rename"])
def test_a_part_that_could_not_be_made_durable_is_downloaded_from_the_beginning(tmp_path, point):
    failures = [OSError(errno.EIO, "Input/output error")]

    def failing_once(reached):
        if reached == point and failures:
            raise failures.pop()

    files = opened(tmp_path, trap=failing_once)
    part = files.open_part(NAME, 100)
    part.write(b"perhaps dropped by the kernel")
    with pytest.raises(CallBufferError, match="Input/output error"):
        part.seal()
    assert files.names() == ()
    again = files.open_part(NAME, 100)
    assert again.offset == 0
    again.write(b"OggS")
    assert again.seal().sha256 == hashlib.sha256(b"OggS").hexdigest()


def test_parts_from_before_a_reboot_are_dropped_and_sealed_files_kept(tmp_path, monkeypatch):
    files = opened(tmp_path)
    half = files.open_part(NAME, 100)
    half.write(b"half")
    half.abandon()
    whole = files.open_part("cd", 100)
    whole.write(b"whole")
    whole.seal()
    rebooted = tmp_path / "another_boot_id"
    rebooted.write_text("another")
    monkeypatch.setattr(buffer_files, "_BOOT_ID", rebooted)
    files = opened(tmp_path)
    assert files.names() == ("cd",)
    part = files.open_part(NAME, 100)
    assert part.offset == 0
    part.abandon()


def test_a_disk_that_fills_up_keeps_what_was_hashed_and_says_so(tmp_path):
    files = opened(tmp_path)
    part = files.open_part(NAME, 10_000)
    part.write(b"good")
    real = part._file

    class FullDisk:
        def write(self, view):
            if len(view) > 3:
                return real.write(view[:3])
            raise OSError(errno.ENOSPC, "No space left on device")

        def __getattr__(self, name):
            return getattr(real, name)

    part._file = FullDisk()
    with pytest.raises(CallBufferError, match="No space left") as raised:
        part.write(b"too much")
    assert raised.value.hint
    part.abandon()
    resumed = files.open_part(NAME, 10_000)
    assert resumed.offset == 4
    assert resumed.seal().sha256 == hashlib.sha256(b"good").hexdigest()


def test_a_reserve_larger_than_the_disk_opens_nothing(tmp_path):
    files = DiskBufferFiles(tmp_path, reserve_bytes=2**62)
    assert files.free_bytes() == 0
    with pytest.raises(CallBufferError, match="no space"):
        files.open_part(NAME, 100)


def test_a_large_download_stops_at_the_reserve(tmp_path):
    files = opened(tmp_path, bytes_max=17 * 1024**2)
    part = files.open_part(NAME, 1024**3)
    part.write(bytes(10 * 1024**2))
    with pytest.raises(CallBufferError, match="reserve"):
        part.write(bytes(10 * 1024**2))
    part.abandon()


def test_a_directory_that_cannot_be_made_is_reported_with_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CallBufferError, match="file/buffer"):
        opened(tmp_path / "file" / "buffer")


def test_files_of_others_are_left_alone_and_not_counted(tmp_path):
    files = opened(tmp_path, bytes_max=1000)
    (tmp_path / "README").write_text("x" * 100)
    (tmp_path / "ab").mkdir()
    assert files.names() == ()
    assert files.free_bytes() == 1000


def test_names_that_could_leave_the_directory_are_a_bug(tmp_path):
    for name in ("../x", "A", "", "a/b", "a.part", "ab\n"):
        with pytest.raises(AssertionError):
            opened(tmp_path).path(name)


def test_old_files_are_told_by_their_last_write(tmp_path):
    files = opened(tmp_path)
    part = files.open_part(NAME, 100)
    part.write(b"x")
    part.seal()
    os.utime(files.path(NAME), (0, 0))
    assert files.old_names(3600) == (NAME,)


def test_recordings_are_readable_by_the_recorder_alone(tmp_path):
    files = opened(tmp_path)
    part = files.open_part(NAME, 100)
    part.seal()
    assert Path(files.path(NAME)).stat().st_mode & 0o077 == 0


def test_a_marker_full_of_garbage_counts_as_another_boot(tmp_path):
    opened(tmp_path)
    (tmp_path / f"{NAME}.part").write_bytes(b"OggS")
    (tmp_path / "boot").write_bytes(b"\xff\x00garbage\n")

    opened(tmp_path)

    assert not (tmp_path / f"{NAME}.part").exists()
