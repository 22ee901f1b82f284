import hashlib
from pathlib import Path

import av
import numpy as np
import pytest

from recorder.model import MediaKind
from recorder.scn.model import Verdict
from recorder.stitch import making
from recorder.stitch.making import make
from recorder.stitch.timeline import Placed
from tests.recorder.stitch.contacts import at, contact, leg, order_of, part, ref, stitched
from tests.recorder.stitch.media import (
    encoded,
    heard,
    movie,
    scn,
    screen_packets,
    seen,
    stream_of,
    tone,
)

HZ = 48_000


def level(samples, begin_s, end_s, channel=0):
    """Root of the mean square of a stretch."""
    piece = samples[channel, round(begin_s * HZ) : round(end_s * HZ)].astype(float)
    return float(np.sqrt((piece**2).mean()))


def sounding(samples, channel=0):
    """First and last second in which anything is heard."""
    found = np.nonzero(np.abs(samples[channel].astype(int)) > 1_500)[0]
    return found[0] / HZ, found[-1] / HZ


@pytest.mark.parametrize("form", [("wav", "pcm_s16le"), ("mp3", "libmp3lame"), ("mp4", "aac")])
def test_audio_lies_within_two_milliseconds_of_its_instant_in_every_codec(tmp_path, form):
    bodies = {"a": encoded(tone(2)), "b": encoded(tone(3), form=form[0], codec=form[1])}
    detail = contact(part(media=[ref("a"), ref("b", start_s=7.321)]), bodies=bodies)

    made, timeline, _ = stitched(tmp_path, detail, bodies)

    samples, first_s = heard(made.rendition.path)
    begin_s, end_s = sounding(samples[:, 5 * HZ :])
    assert first_s == pytest.approx(0, abs=0.001)
    assert begin_s + 5 == pytest.approx(7.321, abs=0.002)
    assert end_s + 5 == pytest.approx(10.321, abs=0.05 if form[0] == "mp4" else 0.003)
    assert [one.start_ms for one in timeline.originals] == [0, 7321]
    assert timeline.duration_ms == pytest.approx(10_321, abs=40)


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("header", ["0", "1"])
def test_an_mp3_lies_in_its_place_with_and_without_a_header_that_tells_its_delay(
    tmp_path, rate, header
):
    mp3 = encoded(
        tone(3, rate=rate), form="mp3", codec="libmp3lame", rate=rate, write_xing=header, id3v2_version="0"
    )  # fmt: skip
    bodies = {"a": encoded(tone(2)), "b": mp3}
    detail = contact(part(media=[ref("a"), ref("b", start_s=7.321)]), bodies=bodies)

    made, timeline, _ = stitched(tmp_path, detail, bodies)

    samples, _ = heard(made.rendition.path)
    begin_s, _ = sounding(samples[:, 5 * HZ :])
    assert begin_s + 5 == pytest.approx(7.321, abs=0.003)
    assert timeline.originals[1].state is Placed.PLACED


def test_a_gap_is_silent_and_told_and_an_overlap_is_summed(tmp_path):
    bodies = {"a": encoded(tone(4, level=6_000)), "b": encoded(tone(4, level=6_000))}
    detail = contact(part(media=[ref("a", start_s=0), ref("b", start_s=2)]), bodies=bodies)
    later = contact(part(media=[ref("a", start_s=0), ref("b", start_s=9)]), bodies=bodies)
    (tmp_path / "over").mkdir()
    (tmp_path / "gap").mkdir()

    over, told_over, _ = stitched(tmp_path / "over", detail, bodies)
    gap, told_gap, _ = stitched(tmp_path / "gap", later, bodies)

    summed, _ = heard(over.rendition.path)
    alone, both = level(summed, 0.5, 1.5), level(summed, 2.5, 3.5)
    assert both == pytest.approx(2 * alone, rel=0.05)
    assert told_over.quiet == ()
    silent, _ = heard(gap.rendition.path)
    assert level(silent, 4.2, 8.8) < 3
    assert [(one.start_ms, one.end_ms) for one in told_gap.quiet] == [(4_000, 9_000)]


