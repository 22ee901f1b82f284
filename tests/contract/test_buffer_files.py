"""What every call buffer promises: the one on disk and the simulated one."""

import hashlib

import pytest

from recorder.adapters.buffer_files import DiskBufferFiles
from recorder.errors import CallBufferError, TooLarge
from recorder.ports.recording import SealedFile
from sim.stand_ins.buffer import SimBufferFiles
from tests.recorder.hand_clock import HandClock

NAME = "ab" * 32
OTHER = "cd" * 32
MANY = 1024**2


@pytest.fixture(params=["disk", "sim"])
def files(request, tmp_path):
    if request.param == "disk":
        return DiskBufferFiles(tmp_path / "buffer", reserve_bytes=0, bytes_max=MANY)
    return SimBufferFiles(HandClock(), capacity_bytes=MANY)


def write(files, data, name=NAME):
    part = files.open_part(name, MANY)
    part.write(data)
    return part


def test_a_sealed_file_knows_its_size_hash_and_first_bytes(files):
    part = write(files, b"ID3" + b"x" * 100)
    part.write(b"more")
    sealed = part.seal()
    whole = b"ID3" + b"x" * 100 + b"more"
    assert sealed == SealedFile(NAME, len(whole), hashlib.sha256(whole).hexdigest(), whole[:64])
    assert files.names() == (NAME,)


def test_an_abandoned_part_resumes_where_it_stood(files):
    write(files, b"one").abandon()
    part = files.open_part(NAME, MANY)
    assert part.offset == 3
    part.write(b"two")
    assert part.seal().sha256 == hashlib.sha256(b"onetwo").hexdigest()


def test_a_part_is_not_among_the_sealed_files(files):
    write(files, b"one").abandon()
    assert files.names() == ()


def test_opening_a_sealed_file_reports_it_instead_of_writing_it_again(files):
    sealed = write(files, b"RIFF").seal()
    assert files.open_part(NAME, MANY) == sealed


def test_names_that_were_synced_stay(files):
    write(files, b"one").seal()
    files.sync()
    files.discard(NAME)
    files.sync()
    assert files.names() == ()


def test_a_restarted_part_forgets_what_was_written(files):
    part = write(files, b"wrong")
    part.restart()
    assert part.offset == 0
    part.write(b"right")
    assert part.seal() == SealedFile(NAME, 5, hashlib.sha256(b"right").hexdigest(), b"right")


def test_a_file_larger_than_its_limit_is_refused(files):
    part = files.open_part(NAME, 4)
    part.write(b"1234")
    with pytest.raises(TooLarge):
        part.write(b"5")
    assert part.offset == 4
    part.abandon()


def test_one_name_is_written_by_one_job_at_a_time(files):
    part = write(files, b"one")
    with pytest.raises(CallBufferError):
        files.open_part(NAME, MANY)
    part.abandon()
    files.open_part(NAME, MANY).abandon()


def test_discarding_removes_parts_and_sealed_files_and_nothing_is_fine_too(files):
    write(files, b"one").abandon()
    files.discard(NAME)
    part = files.open_part(NAME, MANY)
    assert part.offset == 0
    part.abandon()
    write(files, b"two", OTHER).seal()
    files.discard(OTHER)
    files.discard("ef" * 32)
    assert files.names() == ()


def test_free_space_shrinks_with_what_is_written_and_returns(files):
    before = files.free_bytes()
    write(files, b"x" * 1000).seal()
    assert files.free_bytes() == before - 1000
    files.discard(NAME)
    assert files.free_bytes() == before


def test_a_full_buffer_opens_no_part_but_still_reports_sealed_files(files):
    sealed = write(files, b"x" * MANY).seal()
    assert files.free_bytes() == 0
    with pytest.raises(CallBufferError, match="no space"):
        files.open_part(OTHER, MANY)
    assert files.open_part(NAME, MANY) == sealed


def test_files_nobody_wrote_to_are_old(files):
    write(files, b"one").abandon()
    write(files, b"two", OTHER).seal()
    assert files.old_names(0) == (NAME, OTHER)
    assert files.old_names(3600) == ()


def test_names_are_in_order(files):
    for name in ("cc", "aa", "bb"):
        write(files, b"x", name).seal()
    assert files.names() == ("aa", "bb", "cc")
