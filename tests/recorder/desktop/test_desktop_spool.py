import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.desktop import spool_file
from recorder.desktop.desktop_clock import ClockMark
from recorder.desktop.spool import RESTARTED, Spool
from recorder.desktop.spool_file import SUFFIX, GroupFile
from recorder.desktop.spool_folder import claim_folder
from recorder.errors import ConfigError
from recorder.scn.model import ScreenPacket, ScreenStream
from recorder.scn.wire import PACKET_BYTES_MAX

STREAM = ScreenStream("s1", "desk", ("dynamics/anna",), "vp9", 64, 32, 1_000)
LATER = replace(STREAM, stream="s2", t0_us=2_000)


class Kept:
    """A spool and what it told."""

    def __init__(self, folder, *, bytes_max=10_000, memory_bytes_max=1_000, mark=None):
        self.lost, self.troubles, self.news = [], [], 0
        self.mark = mark
        self.spool = Spool(
            folder,
            bytes_max=bytes_max,
            memory_bytes_max=memory_bytes_max,
            on_lost=self.lost.append,
            on_trouble=self.troubles.append,
            on_news=self._new,
            mark=None if mark is None else lambda: self.mark,
        )

    def _new(self):
        self.news += 1


def packet(seq, *, every=5, size=100):
    return ScreenPacket(seq, seq * 200, seq % every == 0, bytes([seq % 256]) * size)


def fill(spool, count, *, stream=STREAM, every=5, size=100):
    spool.begin(stream)
    for seq in range(count):
        spool.add(stream.stream, packet(seq, every=every, size=size))


def read_all(spool, stream="s1", seq=0):
    found = []
    while packets := spool.read(stream, seq, 250):
        found += packets
        seq = packets[-1].seq + 1
    return found


def test_frames_come_back_in_order_and_whole(tmp_path):
    kept = Kept(tmp_path)
    fill(kept.spool, 23)
    assert read_all(kept.spool) == [packet(seq) for seq in range(23)]
    assert kept.news == 23


def test_nothing_touches_the_disk_while_a_node_is_there(tmp_path):
    spool = Kept(tmp_path, memory_bytes_max=5_000).spool
    spool.without_nodes(away=False)
    fill(spool, 23)
    assert not list(tmp_path.iterdir())


def test_what_memory_has_no_room_for_goes_to_disk_oldest_first(tmp_path):
    spool = Kept(tmp_path, memory_bytes_max=1_000).spool
    spool.without_nodes(away=False)
    fill(spool, 23)
    facts = spool.facts()
    assert facts.memory_bytes <= 1_000
    assert facts.disk_bytes + facts.memory_bytes == 2_300
    assert read_all(spool) == [packet(seq) for seq in range(23)]


def test_everything_goes_to_disk_while_no_node_is_there(tmp_path):
    spool = Kept(tmp_path).spool
    spool.without_nodes(away=False)
    fill(spool, 7)
    spool.without_nodes(away=True)
    assert spool.facts().memory_bytes == 0
    spool.add("s1", packet(7))
    assert spool.facts().disk_bytes == 800
    assert read_all(spool) == [packet(seq) for seq in range(8)]


def test_what_a_node_has_is_forgotten_but_for_the_group_that_goes_on(tmp_path):
    spool = Kept(tmp_path).spool
    fill(spool, 13)
    spool.kept("s1", 12)
    assert [one.seq for one in read_all(spool)] == [10, 11, 12]
    assert spool.facts().frames_waiting == 0
    assert spool.resume_at("s1", None) == 10
    assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == 1


def test_stream_is_gone_when_a_node_has_all_of_it_and_knows_its_end(tmp_path):
    spool = Kept(tmp_path).spool
    fill(spool, 13)
    spool.end("s1", "stopped")
    spool.kept("s1", 12)
    assert spool.streams()
    spool.end_told("s1")
    assert not spool.streams()
    assert not list(tmp_path.iterdir())