def test_channels_are_kept_apart_and_a_single_one_is_heard_on_both_sides(tmp_path):
    bodies = {
        "two": encoded(tone(2, left=440, right=0)),
        "one": encoded(tone(2)[:1], form="mp3", codec="libmp3lame"),
    }
    detail = contact(part(media=[ref("two"), ref("one", start_s=3)]), bodies=bodies)

    made, timeline, peaks = stitched(tmp_path, detail, bodies)

    samples, _ = heard(made.rendition.path)
    assert level(samples, 0.5, 1.5, 0) > 4_000
    assert level(samples, 0.5, 1.5, 1) < 30
    assert level(samples, 3.5, 4.5, 1) == pytest.approx(level(samples, 3.5, 4.5, 0), rel=0.02)
    assert [one.channels for one in timeline.originals] == [2, 1]
    assert max(peaks.data[1][20:80]) == 0
    assert min(peaks.data[0][20:80]) > 25


def test_peaks_are_the_highest_amplitudes_of_each_fiftieth_of_a_second(tmp_path):
    samples = tone(3, left=0, right=0)
    samples[0, 16_000 : 16_000 + 320] = 16_384
    samples[1, 40_000] = -32_768
    bodies = {"a": encoded(samples)}

    _, timeline, peaks = stitched(tmp_path, contact(part(media=[ref("a")]), bodies=bodies), bodies)

    assert (peaks.per_s, peaks.duration_ms, timeline.duration_ms) == (50, 3_000, 3_000)
    assert [len(one) for one in peaks.data] == [150, 150]
    assert [number for number, one in enumerate(peaks.data[0]) if one] == [50]
    assert peaks.data[0][50] == 64
    assert [(number, one) for number, one in enumerate(peaks.data[1]) if one] == [(125, 127)]


def test_packets_of_the_screen_are_those_of_the_scn_file_at_their_instants(tmp_path):
    packets = screen_packets(40)
    screens = [scn(stream_of(at(1.25)), packets)]
    bodies = {"a": encoded(tone(12))}
    detail = contact(part(media=[ref("a")]), bodies=bodies)

    made, timeline, _ = stitched(tmp_path, detail, bodies, legs=[leg()], screens=screens)

    assert seen(made.rendition.path) == [(1_250 + p.pts_ms, p.is_key, p.data) for p in packets]
    assert [(one.start_ms, one.end_ms) for one in timeline.screens[0].stretches] == [(1250, 9050)]
    assert timeline.screens[0].name == "Ann"
    assert timeline.has_screen
    assert made.screens == ()


def test_a_rendition_has_a_length_and_seeks(tmp_path):
    bodies = {"a": encoded(tone(12))}
    screens = [scn(stream_of(at(0)), screen_packets(40))]
    detail = contact(part(media=[ref("a")]), bodies=bodies)

    made, _, _ = stitched(tmp_path, detail, bodies, legs=[leg()], screens=screens)

    head = Path(made.rendition.path).read_bytes()
    assert head.index(bytes.fromhex("1c53bb6b")) < head.index(bytes.fromhex("1f43b675"))
    with av.open(made.rendition.path) as container:
        assert container.duration == pytest.approx(12_000_000, abs=10_000)
        container.seek(5_000_000)
        frame = next(container.decode(container.streams.video[0]))
        assert 3.9 < frame.time <= 5.0


def test_the_same_order_makes_the_same_bytes_and_leaves_the_originals_alone(tmp_path):
    bodies = {"a": encoded(tone(3), form="mp3", codec="libmp3lame")}
    screens = [scn(stream_of(at(0)), screen_packets(10))]
    detail = contact(part(media=[ref("a")]), bodies=bodies)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()

    one, told, _ = stitched(tmp_path / "1", detail, bodies, legs=[leg()], screens=screens)
    other, _, _ = stitched(tmp_path / "2", detail, bodies, legs=[leg()], screens=screens)

    assert one.rendition.file == other.rendition.file
    assert one.timeline.file == other.timeline.file
    original = (tmp_path / "1" / "a").read_bytes()
    assert hashlib.sha256(original).hexdigest() == told.originals[0].sha256


