from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from recorder.desktop.sending import Sending, current
from recorder.desktop.spool import Spool
from recorder.scn.messages import PacketsCame, StreamBegan, StreamEnded, Welcome
from recorder.scn.model import ScreenPacket, ScreenStream

OLD = ScreenStream("old", "desk", ("dynamics/anna",), "vp9", 64, 32, 1_000)
NEW = replace(OLD, stream="new", t0_us=2_000)


def spool_in(folder):
    return Spool(
        folder, bytes_max=10**7, memory_bytes_max=10**6, on_lost=print, on_trouble=print,
        on_news=lambda: None,
    )  # fmt: skip


def fill(spool, stream, count, *, every=5):
    spool.begin(stream)
    for seq in range(count):
        spool.add(stream.stream, ScreenPacket(seq, seq, seq % every == 0, b"x" * 100))


def said(sending):
    found = []
    while (one := sending.next()) is not None:
        found.append(one)
    return found


def names(sayings):
    return [(type(one).__name__, getattr(one.stream, "stream", one.stream)) for one in sayings]


def test_older_streams_are_told_whole_before_the_one_that_goes_on(tmp_path):
    spool = spool_in(tmp_path)
    fill(spool, OLD, 7)
    spool.end("old", "restarted")
    fill(spool, NEW, 3)
    streaming = current(spool.streams())
    assert streaming == NEW
    sending = Sending(spool, streaming, Welcome("alpha", 2, 1.0))
    assert names(said(sending)) == [
        ("StreamBegan", "old"), ("PacketsCame", "old"), ("PacketsCame", "old"),
        ("StreamEnded", "old"), ("StreamBegan", "new"), ("PacketsCame", "new"),
    ]  # fmt: skip
    spool.add("new", ScreenPacket(3, 3, False, b"y"))
    assert names(said(sending)) == [("PacketsCame", "new")]
    spool.end("new", "stopped")
    assert said(sending) == [StreamEnded("new", 3, "stopped")]
    assert said(sending) == []


def test_nothing_is_said_of_an_empty_spool(tmp_path):
    spool = spool_in(tmp_path)
    assert current(spool.streams()) is None
    assert said(Sending(spool, None, Welcome("alpha", None, 1.0))) == []


@given(st.integers(1, 40), st.integers(2, 9), st.integers(-1, 45), st.none() | st.integers(0, 45))
def test_node_gets_all_it_wants_from_a_key_frame_on_in_order(
    tmp_path_factory, count, every, kept, next_seq
):
    spool = spool_in(tmp_path_factory.mktemp("spool"))
    fill(spool, NEW, count, every=every)
    spool.kept("new", kept)
    found = said(Sending(spool, NEW, Welcome("alpha", next_seq, 1.0)))
    assert isinstance(found[0], StreamBegan)
    packets = [one for came in found if isinstance(came, PacketsCame) for one in came.packets]
    seqs = [one.seq for one in packets]
    assert seqs == list(range(seqs[0], count)) if seqs else True
    wanted = min(kept, count - 1) + 1 if next_seq is None else next_seq
    if wanted < count:
        first_left = (min(kept, count - 1) + 1) // every * every
        assert packets[0].is_key
        assert packets[0].seq <= max(wanted, min(first_left, (count - 1) // every * every))