def test_oldest_groups_go_when_there_is_too_much_and_it_is_told(tmp_path):
    kept = Kept(tmp_path, bytes_max=1_500)
    fill(kept.spool, 23)
    assert [(one.stream, one.first, one.last) for one in kept.lost] == [("s1", 0, 4), ("s1", 5, 9)]
    assert read_all(kept.spool) == [packet(seq) for seq in range(10, 23)]
    assert kept.spool.facts().dropped_frames == 10
    assert kept.spool.resume_at("s1", 3) == 10


def test_frames_of_an_earlier_run_are_taken_up(tmp_path):
    fill(Kept(tmp_path).spool, 13)
    spool = Kept(tmp_path).spool
    (one,) = spool.streams()
    assert (one.stream, one.seq_last, one.ended) == (STREAM, 12, RESTARTED)
    assert read_all(spool) == [packet(seq) for seq in range(13)]
    fill(spool, 3, stream=LATER)
    assert [one.stream.stream for one in spool.streams()] == ["s1", "s2"]


MARK = ClockMark("boot-1", 5_000, 1_000_000, 1_000_000)
HOUR_US = 3_600_000_000


def test_frames_of_an_earlier_run_keep_their_instant_when_the_calendar_was_set_since(tmp_path):
    fill(Kept(tmp_path, mark=MARK).spool, 13)
    later = ClockMark("boot-1", 9_000, 1_004_000 + HOUR_US, 1_004_000 + HOUR_US)
    (one,) = Kept(tmp_path, mark=later).spool.streams()
    assert one.stream == replace(STREAM, t0_us=STREAM.t0_us + HOUR_US)
    (again,) = Kept(tmp_path, mark=MARK).spool.streams()
    assert again.stream == STREAM, "what is on the disk is as it was told"


def test_over_a_start_of_the_computer_the_last_mark_of_a_stream_counts(tmp_path):
    kept = Kept(tmp_path, mark=MARK)
    fill(kept.spool, 7)
    kept.mark = replace(MARK, calendar_us=MARK.calendar_us + HOUR_US)
    for seq in range(7, 13):
        kept.spool.add("s1", packet(seq))
    other = ClockMark("boot-2", 1, 7_000_000, 7_000_000)
    (one,) = Kept(tmp_path, mark=other).spool.streams()
    assert one.stream.t0_us == STREAM.t0_us + HOUR_US


def test_frames_without_a_mark_stay_where_they_were(tmp_path):
    fill(Kept(tmp_path).spool, 3)
    (one,) = Kept(tmp_path, mark=MARK).spool.streams()
    assert one.stream == STREAM


@pytest.mark.parametrize("cut", [1, 3, 60, 117, 118, 250])
def test_file_that_a_crash_cut_gives_its_whole_frames(tmp_path, cut):
    fill(Kept(tmp_path).spool, 5)
    (path,) = tmp_path.glob(f"*{SUFFIX}")
    data = path.read_bytes()
    path.write_bytes(data[:-cut])
    left = read_all(Kept(tmp_path).spool)
    assert left == [packet(seq) for seq in range(len(left))]
    assert len(left) == 5 - -(-cut // 117)


class Syncs:
    """What was put onto the disk, and how large it was then."""

    def __init__(self, monkeypatch):
        self.sizes, self.refuse = {}, False
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self)

    def __call__(self, fd):
        if self.refuse:
            raise OSError(errno.EIO, "broken")
        self._fsync(fd)
        path = Path(f"/proc/self/fd/{fd}").readlink()
        self.sizes[path.name] = path.stat().st_size

    def of(self, folder):
        return [self.sizes.get(path.name) for path in sorted(folder.glob(f"*{SUFFIX}"))]


