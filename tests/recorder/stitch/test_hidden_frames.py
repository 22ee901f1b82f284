"""No frame that may not be seen is in the file of a rendition, shown or not: every packet is decoded and looked at."""

from fractions import Fraction

import av
import numpy as np
import pytest

from recorder.model import MediaKind
from recorder.scn.model import ScreenPacket, Verdict
from tests.recorder.stitch.contacts import at, contact, leg, part, ref, stitched
from tests.recorder.stitch.media import encoded, scn, stream_of, tone

OPEN, SECRET = 60, 200
"""Grey of a screen that may be seen, and of one that may not."""
EVERY_MS = 200
LENGTH_S = 8
OTHER = {"call": "call-2"}


def recorded(secret_from_s, secret_to_s, *, keys_s=(0.0, 3.2, 6.4)):
    """Packets of a screen that shows a secret from one second to another."""
    encoder = av.CodecContext.create("libvpx-vp9", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 320, 180, "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, 1000), Fraction(5)
    encoder.gop_size = 10**6
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0"}
    keys, found = {round(one * 1000) for one in keys_s}, []
    for ms in range(0, LENGTH_S * 1000, EVERY_MS):
        grey = SECRET if secret_from_s * 1000 <= ms < secret_to_s * 1000 else OPEN
        picture = np.full((180, 320), grey, np.uint8)
        picture[: 10 + ms % 60, :40] = 128
        frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
        frame.pts, frame.time_base = ms, Fraction(1, 1000)
        frame.pict_type = 1 if ms in keys else 0
        found += [(one.pts, one.is_keyframe, bytes(one)) for one in encoder.encode(frame)]
    return [ScreenPacket(seq, *one) for seq, one in enumerate(found)]


def greys(path):
    """Of every packet of the picture, in order, whether a player shows it or not: (milliseconds, grey)."""
    with av.open(str(path)) as container:
        packets = [one for one in container.demux(container.streams.video[0]) if one.size]
        told = []
        for packet in packets:
            at_ms = round(packet.pts * packet.time_base * 1000)
            told += [
                (at_ms, int(np.median(frame.to_ndarray(format="gray"))))
                for frame in packet.decode()
            ]
    assert len(told) == len(packets)
    return told


def made_of(directory, packets, legs):
    body = encoded(tone(LENGTH_S))
    detail = contact(part(media=[ref("a", MediaKind.AUDIO)]), bodies={"a": body})
    screens = [scn(stream_of(at(0)), packets)]
    made, timeline, _ = stitched(directory, detail, {"a": body}, legs=legs, screens=screens)
    return greys(made.rendition.path), timeline


def is_secret(grey):
    return abs(grey - SECRET) < abs(grey - OPEN)


@pytest.mark.parametrize("verdict", [Verdict.DELETED, Verdict.UNDECIDED])
@pytest.mark.parametrize(("told_end_s", "begin_s"), [(4.0, 4.0), (4.0, 4.4), (3.0, 4.0)])
def test_nothing_of_a_call_that_is_not_archived_is_in_the_file_of_the_next_one(
    tmp_path, verdict, told_end_s, begin_s
):
    """Its last second is decodable by a key frame of its own, and its end may be told a second early."""
    refused = leg(0, told_end_s, verdict=verdict, **OTHER)
    found, timeline = made_of(tmp_path, recorded(0, 4), [refused, leg(begin_s, 8)])

    assert found
    assert not any(is_secret(grey) for _, grey in found)
    assert timeline.screens[0].stretches[0].start_ms == 6400


def test_nothing_of_a_mask_within_the_second_before_a_call_is_in_its_file(tmp_path):
    earlier = leg(0, 3.9, masks=[(2, 3.6)], **OTHER)
    found, _ = made_of(tmp_path, recorded(2, 3.6), [earlier, leg(4, 8)])

    assert found
    assert not any(is_secret(grey) for _, grey in found)


def test_nothing_of_a_mask_within_a_call_is_in_its_file_although_it_was_not_cut_out(tmp_path):
    found, _ = made_of(tmp_path, recorded(2, 4), [leg(0, 8, masks=[(2, 4)])])

    assert {ms < 2000 for ms, _ in found} == {True, False}
    assert not any(is_secret(grey) for _, grey in found)
    assert not any(2000 <= ms < 6400 for ms, _ in found)


def test_what_a_call_builds_on_is_of_an_archived_call_where_it_is_of_any(tmp_path):
    """Frames before it that stand in the file unseen: those of the answered call before it."""
    found, timeline = made_of(tmp_path, recorded(0, 0), [leg(0, 4, **OTHER), leg(4, 8)])

    first_ms = timeline.screens[0].stretches[0].start_ms
    assert first_ms == 4000
    assert [ms for ms, _ in found].count(first_ms) == 1 + len(range(3200, 4000, EVERY_MS))
