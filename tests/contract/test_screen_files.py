"""What SCN files in a call buffer promise: DiskScreenFiles and MemoryScreenFiles."""

import hashlib
import io
from dataclasses import replace

import pytest

from recorder.adapters.scn_files import DiskScreenFiles
from recorder.errors import BufferFull, CallBufferError
from recorder.scn.model import ScreenPacket
from recorder.scn.part import ScnPacket
from sim.stand_ins.screen_files import MemoryScreenFiles, ScreenDisk
from tests.by_hand import HandClock
from tests.screens import KEY, a_head, packets

OTHER = "cd" * 16


class Disk:
    def __init__(self, directory):
        self.directory = directory

    def life(self, bytes_max=None):
        return DiskScreenFiles(
            self.directory, clock=HandClock(), reserve_bytes=0, bytes_max=bytes_max
        )

    def data(self, key):
        (path,) = self.directory.glob(f"{key}.[ps]*")
        return path.read_bytes()

    def tear(self, key, size):
        path = self.directory / f"{key}.part"
        path.write_bytes(path.read_bytes()[:size])


class Memory:
    def __init__(self):
        self.disk = ScreenDisk()

    def life(self, bytes_max=None):
        self.disk.bytes_max = bytes_max
        return MemoryScreenFiles(self.disk)

    def data(self, key):
        return bytes(self.disk.sealed.get(key) or self.disk.opened[key])

    def tear(self, key, size):
        self.disk.tear(key, size)


@pytest.fixture(params=["disk", "memory"])
def world(request, tmp_path):
    return Disk(tmp_path / "screens") if request.param == "disk" else Memory()


@pytest.fixture
def files(world):
    return world.life()


def write(files, key=KEY, count=5):
    files.begin(a_head(key))
    files.append(key, packets(count))


def test_a_sealed_part_tells_what_it_holds(world, files):
    files.begin(a_head(seq_first=7))
    files.append(KEY, packets(3, first=7, keys=(7,)))
    files.append(KEY, packets(2, first=10))
    sealed = files.seal(KEY)
    data = world.data(KEY)
    assert (sealed.size_bytes, sealed.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert (sealed.part_key, sealed.head) == (KEY, a_head(seq_first=7))
    assert (sealed.packets, sealed.seq_last) == (5, 11)
    assert (sealed.pts_first_ms, sealed.pts_last_ms) == (1400, 2200)
    assert not sealed.kept
    assert files.index(KEY) == tuple(ScnPacket(n, n * 200, n == 7) for n in range(7, 12))


def test_what_an_earlier_life_left_open_is_sealed_with_every_packet_of_it(world, files):
    write(files)
    (found,) = world.life().found()
    assert (found.part_key, found.packets, found.seq_last) == (KEY, 5, 4)
    assert world.life().found() == (found,)


def test_what_is_torn_is_cut_to_its_whole_packets(world, files):
    files.begin(a_head())
    files.append(KEY, packets(4))
    whole = len(world.data(KEY))
    files.append(KEY, packets(1, first=4))
    world.tear(KEY, whole + 20)
    (found,) = world.life().found()
    assert (found.packets, found.size_bytes) == (4, whole)


@pytest.mark.parametrize("left", [0, 3, 300])
def test_what_has_no_packet_is_deleted(world, files, left):
    files.begin(a_head())
    world.tear(KEY, left)
    assert world.life().found() == ()
    assert world.life().found() == ()


def test_a_part_without_packets_is_gone_when_sealed(world, files):
    files.begin(a_head())
    assert files.seal(KEY) is None
    assert world.life().found() == ()


def test_sealed_parts_are_found_again_by_key(world, files):
    write(files, OTHER)
    write(files, KEY)
    sealed = (files.seal(OTHER), files.seal(KEY))
    assert world.life().found() == sealed[::-1]


def test_a_mark_stays(world, files):
    write(files, KEY)
    files.keep(KEY)
    assert files.seal(KEY).kept
    write(files, OTHER)
    files.seal(OTHER)
    files.keep(OTHER)
    assert [one.kept for one in world.life().found()] == [True, True]


def test_a_mark_of_a_part_that_is_gone_marks_nothing_new(files):
    write(files)
    files.keep(KEY)
    files.discard(KEY)
    write(files)
    assert not files.seal(KEY).kept


@pytest.mark.parametrize("seal", [True, False])
def test_a_discarded_part_is_gone_and_may_be_discarded_again(world, files, seal):
    write(files)
    if seal:
        files.seal(KEY)
    files.discard(KEY)
    files.discard(KEY)
    assert world.life().found() == ()


def test_a_copy_has_the_packets_asked_for(files):
    write(files, count=9)
    files.seal(KEY)
    copied = files.copy(KEY, a_head(OTHER, seq_first=3), 6)
    assert (copied.part_key, copied.packets, copied.seq_last) == (OTHER, 4, 6)
    assert copied.pts_first_ms == 600
    again = files.copy(KEY, a_head(OTHER, seq_first=3), 6)
    assert again == copied


def test_no_more_is_written_than_fits_and_what_is_there_stays(world):
    files = world.life(bytes_max=2000)
    files.begin(a_head())
    files.append(KEY, packets(1))
    big = ScreenPacket(1, 200, is_key=False, data=bytes(1500))
    with pytest.raises(BufferFull):
        files.append(KEY, (big,))
    sealed = files.seal(KEY)
    assert sealed.packets == 1
    assert files.free_bytes() == 2000 - sealed.size_bytes
    files.discard(KEY)
    assert files.free_bytes() == 2000


def test_a_part_that_is_not_there_cannot_be_read(files):
    with pytest.raises(CallBufferError):
        files.index(KEY)
    with pytest.raises(CallBufferError):
        files.copy(KEY, replace(a_head(), part_key=OTHER), 3)


def test_an_adopted_part_is_the_very_one_that_was_sealed(world, files):
    write(files)
    sealed, data = files.seal(KEY), world.data(KEY)
    files.discard(KEY)
    assert files.adopt(KEY, io.BytesIO(data), sealed.sha256) == sealed
    assert files.adopt(KEY, io.BytesIO(data), sealed.sha256) == sealed
    assert world.life().found() == (sealed,)


def test_what_is_not_what_was_sealed_is_not_adopted(world, files):
    write(files)
    sealed, data = files.seal(KEY), world.data(KEY)
    files.discard(KEY)
    with pytest.raises(CallBufferError):
        files.adopt(KEY, io.BytesIO(data[:-1]), sealed.sha256)
    assert world.life().found() == ()