def test_a_frame_that_no_node_takes_is_passed_over_with_its_group_and_counted(
    tmp_path, monkeypatch
):
    before = Kept(tmp_path).spool
    fill(before, 8)
    fill(before, 4, stream=LATER, size=99)
    monkeypatch.setattr(spool_file, "PACKET_BYTES_MAX", 99)
    kept = Kept(tmp_path)
    assert [one.stream.stream for one in kept.spool.streams()] == ["s2"]
    assert [(one.stream, one.first, one.last, one.size_bytes) for one in kept.lost] == [
        ("s1", 0, 4, 500), ("s1", 5, 7, 300)
    ]  # fmt: skip
    assert kept.spool.facts().dropped_frames == 8
    assert len(list(tmp_path.glob("*s1*"))) == 0


def test_what_came_before_a_frame_that_no_node_takes_is_still_there(tmp_path):
    spool = Kept(tmp_path, bytes_max=2**26).spool
    spool.begin(STREAM)
    large = PACKET_BYTES_MAX + 1
    for seq in range(12):
        spool.add("s1", packet(seq, size=large if seq == 7 else 10))
    kept = Kept(tmp_path, bytes_max=2**26)
    assert [one.seq for one in read_all(kept.spool)] == [0, 1, 2, 3, 4, 5, 6, 10, 11]
    assert [(one.first, one.last) for one in kept.lost] == [(7, 9)]


def test_nobody_else_may_read_what_waits(tmp_path):
    before = os.umask(0)
    try:
        fill(Kept(tmp_path).spool, 3)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600]


def files(folder):
    return sorted(folder.glob(f"*{SUFFIX}"))


def test_groups_are_on_the_disk_when_they_end_and_so_is_the_name_of_each(tmp_path, monkeypatch):
    syncs = Syncs(monkeypatch)
    fill(Kept(tmp_path).spool, 6)
    first, _ = files(tmp_path)
    assert syncs.sizes[first.name] == first.stat().st_size
    assert tmp_path.name in syncs.sizes, "the folder was synced"


def test_of_a_long_group_no_more_than_three_seconds_are_not_on_the_disk(tmp_path, monkeypatch):
    syncs, spool = Syncs(monkeypatch), Kept(tmp_path).spool
    spool.begin(STREAM)
    sizes = []
    for seq in range(60):
        spool.add("s1", packet(seq, every=1000))
        (path,) = files(tmp_path)
        sizes.append(path.stat().st_size)
        assert syncs.of(tmp_path)[0] >= sizes[max(0, seq - 15)], "15 frames are three seconds"


def test_the_end_of_a_stream_is_on_the_disk_at_once(tmp_path, monkeypatch):
    syncs, spool = Syncs(monkeypatch), Kept(tmp_path).spool
    fill(spool, 3)
    spool.end("s1", "stopped")
    assert syncs.of(tmp_path) == [path.stat().st_size for path in files(tmp_path)]


def test_a_disk_that_does_not_sync_is_told_and_recording_goes_on(tmp_path, monkeypatch):
    syncs, kept = Syncs(monkeypatch), Kept(tmp_path)
    fill(kept.spool, 3)
    syncs.refuse = True
    for seq in range(3, 40):
        kept.spool.add("s1", packet(seq, every=1000))
    assert "broken" in str(kept.troubles[0])
    assert [one.seq for one in read_all(kept.spool)] == list(range(40))


@pytest.mark.parametrize("zeros", [1, 17, 4000])
def test_zeros_that_a_loss_of_power_left_are_no_frames(tmp_path, zeros):
    fill(Kept(tmp_path).spool, 3)
    (path,) = files(tmp_path)
    path.write_bytes(path.read_bytes() + bytes(zeros))
    assert [one.seq for one in read_all(Kept(tmp_path).spool)] == [0, 1, 2]
    head = path.read_bytes().split(bytes([0]) * 100)[0][:300]
    end = head.index(b"}") + 1
    path.write_bytes(head[:end] + bytes(zeros))
    assert read_all(Kept(tmp_path).spool) == []


