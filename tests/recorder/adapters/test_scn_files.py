"""SCN files on a disk: standard, safe against a cut at any byte, within their space."""

import hashlib
import io

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.adapters.scn_files import SYNC_EVERY_S, DiskScreenFiles
from recorder.errors import CallBufferError
from recorder.scn.webm import ScnReader, head_bytes, packet_bytes
from sim.screen_clip import screen_clip
from tests.by_hand import HandClock
from tests.screens import KEY, a_head, packets

CLIP = screen_clip(12)
HEAD = head_bytes(a_head())
ENDS = [len(HEAD)]
for one in CLIP:
    ENDS.append(ENDS[-1] + len(packet_bytes(one)))
WHOLE = HEAD + b"".join(map(packet_bytes, CLIP))


def files_in(directory, clock=None, **more):
    return DiskScreenFiles(directory, clock=clock or HandClock(), reserve_bytes=0, **more)


def demuxed(data):
    with av.open(io.BytesIO(data)) as container:
        return [
            (one.pts, one.is_keyframe, bytes(one)) for one in container.demux(video=0) if one.size
        ]


def decoded(data):
    with av.open(io.BytesIO(data)) as container:
        return [frame.pts for frame in container.decode(video=0)]


def test_a_standard_player_reads_the_very_packets_their_times_and_what_is_inside():
    with av.open(io.BytesIO(WHOLE)) as container:
        assert "webm" in container.format.name
        assert container.streams.video[0].codec_context.name == "vp9"
        tags = dict(container.metadata)
    assert (tags["PART"], tags["AGENTS"], tags["CALLS"]) == (KEY, "dyn/ag-1", "call-1")
    assert tags["T0_UNIX_US"] == str(a_head().stream.t0_us)
    assert demuxed(WHOLE) == [(one.pts_ms, one.is_key, one.data) for one in CLIP]
    assert decoded(WHOLE) == [one.pts_ms for one in CLIP]


@settings(max_examples=60, deadline=None)
@given(st.integers(len(HEAD), len(WHOLE)))
def test_a_file_cut_at_any_byte_plays_up_to_the_cut(cut):
    count = sum(end <= cut for end in ENDS) - 1
    reader = ScnReader(io.BytesIO(WHOLE[:cut]))
    assert tuple(reader.packets()) == CLIP[:count]
    assert reader.whole_bytes == ENDS[count]
    if count:
        whole = [(one.pts_ms, one.is_key, one.data) for one in CLIP[:count]]
        assert demuxed(WHOLE[:cut])[:count] == whole
        assert decoded(WHOLE[:cut]) == [one.pts_ms for one in CLIP[:count]]


@settings(max_examples=200)
@given(st.integers(0, len(HEAD) - 1))
def test_a_head_cut_at_any_byte_is_told(cut):
    with pytest.raises(CallBufferError):
        ScnReader(io.BytesIO(HEAD[:cut]))


@settings(max_examples=200)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at, value):
    data = bytearray(WHOLE)
    data[at] = value
    try:
        reader = ScnReader(io.BytesIO(bytes(data)))
    except CallBufferError:
        return
    assert sum(1 for _ in reader.index()) <= len(CLIP) + 1


def test_an_open_file_on_the_disk_plays(tmp_path):
    files = files_in(tmp_path)
    files.begin(a_head())
    for packet in CLIP[:20]:
        files.append(KEY, (packet,))
    (path,) = tmp_path.glob("*.part")
    assert decoded(path.read_bytes()) == [one.pts_ms for one in CLIP[:20]]


def test_a_file_is_synced_every_few_seconds_and_not_for_each_packet(tmp_path):
    clock, points = HandClock(), []
    files = files_in(tmp_path, clock, trap=points.append)
    files.begin(a_head())
    for packet in packets(50):
        files.append(KEY, (packet,))
        clock.advance(0.2)
    assert points.count("fsync") == int(50 * 0.2 / SYNC_EVERY_S)
    files.seal(KEY)
    assert points[-2:] == ["fsync", "rename"]


def test_what_is_no_scn_file_is_let_be(tmp_path):
    (tmp_path / f"{KEY}.scn").write_bytes(b"something else")
    (tmp_path / "notes.txt").write_text("hands off")
    assert files_in(tmp_path).found() == ()
    assert len(list(tmp_path.iterdir())) == 2


def test_screens_stop_at_the_reserve_of_the_disk(tmp_path):
    files = DiskScreenFiles(tmp_path, clock=HandClock(), reserve_bytes=2**62)
    assert files.free_bytes() == 0
    with pytest.raises(CallBufferError, match="no room"):
        files.begin(a_head())
    assert list(tmp_path.iterdir()) == []


def test_the_hash_is_that_of_the_file(tmp_path):
    files = files_in(tmp_path)
    files.begin(a_head())
    files.append(KEY, CLIP)
    sealed = files.seal(KEY)
    assert sealed.sha256 == hashlib.sha256(WHOLE).hexdigest()
    assert sealed.path.endswith(f"{KEY}.scn")
