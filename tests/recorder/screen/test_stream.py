"""How packets become parts: begun at key frames, without gaps, nothing twice, nothing lost that can be shown."""

from hypothesis import given
from hypothesis import strategies as st

from recorder.scn.model import ScreenPacket
from recorder.screen.stream import AskKey, BeginPart, EndPart, PassOver, StreamCutter, WritePacket
from tests.screens import packets

WANTED, UNWANTED, CUT, AGAIN, SKIP = "wanted", "unwanted", "cut", "again", "skip"
happenings = st.lists(
    st.tuples(st.sampled_from([WANTED, WANTED, WANTED, UNWANTED, CUT, AGAIN, SKIP]), st.booleans()),
    max_size=60,
)


def packet(seq, *, is_key):
    return ScreenPacket(seq, seq * 200, is_key, b"x")


def parts_of(steps):
    """Lists of the packets of each part; asserts that steps make sense."""
    parts, is_open = [], False
    for step in steps:
        match step:
            case BeginPart(seq_first):
                assert not is_open
                is_open = True
                parts.append([])
                first = seq_first
            case WritePacket(one):
                assert is_open
                assert parts[-1] or (one.is_key and one.seq == first)
                parts[-1].append(one)
            case EndPart():
                assert is_open
                is_open = False
            case PassOver() | AskKey():
                pass
    return parts


@given(happenings)
def test_parts_begin_at_key_frames_have_no_gaps_and_hold_nothing_twice(told):
    cutter, steps, seq = StreamCutter(), [], 0
    for what, is_key in told:
        if what == CUT:
            steps += cutter.cut()
            continue
        if what == SKIP:
            seq += 1
            continue
        at = max(0, seq - 3) if what == AGAIN else seq
        made = cutter.take(packet(at, is_key=is_key), wanted=what != UNWANTED)
        assert sum(isinstance(one, WritePacket | PassOver) for one in made) == 1
        steps += made
        seq = max(seq, at + 1)
    written = [one.seq for part in parts_of(steps) for one in part]
    assert written == sorted(set(written))
    for part in parts_of(steps):
        assert [one.seq for one in part] == list(range(part[0].seq, part[0].seq + len(part)))


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.sets(st.integers(0, 39)))
def test_every_packet_that_follows_a_key_frame_without_a_gap_is_written(keys, cuts):
    cutter, steps = StreamCutter(), []
    for seq, is_key in enumerate(keys):
        if seq in cuts:
            steps += cutter.cut()
        steps += cutter.take(packet(seq, is_key=is_key), wanted=True)
    written = [one.seq for part in parts_of(steps) for one in part]
    first = keys.index(True) if True in keys else len(keys)
    assert written == list(range(first, len(keys)))


def test_a_cut_asks_once_and_takes_effect_at_the_next_key_frame():
    cutter = StreamCutter()
    for one in packets(2):
        cutter.take(one, wanted=True)
    assert cutter.cut() == (AskKey(),)
    assert cutter.cut() == ()
    assert cutter.take(packet(2, is_key=False), wanted=True) == (
        WritePacket(packet(2, is_key=False)),
    )
    key = packet(3, is_key=True)
    assert cutter.take(key, wanted=True) == (EndPart(), BeginPart(3), WritePacket(key))


def test_behind_a_gap_a_key_frame_is_asked_for_once():
    cutter = StreamCutter()
    cutter.take(packet(0, is_key=True), wanted=True)
    assert cutter.take(packet(2, is_key=False), wanted=True) == (EndPart(), PassOver(2), AskKey())
    assert cutter.take(packet(3, is_key=False), wanted=True) == (PassOver(3),)
    assert cutter.waits_for_key
    key = packet(4, is_key=True)
    assert cutter.take(key, wanted=True) == (BeginPart(4), WritePacket(key))


def test_what_is_not_wanted_ends_the_part_and_what_follows_begins_at_a_key_frame():
    cutter = StreamCutter()
    cutter.take(packet(0, is_key=True), wanted=True)
    assert cutter.take(packet(1, is_key=False), wanted=False) == (EndPart(), PassOver(1))
    assert cutter.take(packet(2, is_key=True), wanted=False) == (PassOver(2),)
    assert cutter.take(packet(3, is_key=False), wanted=True) == (PassOver(3), AskKey())
    assert cutter.next_seq == 4


def test_a_part_that_was_taken_away_is_begun_anew_at_a_key_frame():
    cutter = StreamCutter()
    cutter.take(packet(0, is_key=True), wanted=True)
    cutter.forget()
    assert not cutter.is_open
    assert cutter.end() == ()
    assert cutter.take(packet(1, is_key=False), wanted=True) == (PassOver(1), AskKey())