def test_a_folder_that_others_may_look_into_is_refused_with_the_next_command(tmp_path):
    folder = tmp_path / "spool"
    folder.mkdir(mode=0o700)
    folder.chmod(0o750)
    with pytest.raises(ConfigError, match="mode 0750") as refused:
        claim_folder(folder)
    assert f"chmod 700 {folder}" in refused.value.hint
    folder.chmod(0o700)
    claim_folder(folder)


def test_file_that_is_none_is_removed(tmp_path):
    (tmp_path / f"x{SUFFIX}").write_bytes(b"no frames")
    assert not Kept(tmp_path).spool.streams()
    assert not list(tmp_path.iterdir())


def test_frames_stay_in_memory_while_the_disk_is_full_and_go_there_later(tmp_path, monkeypatch):
    kept = Kept(tmp_path, memory_bytes_max=5_000)
    fill(kept.spool, 3)
    full = OSError(errno.ENOSPC, "no space left")

    def refuse(*_):
        raise full

    with monkeypatch.context() as patch:
        patch.setattr(GroupFile, "append", refuse)
        for seq in range(3, 13):
            kept.spool.add("s1", packet(seq))
        assert set(kept.troubles) == {full}
        assert len(kept.troubles) <= 3, "tried once a group"
        assert kept.spool.facts().memory_bytes == 1_300
    for seq in range(13, 21):
        kept.spool.add("s1", packet(seq))
    assert kept.spool.facts().memory_bytes == 0
    assert read_all(kept.spool) == [packet(seq) for seq in range(21)]
    assert not kept.lost


def test_memory_is_bounded_while_the_disk_is_full(tmp_path, monkeypatch):
    kept = Kept(tmp_path, memory_bytes_max=1_000)

    def refuse(*_):
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(GroupFile, "create", refuse)
    fill(kept.spool, 43)
    assert kept.spool.facts().memory_bytes <= 1_000
    assert kept.lost[0].first == 0
    assert [one.seq for one in read_all(kept.spool)] == list(range(kept.lost[-1].last + 1, 43))


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.booleans(), st.integers(1, 400)),
        st.tuples(st.just("kept"), st.integers(-1, 60), st.none()),
        st.tuples(st.just("away"), st.booleans(), st.none()),
        st.tuples(st.just("again"), st.none(), st.none()),
    ),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_every_frame_is_kept_somewhere_or_told_lost(tmp_path_factory, steps):
    """Whatever happens: what is not with a node is there, in order and whole, or was named as lost."""
    folder = tmp_path_factory.mktemp("spool")
    kept = Kept(folder, bytes_max=3_000, memory_bytes_max=800)
    kept.spool.begin(STREAM)
    sent, acked, lost, again = [], -1, set(), False
    for step, one, two in steps:
        match step:
            case "add" if not again:
                made = ScreenPacket(len(sent), len(sent), one or not sent, bytes(two))
                sent.append(made)
                kept.spool.add("s1", made)
            case "kept" if kept.spool.streams():
                kept.spool.kept("s1", one)
                acked = max(acked, min(one, len(sent) - 1))
            case "away":
                kept.spool.without_nodes(away=one)
            case "again" if sent:
                again = True
                kept.spool.flush()
                lost |= {seq for gone in kept.lost for seq in range(gone.first, gone.last + 1)}
                kept = Kept(folder, bytes_max=3_000, memory_bytes_max=800)
            case _:
                pass
    lost |= {seq for gone in kept.lost for seq in range(gone.first, gone.last + 1)}
    there = read_all(kept.spool)
    assert [sent[one.seq] for one in there] == there
    assert {one.seq for one in there} | lost | set(range(acked + 1)) == set(range(len(sent)))
    facts = kept.spool.facts()
    biggest = max((len(one.data) for one in sent), default=0) * len(sent)
    assert facts.memory_bytes + facts.disk_bytes <= max(3_000, biggest)