def test_a_broken_file_is_told_and_the_rest_is_made(tmp_path):
    whole = encoded(tone(6), form="mp3", codec="libmp3lame")
    bodies = {
        "good": encoded(tone(2)),
        "junk": b"nothing that any codec reads" * 50,
        "cut": whole[: len(whole) // 2],
    }
    media = [ref("good"), ref("junk", start_s=3), ref("missing", start_s=4), ref("cut", start_s=5)]

    _, timeline, _ = stitched(tmp_path, contact(part(media=media), bodies=bodies), bodies)

    states = {one.media_key: one.state for one in timeline.originals}
    assert states == {
        "good": Placed.PLACED,
        "junk": Placed.BROKEN,
        "missing": Placed.BROKEN,
        "cut": Placed.CUT,
    }
    told = {(one.code, one.subject) for one in timeline.notes}
    assert told == {("file_broken", "junk"), ("file_missing", "missing"), ("file_cut", "cut")}
    assert 7_000 < timeline.duration_ms < 9_000
    assert str(tmp_path) not in timeline.model_dump_json()


def test_a_contact_without_audio_is_silent_and_as_long_as_its_screen(tmp_path):
    screens = [scn(stream_of(at(0)), screen_packets(40))]

    made, timeline, peaks = stitched(tmp_path, contact(part()), {}, legs=[leg()], screens=screens)

    assert (timeline.has_audio, timeline.has_screen) == (False, True)
    assert timeline.duration_ms == pytest.approx(7_800, abs=60)
    assert set(peaks.data[0]) == {0}
    assert len(seen(made.rendition.path)) == 40


def test_a_contact_with_texts_only_lasts_as_long_as_its_chat(tmp_path):
    bodies = {"chat": b"00:00:05\tAnn:\tHello\n00:01:30\tCem:\tBye\n"}
    detail = contact(part(media=[ref("chat", MediaKind.TEXT)]), bodies=bodies)

    _, timeline, _ = stitched(tmp_path, detail, bodies)

    assert [(one.t_ms, one.who, one.party_key) for one in timeline.lines] == [
        (5_000, "Ann", "ann"),
        (90_000, "Cem", "cus"),
    ]
    assert timeline.duration_ms == 90_000
    assert (timeline.has_audio, timeline.has_screen) == (False, False)


def test_a_mistaken_cue_makes_no_timeline_of_weeks(tmp_path, monkeypatch):
    monkeypatch.setattr(making, "LENGTH_MAX_MS", 60_000)
    cues = (
        b"WEBVTT\n\n00:00:05.000 --> 00:00:06.000\nHello\n\n00:00:07.000 --> 999:00:00.000\nBye\n"
    )
    bodies = {"captions": cues}
    detail = contact(part(media=[ref("captions", MediaKind.TEXT)]), bodies=bodies)

    _, timeline, _ = stitched(tmp_path, detail, bodies)

    assert [one.t_ms for one in timeline.lines] == [5_000, 7_000]
    assert timeline.duration_ms == 60_000


def test_a_leg_that_begins_after_the_only_key_frame_of_a_part_shows_what_was_recorded(tmp_path):
    packets = screen_packets(40, key_every=40)
    screens = [scn(stream_of(at(4.97)), packets)]

    made, timeline, _ = stitched(
        tmp_path, contact(part()), {}, legs=[leg(start_s=5, end_s=12.5)], screens=screens
    )

    assert [data for _, _, data in seen(made.rendition.path)] == [one.data for one in packets[:38]]
    assert [(one.start_ms, one.end_ms) for one in timeline.picture] == [(0, 7_370)]
    assert timeline.notes == ()
    with av.open(made.rendition.path) as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) == 38


def test_two_legs_that_build_on_one_key_frame_are_both_shown(tmp_path):
    packets = screen_packets(40, key_every=40)
    screens = [scn(stream_of(at(5)), packets)]
    legs = [leg(start_s=5, end_s=6), leg(start_s=7, end_s=9)]

    made, timeline, _ = stitched(tmp_path, contact(part()), {}, legs=legs, screens=screens)

    wanted = [*packets[:5], *packets[:20]]
    assert [data for _, _, data in seen(made.rendition.path)] == [one.data for one in wanted]
    assert [(one.start_ms, one.end_ms) for one in timeline.picture] == [(0, 800), (2_000, 3_800)]
    assert timeline.notes == ()


def test_a_kept_leg_without_a_screen_for_some_of_its_span_is_told_with_the_reason(tmp_path):
    screens = [scn(stream_of(at(1)), screen_packets(40, key_every=40))]
    refused = leg(start_s=0, end_s=3.1, call="call-2", verdict=Verdict.DELETED)

    def told(name, *legs):
        (tmp_path / name).mkdir()
        bodies = {"a": encoded(tone(9))}
        detail = contact(part(media=[ref("a")]), bodies=bodies)
        _, timeline, _ = stitched(tmp_path / name, detail, bodies, legs=legs, screens=screens)
        return [(one.code, one.subject, one.what) for one in timeline.notes]

    assert told("a", leg(start_s=3, end_s=20)) == [
        ("no_screen", "calls/ann", "No screen of Ann is shown from 0:08 to 0:20: nothing was recorded then.")
    ]  # fmt: skip
    assert told("b", leg(start_s=3.1, end_s=8), refused) == [
        ("no_screen", "calls/ann", ("No screen of Ann is shown from 0:03 to 0:08: "
         "what was recorded then builds on a picture that may not be shown."))
    ]  # fmt: skip


def test_a_part_that_is_missing_or_torn_leaves_the_others(tmp_path):
    packets = screen_packets(40)
    stream = stream_of(at(0))
    first, torn, last = (
        scn(stream, packets[:10], part_key="aa01"),
        scn(stream, packets[10:20], part_key="aa02"),
        scn(stream, packets[20:], part_key="aa03"),
    )
    screens = [first, (torn[0][:-1], torn[1]), last]
    order = order_of(tmp_path, contact(part()), {}, legs=[leg()], screens=screens)
    order = order.model_copy(update={"avoid": (first[1].object_key,)})
    made = make(order, lambda _: None)

    assert [p[0] for p in seen(made.rendition.path)] == [p.pts_ms for p in packets[10:19]] + [
        p.pts_ms for p in packets[20:]
    ]
    assert ("part_broken", "aa01") in {(one.code, one.subject) for one in made.notes}


def test_screens_of_two_desktops_are_shown_in_one_picture_and_each_by_itself(tmp_path):
    ann = scn(stream_of(at(0)), screen_packets(40))
    bob = scn(
        stream_of(at(4), stream="stream-2", desktop="desk-2", agents=["calls/bob"]),
        screen_packets(10, seed=50),
        part_key="bb01",
    )
    legs = [leg(), leg(agent="calls/bob", start_s=3)]

    made, timeline, _ = stitched(tmp_path, contact(part()), {}, legs=legs, screens=[ann, bob])

    shown = [(one.screen, one.start_ms, one.end_ms) for one in timeline.picture]
    assert shown == [(1, 0, 3_800), (2, 4_000, 5_800), (1, 6_000, 7_800)]
    assert [one.desktop for one in timeline.screens] == ["desk-1", "desk-2"]
    assert [len(seen(one.path)) for one in made.screens] == [40, 10]
    assert [one.file.object_key for one in timeline.screens] == [
        one.file.object_key for one in made.screens
    ]
    with av.open(made.rendition.path) as container:
        assert sum(1 for _ in container.decode(container.streams.video[0])) == 40


def test_a_video_plays_beside_and_its_sound_is_heard_where_no_audio_file_has_it(tmp_path):
    film = movie(3)
    bodies = {"v": film, "a": encoded(tone(3)), "w": film}
    both = contact(
        part(media=[ref("v", MediaKind.VIDEO, seconds=3), ref("a", seconds=3)], channel="meeting"),
        bodies=bodies,
    )
    alone = contact(part(media=[ref("w", MediaKind.VIDEO, seconds=3)]), bodies=bodies)
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()

    made, timeline, _ = stitched(tmp_path / "1", both, bodies)
    lone, told, _ = stitched(tmp_path / "2", alone, bodies)

    states = {one.media_key: (one.state, one.width) for one in timeline.originals}
    assert states == {"v": (Placed.BESIDE, 320), "a": (Placed.PLACED, 0)}
    samples, _ = heard(made.rendition.path)
    assert level(samples, 0.5, 2.5) == pytest.approx(8_000 / 2**0.5, rel=0.05)
    assert told.has_audio
    assert level(heard(lone.rendition.path)[0], 0.5, 2.5) > 1_000
